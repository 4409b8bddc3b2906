"""The tools over the Model Context Protocol (specification 2025-11-25 and 2026-07-28, by the official SDK).

Importing this takes 1.6 s of CPU and the extra `asklake[mcp]`: only the door does.
Belongs here: the protocol. Does not belong here: what a tool does (tools), who calls (admission).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import anyio
import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError
from lakehouse_assets.service.agents.tools import TOOLS, Tool
from lakehouse_assets.service.failures import as_api_error

Run = Callable[[Any, Tool, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Runs a tool for whoever sent a request (None where there is none but one caller), with its arguments."""
_INSTRUCTIONS = (
    "Figures of a lakehouse, with their definitions and how fresh they are. Ask in words, or look into the catalog and "
    "query by name. Tell the sentence and the notes of an answer; never guess figures that were refused."
)


def server_of(run: Run) -> Server[Any]:
    """A server of the tools."""

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS.values()])

    async def call_tool(
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        try:
            if params.name not in TOOLS:
                message = f"There is no tool “{params.name[:80]}”; there are {', '.join(TOOLS)}."
                raise ApiError(404, "unknown_tool", message)
            found = await run(context.request, TOOLS[params.name], params.arguments or {})
        except QueryCancelledError:
            raise
        except Exception as error:
            return _told(_problem(error), is_error=True)
        return _told(found)

    return Server(
        "asklake", version=version("asklake"), title="asklake", instructions=_INSTRUCTIONS,
        on_list_tools=list_tools, on_call_tool=call_tool,
    )  # fmt: skip


def _described(tool: Tool) -> types.Tool:
    reads_alone = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    schema = tool.takes.model_json_schema()
    return types.Tool(
        name=tool.name, title=tool.title, description=tool.says, input_schema=schema, annotations=reads_alone
    )


def _told(document: dict[str, Any], *, is_error: bool = False) -> types.CallToolResult:
    """A result as a document, and as text for clients that know no documents; of an error the text is its sentence."""
    text = document["message"] if is_error else json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=document, is_error=is_error
    )


def _problem(error: Exception) -> dict[str, Any]:
    """An error as it is told over HTTP: code, message, details."""
    told = as_api_error(error)
    if told is None:
        logger().exception("tool_failed")
        told = ApiError(500, "internal", "Something went wrong here; the log has it. Try again, then report it.")
    return {"code": told.code, "message": told.message, "details": told.details}


class Endpoint:
    """The server over streamable HTTP, one request and one JSON document at a time: no session is held."""

    def __init__(self, run: Run) -> None:
        """Nothing is served before `start`."""
        self._manager = StreamableHTTPSessionManager(server_of(run), json_response=True, stateless=True)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve, in the running loop."""
        ready = asyncio.Event()

        async def serve() -> None:
            async with self._manager.run():
                ready.set()
                await asyncio.Event().wait()

        self._task = asyncio.create_task(serve())
        await ready.wait()

    async def stop(self) -> None:
        """End; what is under way is ended."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        await self._manager.handle_request(scope, receive, send)


def serve_stdio(run: Run) -> None:
    """Serve whoever is at standard input and output until it closes them."""

    async def serve() -> None:
        server = server_of(run)
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    anyio.run(serve)
