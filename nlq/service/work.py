"""Work that waits for the engine: a bounded number of threads, and a bounded number of callers that wait for one.

Does not belong here: how long a query may run; the engine cancels it (``nlq.answering.answer``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from nlq.service.errors import ApiError

MOST_WAITING = 1_000
_RETRY_S = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Work:
    """Runs functions in worker threads, ``workers`` at the same time."""

    def __init__(self, workers: int, most_waiting: int = MOST_WAITING) -> None:
        """No thread is started yet."""
        self._workers, self._most_waiting = workers, most_waiting
        self._limiter: Any = None

    async def run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a function in a worker thread and wait for it.

        Raises:
            ApiError: too many callers wait already.
        """
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        if self._limiter.statistics().tasks_waiting >= self._most_waiting:
            message = f"Too many questions at once; ask again in {_RETRY_S} s."
            raise ApiError(503, "overloaded", message, {"retry_after_s": _RETRY_S}, {"Retry-After": str(_RETRY_S)})
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._limiter)
