"""How fresh the tables were that an answer was read from.

Belongs here: looking a state up, once. Does not belong here: which days an answer has (``coverage``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import FIFOCache, cachedmethod
from pydantic import BaseModel, ConfigDict, field_serializer

from lakehouse_assets.lakehouse.iceberg.manifests import newest_day
from nlq.core.utc import Moment

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_REMEMBERED = 256
_RECORDS = "total-records"
"""The number of rows in the summary of an Iceberg snapshot (Iceberg table spec, "Optional Snapshot Summary Fields")."""


class TableState(BaseModel):
    """How fresh a table was when it was read."""

    model_config = ConfigDict(frozen=True)

    table: str
    snapshot_id: int
    published_at: Moment | None = None
    newest_day: date | None = None

    @field_serializer("snapshot_id", when_used="json")
    def _snapshot_as_text(self, snapshot_id: int) -> str:
        return str(snapshot_id)  # 19 digits: more than a number keeps in JavaScript


class TableStates:
    """The states of tables that were asked about last. Thread-safe."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        # FIFO; a snapshot never changes, so nothing invalidates them.
        self._states: FIFOCache[Any, TableState] = FIFOCache(_REMEMBERED)
        self._rows: FIFOCache[Any, int | None] = FIFOCache(_REMEMBERED)
        self._lock = Lock()

    @cachedmethod(lambda self: self._states, lock=lambda self: self._lock)
    def of(self, table: str, snapshot: int) -> TableState:
        """How fresh a table was at a snapshot: when that was published, and the newest day by its time partition."""
        loaded = self._lake.catalog.load_table(table)
        found = loaded.snapshot_by_id(snapshot)
        if not found:
            return TableState(table=table, snapshot_id=snapshot)
        published, day = datetime.fromtimestamp(found.timestamp_ms / 1000, UTC), newest_day(loaded, found)
        return TableState(
            table=table, snapshot_id=snapshot, published_at=published.replace(tzinfo=None), newest_day=day
        )

    @cachedmethod(lambda self: self._rows, lock=lambda self: self._lock)
    def rows(self, table: str, snapshot: int) -> int | None:
        """How many rows a table had at a snapshot; None where nobody tells."""
        found = self._lake.catalog.load_table(table).snapshot_by_id(snapshot)
        text = found.summary.additional_properties.get(_RECORDS) if found and found.summary else None
        return int(text) if text else None
