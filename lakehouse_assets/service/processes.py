"""Several processes that serve one address: starting, watching and ending them, and what they have in common.

Belongs here: what concerns all of them. Does not belong here: what one of them serves (``app``) and how (``server``).

Python code runs on one core a process, so questions are planned on as many as there are processes. Each listens by
itself and Linux deals connections out to them (SO_REUSEPORT, socket(7)). The keys, the queue and the journal are in one
database anyway; calls are counted by the process that started them, which serves nobody.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, get_context
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Any

from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate, RateLimiter

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from lakehouse_assets.settings import Settings

MOST = 4
"""Processes where the settings do not say how many: each takes some 300 MB."""
NEEDED = (
    "lakehouse_assets.service.app",
    "lakehouse_assets.http.server",
    "nlq.factory",
    "lakehouse_assets.dictionary.document",
    "duckdb",
)
"""What takes a process seconds to import; they are forks of one that has."""
_SHORT_LIFE_S = 10.0
_SHORT_LIVES = 3
_END_S = 26.0
"""Seconds after which they have ended: less than the 30 that Kubernetes gives."""


def count_of(settings: Settings) -> int:
    """How many processes serve: the settings', or one for each core that this process may use."""
    # Elsewhere than on Linux, one of several that listen gets all connections.
    if sys.platform != "linux":
        return 1
    return settings.processes or min(MOST, len(os.sched_getaffinity(0)))


def part_of(settings: Settings, count: int) -> Settings:
    """The settings of one of so many processes: its part of what bounds all of them together."""
    if count == 1:
        return settings
    update: dict[str, Any] = {
        "memory_limit": f"{settings.memory_bytes // count}B",
        "spill_limit": f"{settings.spill_bytes // count}B",
    }
    for name in ("workers", "workers_per_key", "connections", "connections_per_address"):
        update[name] = -(-getattr(settings, name) // count)
    return settings.model_copy(update=update)


def listening(host: str, port: int) -> socket.socket:
    """A socket at an address that other processes of the same user listen at, too."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    return found


class Processes:
    """The processes that serve, until this one is told to end; one that dies is started again."""

    def __init__(self, count: int, serve: Callable[..., None], *arguments: Any) -> None:
        """Nothing is started yet.

        Args:
            count: How many.
            serve: What each does, given how many they are and the arguments; a function of a module.
            arguments: What else it is given.
        """
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(list(NEEDED))
        self._count, self._serve, self._arguments = count, serve, arguments
        self._running: dict[int, BaseProcess] = {}
        self._begun: dict[int, float] = {}
        self._short_lives = 0

    def run(self) -> None:
        """Serve until Ctrl-C or SIGTERM.

        Raises:
            RuntimeError: they end by themselves as soon as they are started.
        """
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            for number in range(self._count):
                self._start(number)
            while True:
                connection.wait([process.sentinel for process in self._running.values()])
                self._restart()
        finally:
            self._end()
            signal.signal(signal.SIGTERM, before)

    def _start(self, number: int) -> None:
        arguments = (self._count, *self._arguments)
        process = self._context.Process(target=self._serve, args=arguments, name=f"serve {number}")
        process.start()
        self._running[number], self._begun[number] = process, time.monotonic()

    def _restart(self) -> None:
        for number, process in list(self._running.items()):
            if process.is_alive():
                continue
            short = time.monotonic() - self._begun[number] < _SHORT_LIFE_S
            self._short_lives = self._short_lives + 1 if short else 0
            if self._short_lives >= _SHORT_LIVES:
                raise RuntimeError(f"a process that serves ended with code {process.exitcode} as soon as it began")
            logger().error("process_ended", number=number, exit_code=process.exitcode, next="started again")
            self._start(number)

    def _end(self) -> None:
        """End them in order; a second Ctrl-C ends them at once."""
        deadline = time.monotonic() + _END_S
        try:
            for process in self._running.values():
                process.terminate()
            for process in self._running.values():
                process.join(max(0.0, deadline - time.monotonic()))
        finally:
            for process in self._running.values():
                process.kill()


class _Host(BaseManager):
    """Where calls are counted for all processes; its socket is in a folder of this user alone."""


class _Guest(BaseManager):
    """How the other processes reach it."""


_Guest.register("limiter")


def count_calls(limits: tuple[Rate, ...]) -> Any:
    """Count calls in this process for those that it starts.

    Returns:
        The address to count at.
    """
    limiter = LimiterInProcess(limits)
    _Host.register("limiter", callable=lambda: limiter, exposed=["take"])
    server = _Host().get_server()
    threading.Thread(target=server.serve_forever, name="limits", daemon=True).start()
    return server.address


class LimiterElsewhere:
    """Token buckets in the process that started this one; those of this process alone while that does not answer."""

    def __init__(self, address: Any, limits: tuple[Rate, ...]) -> None:
        """Reach it.

        Raises:
            OSError: it is not there.
        """
        guest = _Guest(address)
        guest.connect()
        self._elsewhere: RateLimiter = guest.limiter()  # pyright: ignore[reportAttributeAccessIssue]
        self._alone = LimiterInProcess(limits)

    def take(self, subject: str) -> float:
        """See RateLimiter."""
        try:
            return self._elsewhere.take(subject)
        except (OSError, EOFError) as error:
            logger().warning("limits", problem=type(error).__name__)
            return self._alone.take(subject)
