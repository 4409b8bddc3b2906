"""Connections, and what each may take before and beside its requests: bytes, time, a place.

Belongs here: bounds on headers, idle and stalled connections, connections in all and per address. Does not belong
here: bodies and headers of requests (``service.middleware``), who calls (``service.access``), starting the server
(``server``), what a
connection becomes that is upgraded (``sockets``).

uvicorn bounds the time between two requests, and with its slower parser the bytes of a header; nothing bounds the time
of a header, a reader that stalls, or an address. ``http`` of its options takes a protocol class, so its own, for
httptools, is extended here. Only what httptools documents (the callbacks of its parser), asyncio.Protocol and public
attributes of that class are used.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakehouse_assets.http.addresses import UNKNOWN, Proxies, caller_at
from lakehouse_assets.http.errors import ApiError, response_of
from lakehouse_assets.http.logs import logger

_RETRY_S = 5
_LOG_EVERY_S = 1.0
_READ_AT_LEAST = 16 * 1024


@dataclass(frozen=True)
class Bounds:
    """What one connection, one address and all of them may take.

    Attributes:
        connections: Connections of this process.
        per_address: Of these, how many an address may have; proxies that are believed may have all.
        header_bytes: Of the first line and the header of a request together, and of what stands between the parts of
            its body.
        idle_s: Seconds without a byte after which a connection that was answered ends.
        header_s: Seconds from the connection, or from then, until a header is complete.
        body_s: Seconds from there until the body is complete, whether anyone still wants it or not.
        steady: Paths whose bodies may take longer, as long as they are not answered, and in each of these times some
            more comes.
        steady_bytes: How many bytes of it, at least.
        write_s: Seconds in which a client must read 16 kB of what it is sent, or the rest; in which a WebSocket is
            pinged, and has to answer.
        linger_s: Seconds in which a client that is turned away may read why.
        pipelined: Requests that may wait for the one before on their connection.
    """

    connections: int = 1024
    per_address: int = 512
    header_bytes: int = 32 * 1024
    idle_s: float = 5.0
    header_s: float = 10.0
    body_s: float = 20.0
    steady: frozenset[str] = frozenset()
    steady_bytes: int = 16 * 1024
    write_s: float = 20.0
    linger_s: float = 2.0
    pipelined: int = 16


class Door:
    """Counts the connections of a process. Its methods are called by the event loop alone."""

    def __init__(self, bounds: Bounds, proxies: Proxies) -> None:
        """Nobody is in."""
        self.bounds, self._proxies = bounds, proxies
        self._inside: Counter[str] = Counter()
        self._count = self._turned_away = 0

    def enter(self, host: str) -> ApiError | None:
        """Count a connection in, or say why it is turned away; either way it leaves when it ends."""
        who = caller_at(host)
        full = self._count >= self.bounds.connections
        crowded = self._inside[who] >= self.bounds.per_address and host not in self._proxies
        if not full and not crowded:
            self._inside[who] += 1
            self._count += 1
            return None
        self._turned_away += 1
        whose = "" if full else " from this address"
        message = f"There are too many connections{whose}; come back in {_RETRY_S} s."
        return ApiError(503, "overloaded", message, {"retry_after_s": _RETRY_S}, {"Retry-After": str(_RETRY_S)})

    def leave(self, host: str, *, turned_away: bool) -> None:
        """Count a connection out."""
        if turned_away:
            self._turned_away -= 1
            return
        who = caller_at(host)
        self._count -= 1
        self._inside[who] -= 1
        if self._inside[who] <= 0:
            del self._inside[who]

    @property
    def may_linger(self) -> bool:
        """Whether another one that is turned away may be told why: those, too, are bounded."""
        return self._turned_away <= max(32, self.bounds.connections // 4)


class _Refusals:
    """Lines in the log for refused connections: one of a kind a second, with how many there were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._said: dict[str, float] = {}

    def note(self, reason: str, host: str) -> None:
        with self._lock:
            self._waiting[reason] += 1
            now = time.monotonic()
            if now - self._said.get(reason, -_LOG_EVERY_S) < _LOG_EVERY_S:
                return
            self._said[reason], count = now, self._waiting.pop(reason)
        logger().warning("connection_refused", reason=reason, address=host, count=count)


_refusals = _Refusals()


def bounded(door: Door) -> type[asyncio.Protocol]:
    """The protocol class for uvicorn's option ``http``, whose connections enter by this door."""
    return type("BoundedConnection", (_Connection,), {"door": door})


