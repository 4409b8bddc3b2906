"""WebSockets, behind the door of the connections that they were: for servers whose app has any.

Belongs here: the place of a WebSocket, and its end where nobody reads. Does not belong here: connections before they
are upgraded (``transport``), or what is said over one.

uvicorn bounds messages, and ends a WebSocket that answers no ping: who sends half of a message, or does not read,
cannot. What it does not bound is the end itself, which waits for a client to read the rest; and with a request that its
parser refuses it does nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from lakehouse_assets.http.addresses import UNKNOWN
from lakehouse_assets.http.transport import Door, as_bytes, unreadable

_LOG = logging.getLogger("uvicorn.websockets")
# uvicorn tells every address with what follows its “?”. A filter, because configuring uvicorn's loggers takes back the
# level of those below them.
_LOG.addFilter(lambda record: record.levelno >= logging.WARNING)
MAX_MESSAGE = 256 * 1024
"""Bytes of a message, for uvicorn's option ``ws_max_size``."""


def bounded_socket(door: Door) -> type[asyncio.Protocol]:
    """The protocol class for uvicorn's option ``ws``, whose connections leave by this door."""
    return type("BoundedSocket", (_Socket,), {"door": door})


class _Socket(WebSocketsSansIOProtocol):
    door: Door

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _LOG
        self._timer: asyncio.TimerHandle | None = None
        self._was_closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        self.door.leave(self.client[0] if self.client else UNKNOWN, turned_away=False)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What comes first is the whole request.
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(as_bytes(unreadable()))
            self.transport.close()

    def _look_again(self) -> None:
        self._timer = self.loop.call_later(self.door.bounds.write_s, self._look)

    def _look(self) -> None:
        """End a WebSocket that was about to end at the last look and still does."""
        if self._was_closing:
            self.transport.abort()
            return
        self._was_closing = self.transport.is_closing()
        self._look_again()
