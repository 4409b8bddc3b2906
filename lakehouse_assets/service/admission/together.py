"""Small things that many requests need done: what comes while others are done is done together, by one thread.

Belongs here: gathering, handing over to a thread, giving each its own result. Does not belong here: what is done
(``access``, ``handlers``), or work that takes long (``work``).

A thread of its own for each request costs more than what it does where that is a look at a database or a line in it:
the hand-over, and threads that wait for each other's turn in Python. So the busier the service, the less one costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

import anyio
import anyio.to_thread

MOST = 64
"""Requests that are done at once; the others come next, so that none waits for very many."""
_A = TypeVar("_A")
_R = TypeVar("_R")


class Together(Generic[_A, _R]):
    """Calls a function for all that came meanwhile. Its methods are called by one event loop alone."""

    def __init__(
        self,
        do: Callable[[Sequence[_A]], Sequence[_R | Exception]],
        wait: Callable[[asyncio.Future[_R]], Awaitable[_R]],
    ) -> None:
        """No thread is started yet.

        Args:
            do: Does it for several, and gives the result of each, or the error to be raised for it. It is called for
                those that came before, never for one that comes while it runs.
            wait: Waits for one's own result, for as long as one may.
        """
        self._do, self._wait = do, wait
        self._waiting: list[tuple[_A, asyncio.Future[_R]]] = []
        self._thread = anyio.CapacityLimiter(1)
        self._doing: asyncio.Task[None] | None = None

    async def result(self, item: _A) -> _R:
        """The result for one of many.

        Raises:
            Exception: whatever the function gave for it, or raised for all; or whatever waiting raises.
        """
        future: asyncio.Future[_R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._doing is None:
            # Nobody's own: it goes on when the one who came first has left.
            self._doing = asyncio.create_task(self._go_on(), context=Context())
        return await self._wait(future)

    async def _go_on(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                wanted = [(item, future) for item, future in now if not future.done()]
                results = await anyio.to_thread.run_sync(self._done, [item for item, _ in wanted], limiter=self._thread)
                for (_, future), result in zip(wanted, results, strict=True):
                    if future.done():  # it has left meanwhile
                        continue
                    if isinstance(result, Exception):
                        future.set_exception(result)
                    else:
                        future.set_result(result)
        finally:
            self._doing = None

    def _done(self, items: Sequence[_A]) -> Sequence[_R | Exception]:
        try:
            return self._do(items)
        except Exception as error:
            return [error] * len(items)
