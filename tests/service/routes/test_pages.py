"""Which of two documents at one address a caller gets."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lakehouse_assets.service.routes.pages import routes

CLIENT = TestClient(Starlette(routes=[*routes(), Route("/dashboards", lambda _: JSONResponse([]))]))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0, application/json", "application/json"),
        ("text/html;q=none", "application/json"),
        ("text/htmlx", "application/json"),
        ("", "application/json"),
    ],
)
def test_a_page_is_for_those_that_ask_for_html_first(accept: str, kind: str) -> None:
    found = CLIENT.get("/dashboards", headers={"accept": accept})
    assert found.headers["content-type"].split(";")[0] == kind
