"""A circuit breaker: who did not answer is left alone for a while.

Belongs here: when a call may go through. Does not belong here: what is called, which errors count, or what is done
instead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Stops calls to what failed several times in a row; after a while one call tries it again. Thread-safe."""

    def __init__(self, after: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Closed: calls go through. After so many failures it opens, for so many seconds."""
        self._after, self._seconds, self._clock = after, seconds, clock
        self._failures, self._open_until = 0, 0.0
        self._lock = threading.Lock()

    def admit(self) -> bool:
        """Whether a call may go through; of those that come when the pause is over, only the first."""
        with self._lock:
            if self._failures < self._after:
                return True
            if self._clock() < self._open_until:
                return False
            self._open_until = self._clock() + self._seconds
            return True

    def report(self, ok: bool) -> None:
        """What became of a call."""
        with self._lock:
            self._failures = 0 if ok else self._failures + 1
            if self._failures >= self._after:
                self._open_until = self._clock() + self._seconds
