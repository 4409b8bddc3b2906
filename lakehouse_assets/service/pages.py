"""The data dictionary's addresses: its page, and the document the page shows.

Belongs here: serving both. Does not belong here: what the document holds (whoever makes the app passes that in), or
the chat page (``app``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.routes import Admitted, Served

WEB = Path(__file__).resolve().parent / "web"
DICTIONARY = WEB / "dictionary.html"
KEPT_S = 60.0
Dictionary = Callable[[], Mapping[str, Any]]

router = APIRouter()


class KeptDictionary:
    """A dictionary that is put together anew at most once a minute."""

    def __init__(self, make: Dictionary) -> None:
        """Keep what `make` gives."""
        self._make, self._lock = make, threading.Lock()
        self._kept: Mapping[str, Any] = {}
        self._until = 0.0

    def __call__(self) -> Mapping[str, Any]:
        """The dictionary, not older than a minute."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept, self._until = self._make(), time.monotonic() + KEPT_S
            return self._kept


@router.get("/dictionary", include_in_schema=False)
async def page() -> FileResponse:
    """The page; it holds nothing that needs a key."""
    return FileResponse(DICTIONARY, headers={"Cache-Control": "no-cache"})


@router.get("/dictionary/data", include_in_schema=False)
async def data(service: Served, asker: Admitted, request: Request) -> Mapping[str, Any]:
    """Everything declared of tables and metrics, for callers who may ask."""
    make: Dictionary | None = request.app.state.dictionary
    if make is None:
        raise ApiError(404, "not_found", "This service has no data dictionary; `asklake serve` has one.")
    return await service.work.run(asker.share, make)
