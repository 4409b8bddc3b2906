"""Work on domains side by side, in processes that have the code location and the instance loaded.

Belongs here: starting these processes, and that they end with the one that started them. Does not belong here: what
they do. Dagster's runs and PyIceberg's commits are mostly Python, of which a process runs one thread at a time.

The processes are forks of a server that has imported once what they all need and does nothing else, so that no file and
no connection is open in it.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import active_children, forkserver, get_context, parent_process
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from lakehouse_assets.commands.failures import Exit
from lakehouse_assets.commands.output import Out
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.commands.lake.building import Builder

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
MOST = 4
"""Processes at most: each takes some 400 MB, and their publications take turns in the catalog."""

NEEDED = (
    "lakehouse_assets.definitions",
    "lakehouse_assets.lakehouse.publish.local",
    "lakehouse_assets.automation.storage",
    "dbt.cli.main",
    "dbt_metricflow",
)
"""What takes a process seconds to import, and every worker needs."""

_builders: list[Builder] = []
"""The builder of this process, where it is a worker."""


class Workers:
    """Processes that each have a builder; as many as there is work for, and cores."""

    def __init__(self, pieces: int) -> None:
        """Start the server, which imports while the caller goes on; the processes start with the first task.

        Args:
            pieces: How many pieces of work can be done at a time.
        """
        cores = os.cpu_count() or 1
        count = max(1, min(pieces, cores, MOST))
        context = get_context("forkserver")
        context.set_forkserver_preload([*NEEDED, spec_of(get_settings().parts.engine).dbt_adapter])
        forkserver.ensure_running()
        # Engines that each take every core would get in each other's way.
        environment = {"ASKLAKE_THREADS": str(cores // count), **os.environ}
        self._pool = ProcessPoolExecutor(count, mp_context=context, initializer=_open, initargs=(environment,))

    def submit(
        self, task: Callable[Concatenate[Builder, Arguments], Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Let a process do a task with its builder; tasks begin in the order in which they are submitted."""
        return self._pool.submit(_do, task, *args, **kwargs)

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Wait for what is being done, or interrupt it if the caller gave up; what has not begun never does."""
        if kind is not None:
            for process in active_children():
                process.terminate()
        self._pool.shutdown(cancel_futures=True)


def _do(task: Callable[..., Result], *args: object, **kwargs: object) -> Result:
    try:
        return task(_builders[0], *args, **kwargs)
    except KeyboardInterrupt:
        # A pool would take it for the result of this task, and begin the next one.
        os._exit(int(Exit.INTERRUPTED))


def _open(environment: Mapping[str, str]) -> None:
    from lakehouse_assets.commands.lake.building import builder

    # The server lives on from the first pool of the process that started it, whose environment may have been another.
    os.environ.clear()
    os.environ.update(environment)
    # Ended by the parent, a run is told to Dagster as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_with_parent()
    stack = ExitStack()
    atexit.register(stack.close)
    _builders.append(stack.enter_context(builder(Out(as_json=True))))


def end_with_parent() -> None:
    """Watch the process that started this one, and terminate this one when it is gone.

    Not by the signal of Ctrl-C, which a process in the background of a script ignores, and all that it starts.
    """
    started_by = parent_process()
    parent = os.getppid()

    def watch() -> None:
        if started_by:
            started_by.join()
        else:
            while os.getppid() == parent:
                time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
