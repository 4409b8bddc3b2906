"""One WebSocket to Dagit: its messages, looked at one by one, and how much it may have under way.

Belongs here: ending it at the first message that is none, or one too many. Does not belong here: what a message is
(graphql), who may open a WebSocket (guard), its bytes and its place among the connections (lakehouse_assets.http).
"""

from __future__ import annotations

import logging

from starlette.types import Message, Receive, Send
from starlette.websockets import WebSocketClose

from lakehouse_assets.dagit.graphql import check_message, json_object
from lakehouse_assets.http.errors import ApiError

MOST = 100
"""Subscriptions that were started on a WebSocket and not stopped: the webserver remembers each of them."""
POLICY_VIOLATION = 1008
"""The status of RFC 6455 for a message that the server does not take."""
_log = logging.getLogger(__name__)


class Subscriptions:
    """What the webserver hears of a WebSocket, and says over it. For the event loop alone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        """Nothing was said yet."""
        self._receive, self._send = receive, send
        self._started: set[object] = set()
        self._ended = False

    async def receive(self) -> Message:
        """The next message; the end, where the next one is none that the webserver can take."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        try:
            self._check(message.get("text"))
        except ApiError as error:
            _log.warning("ended a WebSocket: %s", error.message)
            self._ended = True
            await WebSocketClose(POLICY_VIOLATION, error.message[:100])({}, self._receive, self._send)
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    async def send(self, message: Message) -> None:
        """Say something, unless the WebSocket was ended meanwhile."""
        if not self._ended:
            await self._send(message)

    def _check(self, text: str | None) -> None:
        if text is None:
            raise ApiError(400, "bad_request", "Messages are texts.")
        sent = json_object(text)
        check_message(sent)
        if sent["type"] == "start":
            self._started.add(sent.get("id"))
        elif sent["type"] == "stop":
            self._started.discard(sent.get("id"))
        if len(self._started) > MOST:
            raise ApiError(429, "too_many", f"There are at most {MOST} subscriptions on a WebSocket.")
