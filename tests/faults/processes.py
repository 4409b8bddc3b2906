"""Child processes that start in milliseconds, and ways to kill them.

Belongs here: starting, killing and waiting. Does not belong here: what the children do (steps).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from typing import Any

from tests.forkservers import serve_from

PRELOADED = "tests.faults.preload"
PATIENCE_S = 240
CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")


class ChildFailedError(AssertionError):
    """A step that should have gone through did not; the text is the child's traceback."""


def start_server() -> None:
    """Have children forked from a server that has loaded `preload`."""
    serve_from(PRELOADED)


@dataclass
class Ended:
    """How a child ended: what its step returned or raised, or that it was killed."""

    value: Any = None
    error: str = ""
    trace: str = ""
    killed: bool = False
    seconds: float = 0.0


class Child:
    """A step in a process of its own; `begun` once its first line is about to run."""

    def __init__(self, step: Callable[..., Any], *arguments: Any, prepare: Callable[[], Any] | None = None) -> None:
        """Start it.

        Args:
            step: A function of a module.
            arguments: Its arguments.
            prepare: Run in the child before the step, to take away what the step is to do without.
        """
        self._receiver, sender = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_run, args=(sender, step, arguments, prepare), daemon=True)
        self.process.start()
        sender.close()
        said = self._receiver.recv() if self._receiver.poll(PATIENCE_S) else "nothing"
        if said != "begun":
            self.process.kill()  # one that lives on would keep its server from ending
            raise ChildFailedError(f"the child did not start with the modules loaded before the fork; it said {said}")
        self._begun = time.monotonic()

    def kill_after(self, seconds: float) -> Ended:
        """Kill it that long after it began, unless it has ended by then."""
        self.process.join(max(0.0, self._begun + seconds - time.monotonic()))
        return self.kill()

    def kill_when(self, happened: Callable[[], bool]) -> Ended:
        """Kill it as soon as something is seen, unless it has ended by then."""
        while self.process.is_alive() and not happened():
            pass
        return self.kill()

    def kill(self) -> Ended:
        """Kill it, unless it has ended."""
        pid = self.process.pid
        if pid and self.process.is_alive():
            os.kill(pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> Ended:
        """Wait for its end."""
        try:
            value, error, trace, seconds = self._receiver.recv()
            ended = Ended(value, error, trace, seconds=seconds)
        except EOFError:
            ended = Ended(killed=True)
        self.process.join(PATIENCE_S)
        return ended

    def result(self) -> Any:
        """What the step returned.

        Raises:
            ChildFailedError: it raised something, or was killed.
        """
        ended = self.wait()
        if ended.killed or ended.error:
            raise ChildFailedError(ended.trace or "the child was killed")
        return ended.value


def _run(sender: Any, step: Callable[..., Any], arguments: Any, prepare: Callable[[], Any] | None) -> None:
    sender.send("begun" if PRELOADED in sys.modules else "not preloaded")
    started = time.monotonic()
    try:
        if prepare:
            prepare()
        value, error, trace = step(*arguments), "", ""
    except BaseException as problem:
        value, error, trace = None, f"{type(problem).__name__}: {problem}", traceback.format_exc()
    sender.send((value, error, trace, time.monotonic() - started))
    sender.close()


def done(step: Callable[..., Any], *arguments: Any) -> Any:
    """Run a step to its end in a child, and return what it returned."""
    return Child(step, *arguments).result()


def timed(step: Callable[..., Any], *arguments: Any) -> float:
    """Run a step to its end in a child, and return its seconds."""
    ended = Child(step, *arguments).wait()
    if ended.killed or ended.error:
        raise ChildFailedError(ended.trace or "the child was killed")
    return ended.seconds


@contextmanager
def until_left(step: Callable[..., Any], *arguments: Any) -> Any:
    """A child that works until the block is left; yields a list that then holds what its step returned."""
    stop = CONTEXT.Event()
    child = Child(step, *arguments, stop)
    results: list[Any] = []
    try:
        yield results
    finally:
        stop.set()
        results.append(child.result())
