"""Messages over a WebSocket to Dagster's real webserver, as nobody's page sends them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from lakehouse_assets.dagit.subscriptions import MOST, POLICY_VIOLATION

SUBSCRIPTION = "subscription { locationStateChangeEvents { event { message } } }"
LOGS = "subscription($key: [String!]!) { capturedLogs(logKey: $key) { stdout } }"
INIT = {"type": "connection_init"}


def start(payload: Any, operation: Any = "1") -> str:
    """The message that starts a subscription."""
    return json.dumps({"type": "start", "id": operation, "payload": payload})


REFUSED: dict[str, str | bytes] = {
    "no JSON": "{",
    "nothing": "",
    "deep JSON": "[" * 100_000,
    "null": "null",
    "a number": "1",
    "a list": "[]",
    "no type": "{}",
    "a type of no client": '{"type": "connection_ack"}',
    "a type that is none": '{"type": ["start"]}',
    "an id that is none": start({"query": SUBSCRIPTION}, {"a": 1}),
    "a list for an id": '{"type": "stop", "id": [1]}',
    "no request": '{"type": "start", "id": "1"}',
    "null for a request": start(None),
    "a list for a request": start([]),
    "no query": start({}),
    "a query that is none": start({"query": 5}),
    "a query that is too long": start({"query": "subscription {" + " a" * 100_000 + "}"}),
    "variables that are none": start({"query": SUBSCRIPTION, "variables": "text"}),
    "an operation that is none": start({"query": SUBSCRIPTION, "operation_name": 5}),
    "half of a surrogate pair": start({"query": LOGS, "variables": {"key": ["\ud800", "a"]}}),
    "no key of a log": start({"query": LOGS, "variables": {"key": []}}),
    "a key that leads out": start({"query": LOGS, "variables": {"key": ["..", "..", "etc"]}}),
    "bytes": b'{"type": "connection_init"}',
    "bytes that are no text": b"\xff\xfe",
}


@pytest.fixture
def socket(server: TestClient) -> Iterator[WebSocketTestSession]:
    """A WebSocket as Dagit's page opens it."""
    with server.websocket_connect("ws://localhost:3000/graphql", subprotocols=["graphql-ws"]) as opened:
        opened.send_json(INIT)
        assert opened.receive_json() == {"type": "connection_ack"}
        yield opened


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_message_ends_the_socket(
    socket: WebSocketTestSession, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    sent = REFUSED[name]
    if isinstance(sent, bytes):
        socket.send_bytes(sent)
    else:
        socket.send_text(sent)
    with pytest.raises(WebSocketDisconnect) as ended:
        socket.receive_json()
    assert ended.value.code == POLICY_VIOLATION and ended.value.reason
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


@pytest.mark.parametrize(
    "query", ["{", "{ version }", "{ a " * 5000, "subscription { ...A } fragment A on Subscription { ...A }", "#"]
)
def test_a_query_that_is_no_subscription_is_told_so_and_others_go_on(socket: WebSocketTestSession, query: str) -> None:
    socket.send_text(start({"query": query}))
    assert socket.receive_json()["type"] == "error"
    socket.send_json(INIT)
    assert socket.receive_json() == {"type": "connection_ack"}


def test_a_log_can_be_followed(socket: WebSocketTestSession) -> None:
    socket.send_text(
        start({"query": LOGS, "variables": {"key": ["run", "compute_logs", "step"]}, "operationName": None})
    )
    socket.send_json({"type": "stop", "id": "1"})
    socket.send_json(INIT)
    assert socket.receive_json()["type"] in ("data", "connection_ack")


def test_there_are_so_many_subscriptions_and_no_more(socket: WebSocketTestSession) -> None:
    for number in range(MOST + 10):
        socket.send_text(start({"query": SUBSCRIPTION}, str(number % MOST)))
        if number >= MOST:
            socket.send_json({"type": "stop", "id": str(number % MOST)})
    socket.send_json(INIT)
    assert socket.receive_json() == {"type": "connection_ack"}
    for number in range(11):
        socket.send_text(start({"query": SUBSCRIPTION}, f"more {number}"))
    with pytest.raises(WebSocketDisconnect) as ended:
        socket.receive_json()
    assert ended.value.code == POLICY_VIOLATION and str(MOST) in ended.value.reason
