"""The address that searches by meaning.

Belongs here: method, path, and what the OpenAPI document says. Does not belong here: what it does (``service.search``).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from lakehouse_assets.search.model import MOST_ASKED, MOST_FOUND, Found, Kind
from lakehouse_assets.service.routes.dependencies import Admitted, Served, errors

router = APIRouter(tags=["search"], responses=errors())


@router.get("/search")
async def search(
    service: Served,
    asker: Admitted,
    q: Annotated[str, Query(min_length=1, max_length=MOST_ASKED, description="What to search for, in any words.")],
    kind: Annotated[list[Kind], Query(max_length=len(Kind), description="Only of these kinds; all if none.")] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=MOST_FOUND, description="How many passages at most.")] = 10,
) -> Found:
    """Passages near some words, by meaning and by the words: of what is described, of past questions, of documents.

    Each has its source. Nothing is found rather than what is far. Rows are those of the key's tenant alone.
    """
    return await service.work.run(asker.share, service.search.find, asker, q, kind, limit)
