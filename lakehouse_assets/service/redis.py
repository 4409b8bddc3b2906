"""Limits and answers that several API processes share, in Redis.

Belongs here: the same behaviour as in one process, kept in one place for all. Does not belong here: when an answer
holds (``nlq.answering.cache``), or the rates (``limits``).

Where Redis does not answer, calls go on: an outage of the cache is not one of the service. One call waits for it, for
half a second; it is then left alone for some seconds, in which all others do without. What is kept there is never a
key, only its id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from lakehouse_assets.breaker import Breaker
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from nlq.answering.cache import TTL_S, Kept
from nlq.answering.document.model import Answer

if TYPE_CHECKING:
    from redis import Redis

_PREFIX = "asklake"
_TIMEOUT_S = 0.5
ALONE_S = 5.0
"""Seconds for which a Redis that did not answer is left alone."""
_T = TypeVar("_T")
# All buckets of a subject are looked at and taken from at once, on Redis' own clock unless a test gives one. They are
# forgotten when they would be full again, so that callers who come once take memory for a moment only.
_TAKE = """
local now = tonumber(ARGV[1])
if now < 0 then local t = redis.call('TIME'); now = tonumber(t[1]) + tonumber(t[2]) / 1000000 end
local kept = redis.call('HMGET', KEYS[1], 'at', unpack((function()
  local names = {} for i = 2, #ARGV, 2 do names[#names + 1] = 'n' .. (i / 2) end return names end)()))
local at, wait, tokens = tonumber(kept[1] or now), 0, {}
for i = 2, #ARGV, 2 do
  local calls, seconds = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local n = math.min(calls, tonumber(kept[i / 2 + 1] or calls) + math.max(0, now - at) * calls / seconds)
  tokens[i / 2] = n
  wait = math.max(wait, (1 - n) * seconds / calls)
end
local taken = wait <= 1e-9 and 1 or 0
local fields, full = {'at', tostring(now)}, 1
for i = 2, #ARGV, 2 do
  fields[#fields + 1] = 'n' .. (i / 2)
  fields[#fields + 1] = tostring(tokens[i / 2] - taken)
  full = math.max(full, (tonumber(ARGV[i]) - tokens[i / 2] + taken) * tonumber(ARGV[i + 1]) / tonumber(ARGV[i]))
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('EXPIRE', KEYS[1], math.ceil(full))
return taken == 1 and '0' or tostring(wait)
"""


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


class LimiterInRedis:
    """Token buckets that all processes share; those of this process alone while Redis does not answer."""

    def __init__(self, redis: SharedRedis, limits: Sequence[Rate], clock: Callable[[], float] | None = None) -> None:
        """Full buckets for everyone Redis does not know; ``clock`` is for tests."""
        self._redis, self._take = redis, redis.client.register_script(_TAKE)
        self._arguments = [str(number) for rate in limits for number in (rate.calls, rate.seconds)]
        self._clock, self._alone = clock, LimiterInProcess(limits)

    def take(self, subject: str) -> float:
        """See RateLimiter."""
        if not self._arguments:
            return 0.0
        now = self._clock() if self._clock else -1
        keys, arguments = [f"{_PREFIX}:calls:{subject}"], [now, *self._arguments]
        wait = self._redis.ask(lambda: float(self._take(keys=keys, args=arguments)), "limits")
        return self._alone.take(subject) if wait is None else wait


class AnswersInRedis:
    """Answers that all processes give again, each for at most five minutes."""

    def __init__(self, redis: SharedRedis, ttl_s: float = TTL_S) -> None:
        """Keep them for ``ttl_s`` seconds."""
        self._redis, self._ttl_s = redis, ttl_s

    def get(self, key: str) -> Kept | None:
        """See AnswerStore."""
        fields = self._redis.ask(lambda: self._redis.client.hgetall(f"{_PREFIX}:answer:{key}"), "answers")
        found = cast("dict[bytes, bytes]", fields or {})
        document = found.pop(b"answer", None)
        if document is None:
            return None
        try:
            return Kept(Answer.model_validate_json(document), {k.decode(): v.decode() for k, v in found.items()})
        except ValidationError as error:
            logger().warning("redis", problem=type(error).__name__, used_for="answers")
            return None

    def put(self, key: str, kept: Kept) -> None:
        """See AnswerStore."""
        name = f"{_PREFIX}:answer:{key}"
        fields: dict[Any, Any] = {"answer": kept.answer.model_dump_json(), **kept.heads}

        def keep() -> None:
            with self._redis.client.pipeline() as pipe:
                pipe.hset(name, mapping=fields)
                pipe.pexpire(name, int(self._ttl_s * 1000))
                pipe.execute()

        self._redis.ask(keep, "answers")
