"""Who calls, and how often they may: from the key alone, never from what a request says.

Belongs here: from a request to an asker, or the error that says why not; the sessions of browsers. Does not belong
here: making keys (``nlq.storage.keys``), the cookie (``cookies``), or what an asker may ask (``nlq.core.guard``).

Programs send a key with each call. A browser sends it once and holds a session instead, which only the service's own
pages can act with. Without any key, on an address only this machine can reach, everyone is one anonymous analyst: that
is the first run on one's own machine. From the first key on, or on any other address, a key is required; revoking the
last one changes nothing of that, for the next caller would be let in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from fastapi import Request

from lakehouse_assets.http.addresses import UNKNOWN, caller_at, is_loopback
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.origin import SAFE_METHODS, whence
from lakehouse_assets.service.admission import cookies
from lakehouse_assets.service.admission.limits import RateLimiter
from nlq.core.guard import Caller
from nlq.storage.keys import Key, KeyStore, Look, Session
from nlq.storage.links import Link, LinkStore

Keys = KeyStore | Look
"""Where keys are looked up: as they are each time, or as they were when a look began."""
WRITERS = ("writer", "admin")
"""Roles that may send records."""
EVENTS = "/events/"
"""How the addresses begin that events are sent to."""
_HOW = "Send “Authorization: Bearer <key>”; `asklake key create NAME` makes one."
_NO_LINK = "This link shows nothing: it has ended, or was not copied whole. Ask whoever sent it for another."
_ELSEWHERE = "This request does not come from a page of this service. Open the service itself, and ask there."


@dataclass(frozen=True)
class Asker:
    """Who calls: the rights, and the name that is kept with what is asked."""

    caller: Caller
    name: str
    key_id: str | None = None
    link: str | None = None
    """The id of the link by which someone without a key sees what the holder of the key showed."""

    @property
    def share(self) -> str:
        """Whose share of the service it is; empty where everyone is the one at this machine."""
        return f"link:{self.link}" if self.link else self.key_id or ""


ANONYMOUS = Asker(Caller(role="analyst"), "anonymous")


def writer_of(asker: Asker) -> str | None:
    """The tenant that a caller sends records for; on one's own machine without keys, nobody's.

    Raises:
        ApiError: the key is not for sending.
    """
    if asker.key_id is not None and asker.caller.role not in WRITERS:
        message = "This key is for asking; `asklake key create NAME --role writer` makes one for sending records."
        raise ApiError(403, "forbidden", message)
    return asker.caller.tenant


class Access:
    """Admits callers. Its methods wait for the database: call them in a worker thread."""

    def __init__(self, keys: KeyStore, limiter: RateLimiter, *, loopback: bool, session_life: timedelta) -> None:
        """Admit by these keys; ``loopback`` tells that only this machine can call."""
        self._keys, self._limiter, self._loopback, self._session_life = keys, limiter, loopback, session_life

    def keys_required(self) -> bool:
        """Whether a call without a key is refused."""
        return self._keys_required(self._keys)

    def _keys_required(self, keys: Keys) -> bool:
        return not self._loopback or keys.any()

    def admit(self, requests: Sequence[Request]) -> list[Asker | Exception]:
        """Who calls, by requests; each is counted by its key where it has one, else by its address.

        Returns:
            The askers, or why one is not admitted: no key or not a valid one, or a page elsewhere uses a browser's
            session, or too many calls (ApiError).
        """
        with self._keys.look() as keys:
            return [self._admitted_or_why_not(keys, request) for request in requests]

    def _admitted_or_why_not(self, keys: Keys, request: Request) -> Asker | Exception:
        try:
            return self._admitted(keys, request)
        except Exception as error:
            return error

    def _admitted(self, keys: Keys, request: Request) -> Asker:
        header = request.headers.get("authorization", "")
        if header:
            key = self._of_header(keys, request, header)
        elif session := self._session(keys, request):
            # A browser that says nothing of the page is not one that a session was opened in.
            if request.method not in SAFE_METHODS and whence(request) != "here":
                raise ApiError(403, "forbidden", _ELSEWHERE)
            key = session.key
        else:
            return self._without_key(keys, request)
        if key.role != "writer" or not _sends_events(request):
            self._count(request, key)
        return Asker(key.caller, key.name, key.id)

    def holds(self, request: Request, asker: Asker) -> bool:
        """Whether who was admitted by a request still would be; it counts for nothing.

        That is: the key was not revoked, and the session has not ended; without a key, there is none still.
        """
        if asker.key_id is None:
            return not self.keys_required()
        if request.headers.get("authorization"):
            return self._keys.of(asker.key_id) is not None
        return self._session(self._keys, request) is not None

    def by_link(self, request: Request, links: LinkStore, link_id: str) -> tuple[Asker, Link]:
        """Who made a link, for whoever has it: with the rights of that time, as long as these hold.

        Calls count for the address, so that who guesses spends its own, and for the link.

        Raises:
            ApiError: it is no link that is open, or its maker may ask no more, or too many calls.
        """
        self._count(request, None)
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        link = links.find(link_id, text.strip()) if scheme.casefold() == "bearer" else None
        maker = link and self._maker(link)
        if link is None or maker is None:
            raise ApiError(404, "unknown_link", _NO_LINK)
        self._take(f"link:{link.id}")
        return maker, link

    def _maker(self, link: Link) -> Asker | None:
        if not link.owner:
            return None if self.keys_required() else replace(ANONYMOUS, link=link.id)
        key = self._keys.of(link.owner)
        if key is None or key.caller != link.caller:
            return None
        return Asker(link.caller, key.name, key.id, link.id)

    def count(self, request: Request) -> None:
        """Count a call by its address.

        Raises:
            ApiError: too many.
        """
        self._count(request, None)

    def open_session(self, request: Request, text: str) -> tuple[Session, str]:
        """Take a key once, for a session and the text that its browser is to send.

        Raises:
            ApiError: the key is not valid, or a page elsewhere sends it, or too many calls.
        """
        key = self._keys.find(text.strip())
        self._count(request, key)
        if whence(request) == "elsewhere":
            raise ApiError(403, "forbidden", _ELSEWHERE)
        if key is None:
            raise _unauthorized(f"This key is not valid: mistyped, or revoked. {self.way_back()}".rstrip())
        return self._keys.open_session(key, self._session_life)

    def session(self, request: Request) -> Session | None:
        """The session of the browser that calls, if it holds one.

        Raises:
            ApiError: too many calls.
        """
        found = self._session(self._keys, request)
        self._count(request, found.key if found else None)
        return found

    def end_session(self, request: Request) -> None:
        """End the session of the browser that calls, if it holds one.

        Raises:
            ApiError: a page elsewhere asks for it, or too many calls.
        """
        self.session(request)
        if whence(request) == "elsewhere":
            raise ApiError(403, "forbidden", _ELSEWHERE)
        if text := cookies.read(request):
            self._keys.end_session(text)

    @staticmethod
    def _session(keys: Keys, request: Request) -> Session | None:
        text = cookies.read(request)
        return keys.find_session(text) if text else None

    def _of_header(self, keys: Keys, request: Request, header: str) -> Key:
        scheme, _, text = header.partition(" ")
        key = keys.find(text.strip()) if scheme.casefold() == "bearer" else None
        if key is None:
            self._count(request, None)
            raise _unauthorized(f"This key is not valid. {self._way_back(keys) or _HOW}")
        return key

    def _without_key(self, keys: Keys, request: Request) -> Asker:
        required = self._keys_required(keys)
        if required or not _sends_events(request):
            self._count(request, None)
        if required:
            ended = "The session has ended." if cookies.read(request) else "A key is required."
            raise _unauthorized(f"{ended} {self._way_back(keys) or _HOW}")
        # A page elsewhere can make its own host name mean this machine and call as if from here.
        host = request.url.hostname or ""
        if not is_loopback(host):
            raise ApiError(403, "forbidden", f"Without keys this service answers at localhost, not at “{host[:100]}”.")
        # Or have the browser send what changes something; it could not read what comes back.
        if request.method not in SAFE_METHODS and whence(request) == "elsewhere":
            raise ApiError(403, "forbidden", _ELSEWHERE)
        return ANONYMOUS

    def way_back(self) -> str:
        """What to do where no key can be valid: there is none, or all were revoked. Empty where one can."""
        return self._way_back(self._keys)

    def _way_back(self, keys: Keys) -> str:
        if keys.any_valid():
            return ""
        if not keys.any():
            return "There is no key yet: whoever runs the service makes one with `asklake key create NAME`."
        again = "makes one with `asklake key create NAME`"
        if self._loopback:
            again += ", or lets everyone on this machine ask again with `asklake key forget`"
        return f"Every key was revoked: whoever runs the service {again}."

    def _count(self, request: Request, key: Key | None) -> None:
        """Count a call of a key; without one, of an address: what others do there is nothing to the holder of a key."""
        address = caller_at(request.client.host) if request.client else UNKNOWN
        self._take(f"key:{key.id}" if key else f"address:{address}")

    def _take(self, subject: str) -> None:
        wait = self._limiter.take(subject)
        if wait:
            seconds = math.ceil(wait)
            message = f"Too many calls; the next may come in {seconds} s."
            raise ApiError(429, "rate_limited", message, {"retry_after_s": seconds}, {"Retry-After": str(seconds)})


def _sends_events(request: Request) -> bool:
    """Whether a call is bounded by what the intake log takes, and need not be by the number of calls."""
    return request.scope["path"].startswith(EVENTS)


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
