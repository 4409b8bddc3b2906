"""The addresses that say whether the process serves, and whether it can answer.

Belongs here: what needs no key. Does not belong here: looking at the parts (``health``).
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from lakehouse_assets.service.health import Health
from lakehouse_assets.service.routes.dependencies import Served

router = APIRouter(tags=["service"])


class Live(BaseModel):
    """That the process serves requests."""

    status: Literal["alive"] = "alive"


@router.get("/live")
async def live() -> Live:
    """Whether the process serves requests at all; nothing else is looked at."""
    return Live()


@router.get("/health", responses={503: {"model": Health, "description": "It cannot answer."}})
async def health(service: Served, response: Response) -> Health:
    """Whether the service can answer, as of a moment ago, and whether it wants a key."""
    found = await service.health.now()
    response.status_code = 200 if found.status == "ok" else 503
    return found
