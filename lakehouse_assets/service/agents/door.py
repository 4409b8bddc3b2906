"""The one door to the Model Context Protocol, which is an extra.

Belongs here: loading it when it is first needed, and saying what is missing. Does not belong here: the protocol
(server).
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from lakehouse_assets.service.agents.server import Endpoint, Run

MISSING = "The Model Context Protocol is not installed here: add the extra, `pip install 'asklake[mcp]'`."


class NotInstalledError(Exception):
    """The extra is missing; the text says what to do."""


def serve_stdio(run: Run) -> None:
    """Serve whoever is at standard input and output until it closes them.

    Raises:
        NotInstalledError: the extra is missing.
    """
    try:
        from lakehouse_assets.service.agents.server import serve_stdio as serve
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    serve(run)


class Agents:
    """Serves agents over HTTP from the first that comes. Its methods are called by one event loop alone."""

    def __init__(self) -> None:
        """Nothing is loaded."""
        self._endpoint: Endpoint | None = None
        self._lock = asyncio.Lock()

    async def endpoint(self, run: Run) -> Endpoint:
        """What serves one request.

        Raises:
            NotInstalledError: the extra is missing.
        """
        async with self._lock:
            if self._endpoint is None:
                endpoint = (await anyio.to_thread.run_sync(_endpoint))(run)
                await asyncio.create_task(endpoint.start(), context=Context())
                self._endpoint = endpoint
            return self._endpoint

    async def stop(self) -> None:
        """End what was begun."""
        if self._endpoint:
            await self._endpoint.stop()


def _endpoint() -> type[Endpoint]:
    try:
        from lakehouse_assets.service.agents.server import Endpoint
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    return Endpoint


def _missing(error: ModuleNotFoundError) -> Exception:
    """What to tell of a module that is not there: the extra is missing, if it is one of the extra's."""
    return NotInstalledError(MISSING) if (error.name or "").partition(".")[0] in ("mcp", "mcp_types") else error
