"""The addresses of dashboards.

Belongs here: method, path, computing tiles side by side. Does not belong here: what is computed
(``dashboards.handlers``).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from lakehouse_assets.dashboards.model import Tile
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.dashboards.documents import (
    DashboardDocument,
    Dashboards,
    TilesAnswered,
    TilesWanted,
    VersionNumber,
)
from lakehouse_assets.service.dashboards.handlers import Seen, failed_tile
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service, errors, side_by_side

router = APIRouter(tags=["dashboards"], responses=errors())
Id = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._-]+$", description="Its id.")]


@router.get("/dashboards")
async def dashboards(service: Served, asker: Admitted) -> Dashboards:
    """The dashboards that the caller may see: those with a figure that the caller may ask for."""
    return await service.work.run(asker.share, service.dashboards.list, asker)


@router.get("/dashboards/{dashboard_id}", responses=errors(404))
async def dashboard(
    service: Served,
    asker: Admitted,
    dashboard_id: Id,
    version: Annotated[VersionNumber | None, Query(description="Of one's own; the newest if missing.")] = None,
) -> DashboardDocument:
    """A dashboard as it is declared: pages of tiles, each a plan and its chart, filters, and periods to choose."""
    return await service.work.run(asker.share, service.dashboards.show, asker, dashboard_id, version)


@router.post("/dashboards/{dashboard_id}/tiles", responses=errors(404), response_model=TilesAnswered)
async def tiles(service: Served, asker: Admitted, dashboard_id: Id, body: TilesWanted) -> Any:
    """The figures of a page, for the caller: each tile is an answer as POST /query gives it, and how to draw it.

    All are read at one state of the lake. One that is refused or fails says so in its answer, and takes none of the
    others with it.
    """
    seen = await service.work.run(asker.share, service.dashboards.look, asker, dashboard_id, body)
    found = await answered(service, asker, seen)
    return Response(found.model_dump_json(), media_type="application/json")


async def answered(service: Service, asker: Asker, seen: Seen) -> TilesAnswered:
    """Compute what is missing of tiles, side by side."""
    await _all(service, asker, seen)
    logger().info(
        "dashboard_seen", dashboard=seen.id, page=seen.page, tenant=asker.caller.tenant, key_id=asker.key_id,
        link=asker.link,
    )  # fmt: skip
    return seen.document()


async def computed(service: Service, asker: Asker, dashboard_id: str, wanted: TilesWanted) -> Seen:
    """Tiles with their answers, those that are not remembered computed side by side.

    Raises:
        ApiError: there is no such dashboard, page or tile, or no tile knows a filter.
    """
    seen = await service.work.run(asker.share, service.dashboards.look, asker, dashboard_id, wanted)
    await _all(service, asker, seen)
    return seen


async def _all(service: Service, asker: Asker, seen: Seen) -> None:
    await side_by_side(partial(_compute, service, asker, seen, tile) for tile in seen.missing)


async def _compute(service: Service, asker: Asker, seen: Seen, tile: Tile) -> None:
    try:
        found = await service.work.run(asker.share, service.dashboards.compute, asker, seen, tile)
    except QueryCancelledError:
        raise
    except ApiError as error:  # it would have waited too long
        found = failed_tile(asker, tile, error.message, error.code)
    except Exception:
        logger().exception("tile_failed", dashboard=seen.id, tile=tile.id)
        found = failed_tile(asker, tile)
    seen.answers[tile.id] = found
