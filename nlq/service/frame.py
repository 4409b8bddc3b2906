"""What surrounds every request: an id, a bound on its body, headers, a line in the log, and the last catch.

Belongs here: what holds for all requests alike. Does not belong here: who calls (``access``), or any one address.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from nlq.service.errors import REQUEST_ID, ApiError, response_of
from nlq.service.logs import logger

MAX_BODY = 256 * 1024
BODY_TIMEOUT_S = 15.0
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Frame:
    """ASGI middleware around the whole app."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        """Surround an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Response(send, _request_id(scope))
        scope[REQUEST_ID] = response.request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=response.request_id)
        begun = time.perf_counter()
        try:
            await self._app(scope, await _whole_body(scope, receive), response.send)
        except ApiError as error:
            await response.say(scope, receive, error)
        except Exception:
            logger().exception("failed", method=scope["method"], path=scope["path"])
            message = "Something went wrong here; the log has it under the request's id. Try again, then report it."
            await response.say(scope, receive, ApiError(500, "internal", message))
        finally:
            ms = round((time.perf_counter() - begun) * 1000, 1)
            logger().info("request", method=scope["method"], path=scope["path"], status=response.status, ms=ms)


class _Response:
    """Sends a response with the headers that all have, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id = send, request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            known = {name.lower() for name, _ in message.get("headers", [])}
            added = {**_HEADERS, "X-Request-ID": self.request_id, "Cache-Control": "no-store"}
            message["headers"] = [
                *message.get("headers", []),
                *((n.encode(), v.encode()) for n, v in added.items() if n.lower().encode() not in known),
            ]
        await self._send(message)

    async def say(self, scope: Scope, receive: Receive, error: ApiError) -> None:
        """Say an error, unless the response has begun."""
        if self.status is None:
            await response_of(error, self.request_id)(scope, receive, self.send)


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is a plain one, so that logs of several services go together."""
    given = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"x-request-id"), "")
    return given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


async def _whole_body(scope: Scope, receive: Receive) -> Receive:
    """Read the body within its bounds, and give it again.

    Raises:
        ApiError: it is too large, or does not come.
    """
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return receive
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await _read(receive)
    except TimeoutError:
        raise ApiError(408, "request_timeout", "The request did not arrive in time.") from None
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise ApiError(413, "too_large", f"A request has at most {MAX_BODY // 1024} kB.", {"most_bytes": MAX_BODY})
        parts.append(part)
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(parts)
