"""The addresses of the data dictionary's document and of the profiles it shows.

Belongs here: serving them. Does not belong here: what the document holds (whoever makes the app passes that in),
computing profiles (``profiling``), or the page (``pages``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Request

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.profiling.tables import NoProfileError, Profiles, ProfilesBusyError
from lakehouse_assets.service.routes.dependencies import Admitted, Served

KEPT_S = 60.0
Dictionary = Callable[[], Mapping[str, Any]]

router = APIRouter(include_in_schema=False)


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


@router.get("/dictionary/data")
async def data(service: Served, asker: Admitted, request: Request) -> Mapping[str, Any]:
    """Everything declared of tables and metrics, for callers who may ask."""
    make: Dictionary | None = request.app.state.dictionary
    if make is None:
        raise ApiError(404, "not_found", "This service has no data dictionary; `asklake serve` has one.")
    found = await service.work.run(asker.share, make)
    return {**found, "tables": [t for t in found["tables"] if _may_see(asker.caller.tenant, t.get("tenant"))]}


def _may_see(caller: str | None, owner: str | None) -> bool:
    """Whether a caller is told of a table: one that a tenant's draft fills is that tenant's."""
    return owner is None or caller in (None, owner)


@router.get("/dictionary/profile/{table}")
async def profile(service: Served, asker: Admitted, request: Request, table: str) -> Mapping[str, Any]:
    """The profile of a table, as the caller may see it; computed at the first look at a snapshot."""
    profiles: Profiles = request.app.state.profiles

    def shown() -> Mapping[str, Any]:
        return profiles.shown_to(asker.caller, table).to_json()

    with in_words(table):
        return await service.work.run(asker.share, shown)


@contextmanager
def in_words(table: str) -> Iterator[None]:
    """Tell a caller why a profile of a table cannot be shown.

    Raises:
        ApiError: it cannot.
    """
    try:
        yield
    except QueryRefusedError as error:
        raise ApiError(404, "not_found", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    except NoProfileError as error:
        raise ApiError(403, "forbidden", f"No profile: {error}.") from error
    except ProfilesBusyError as error:
        message = "Other profiles are being computed; come back in a moment."
        raise ApiError(503, "too_busy", message, headers={"Retry-After": "5"}) from error
    except QueryTimeoutError as error:
        message = f"Computing the profile of {table} took too long. `asklake profile` takes the time it needs."
        raise ApiError(504, "timeout", message) from error
