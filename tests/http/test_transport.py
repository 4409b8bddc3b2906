"""Connections under attack: real sockets against the real server, with bounds so small that none is waited for."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import httptools
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from pydantic import ValidationError
from structlog.testing import capture_logs
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakehouse_assets.http.addresses import Proxies, caller_at
from lakehouse_assets.http.transport import Bounds, Door
from lakehouse_assets.service import middleware
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


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with server() as one:
        yield one


def connect(to: Served) -> socket.socket:
    host, _, port = to.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


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


# --- bodies that take long


@pytest.mark.parametrize(("part", "ends"), [(b"x" * 16384, b"\r\n\r\n65536"), (b"x", b"")])
def test_a_file_may_take_long_as_long_as_it_comes_on(running: Served, part: bytes, ends: bytes) -> None:
    with connect(running) as connection:
        head = b"POST /uploads HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 65536\r\n\r\n"
        connection.sendall(head)
        with suppress(OSError):
            for _ in range(4):
                connection.sendall(part)
                time.sleep(0.3)
        said = b""
        with suppress(ConnectionResetError):
            said = everything(connection)
        assert said.endswith(ends) and bool(said) == bool(ends)


def test_a_file_that_is_refused_holds_no_connection_however_it_comes_on(running: Served) -> None:
    begun = time.monotonic()
    with connect(running) as connection, pytest.raises(OSError):
        connection.sendall(b"POST /uploads?refused HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\n")
        while time.monotonic() - begun < 4:
            connection.sendall(b"x" * 16384)
            time.sleep(0.1)
    assert time.monotonic() - begun < 3


# --- headers


def test_an_endless_header_is_refused_before_it_takes_memory(running: Served) -> None:
    for begun in (b"GET / HTTP/1.1\r\nx: ", b"GET /", b"GET / HTTP/1.1\r\n"):
        with connect(running) as connection, capture_logs() as lines:
            connection.sendall(begun)
            part = b"a: b\r\n" * 200 if begun.endswith(b"\n") else b"a" * 1200
            sent = 0
            try:
                for _ in range(1000):
                    connection.sendall(part)
                    sent += len(part)
                    time.sleep(0.001)
            except OSError:
                pass
            assert sent < 1000 * len(part), "it was all taken"
        assert [line["reason"] for line in lines if line["event"] == "connection_refused"] in ([], ["header_too_large"])
    assert answers(running)


def test_a_header_that_is_too_large_is_told_so_in_the_one_shape(running: Served) -> None:
    for tail in (b"\r\n\r\n", b""):
        with connect(running) as connection:
            connection.sendall(b"GET /hello HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 9000 + tail)
            said = everything(connection)
        head, _, body = said.partition(b"\r\n\r\n")
        assert status(said) == 431 and b"connection: close" in head
        assert json.loads(body)["error"]["code"] == "header_too_large"


def test_a_header_within_the_bound_is_read(running: Served) -> None:
    with connect(running) as connection:
        connection.sendall(b"GET /hello HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 7000 + b"\r\n\r\n")
        assert status(connection.recv(4096)) == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", None),
        (b"\r\n\r\n\r\n", None),
        (b"GET /hello HTTP/1.1\r\nhost: loc", 408),
        (GET + b"GET /hello HT", 408),
    ],
)
def test_half_a_header_is_not_waited_for(running: Served, sent: bytes, expected: int | None) -> None:
    begun = time.monotonic()
    with connect(running) as connection:
        connection.sendall(sent)
        said = everything(connection)
    assert (b"HTTP/1.1 408" in said) is (expected == 408)
    assert time.monotonic() - begun < 7


def test_a_header_in_drops_is_not_waited_for(running: Served) -> None:
    begun = time.monotonic()
    with connect(running) as connection:
        connection.sendall(b"GET /hello HTTP/1.1\r\n")
        with pytest.raises(OSError):
            while time.monotonic() - begun < 5:
                connection.sendall(b"x: y\r\n")
                time.sleep(0.05)
    assert time.monotonic() - begun < 4


def test_blank_lines_for_ever_hold_no_connection(running: Served) -> None:
    begun = time.monotonic()
    with connect(running) as connection, pytest.raises(OSError):
        while time.monotonic() - begun < 5:
            connection.sendall(b"\r\n")
            time.sleep(0.05)
    assert time.monotonic() - begun < 4


# --- bodies


def test_a_body_in_drops_after_the_answer_holds_no_connection(running: Served) -> None:
    begun = time.monotonic()
    with connect(running) as connection, pytest.raises(OSError):
        connection.sendall(b"GET /hello HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n")
        while time.monotonic() - begun < 5:
            connection.sendall(b"x")
            time.sleep(0.05)
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    "endless",
    [b"1;" + b"x" * 1000, b"0\r\n" + b"a: b\r\n" * 300, b"0\r\na: " + b"b" * 1000],
    ids=["extension of a chunk", "trailers", "one trailer"],
)
def test_what_stands_between_chunks_is_bounded(running: Served, endless: bytes) -> None:
    with connect(running) as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        sent = 0
        more = endless.partition(b"\r\n")[2] or b"x" * 1000
        try:
            connection.sendall(endless)
            for _ in range(2000):
                connection.sendall(more)
                sent += len(more)
                time.sleep(0.0005)
        except OSError:
            pass
    assert sent < 2000 * len(more)
    assert answers(running)


def test_a_huge_body_in_chunks_is_refused_and_an_ordinary_one_is_read(running: Served) -> None:
    head = b"POST /length HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    with connect(running) as connection:
        connection.sendall(head.replace(b"host:", b"connection: close\r\nhost:") + b"5\r\nhello\r\n" * 3 + b"0\r\n\r\n")
        assert everything(connection).endswith(b"\r\n\r\n15")
    with connect(running) as connection:
        connection.sendall(head)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(8):
            connection.sendall(chunk)
        assert status(connection.recv(4096)) == 413


def test_a_body_beyond_its_bound_is_answered_without_a_reset(running: Served) -> None:
    with connect(running) as connection:
        body = b"x" * (middleware.MAX_BODY + 100)
        connection.sendall(b"POST /length HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert status(connection.recv(4096)) == 413
        connection.sendall(GET)
        assert status(connection.recv(4096)) == 200, "the connection is as good as before"


# --- requests within requests

_POST = b"POST /length HTTP/1.1\r\nhost: localhost\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        _POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
        _POST + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" + GET,
        _POST + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde" + GET,
        _POST + b"content-length: 4, 5\r\n\r\nabcde" + GET,
        _POST + b"content-length: +4\r\n\r\nabcd" + GET,
        _POST + b"content-length: 0x4\r\n\r\nabcd" + GET,
        _POST + b"content-length : 4\r\n\r\nabcd" + GET,
        _POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + GET,
        _POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + GET,
        _POST + b"transfer-encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n" + GET,
        _POST + b"transfer-encoding: chunked\r\n\r\n-1\r\nabcd\r\n0\r\n\r\n" + GET,
        _POST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nabcd\r\n0\r\n\r\n" + GET,
        b"GET /hello HTTP/1.1\r\nhost: localhost\r\n x: folded\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: localhost\r\nx\0: 1\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n",
        b"GET /hello HTTP/1.1\nhost: localhost\n\n",
        b"GET /hello HTTP/1.1\r\nhost: localhost\rx: 1\r\n\r\n",
        b"GET /hello HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\xff" * 100,
    ],
)
def test_what_two_servers_could_read_differently_is_refused(running: Served, sent: bytes) -> None:
    with connect(running) as connection:
        connection.sendall(sent)
        said = everything(connection)
    assert said.count(b"HTTP/1.1 ") == 1 and status(said) in (400, 404, 405), said
    assert b"hello" not in said.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
def test_there_is_nothing_to_upgrade_to(running: Served, upgrade: bytes) -> None:
    with connect(running) as connection:
        connection.sendall(
            b"GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: " + upgrade
            + b"\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )  # fmt: skip
        assert b"HTTP/1.1 101" not in everything(connection)


def test_requests_that_do_not_wait_for_answers_are_answered_in_order_up_to_a_number(running: Served) -> None:
    with connect(running) as connection:
        connection.sendall(GET * 4 + LAST)
        assert everything(connection).count(b"HTTP/1.1 200") == 5
    with connect(running) as connection:
        connection.sendall(GET.replace(b"/hello", b"/slow") + GET * 2000)
        said = b""
        with contextlib.suppress(ConnectionResetError):
            said = everything(connection)
        assert said.count(b"HTTP/1.1 200") < 10
    assert answers(running)


# --- readers


def test_who_does_not_read_is_not_waited_for(running: Served) -> None:
    size = 0
    with capture_logs() as lines, connect(running) as connection, contextlib.suppress(OSError):
        connection.sendall(GET.replace(b"/hello", b"/large"))
        within(10, lambda: any(line.get("reason") == "reader_stalled" for line in lines))
        while part := connection.recv(1 << 20):
            size += len(part)
    assert 0 < size < LARGE_ANSWER


def test_who_reads_slowly_gets_it_all(running: Served) -> None:
    with connect(running) as connection:
        connection.sendall(LAST.replace(b"/hello", b"/large"))
        size = 0
        for _ in range(8):
            size += len(connection.recv(1 << 20))
            time.sleep(0.15)
        assert size + len(everything(connection)) > LARGE_ANSWER


# --- places


def test_there_is_room_again_once_half_sent_headers_have_timed_out() -> None:
    bounds = replace(SMALL, connections=10, per_address=10)
    with server(bounds) as small, ExitStack() as held:
        for _ in range(10):
            held.enter_context(connect(small)).sendall(b"GET / HTTP/1.1\r\nx: ")
        time.sleep(0.1)
        with connect(small) as connection:
            said = everything(connection)
            assert status(said) == 503 and b"retry-after: 5" in said
        within(10, lambda: answers(small))


def test_many_at_once_are_answered_or_told_to_come_back_and_none_is_reset() -> None:
    def ask(_: int) -> int:
        with connect(small) as connection:
            connection.sendall(LAST.replace(b"/hello", b"/slow"))
            return status(everything(connection))

    with server(replace(SMALL, connections=60, per_address=60, header_s=10)) as small, ThreadPoolExecutor(200) as pool:
        found = list(pool.map(ask, range(75)))
    assert set(found) == {200, 503} and found.count(200) >= 60


def test_an_address_has_its_share_of_the_places_and_a_believed_proxy_all() -> None:
    bounds = replace(SMALL, connections=10, per_address=3)
    door = Door(bounds, Proxies(["10.0.0.0/8"]))
    assert [door.enter(f"2001:db8::{n}") is None for n in range(4)] == [True, True, True, False]
    assert door.enter("2001:db8:0:1::1") is None
    assert [door.enter("10.1.2.3") is None for _ in range(8)] == [True] * 6 + [False] * 2
    for n in range(3):
        door.leave(f"2001:db8::{n}", turned_away=False)
    door.leave("2001:db8::3", turned_away=True)
    assert door.enter("2001:db8::9") is None


def test_an_address_of_version_six_counts_by_its_subnet() -> None:
    assert caller_at("2001:db8:1:2::5") == caller_at("2001:db8:1:2:ffff::1") != caller_at("2001:db8:1:3::5")
    assert caller_at("::ffff:192.0.2.1") == caller_at("192.0.2.1") != caller_at("192.0.2.2")
    assert caller_at("fe80::1%eth0") == caller_at("fe80::2")
    assert caller_at("no address") == caller_at("x" * 5000)


@pytest.mark.parametrize(
    ("believed", "sent", "seen"),
    [
        ("", "203.0.113.7", "127.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.0/24", "198.51.100.1, 203.0.113.7", "198.51.100.1"),
    ],
)
def test_only_a_named_proxy_says_who_calls(believed: str, sent: str, seen: str) -> None:
    with server(settings=Settings(trusted_proxies=believed)) as one, connect(one) as connection:
        connection.sendall(
            GET.replace(b"/hello", b"/who").replace(b"\r\n\r\n", f"\r\nx-forwarded-for: {sent}\r\n\r\n".encode())
        )
        assert connection.recv(65536).endswith(b"\r\n\r\n" + seen.encode())


@pytest.mark.parametrize("text", ["*", "proxy.example", "10.0.0.0/33"])
def test_a_proxy_is_named_by_its_address(text: str) -> None:
    with pytest.raises(ValidationError, match="no address or network"):
        Settings(trusted_proxies=text)


# --- what this stands on


def test_the_class_of_uvicorn_is_as_it_is_extended() -> None:
    """uvicorn's protocol for httptools is no public API: a new version must have what is used of it."""
    parameters = inspect.signature(HttpToolsProtocol.__init__).parameters
    assert list(parameters) == ["self", "config", "server_state", "app_state", "_loop"]
    called: list[Callable[..., object]] = [
        HttpToolsProtocol.connection_made, HttpToolsProtocol.connection_lost, HttpToolsProtocol.data_received,
        HttpToolsProtocol.pause_writing, HttpToolsProtocol.resume_writing, HttpToolsProtocol.on_message_begin,
        HttpToolsProtocol.on_headers_complete, HttpToolsProtocol.on_body, HttpToolsProtocol.on_message_complete,
        HttpToolsProtocol.on_response_complete, HttpToolsProtocol.shutdown,
        HttpToolsProtocol.timeout_keep_alive_handler, HttpToolsProtocol.send_400_response,
    ]  # fmt: skip
    assert all(map(callable, called))
    seen: list[str] = []

    class Listener:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_: seen.append(name)

    httptools.HttpRequestParser(Listener()).feed_data(_POST + b"content-length: 1\r\n\r\nx")
    wanted = ["on_message_begin", "on_url", "on_header", "on_header", "on_headers_complete", "on_body",
              "on_message_complete"]  # fmt: skip
    assert [name for name in seen if name in wanted] == wanted
