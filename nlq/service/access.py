"""Who calls, and how often they may: from the key alone, never from what a request says.

Belongs here: from a request to an asker, or the error that says why not. Does not belong here: making keys
(``nlq.storage.keys``), or what an asker may ask (``nlq.guard``).

Without any key, on an address only this machine can reach, everyone is one anonymous analyst: that is the first
run on one's own machine. From the first key on, or on any other address, a key is required.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass

from fastapi import Request

from nlq.guard import Caller
from nlq.service.errors import ApiError
from nlq.service.limits import RateLimiter
from nlq.storage.keys import KeyStore

_HOW = "Send “Authorization: Bearer <key>”; `asklake key create` makes one."


@dataclass(frozen=True)
class Asker:
    """Who calls: the rights, and the name that is kept with what is asked."""

    caller: Caller
    name: str
    key_id: str | None = None


ANONYMOUS = Asker(Caller(role="analyst"), "anonymous")


def is_loopback(host: str) -> bool:
    """Whether an address or host name can only be reached from this machine."""
    name = host.strip("[]").casefold()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Access:
    """Admits callers. Its methods wait for the database: call them in a worker thread."""

    def __init__(self, keys: KeyStore, limiter: RateLimiter, *, loopback: bool) -> None:
        """Admit by these keys; ``loopback`` tells that only this machine can call."""
        self._keys, self._limiter, self._loopback = keys, limiter, loopback

    def keys_required(self) -> bool:
        """Whether a call without a key is refused."""
        return not self._loopback or self._keys.any()

    def admit(self, request: Request) -> Asker:
        """Who calls.

        Raises:
            ApiError: no key or not a valid one, or too many calls.
        """
        self._count(f"address:{request.client.host if request.client else 'unknown'}")
        header = request.headers.get("authorization", "")
        if not header:
            return self._without_key(request)
        scheme, _, text = header.partition(" ")
        key = self._keys.find(text.strip()) if scheme.casefold() == "bearer" else None
        if key is None:
            raise _unauthorized(f"This key is not valid. {_HOW}")
        self._count(f"key:{key.id}")
        return Asker(key.caller, key.name, key.id)

    def _without_key(self, request: Request) -> Asker:
        if self.keys_required():
            raise _unauthorized(f"A key is required. {_HOW}")
        # A page elsewhere can make its own host name mean this machine and call as if from here.
        host = request.url.hostname or ""
        if not is_loopback(host):
            raise ApiError(403, "forbidden", f"Without keys this service answers at localhost, not at “{host[:100]}”.")
        return ANONYMOUS

    def _count(self, subject: str) -> None:
        wait = self._limiter.take(subject)
        if wait:
            seconds = math.ceil(wait)
            message = f"Too many calls; the next may come in {seconds} s."
            raise ApiError(429, "rate_limited", message, {"retry_after_s": seconds}, {"Retry-After": str(seconds)})


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
