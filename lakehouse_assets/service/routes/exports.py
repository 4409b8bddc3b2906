"""The addresses of dashboards and answers as files.

Belongs here: method, path, the headers of a file. Does not belong here: what is in one (``dashboards.exporting``).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from lakehouse_assets.exporting.export import Format
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.exporting import Exported
from lakehouse_assets.service.routes.dashboards import Id as DashboardId
from lakehouse_assets.service.routes.dependencies import Admitted, Id, Served, errors

router = APIRouter(responses=errors())
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {kind.media_type: {"schema": {"type": "string", "format": "binary"}} for kind in Format},
    }
}


class ExportWanted(TilesWanted):
    """What of a dashboard is written: all pages if none is named, a picture of the first."""

    format: Format
    tiles: None = Field(default=None, exclude=True)  # type: ignore[assignment]  # a file has all of a page


@router.post(
    "/dashboards/{dashboard_id}/export", tags=["dashboards"], responses={**errors(404, 501), **_FILE},
    response_class=Response,
)  # fmt: skip
async def of_dashboard(service: Served, asker: Admitted, dashboard_id: DashboardId, body: ExportWanted) -> Response:
    """A dashboard as PDF, PNG, Excel or CSV, with the time and the filters that are chosen; it names its snapshots."""
    wanted = TilesWanted(**body.model_dump(exclude={"format"}))
    return _file(
        await service.work.run(asker.share, service.exports.dashboard, asker, dashboard_id, wanted, body.format)
    )


@router.get(
    "/answers/{answer_id}/export", tags=["answers"], responses={**errors(404, 501), **_FILE}, response_class=Response
)
async def of_answer(
    service: Served, asker: Admitted, answer_id: Id, format: Annotated[Format, Query(description="What to write.")]
) -> Response:
    """An answer given before as PDF, PNG, Excel or CSV, as it was given."""
    return _file(await service.work.run(asker.share, service.exports.answer, asker, answer_id, format))


def _file(found: Exported) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return Response(found.content, media_type=found.format.media_type, headers=headers)
