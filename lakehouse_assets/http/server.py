"""The HTTP server: uvicorn with its options and the bounds of connections, for the API, for Dagit and for tests.

Belongs here: which server, and how it is set up. Does not belong here: what it serves (``app``), how connections are
bounded (``transport``).
"""

from __future__ import annotations

import os
import resource
import threading
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from lakehouse_assets.http.addresses import Proxies
from lakehouse_assets.http.logs import logger
from lakehouse_assets.http.sockets import MAX_MESSAGE, bounded_socket
from lakehouse_assets.http.transport import Bounds, Door, bounded

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from lakehouse_assets.settings import Settings

DRAIN_S = 8
"""Seconds that requests under way have when the server is told to end."""
END_S = 25.0
"""Seconds after which the process ends, whatever holds it: less than the 30 that Kubernetes gives by default."""
_MOST_CONNECTIONS = 2048
_ENOUGH_FILES = 8192
_OTHER_FILES = 128
"""Open files that the engine, the databases and the log may need beside connections."""


class Server(uvicorn.Server):
    """uvicorn's server, whose process ends in time when it is told to, even where a thread hangs."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in good order, and else at once after a while. What was not published by then waits for the next."""
        if not self.should_exit:
            timer = threading.Timer(END_S, _end_now, (sig,))
            timer.daemon = True
            timer.start()
        super().handle_exit(sig, frame)


def _end_now(sig: int) -> None:
    logger().error("ended_late", after_s=END_S)
    os._exit(128 + sig)


def bounds_of(settings: Settings) -> Bounds:
    """The bounds of connections: the settings', or what the open files of this process allow."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    by_files = max(16, (allowed - _OTHER_FILES) * 3 // 4) if allowed > 0 else _MOST_CONNECTIONS
    connections = settings.connections or min(_MOST_CONNECTIONS, by_files)
    per_address = settings.connections_per_address or max(1, connections // 2)
    return Bounds(connections=connections, per_address=min(per_address, connections))


def raise_open_files() -> None:
    """Allow this process as many open files as it can use, within what it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def configured(
    app: ASGIApp,
    settings: Settings,
    host: str,
    port: int,
    bounds: Bounds | None = None,
    *,
    sockets: bool = False,
) -> uvicorn.Config:
    """How uvicorn serves an app, the API or Dagit: behind bounds, with no log and no name of its own.

    Args:
        app: What it serves.
        settings: Name the proxies that are believed.
        host: Address to listen at.
        port: Port to listen at; 0 is any.
        bounds: Bounds of connections; those of the settings if None.
        sockets: Whether the app has WebSockets.
    """
    proxies = settings.trusted_proxy_list
    bounds = bounds or bounds_of(settings)
    door = Door(bounds, Proxies(proxies))
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=bounded(door),
        ws=bounded_socket(door) if sockets else "none",
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,  # for each socket a millisecond a message, and 300 kB
        ws_ping_interval=bounds.write_s,
        ws_ping_timeout=bounds.write_s,
        timeout_graceful_shutdown=DRAIN_S,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )
