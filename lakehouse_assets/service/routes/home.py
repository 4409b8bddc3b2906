"""The address of the first page's data.

Belongs here: method, path, finding each domain's figures side by side. Does not belong here: which (``home``).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.home.documents import Home
from lakehouse_assets.service.home.handlers import Entered
from lakehouse_assets.service.questions.models import Now
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service, errors, side_by_side

router = APIRouter(tags=["home"], responses=errors())


@router.get("/home", response_model=Home)
async def home(
    service: Served,
    asker: Admitted,
    now: Annotated[Now | None, Query(description="The moment it is, UTC; the service's clock if missing.")] = None,
) -> Any:
    """What a caller comes to first: a few figures of each domain beside the period before, what is new, what to ask.

    The period is the last whole week (or month, where figures are by month) that there are data of.
    """
    entered = await service.work.run(asker.share, service.home.enter, asker, now)
    await side_by_side(partial(_find, service, asker, entered, domain) for domain in entered.domains)
    return Response(entered.document().model_dump_json(), media_type="application/json")


async def _find(service: Service, asker: Asker, entered: Entered, domain: str) -> None:
    """One domain; where it cannot be found now, the others are shown without it."""
    try:
        await service.work.run(asker.share, service.home.domain, asker, entered, domain)
    except ApiError as error:  # it would have waited too long
        logger().warning("home_domain_left_out", domain=domain, why=error.code)
    except QueryCancelledError:
        raise
    except Exception:
        logger().exception("home_domain_failed", domain=domain)
