"""The addresses of dashboards that people make.

Belongs here: method, path, and what the OpenAPI document says of each. Does not belong here: what they do
(``dashboards.boards``).
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from lakehouse_assets.service.dashboards.changes import BoardWanted, NewBoard, Pin, Restore, Undo, Versions
from lakehouse_assets.service.dashboards.documents import DashboardDocument
from lakehouse_assets.service.routes.dashboards import Id
from lakehouse_assets.service.routes.dependencies import Admitted, Served, errors

router = APIRouter(tags=["dashboards"], responses=errors())


@router.post("/dashboards", status_code=201, responses=errors(404))
async def create(service: Served, asker: Admitted, body: NewBoard, response: Response) -> DashboardDocument:
    """Make a dashboard of one's own: empty, with a first figure, or a copy of another."""
    made = await service.work.run(asker.share, service.boards.create, asker, body)
    response.headers["Location"] = f"/dashboards/{made.id}"
    return made


@router.put("/dashboards/{dashboard_id}", responses=errors(404, 409))
async def save(service: Served, asker: Admitted, dashboard_id: Id, body: BoardWanted) -> DashboardDocument:
    """Change one's own dashboard. What others changed since the version that was seen is not written over (409)."""
    return await service.work.run(
        asker.share, service.boards.save, asker, dashboard_id, body.definition, body.version, body.what
    )


@router.delete("/dashboards/{dashboard_id}", status_code=204, responses=errors(404))
async def remove(service: Served, asker: Admitted, dashboard_id: Id) -> None:
    """Remove one's own dashboard, with all its versions."""
    await service.work.run(asker.share, service.boards.remove, asker, dashboard_id)


@router.post("/dashboards/{dashboard_id}/pins", status_code=201, responses=errors(404))
async def pin(service: Served, asker: Admitted, dashboard_id: Id, body: Pin) -> DashboardDocument:
    """Put a figure on one's own dashboard, on the first place that is free."""
    return await service.work.run(asker.share, service.boards.pin, asker, dashboard_id, body)


@router.post("/dashboards/{dashboard_id}/undo", responses=errors(404, 409))
async def undo(service: Served, asker: Admitted, dashboard_id: Id, body: Undo) -> DashboardDocument:
    """Undo the last change to one's own dashboard; once more undoes the one before."""
    return await service.work.run(asker.share, service.boards.undo, asker, dashboard_id, body.version)


@router.post("/dashboards/{dashboard_id}/restore", responses=errors(404, 409))
async def restore(service: Served, asker: Admitted, dashboard_id: Id, body: Restore) -> DashboardDocument:
    """Make an earlier version of one's own dashboard the newest."""
    return await service.work.run(asker.share, service.boards.restore, asker, dashboard_id, body.to, body.version)


@router.get("/dashboards/{dashboard_id}/versions", responses=errors(404))
async def versions(service: Served, asker: Admitted, dashboard_id: Id) -> Versions:
    """The versions of one's own dashboard, the newest first; GET /dashboards/ID?version=N shows one."""
    return await service.work.run(asker.share, service.boards.versions, asker, dashboard_id)
