"""Limits and answers that several API processes share, in Redis.

Belongs here: the same behaviour as in one process, kept in one place for all. Does not belong here: when an answer
holds (``nlq.answering.cache``), or the rates (``limits``).

Where Redis does not answer, calls go on (``shared_redis``). What is kept there is never a key, only its id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from pydantic import ValidationError

from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from lakehouse_assets.shared_redis import PREFIX, SharedRedis
from nlq.answering.cache import TTL_S, Kept
from nlq.answering.document.model import Answer

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
        keys, arguments = [f"{PREFIX}:calls:{subject}"], [now, *self._arguments]
        wait = self._redis.ask(lambda: float(self._take(keys=keys, args=arguments)), "limits")
        return self._alone.take(subject) if wait is None else wait


class AnswersInRedis:
    """Answers that all processes give again, each for at most five minutes."""

    def __init__(self, redis: SharedRedis, ttl_s: float = TTL_S) -> None:
        """Keep them for ``ttl_s`` seconds."""
        self._redis, self._ttl_s = redis, ttl_s

    def get(self, key: str) -> Kept | None:
        """See AnswerStore."""
        fields = self._redis.ask(lambda: self._redis.client.hgetall(f"{PREFIX}:answer:{key}"), "answers")
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
        name = f"{PREFIX}:answer:{key}"
        fields: dict[Any, Any] = {"answer": kept.answer.model_dump_json(), **kept.heads}

        def keep() -> None:
            with self._redis.client.pipeline() as pipe:
                pipe.hset(name, mapping=fields)
                pipe.pexpire(name, int(self._ttl_s * 1000))
                pipe.execute()

        self._redis.ask(keep, "answers")
