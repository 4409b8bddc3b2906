"""The address of agents: the Model Context Protocol over streamable HTTP.

Belongs here: admitting whoever sends a message, as for any address. Does not belong here: the protocol and its tools
(``agents``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Scope, Send

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.agents.door import NotInstalledError
from lakehouse_assets.service.agents.tools import Tool
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service

router = APIRouter()


class _Passed(Response):
    """What an ASGI application answers to this request."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@router.post("/mcp", include_in_schema=False)  # the protocol describes itself
async def mcp(request: Request, service: Served, asker: Admitted) -> Response:
    """One message of an agent: tools to be listed, or one to be called as the holder of the key."""
    request.state.asker = asker
    try:
        endpoint = await request.app.state.agents.endpoint(partial(_run, service))
    except NotInstalledError as error:
        raise ApiError(501, "not_installed", str(error)) from None
    return _Passed(endpoint)


async def _run(service: Service, request: Request, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    asker = request.state.asker
    return await service.work.run(asker.share, tool.run, service.handlers, asker, arguments)
