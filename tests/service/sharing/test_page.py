"""The page of a link, whatever stands where its id should."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from lakehouse_assets.service.routes.pages import _serve_shared


@pytest.mark.parametrize(("given", "asked"), [("a-1", "a-1"), ("\x00", ""), ("x" * 65, ""), ("a b", "")])
def test_what_is_no_id_reaches_no_database(given: str, asked: str) -> None:
    looked: list[str] = []

    def origins(_request: Request, link_id: str) -> tuple[str, ...]:
        looked.append(link_id)
        return ()

    async def quick(function: Any, *args: Any) -> Any:
        return function(*args)

    service = SimpleNamespace(work=SimpleNamespace(quick=quick), sharing=SimpleNamespace(origins=origins))
    app = SimpleNamespace(state=SimpleNamespace(service=service))
    request = Request({"type": "http", "app": app, "path_params": {"link_id": given}, "headers": []})
    assert asyncio.run(_serve_shared(request)).status_code == 200
    assert looked == [asked]
