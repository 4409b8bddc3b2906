"""What surrounds every request: an id, a bound on its body, headers, a line in the log, its end, and the last catch.

Belongs here: what holds for all requests alike. Does not belong here: who calls (``access``), or any one address.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import anyio
import structlog

from lakehouse_assets.http.errors import REQUEST_ID, ApiError, response_of
from lakehouse_assets.http.logs import logger
from lakehouse_assets.lakehouse.engines.cancelling import Cancellation, cancelled_by
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError
from lakehouse_assets.service.admission.work import begin_waiting

MAX_BODY = 256 * 1024
BODY_TIMEOUT_S = 15.0
MOST_IN_BODIES = 128 << 20
"""Bytes of bodies that are larger than MAX_BODY, of all requests under way."""
CLIENT_GONE = 499
"""The status in the log of a request whose client did not wait for the response; none was sent."""
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
WATCHES_AFTER_S = 0.05
"""Seconds after which it is seen whether a client still waits: most have their response before."""
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_IN_FRAMES = b"content-security-policy"
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_ADDED = [(name.lower().encode(), (name.encode(), value.encode())) for name, value in _HEADERS.items()]


def framed_by(origins: Collection[str]) -> dict[str, str]:
    """The header of a response that these sites may show in a frame; none may where there are none."""
    return {"Content-Security-Policy": f"{_POLICY}{' '.join(origins)}"} if origins else {}


_ENDING = "The service is ending before it could answer; ask again in a moment."


class ClientGoneError(Exception):
    """The client has ended its connection before it had a response."""


class RequestMiddleware:
    """ASGI middleware around the whole app."""

    def __init__(self, app: App, *, bodies: Mapping[str, int] | None = None, streamed: Collection[str] = ()) -> None:
        """Surround an app.

        Args:
            app: The app.
            bodies: By the beginning of a path the bytes that a body may have there; MAX_BODY elsewhere.
            streamed: Paths of which what is posted goes to the app as it comes; the app bounds it, and the connection
                ends if it does not come on.
        """
        self._app, self._bodies, self._streamed = app, dict(bodies or {}), frozenset(streamed)
        self._large = LargeBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Response(send, request_id_of(scope))
        scope[REQUEST_ID] = response.request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=response.request_id)
        begun = time.perf_counter()
        cancellation = Cancellation()
        try:
            if scope["method"] == "POST" and scope["path"] in self._streamed:
                begin_waiting()
                await self._app(scope, receive, response.send)
                return
            with self._large.share() as share:
                body = await _whole_body(receive, self._most(scope["path"]), share)
                begin_waiting()
                with cancelled_by(cancellation):
                    await _while_wanted(self._app, scope, body, receive, response, cancellation)
        except ApiError as error:
            await response.say(scope, receive, error)
        except (ClientGoneError, QueryCancelledError):
            response.status = response.status or CLIENT_GONE
        except asyncio.CancelledError:  # the server ends, and has waited long enough
            cancellation.cancel()
            await response.say(scope, receive, ApiError(503, "ending", _ENDING, headers={"Retry-After": "5"}))
        except Exception:
            logger().exception("failed", method=scope["method"], path=scope["path"])
            message = "Something went wrong here; the log has it under the request's id. Try again, then report it."
            await response.say(scope, receive, ApiError(500, "internal", message))
        finally:
            ms = round((time.perf_counter() - begun) * 1000, 1)
            logger().info("request", method=scope["method"], path=scope["path"], status=response.status, ms=ms)

    def _most(self, path: str) -> int:
        return next((most for prefix, most in self._bodies.items() if path.startswith(prefix)), MAX_BODY)


async def _while_wanted(
    app: App, scope: Scope, body: bytes, receive: Receive, response: _Response, cancellation: Cancellation
) -> None:
    """Serve a request whose body is known for as long as its client waits.

    Raises:
        ClientGoneError: it does no more; what was being done for it has ended.
    """
    gone = asyncio.Event()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    with anyio.CancelScope() as waiting:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()
            if not response.complete:
                cancellation.cancel()
                waiting.cancel()

        watchers: list[asyncio.Task[None]] = []
        begin = asyncio.get_running_loop().call_later(
            WATCHES_AFTER_S, lambda: watchers.append(asyncio.create_task(watch()))
        )
        try:
            await app(scope, again, response.send)
        finally:
            begin.cancel()
            for watcher in watchers:
                watcher.cancel()
    if waiting.cancelled_caught:
        raise ClientGoneError


class LargeBodies:
    """The memory that bodies larger than MAX_BODY take together."""

    def __init__(self) -> None:
        """None is there."""
        self._bytes = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """The part of one request, given back at its end.

        Returns:
            What is to be called with the size of its body as it grows; it raises ApiError where there is no room.
        """
        mine = 0

        def grow(size: int) -> None:
            nonlocal mine
            if size <= MAX_BODY:
                return
            self._bytes += size - mine
            mine = size
            if self._bytes > MOST_IN_BODIES:
                message = "Too much is being sent at once; send it again in a moment."
                raise ApiError(503, "too_busy", message, headers={"Retry-After": "5"})

        try:
            yield grow
        finally:
            self._bytes -= mine


class _Response:
    """Sends a response with the headers that all have, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id = send, request_id
        self.status: int | None = None
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = [*message.get("headers", [])]
            known = {name.lower() for name, _ in given}
            if _IN_FRAMES in known:
                known.add(b"x-frame-options")  # it can name no site, and the policy does
            given += [header for name, header in _ADDED if name not in known]
            if b"x-request-id" not in known:
                given.append((b"X-Request-ID", self.request_id.encode()))
            message["headers"] = given
        self.complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def say(self, scope: Scope, receive: Receive, error: ApiError) -> None:
        """Say an error, unless the response has begun."""
        if self.status is None:
            await response_of(error, self.request_id)(scope, receive, self.send)


def request_id_of(scope: Scope) -> str:
    """The caller's own id where it is a plain one, so that logs of several services go together."""
    given = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"x-request-id"), "")
    return given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


async def _whole_body(receive: Receive, most: int, grow: Callable[[int], None]) -> bytes:
    """Read the body within its bounds.

    Raises:
        ApiError: it is too large, or does not come.
        ClientGoneError: the connection ended before it was whole.
    """
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read(receive, most, grow)
    except TimeoutError:
        raise ApiError(408, "request_timeout", "The request did not arrive in time.") from None


async def _read(receive: Receive, most: int, grow: Callable[[int], None]) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise ApiError(413, "too_large", f"A request has at most {most // 1024} kB here.", {"most_bytes": most})
        grow(size)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
