"""The address of insights.

Belongs here: method, path, finding each domain's side by side. Does not belong here: which there are (``insights``).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from lakehouse_assets.domains import title_of
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.insights.handlers import Entered, InsightsFound, InsightsWanted
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service, errors, side_by_side

router = APIRouter(tags=["insights"], responses=errors())


@router.post("/insights", response_model=InsightsFound, responses=errors(404))
async def insights(service: Served, asker: Admitted, body: InsightsWanted) -> Any:
    """What is unusual in a caller's figures, what lasts, why they moved, what comes next, and what follows from it.

    Only whole days are judged. Of all that is told at most one in twenty is chance, as far as its method's assumptions
    hold; a forecast says in its method how well the past was foretold.
    """
    entered = await service.work.run(asker.share, service.insights.enter, asker, body)
    await side_by_side(partial(_find, service, asker, entered, domain) for domain in entered.domains)
    return Response(entered.document().model_dump_json(), media_type="application/json")


async def _find(service: Service, asker: Asker, entered: Entered, domain: str) -> None:
    try:
        await service.work.run(asker.share, service.insights.find, asker, entered, domain)
    except ApiError as error:  # it would have waited too long
        entered.problems.append(f"{title_of(domain)} cannot be judged now: {error.message}")
