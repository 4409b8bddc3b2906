"""Connections under attack: real sockets against the real server, with bounds so small that none is waited for."""

from __future__ import annotations

import contextlib
import inspect
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httptools
import pytest
from structlog.testing import capture_logs
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakehouse_assets.service import middleware
from tests.http.attacked import (
    GET,
    LARGE_ANSWER,
    LAST,
    answers,
    connect,
    everything,
    server,
    status,
    within,
)
from tests.service.conftest import Served


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with server() as one:
        yield one


# --- bodies that take long


@pytest.mark.parametrize(("part", "ends"), [(b"x" * 16384, b"\r\n\r\n65536"), (b"x", b"")])
def test_a_file_may_take_long_as_long_as_it_comes_on(running: Served, part: bytes, ends: bytes) -> None:
    for _ in range(10):
        said, longest_s = sent_slowly(running, part)
        if longest_s < 0.6:  # as slowly as was meant, not as a busy machine has it
            break
    assert said.endswith(ends) and bool(said) == bool(ends)


def sent_slowly(running: Served, part: bytes) -> tuple[bytes, float]:
    """What is said to a body that takes longer than a body may, and the longest pause that was made in it."""
    said, longest_s, last = b"", 0.0, time.monotonic()
    with connect(running) as connection, suppress(ConnectionError):
        connection.sendall(
            b"POST /uploads HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 65536\r\n\r\n"
        )
        for _ in range(4):
            connection.sendall(part)
            longest_s, last = max(longest_s, time.monotonic() - last), time.monotonic()
            time.sleep(0.3)
        said = everything(connection)
    return said, longest_s


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
        connection.sendall(LAST)
        assert b"HTTP/1.1 200" in everything(connection), "the connection is as good as before"


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
