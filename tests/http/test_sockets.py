"""WebSockets behind the door: each has a place as any connection, and leaves it however it ends."""

from __future__ import annotations

import contextlib
import logging
import logging.config
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from tests.http.attacked import GET, SMALL, answers, connect, everything, status, within
from tests.service.conftest import Served, served

PLACES = 3
UPGRADE = (
    b"GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MUCH = "x" * 60_000
CLOSE = b"\x88\x80\x00\x00\x00\x00"
ANY_TEXT = b"\x81\x80\x00\x00\x00\x00"


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def echo(connection: WebSocket) -> None:
    await connection.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await connection.send_text(await connection.receive_text() or MUCH)


async def refused(connection: WebSocket) -> None:
    await connection.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    routes = [Route("/hello", hello), WebSocketRoute("/echo", echo), WebSocketRoute("/refused", refused)]
    with served(
        Starlette(routes=routes), bounds=replace(SMALL, connections=PLACES, per_address=3), sockets=True
    ) as one:
        yield one


def opened(to: Served, path: str = "/echo") -> ClientConnection:
    return connect_socket(to.url.replace("http", "ws") + path)


def all_places_are_free(to: Served) -> bool:
    with ExitStack() as held:
        for connection in [held.enter_context(connect(to)) for _ in range(PLACES)]:
            connection.sendall(GET)
            if status(connection.recv(4096)) != 200:
                return False
    return True


def test_each_has_a_place_and_leaves_it(running: Served) -> None:
    with ExitStack() as held:
        sockets = [held.enter_context(opened(running)) for _ in range(PLACES)]
        for one in sockets:
            one.send("said")
            assert one.recv() == "said"
        with connect(running) as connection:
            assert status(everything(connection)) == 503
        time.sleep(SMALL.header_s + SMALL.idle_s)
        sockets[0].send("still here")
        assert sockets[0].recv() == "still here"
    within(5, lambda: all_places_are_free(running))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (UPGRADE, 408),
        (UPGRADE + b"x: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (UPGRADE + b"content-length: 9\r\n\r\nhalf", 400),
        (UPGRADE.replace(b"/echo", b"/refused") + b"\r\n", 403),
        (UPGRADE.replace(b"/echo", b"/none") + b"\r\n", 403),
        (UPGRADE.replace(b"version: 13", b"version: 1") + b"\r\n", 400),
        (UPGRADE + b"\r\n\xff\xff\xff", 101),
        (UPGRADE + b"\r\n" + CLOSE, 101),
        (GET.replace(b"GET /hello", b"CONNECT x:1"), 400),
    ],
)  # fmt: skip
def test_those_that_never_begin(running: Served, sent: bytes, expected: int) -> None:
    said = b""
    with connect(running) as connection, contextlib.suppress(ConnectionResetError):
        connection.sendall(sent)
        said = connection.recv(4096) if expected == 101 else everything(connection)
    assert status(said) == expected, said
    within(5, lambda: all_places_are_free(running))


def test_none_begins_before_what_came_first_is_answered(running: Served) -> None:
    with connect(running) as connection:
        connection.sendall(GET + UPGRADE + b"\r\n")
        said = everything(connection)
    assert b"HTTP/1.1 101" not in said
    within(5, lambda: all_places_are_free(running))


def test_the_end_waits_for_nobody_who_does_not_read(running: Served) -> None:
    with ExitStack() as held:
        for _ in range(PLACES):
            connection = held.enter_context(connect(running))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(UPGRADE + b"\r\n")
            assert status(connection.recv(200)) == 101
            connection.sendall(ANY_TEXT * 400)
        time.sleep(0.3)
        assert not answers_now(running)
        within(8, lambda: all_places_are_free(running))


def answers_now(to: Served) -> bool:
    with contextlib.suppress(AssertionError, IndexError):
        return answers(to)
    return False


def test_nothing_tells_what_follows_the_question_mark(running: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does it where uvicorn's loggers are configured later, which takes back the levels below them."""
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "loggers": {"uvicorn": {}}})
    with caplog.at_level(logging.INFO, "uvicorn.error"), opened(running, "/echo?word=hidden-from-logs") as one:
        one.send("said")
        assert one.recv() == "said"
    assert "hidden-from-logs" not in caplog.text


def test_the_class_of_uvicorn_is_as_it_is_extended() -> None:
    """uvicorn's protocol of WebSockets is no public API: a new version must have what is used of it."""
    assert callable(WebSocketsSansIOProtocol.connection_made) and callable(WebSocketsSansIOProtocol.connection_lost)
