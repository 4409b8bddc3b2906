"""The servers that a command starts: processes that live as long as it does, and end in order with it.

Belongs here: starting, watching and ending them. Does not belong here: which servers there are (dev.py), or processes
that do a command's own work (workers.py).
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from lakehouse_assets.commands.failures import CommandError

END_S = 15
"""Seconds that servers have to end what they do, a run for example."""
_REST_S = 2
"""Seconds that what they started has after them; a process that nobody reaps would be there for good."""
_POLL_S = 0.2


class Servers:
    """Processes of this one; where one ends by itself, they all end.

    Each has a process group of its own, with whatever it starts, so that Ctrl-C reaches this process alone, once, and
    is passed on; and each watches this one, so that it does not outlive it however it ends.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet; `folder` is where they will run."""
        self._folder = folder
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Take being told to end as Ctrl-C."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(self, *_error: object) -> None:
        """End them, last the one that was started first, which the others use; a second Ctrl-C ends them at once."""
        every = list(self._started.values())
        try:
            for some in (every[1:], every[:1]):
                _signal(some, signal.SIGINT)
                _wait_while(partial(_any_runs, some), END_S)
                _wait_while(partial(_signal, some, 0), _REST_S)
        finally:
            _signal(every, signal.SIGKILL)

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `python -m …`; the name is for people."""
        command = [sys.executable, "-m", *arguments]
        self._started[name] = subprocess.Popen(command, cwd=self._folder, start_new_session=True)

    def wait(self, ready: Callable[[], bool] = lambda: False) -> None:
        """Wait until something is true; by default for good.

        Raises:
            CommandError: a server ended by itself.
        """
        while not ready():
            for name, process in self._started.items():
                if process.poll() is not None:
                    raise CommandError(
                        f"{name} ended by itself with code {process.returncode}, so the others end, too",
                        "what it said is above; mend that and start again",
                    )
            time.sleep(_POLL_S)


def _any_runs(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(process.poll() is None for process in processes)


def _signal(processes: Sequence[subprocess.Popen[bytes]], number: int) -> bool:
    """Send a signal to whatever is left of processes and of what they started; gives whether anything was."""
    found = False
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            found = True
    return found


def _wait_while(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while true() and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def of_dagster(arguments: Sequence[str]) -> list[str]:
    """The arguments of `start` for a module of Dagster's that has commands."""
    return [__name__, *arguments]


def _become(module: str, arguments: Sequence[str]) -> None:
    """Run a module as `python -m` does, but ending with the process that started this one."""
    from lakehouse_assets.commands.workers import end_with_parent

    end_with_parent()
    # Dagster takes for SIGTERM what there is for SIGINT, which a process in the background of a script ignores.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _become(sys.argv[1], sys.argv[2:])
