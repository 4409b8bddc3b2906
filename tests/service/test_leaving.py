"""Clients that leave before they are answered: nothing goes on for them, and nobody else waits."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from structlog.testing import capture_logs

from lakehouse_assets.service.middleware import CLIENT_GONE
from tests.nlq.answering.test_limits import ENDLESS
from tests.service.conftest import Served

QUERY = json.dumps({"metrics": ["pgr_complaints"], "group_by": ["ward_id"], "limit": 7}).encode()
SEVERAL = 12


def post(to: Served, path: bytes, body: bytes) -> socket.socket:
    host, _, port = to.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    connection.sendall(head % (path, len(body)) + body)
    return connection


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("nlq.answering.executing.statement", lambda *_: ENDLESS)
    yield
    monkeypatch.undo()


def test_the_engine_ends_what_nobody_waits_for(service: Served, endless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as lines:
        asked = [post(service, b"/query", QUERY) for _ in range(SEVERAL)]
        time.sleep(0.5)
        for connection in asked:
            connection.close()
        deadline = time.monotonic() + 10
        while sum(line.get("status") == CLIENT_GONE for line in lines) < SEVERAL and time.monotonic() < deadline:
            time.sleep(0.05)
    assert [line["status"] for line in lines if line["event"] == "request"] == [CLIENT_GONE] * SEVERAL
    assert not [line for line in lines if line["event"] in ("failed", "asked")]
    busy = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - busy < 0.2, "the engine goes on counting"
    monkeypatch.undo()
    with service.client() as client:
        assert client.post("/query", content=QUERY, headers={"content-type": "application/json"}).status_code == 200


def test_half_a_body_is_no_request(service: Served) -> None:
    with capture_logs() as lines:
        host, _, port = service.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                b"POST /nlq HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                b'content-length: 500\r\n\r\n{"question": "complaints by ward"}'
            )
            time.sleep(0.1)
        deadline = time.monotonic() + 30
        while not lines and time.monotonic() < deadline:
            time.sleep(0.02)
    assert [(line["event"], line.get("status")) for line in lines] == [("request", CLIENT_GONE)]


def test_probes_and_keys_are_answered_while_questions_hold_every_thread(service: Served, endless: None) -> None:
    with ExitStack() as asked, service.client() as client:
        for _ in range(SEVERAL):
            asked.enter_context(closing(post(service, b"/query", QUERY)))
        time.sleep(0.3)
        begun = time.monotonic()
        assert client.get("/live").json() == {"status": "alive"}
        # Whether answers are published meanwhile is another matter.
        checks = client.get("/health").json()["checks"]
        assert {checks[part] for part in ("catalog", "semantic layer", "questions", "keys")} == {"ok"}
        assert client.get("/session").status_code == 200
        assert time.monotonic() - begun < 4
