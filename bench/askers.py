"""Askers over HTTP: many connections, each with one question under way, on one thread of one process.

Belongs here: asking, timing, and what became of each request. Does not belong here: the server that is asked and which
figures are wanted (`bench.serving`).

A thread with `http.client` for each asker took about as much of the machine's cores as the server that was measured.
This takes some 0.15 ms a question, parsing with the library that uvicorn parses with; the figures tell how much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httptools

GIVES_UP_S = 120.0


@dataclass
class Became:
    """What became of the requests of a run: seconds of those that were answered, and counts."""

    seconds: list[float] = field(default_factory=list)
    remembered: int = 0
    refused: int = 0
    broken: int = 0
    """Connections that ended before their response: reset, or closed without a word."""
    slowest_refusal_s: float = 0.0
    wall_s: float = 0.0
    own_cpu_s: float = 0.0

    def percentile(self, part: float) -> float:
        """Seconds within which so large a part of the answers came."""
        times = sorted(self.seconds)
        return times[min(len(times) - 1, int(len(times) * part))]


def ask(port: int, question: Callable[[int], bytes], askers: int, asks: int, *, path: str = "/nlq") -> Became:
    """Let so many askers ask without a pause; one that is told to come back later does so when it was told to.

    Args:
        port: Of the service on this machine.
        question: Body of a request by its number.
        askers: How many ask at the same time, each on a connection of its own.
        asks: How many requests in all.
        path: `/nlq`, or where events are sent to.

    Raises:
        RuntimeError: a response is neither an answer, or an acknowledgement, nor a 503 with Retry-After.
    """
    became, cpu, begun = Became(), time.process_time(), time.perf_counter()
    asyncio.run(_ask(_Run(port, path, question, asks, became), askers))
    became.wall_s, became.own_cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    return became


class _Run:
    """What all askers of a run share."""

    def __init__(self, port: int, path: str, question: Callable[[int], bytes], asks: int, became: Became) -> None:
        self.port, self.path, self.became = port, path, became
        self._question, self._asks, self._next = question, asks, 0

    def request(self) -> bytes | None:
        """The next request, as long as there is one."""
        if self._next >= self._asks:
            return None
        body = self._question(self._next)
        self._next += 1
        kind = "application/json" if self.path == "/nlq" else "application/x-ndjson"
        head = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: {kind}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _ask(run: _Run, askers: int) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(askers):
            group.create_task(_asker(run))


async def _asker(run: _Run) -> None:
    loop, connection = asyncio.get_running_loop(), None
    while request := run.request():
        begun = time.perf_counter()
        try:
            if connection is None or connection.closed:
                made = await loop.create_connection(_Connection, "127.0.0.1", run.port)
                connection = cast("_Connection", made[1])
            response = await asyncio.wait_for(connection.send(request), GIVES_UP_S)
        except (OSError, TimeoutError):
            run.became.broken += 1
            connection = None
            continue
        seconds = time.perf_counter() - begun
        if response.status == 503 and response.retry_after:
            run.became.refused += 1
            run.became.slowest_refusal_s = max(run.became.slowest_refusal_s, seconds)
            # The service ends a connection that rests for so long; a client that waits comes back by a new one.
            connection.close()
            connection = None
            await asyncio.sleep(float(response.retry_after))
            continue
        answered = response.status == 200 and b'"outcome":"answered"' in response.body
        if not answered and response.status != 202:
            raise RuntimeError(f"{response.status}: {response.body[:500]!r}")
        run.became.seconds.append(seconds)
        run.became.remembered += b'"cached":true' in response.body
    if connection:
        connection.close()


class _Response:
    """A response, as httptools tells of it."""

    def __init__(self) -> None:
        self.status, self.retry_after, self.body, self.complete, self.closes = 0, b"", b"", False, False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self.retry_after = value
        elif name.lower() == b"connection":
            self.closes = value.lower() == b"close"

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


class _Connection(asyncio.Protocol):
    """A connection with one request under way at most."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: Any = None
        self._waiting: asyncio.Future[_Response] | None = None

    def send(self, request: bytes) -> asyncio.Future[_Response]:
        self._waiting = asyncio.get_running_loop().create_future()
        self._response = _Response()
        self._parser = httptools.HttpResponseParser(self._response)
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._response.complete and self._waiting and not self._waiting.done():
            self._response.status = self._parser.get_status_code()
            # Not the parser's should_keep_alive, which speaks of a message that it has forgotten by now.
            if self._response.closes:
                self.closed = True
                self._transport.close()
            self._waiting.set_result(self._response)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("closed without a response"))
