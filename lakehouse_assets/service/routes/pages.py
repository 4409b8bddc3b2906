"""The addresses of the pages and of the files they load; none holds anything that needs a key.

Belongs here: serving them. Does not belong here: how a page looks (``rendering``), what it shows; its script
asks for it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from email.message import Message
from functools import partial
from os import PathLike, stat_result

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.middleware import framed_by
from lakehouse_assets.service.rendering import PAGES, SHARED, WEB, Page, html
from lakehouse_assets.service.routes.dependencies import Service

# A browser keeps what it got, and asks whether it is still the same.
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_KEPT = {"Cache-Control": "no-cache"}


class _ForPeople(Route):
    """A page whose address gives programs a document: it is for those alone that ask for HTML first, as browsers do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL and _asks_for_html(Headers(scope=scope)) else (Match.NONE, {})


def _asks_for_html(headers: Headers) -> bool:
    """Whether HTML is named as acceptable, and no less welcome than JSON (RFC 9110, 12.5.1)."""
    message = Message()
    weights = {"text/html": 0.0, "application/json": 0.0}
    for item in ",".join(headers.getlist("accept")).split(","):
        message["content-type"] = item.strip()
        kind, weight = message.get_content_type(), message.get_param("q", "1")
        del message["content-type"]
        with suppress(ValueError):
            weights[kind] = float(str(weight))
    return weights["text/html"] > 0 and weights["text/html"] >= weights["application/json"]


async def _serve(page: Page, _: Request) -> HTMLResponse:
    return HTMLResponse(html(page), headers={**_KEPT, "Vary": "Accept"})


async def _serve_shared(request: Request) -> HTMLResponse:
    """The page of a link, which has no way to other pages; the sites that the link names may show it in a frame."""
    service: Service = request.app.state.service
    link_id = request.path_params["link_id"]
    try:
        # An id of other characters is none; PostgreSQL would not even take some of them.
        origins = await service.work.quick(service.sharing.origins, request, link_id if _ID.fullmatch(link_id) else "")
    except ApiError as error:
        return HTMLResponse(error.message, error.status, error.headers)
    headers = {**_KEPT, "Vary": "Accept", "X-Robots-Tag": "noindex", **framed_by(origins)}
    return HTMLResponse(html(SHARED, served=False), headers=headers)


def routes() -> list[BaseRoute]:
    """The pages; they stand before the addresses that give documents."""
    return [
        (_ForPeople if page.and_document else Route)(
            page.path, _serve_shared if page is SHARED else partial(_serve, page), include_in_schema=False
        )
        for page in PAGES
    ]


class WebFiles(StaticFiles):
    """Scripts, styles and pictures."""

    def __init__(self) -> None:
        super().__init__(directory=WEB)

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or that it is as the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_KEPT)
        return response
