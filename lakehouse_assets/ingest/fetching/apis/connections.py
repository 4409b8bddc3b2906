"""Connections of one load: their sockets can all be ended, and no redirect is followed by itself.

Belongs here: what `requests` is given to be so. Does not belong here: what is asked (client, tokens).
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Session(requests.Session):
    """Looks at no redirect by itself: it would read the whole body of one, without a bound, to let go of it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None, whatever it is."""
        return None

    def target(self, response: requests.Response) -> str | None:
        """Where an answer redirects to; None where it does not."""
        return super().get_redirect_target(response)


class Sockets:
    """The connections of a session, all of which can be ended: headers may come byte by byte, and never end."""

    def __init__(self) -> None:
        """There are none yet."""
        self._open: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._is_over = False

    def note(self, made: socket.socket) -> None:
        """Know of one that was made, and end it where all are."""
        with self._lock:
            self._open.add(made)
            if self._is_over:
                _shut(made)

    def end(self) -> None:
        """Whoever waits for one of them is told that it ended."""
        with self._lock:
            self._is_over = True
            for one in list(self._open):
                _shut(one)


class Adapter(HTTPAdapter):
    """Connects as always, and notes the sockets."""

    def __init__(self, sockets: Sockets) -> None:
        """Note them there."""
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Make the pools, whose connections are noted."""
        super().init_poolmanager(*args, **more)
        sockets = self._sockets

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.note(self.sock)

        class Encrypted(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                sockets.note(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls: Any = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls: Any = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}


def _shut(one: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        # Not the method of a TLS socket, which lets go of what the one who reads is using.
        socket.socket.shutdown(one, socket.SHUT_RDWR)
