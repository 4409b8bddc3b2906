"""How often one caller may call: token buckets by key and by address.

The library `limits` counts by windows and has no bucket that refills evenly; it takes from each rate by itself, so that
a call that one rate refuses would count with the others.
Belongs here: the buckets, and the limiter of one process. Does not belong here: the one that several processes share
(``redis``), or who the caller is (``access``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cachetools import LRUCache

_MOST_SUBJECTS = 50_000


@dataclass(frozen=True)
class Rate:
    """``calls`` per ``seconds``; as many may come at once, and they come back evenly."""

    calls: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Tokens that come back each second."""
        return self.calls / self.seconds


def rates(per_minute: int, per_hour: int) -> tuple[Rate, ...]:
    """The rates of the settings; 0 is no limit."""
    return tuple(Rate(calls, span) for calls, span in ((per_minute, 60.0), (per_hour, 3600.0)) if calls)


class RateLimiter(Protocol):
    """Counts calls by subject."""

    def take(self, subject: str) -> float:
        """Count a call.

        Returns:
            0 if it may go on; else seconds until the next one may, and the call is not counted.
        """
        ...


@dataclass
class _Bucket:
    tokens: float
    at: float


class LimiterInProcess:
    """Token buckets in memory. Thread-safe. Callers that were quiet the longest are forgotten first."""

    def __init__(
        self,
        limits: Sequence[Rate],
        clock: Callable[[], float] = time.monotonic,
        most_subjects: int = _MOST_SUBJECTS,
    ) -> None:
        """Full buckets for everyone."""
        self._limits, self._clock = tuple(limits), clock
        # LRU; a caller who is forgotten begins with full buckets again.
        self._buckets: LRUCache[str, list[_Bucket]] = LRUCache(most_subjects)
        self._lock = threading.Lock()

    def take(self, subject: str) -> float:
        """See RateLimiter."""
        now = self._clock()
        with self._lock:
            buckets = self._buckets.get(subject)
            if buckets is None:
                buckets = self._buckets[subject] = [_Bucket(rate.calls, now) for rate in self._limits]
            for bucket, rate in zip(buckets, self._limits, strict=True):
                bucket.tokens = min(rate.calls, bucket.tokens + (now - bucket.at) * rate.per_second)
                bucket.at = now
            missing = [(1 - b.tokens) / r.per_second for b, r in zip(buckets, self._limits, strict=True)]
            wait = max(missing, default=0.0)
            # A hair below one token is one: floating sums of refills do not always add up.
            if wait > 1e-9:
                return wait
            for bucket in buckets:
                bucket.tokens -= 1
            return 0.0
