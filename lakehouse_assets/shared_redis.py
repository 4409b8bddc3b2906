"""A Redis that the parts of a process share: what they ask it for, and leaving it alone when it does not answer.

Belongs here: the connection. Does not belong here: what is kept in it (service.redis, ml.serving).

Where Redis does not answer, calls go on: an outage of the cache is not one of the service. One call waits for it, for
half a second; it is then left alone for some seconds, in which all others do without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from lakehouse_assets.breaker import Breaker
from lakehouse_assets.http.logs import logger

if TYPE_CHECKING:
    from redis import Redis

PREFIX = "asklake"
"""What the names of all keys begin with."""
_TIMEOUT_S = 0.5
ALONE_S = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_T = TypeVar("_T")


class SharedRedis:
    """A Redis that several parts of a process ask, and leave alone together when it does not answer. Thread-safe."""

    def __init__(self, client: Redis, breaker: Breaker | None = None) -> None:
        """Nothing is sent yet; ``breaker`` is for tests."""
        self.client = client
        self._breaker = breaker or Breaker(after=1, seconds=ALONE_S)

    def ask(self, call: Callable[[], _T], used_for: str) -> _T | None:
        """What a call of the client gives, or None where Redis fails, or is left alone."""
        from redis import ConnectionError, RedisError, TimeoutError

        if not self._breaker.admit():
            return None
        try:
            result = call()
        except (ConnectionError, TimeoutError) as error:
            self._breaker.report(ok=False)
            logger().warning("redis", problem=str(error), used_for=used_for, left_alone_s=ALONE_S)
        except RedisError as error:
            self._breaker.report(ok=True)  # it answered
            logger().warning("redis", problem=str(error), used_for=used_for)
        else:
            self._breaker.report(ok=True)
            return result
        return None


def connect(url: str) -> SharedRedis:
    """The Redis of a URL; nothing is sent yet."""
    from redis import Redis

    return SharedRedis(Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S))