class _Connection(HttpToolsProtocol):
    door: Door

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds = self.door.bounds
        self.timeout_keep_alive = self._bounds.idle_s
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._of_body, self._is_steady = 0, False
        self._bytes = 0  # since there was progress: a header, or a part of a body
        self._in_message = self._in_header = False
        self._turned_away = self._done = self._upgrading = False
        self._unanswered: list[Any] = []

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        refusal = self.door.enter(self._host)
        if refusal:
            self._turned_away = True
            self._refuse(refusal)
        else:
            self._expect(self._bounds.header_s, self._no_header)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._leave()
        self._expect(None)
        self._drop_write_deadline()
        self.door.leave(self._host, turned_away=self._turned_away)

    def data_received(self, data: bytes) -> None:
        if self._done:
            return
        self._bytes += len(data)
        super().data_received(data)
        if not self._done and self._bytes > self._bounds.header_bytes:
            self._refuse(self._too_large())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._drop_write_deadline()

    # --- httptools

    def on_message_begin(self) -> None:
        if self._done:
            return
        super().on_message_begin()
        self._in_message = self._in_header = True
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect(self._bounds.header_s, self._no_header)

    def on_headers_complete(self) -> None:
        if self._done:
            return
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._bounds.header_bytes or len(self.pipeline) >= self._bounds.pipelined:
            self._refuse(self._too_large())
            return
        self._in_header, self._bytes = False, 0
        self._expect_body()
        before = self.cycle
        super().on_headers_complete()
        self._upgrading = self.cycle is before
        if not self._upgrading:
            self._unanswered = [one for one in (*self._unanswered, self.cycle) if not one.response_complete]

    def on_body(self, body: bytes) -> None:
        if not self._done:
            self._bytes = 0
            self._of_body += len(body)
            wanted = self._is_steady and not self.cycle.response_complete
            if wanted and self._of_body >= self._bounds.steady_bytes:
                self._expect_body()
            super().on_body(body)

    def _expect_body(self) -> None:
        """Wait for the body: all of it, or where it may take longer, for some more."""
        self._is_steady = self.url.partition(b"?")[0].decode("latin-1") in self._bounds.steady
        self._of_body = 0
        self._expect(self._bounds.body_s, self._end, "slow_body")

    def on_message_complete(self) -> None:
        if self._done:
            return
        self._in_message, self._bytes = False, 0
        self._expect(None)
        super().on_message_complete()
        if not self._upgrading and self.cycle.response_complete:
            self._wait_for_next()

    # --- uvicorn

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; its place goes with it, and is left by the one that takes it."""
        if self._done:
            return
        if any(not one.response_complete for one in self._unanswered):
            self._refuse(ApiError(400, "bad_request", "A connection is upgraded once all before is answered."))
            return
        self._done = True
        self._expect(None)
        self._drop_write_deadline()
        super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_reader()
        elif self.cycle.response_complete and not self._in_message:
            self._wait_for_next()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._expect(self._bounds.linger_s, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def send_400_response(self, msg: str) -> None:
        self._refuse(unreadable())

    # --- inside

    @property
    def _host(self) -> str:
        return self.client[0] if self.client else UNKNOWN

    def _expect(self, seconds: float | None, otherwise: Callable[..., object] = lambda: None, *args: Any) -> None:
        """Do something unless the next thing that is expected happens in time; None expects nothing."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, otherwise, *args)

    def _wait_for_next(self) -> None:
        self._expect(self._bounds.idle_s + self._bounds.header_s, self._no_header)

    def _drop_write_deadline(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _watch_reader(self) -> None:
        """End the connection unless its client goes on reading what waits to be sent."""
        if self._write_deadline is None:
            left = self.transport.get_write_buffer_size()
            self._write_deadline = self.loop.call_later(self._bounds.write_s, self._reader_due, left)

    def _reader_due(self, before: int) -> None:
        self._write_deadline = None
        if self.transport.get_write_buffer_size() > max(0, before - _READ_AT_LEAST):
            self._end("reader_stalled")
        elif self.flow.write_paused or self.transport.is_closing():
            self._watch_reader()

    def _too_large(self) -> ApiError:
        most = self._bounds.header_bytes
        return ApiError(431, "header_too_large", f"The header of a request has at most {most // 1024} kB.")

    def _no_header(self) -> None:
        if self._in_header:
            self._refuse(ApiError(408, "request_timeout", "The header of the request did not arrive in time."))
        else:
            self.transport.close()

    def _end(self, reason: str) -> None:
        """End a connection on which nothing can be said any more."""
        _refusals.note(reason, self._host)
        self._done = True
        self._leave()
        self.transport.abort()

    def _leave(self) -> None:
        """Tell the requests that are not answered yet, the first of those that were sent ahead too, that it is over."""
        for one in self._unanswered:
            if not one.response_complete:
                one.disconnected = True
                one.message_event.set()

    def _refuse(self, error: ApiError) -> None:
        """Say why, unless another response is under way, and end the connection once that could be read."""
        if self._done or self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and (self.cycle.response_started or self.pipeline):
            self._end(error.code)
            return
        _refusals.note(error.code, self._host)
        self._done = True
        self._leave()
        self.transport.write(as_bytes(error))
        if self._turned_away and not self.door.may_linger:
            self.transport.close()
            self._expect(self._bounds.linger_s, self.transport.abort)
            return
        # Closed with input unread, a connection is reset, and the client may never see what it was told.
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._expect(self._bounds.linger_s, self.transport.abort)


def unreadable() -> ApiError:
    """What is told of a request that is none."""
    return ApiError(400, "bad_request", "This is no HTTP request that can be read.")


def as_bytes(error: ApiError) -> bytes:
    """A whole response of HTTP/1.1, after which the connection ends."""
    response = response_of(error, secrets.token_hex(8))
    headers = [*response.raw_headers, (b"connection", b"close"), (b"cache-control", b"no-store")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n".encode()
        + lines
        + b"\r\n"
        + bytes(response.body)
    )
