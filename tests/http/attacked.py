"""The real server with bounds so small that none is waited for, and sockets to it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from lakehouse_assets.http.transport import Bounds
from lakehouse_assets.service.failures import install
from lakehouse_assets.service.middleware import RequestMiddleware
from lakehouse_assets.settings import Settings
from tests.service.conftest import Served, served

SMALL = Bounds(
    connections=40,
    per_address=40,
    header_bytes=8192,
    idle_s=0.4,
    header_s=0.4,
    body_s=0.8,
    write_s=0.6,
    linger_s=0.5,
    pipelined=4,
    steady=frozenset({"/uploads"}),
)
LARGE_ANSWER = 8 << 20
GET = b"GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n"
LAST = b"GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


def app() -> FastAPI:
    made = FastAPI()
    install(made)

    @made.get("/hello")
    async def hello() -> PlainTextResponse:
        return PlainTextResponse("hello")

    @made.get("/who")
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.client.host if request.client else "")

    @made.get("/slow")
    async def slow() -> PlainTextResponse:
        await asyncio.sleep(0.8)
        return PlainTextResponse("slow")

    @made.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse("x" * LARGE_ANSWER)

    @made.post("/uploads")
    @made.post("/length")
    async def length(request: Request) -> PlainTextResponse:
        if "refused" in request.query_params:
            return PlainTextResponse("refused")
        return PlainTextResponse(str(len(await request.body())))

    made.add_middleware(RequestMiddleware, streamed={"/uploads"})
    return made


@contextmanager
def server(bounds: Bounds = SMALL, settings: Settings | None = None) -> Iterator[Served]:
    with served(app(), bounds=bounds, settings=settings) as running:
        yield running


def connect(to: Served) -> socket.socket:
    host, _, port = to.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def everything(connection: socket.socket) -> bytes:
    """What the server says until it ends the connection, which it must."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def within(seconds: float, true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1])


def answers(to: Served) -> bool:
    with connect(to) as connection:
        connection.sendall(LAST)
        return everything(connection).endswith(b"\r\n\r\nhello")
