"""Agents ask by the protocol's own client, over HTTP and over standard input and output, with the rights of a key."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.agents.door import Agents, NotInstalledError, serve_stdio
from lakehouse_assets.service.agents.tools import MOST_ROWS, TOOLS
from tests.service.conftest import Served, problem

_T = TypeVar("_T")
ALL = {"metrics": ["pgr_complaints"], "group_by": ["tenant_id"]}


def talk(to: Served, holder: str | None, course: Callable[[Client], Awaitable[_T]]) -> _T:
    """What comes of a conversation of the protocol's client with the service, as the holder of a key."""
    headers = {"authorization": f"Bearer {to.keys[holder]}"} if holder else {}

    async def run() -> _T:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{to.url}/mcp", http_client=http)) as client,
        ):
            return await course(client)

    return anyio.run(run)


async def called(client: Client, tool: str, arguments: Mapping[str, Any]) -> Any:
    """The document of a result that is no error."""
    result = await client.call_tool(tool, dict(arguments))
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, tool: str, arguments: Mapping[str, Any]) -> Any:
    """The document of an error, whose text is its sentence."""
    result = await client.call_tool(tool, dict(arguments))
    assert result.is_error
    assert [part.text for part in result.content if isinstance(part, TextContent)] == [
        result.structured_content["message"]
    ]
    return result.structured_content


def test_an_agent_finds_what_there_is_asks_and_reads_again(keyed: Served) -> None:
    async def course(client: Client) -> None:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == list(TOOLS)
        assert all(tool.description and len(tool.description) < 400 and tool.annotations for tool in listed)

        every = await called(client, "catalog", {})
        assert {"name": "pgr_complaints", "label": "Complaints"} in every["metrics"]
        found = await called(client, "catalog", {"search": "backlog"})
        assert 0 < len(found["metrics"]) < len(every["metrics"])
        assert {name for one in found["metrics"] for name in one["dimensions"]} >= {
            d["name"] for d in found["dimensions"]
        }

        said = await called(client, "ask", {"question": "complaints by ward"})
        assert said["outcome"] == "answered"
        assert said["rows"]
        again = await called(client, "replay", {"answer_id": said["answer_id"]})
        assert again["same_rows"]
        assert again["answer"]["rows"] == said["rows"]
        more = await called(client, "ask", {"question": "and by channel?", "previous": said["plan"]})
        assert "channel" in str(more["plan"]["group_by"])
        unclear = await called(client, "ask", {"question": "how is the weather on mars"})
        assert unclear["outcome"] in ("refused", "clarify")

        figures = await called(client, "query", ALL)
        assert len(figures["rows"]) > 1
        records = await called(client, "records", {"metric": "pgr_complaints", "limit": 3})
        assert len(records["rows"]) == 3
        assert (
            len((await called(client, "records", {"metric": "pgr_complaints", "limit": MOST_ROWS}))["rows"])
            <= MOST_ROWS
        )

    talk(keyed, "admin", course)


def test_an_agent_is_told_what_is_wrong_and_what_to_do(keyed: Served) -> None:
    async def course(client: Client) -> None:
        error = await refused(client, "query", {"metrics": ["pgr_complaint"]})
        assert error["code"] == "unknown_metric"
        assert "pgr_complaints" in error["details"]["nearest"]
        for arguments in ({}, {"question": ""}, {"question": "x", "tenant": "pb.jalandhar"}):
            assert (await refused(client, "ask", arguments))["code"] == "invalid_request"
        assert (await refused(client, "replay", {"answer_id": "none-such"}))["code"] == "unknown_answer"
        assert "there are catalog, ask" in (await refused(client, "drop", {}))["message"]

    talk(keyed, "admin", course)


def test_an_agent_has_the_rights_of_its_key_alone(keyed: Served) -> None:
    async def of_all(client: Client) -> str:
        return (await called(client, "query", ALL))["answer_id"]

    answer_id = talk(keyed, "admin", of_all)

    async def course(client: Client) -> None:
        assert [row[0] for row in (await called(client, "query", ALL))["rows"]] == ["pb.amritsar"]
        tenants = await called(client, "records", {"metric": "pgr_complaints", "columns": ["tenant_id"]})
        assert {next(v for v in row if str(v).startswith("pb.")) for row in tenants["rows"]} == {"pb.amritsar"}
        assert "jalandhar" not in str(await called(client, "catalog", {"search": "tenant"}))
        assert (await refused(client, "replay", {"answer_id": answer_id}))["code"] == "unknown_answer"

    talk(keyed, "amritsar", course)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with keyed.client() as nobody:
        problem(nobody.post("/mcp", json=message), 401, "unauthorized")
        problem(nobody.get("/mcp"), 405, "method_not_allowed")
    with keyed.client("admin") as someone:
        assert someone.post("/mcp", content=b"no json").status_code == 400


def test_a_program_on_this_machine_asks_over_its_pipes(asked_lake: Lake) -> None:
    settings = asked_lake.settings
    env = {**os.environ, "ASKLAKE_HOME": str(settings.home), "ASKLAKE_PROJECT_ROOT": str(settings.project_root)}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "lakehouse_assets.cli", "mcp", "--tenant", "pb.amritsar"], env=env
    )

    async def run() -> None:
        async with Client(command) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == list(TOOLS)
            assert [row[0] for row in (await called(client, "query", ALL))["rows"]] == ["pb.amritsar"]
            assert (await refused(client, "query", {"metrics": ["x"]}))["code"] == "unknown_metric"

    anyio.run(run)


async def nothing(*_: Any) -> dict[str, Any]:
    return {}


def test_without_the_extra_one_sentence_says_what_to_install(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    monkeypatch.delitem(sys.modules, "lakehouse_assets.service.agents.server", raising=False)
    monkeypatch.setattr(service.app.state, "agents", Agents())
    with httpx.Client(base_url=service.url) as client:
        said = problem(client.post("/mcp", json={}), 501, "not_installed")
    assert "pip install 'asklake[mcp]'" in said["message"]
    with pytest.raises(NotInstalledError):
        serve_stdio(nothing)
