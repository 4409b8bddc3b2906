"""The addresses of links: one's own, and what is shown to whoever has one.

Belongs here: method, path, admitting by a link. Does not belong here: what they do (``sharing.handlers``).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer

from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.routes.dashboards import answered
from lakehouse_assets.service.routes.dependencies import Admitted, Id, Served, errors
from lakehouse_assets.service.sharing.documents import (
    LinkMade,
    Links,
    NewLink,
    SharedDocument,
    SharedTiles,
    TilesAnswered,
    tiles_without_means,
)
from nlq.storage.links import Link

router = APIRouter(tags=["sharing"], responses=errors())
_secret = HTTPBearer(
    scheme_name="link", auto_error=False, description="The secret of a link: what follows # in its address."
)


async def _by_link(
    request: Request, service: Served, link_id: Id, _documented: Annotated[Any, Depends(_secret)] = None
) -> tuple[Asker, Link]:
    return await service.work.quick(service.sharing.admit, request, link_id)


ByLink = Annotated[tuple[Asker, Link], Depends(_by_link)]


@router.post("/links", status_code=201, responses=errors(404))
async def create(service: Served, asker: Admitted, body: NewLink) -> LinkMade:
    """Make a link to a dashboard or an answer, for someone without a key.

    It shows what the caller may see, with filters and time as they are fixed here, until it expires or is revoked, or
    the key that made it is. Its address is told once.
    """
    return await service.work.run(asker.share, service.sharing.create, asker, body)


@router.get("/links")
async def links(service: Served, asker: Admitted) -> Links:
    """One's own links, how often they were opened, and whether they still show anything."""
    return await service.work.quick(service.sharing.list, asker)


@router.delete("/links/{link_id}", status_code=204, responses=errors(404))
async def revoke(service: Served, asker: Admitted, link_id: Id) -> None:
    """End a link of one's own at once."""
    await service.work.quick(service.sharing.revoke, asker, link_id)


@router.get("/shared/{link_id}", responses=errors(404))
async def shared(service: Served, by: ByLink) -> SharedDocument:
    """What a link shows: a dashboard as it is declared, or an answer as it was given."""
    asker, link = by
    return await service.work.run(asker.share, service.sharing.show, asker, link)


@router.post("/shared/{link_id}/tiles", responses=errors(404), response_model=TilesAnswered)
async def tiles(service: Served, by: ByLink, body: SharedTiles) -> Any:
    """The figures of a page that a link shows, as of now; nothing else can be asked by it."""
    asker, link = by
    seen = await service.work.run(asker.share, service.sharing.look, asker, link, body.page)
    found = tiles_without_means(await answered(service, asker, seen))
    return Response(found.model_dump_json(), media_type="application/json")
