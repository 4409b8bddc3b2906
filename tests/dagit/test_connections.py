"""Dagit behind real connections: nobody holds its places, and its subscriptions go on."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest
from websockets.sync.client import connect as connect_socket
from websockets.typing import Subprotocol

from tests.dagit.conftest import Opening
from tests.http.attacked import SMALL, connect, everything, status, within
from tests.service.conftest import Served, served

PLACES = 10


@pytest.fixture(scope="module")
def running(opening: Opening) -> Iterator[Served]:
    bounds = replace(SMALL, connections=PLACES, per_address=PLACES)
    with served(opening().app, bounds=bounds, sockets=True) as one:
        yield one


def answers(to: Served) -> bool:
    return httpx.get(f"{to.url}/live").status_code == 200


def test_half_sent_headers_hold_no_place(running: Served) -> None:
    with ExitStack() as held:
        for _ in range(PLACES):
            held.enter_context(connect(running)).sendall(b"GET / HTTP/1.1\r\nx: ")
        time.sleep(0.1)
        with connect(running) as connection:
            assert status(everything(connection)) == 503
        within(10, lambda: answers(running))


def test_a_body_that_does_not_come_is_no_defect(running: Served, caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
    with caplog.at_level(logging.ERROR):
        with connect(running) as connection:
            connection.sendall(head)
            everything(connection)
        with connect(running) as connection:
            connection.sendall(head)
        within(5, lambda: answers(running))
    assert not caplog.records


def test_a_subscription_outlasts_what_a_header_may_take(running: Served) -> None:
    address = running.url.replace("http", "ws") + "/graphql"
    with connect_socket(address, subprotocols=[Subprotocol("graphql-ws")]) as socket:
        time.sleep(SMALL.header_s + SMALL.idle_s + 0.2)
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv()) == {"type": "connection_ack"}
