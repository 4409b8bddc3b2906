"""What every address of the API has: the parts of the service, the caller who was admitted, the documents of errors.

Belongs here: what several routers depend on. Does not belong here: an address, or what one does.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer

from lakehouse_assets.http.errors import ErrorDocument
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError
from lakehouse_assets.service.admission.access import Access, Asker
from lakehouse_assets.service.admission.together import Together
from lakehouse_assets.service.admission.work import Work
from lakehouse_assets.service.alerts.handlers import AlertHandlers
from lakehouse_assets.service.dashboards.boards import BoardHandlers
from lakehouse_assets.service.dashboards.exporting import ExportHandlers
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from lakehouse_assets.service.health import HealthCheck
from lakehouse_assets.service.home.handlers import HomeHandlers
from lakehouse_assets.service.insights.handlers import InsightHandlers
from lakehouse_assets.service.ml.handlers import ModelHandlers
from lakehouse_assets.service.questions.handlers import Again, Handlers
from lakehouse_assets.service.search import SearchHandlers
from lakehouse_assets.service.sharing.handlers import SharingHandlers


@dataclass(frozen=True)
class Service:
    """The parts that requests are served with."""

    access: Access
    handlers: Handlers
    work: Work
    admitted: Together[Request, Asker]
    known: Together[Again, str | None]
    health: HealthCheck
    dashboards: DashboardHandlers
    boards: BoardHandlers
    home: HomeHandlers
    insights: InsightHandlers
    alerts: AlertHandlers
    sharing: SharingHandlers
    exports: ExportHandlers
    search: SearchHandlers
    models: ModelHandlers


_bearer = HTTPBearer(
    auto_error=False,
    description="A key made by `asklake key create`. Not needed where a browser holds a session (POST /session), nor "
    "on one's own machine as long as there is no key (`keys_required` of GET /health).",
)


async def _service(request: Request) -> Service:  # FastAPI calls what is not async in a thread
    return request.app.state.service


async def _asker(request: Request, _documented: Annotated[Any, Depends(_bearer)] = None) -> Asker:
    service = await _service(request)
    return await service.admitted.result(request)


Served = Annotated[Service, Depends(_service)]
Admitted = Annotated[Asker, Depends(_asker)]
Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="Its id.")]


async def side_by_side(calls: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Make calls at once and wait for all of them.

    Raises:
        QueryCancelledError: the caller has gone, and nobody waits for the others.
    """
    cancelled = False
    try:
        async with anyio.create_task_group() as group:
            for call in calls:
                group.start_soon(call)
    except* QueryCancelledError:
        cancelled = True
    if cancelled:
        raise QueryCancelledError


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the document says of errors that every address has, and of these besides."""
    says = {
        400: "The body cannot be read.",
        401: "A key is required, or the one sent is not valid, or the session has ended.",
        403: "The caller may not ask this.",
        404: "There is nothing of this id that the caller may see.",
        408: "The body did not arrive in time.",
        409: "There is nothing to read again or to undo, or it was changed, or sent otherwise, or is too much.",
        413: "The body is too large.",
        415: "The body is of no kind that is taken here.",
        422: "The request does not fit its schema, or the guard refuses it; the code and details say which.",
        429: "Too many calls; Retry-After says when the next may come.",
        500: "A defect; the log has it under the request's id.",
        501: "What writes this format is not installed.",
        507: "The disk has no room for the body.",
        503: "Too much at once, or the data is not there or took too long; ask again later, or for less.",
    }
    every = (400, 401, 403, 408, 413, 422, 429, 500, 503)
    return {s: {"model": ErrorDocument, "description": says[s]} for s in sorted({*every, *statuses})}
