"""Work that waits for the engine or a database: bounded threads, and bounded places to wait for one.

Belongs here: how much is done at a time, in all and per asker, and how long one waits. Does not belong here: how long
a query may run; the engine ends it (``nlq.answering.executing``).

What looks up keys and sessions has threads of its own, so that nobody is kept from being told anything by questions
that take long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.together import Together

MOST_WAITING = 1_000
QUICK = 8
"""Threads for what waits for a database alone."""
_REMEMBERED = 20
"""Functions that count for how long one lasts."""
_RETRY_S = 5
_since: ContextVar[float | None] = ContextVar("waiting_since", default=None)
_P = ParamSpec("_P")
_T = TypeVar("_T")
_A = TypeVar("_A")


def begin_waiting() -> None:
    """From now on what is done in this context has waited: all turns of a request share its time."""
    _since.set(time.monotonic())


def left_s(longest_s: float) -> float:
    """Seconds that are left to a request of those it may wait in all."""
    since = _since.get()
    return longest_s - (time.monotonic() - since if since else 0.0)


class Work:
    """Runs functions in worker threads. Its methods are called by one event loop alone."""

    def __init__(
        self, workers: int, *, per_asker: int = 0, longest_wait_s: float = 60.0, most_waiting: int = MOST_WAITING
    ) -> None:
        """No thread is started yet.

        Args:
            workers: Threads for the work of askers.
            per_asker: How many of them one asker may have at a time; 0 is half.
            longest_wait_s: Seconds from the begin of a request within which it must have a thread or is sent away.
            most_waiting: How many may wait; half of them of one asker.
        """
        self._workers, self._per_asker = workers, per_asker or max(1, workers // 2)
        self._longest_wait_s, self._most_waiting = longest_wait_s, most_waiting
        self._shares: dict[str, _Share] = {}
        self._waiting = 0
        self._lasts_s = 0.0
        self._turns, self._quick_turns = anyio.Semaphore(workers), anyio.Semaphore(QUICK)
        self._threads, self._quick = anyio.CapacityLimiter(workers), anyio.CapacityLimiter(QUICK)

    async def run(self, asker: str, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a function for an asker in a worker thread, in turn.

        Args:
            asker: Whose work it is; without a name, of whoever is on this machine, there is no share.
            function: What to run.
            *args: Its arguments.
            **kwargs: Its named arguments.

        Raises:
            ApiError: too many wait already, or it waited too long.
        """
        async with self._share(asker) as share, self._turn(share, share.turns), self._turn(share, self._turns):
            begun = time.monotonic()
            try:
                return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._threads)
            finally:
                self._lasts_s += (time.monotonic() - begun - self._lasts_s) / _REMEMBERED

    async def quick(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a function that waits for nothing but a database in a thread that no question can take.

        Raises:
            ApiError: it waited too long.
        """
        async with self._turn(_Share(0), self._quick_turns):
            return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._quick)

    def together(self, do: Callable[[Sequence[_A]], Sequence[_T | Exception]]) -> Together[_A, _T]:
        """A function for many requests at once, which none waits for longer than for a thread."""
        return Together(do, self._in_time)

    async def _in_time(self, result: asyncio.Future[_T]) -> _T:
        try:
            async with asyncio.timeout(left_s(self._longest_wait_s)):
                return await result
        except TimeoutError:
            raise overloaded() from None

    @asynccontextmanager
    async def _turn(self, share: _Share, turns: anyio.Semaphore) -> AsyncIterator[None]:
        """A turn, at once if there is one, else as soon as there is one within the time that the request has left."""
        try:
            turns.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait(share, turns)
        try:
            yield
        finally:
            turns.release()

    async def _wait(self, share: _Share, turns: anyio.Semaphore) -> None:
        if self._waiting >= self._most_waiting or share.waiting >= max(1, self._most_waiting // 2):
            raise overloaded()
        # Whoever would wait in vain is told so at once: so many are before it, and each takes about so long.
        ahead_s = self._lasts_s * max(self._waiting / self._workers, share.waiting / (share.places or QUICK))
        if ahead_s > left_s(self._longest_wait_s):
            raise overloaded()
        self._waiting += 1
        share.waiting += 1
        try:
            with anyio.fail_after(left_s(self._longest_wait_s)):
                await turns.acquire()
        except TimeoutError:
            raise overloaded() from None
        finally:
            self._waiting -= 1
            share.waiting -= 1

    @asynccontextmanager
    async def _share(self, asker: str) -> AsyncIterator[_Share]:
        """What an asker has of the threads, kept as long as anyone of the same name is here."""
        share = self._shares.setdefault(asker, _Share(self._per_asker if asker else self._workers))
        share.users += 1
        try:
            yield share
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[asker]


class _Share:
    def __init__(self, places: int) -> None:
        self.turns, self.places = anyio.Semaphore(places), places
        self.waiting = self.users = 0


def overloaded() -> ApiError:
    """What is told to those who would wait too long."""
    message = f"Too many questions at once; ask again in {_RETRY_S} s."
    return ApiError(503, "overloaded", message, {"retry_after_s": _RETRY_S}, {"Retry-After": str(_RETRY_S)})
