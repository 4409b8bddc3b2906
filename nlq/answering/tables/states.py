"""How fresh the tables were that an answer was read from.

Belongs here: looking a state up, once. Does not belong here: which days an answer has (``coverage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cachetools import FIFOCache, cachedmethod
from pydantic import BaseModel, ConfigDict, field_serializer

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.iceberg.days_of import zone_noted
from lakehouse_assets.lakehouse.iceberg.manifests import newest_day
from lakehouse_assets.lakehouse.iceberg.properties import DAYS_OF_UTC
from lakehouse_assets.lakehouse.zones import NO_ZONE
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

    def __init__(self, lake: Lake, days_of: str | None = None) -> None:
        """Nothing is read yet; `days_of`: the time zone that rows have days of, None where that is not ours to say."""
        self._lake, self.days_of = lake, days_of
        # FIFO; a snapshot never changes, so nothing invalidates them.
        self._states: FIFOCache[Any, TableState] = FIFOCache(_REMEMBERED)
        self._rows: FIFOCache[Any, int | None] = FIFOCache(_REMEMBERED)
        self._zones: FIFOCache[Any, str | None] = FIFOCache(_REMEMBERED)
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

    def day_written(self, table: str, snapshot: int) -> date | None:
        """The day, of the table's own days, on which a snapshot was published; None where that is not known."""
        published = self.of(table, snapshot).published_at
        zone = NO_ZONE if self.have_days_of_utc([table]) else self.days_of or NO_ZONE
        return published.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() if published else None

    @cachedmethod(lambda self: self._rows, lock=lambda self: self._lock)
    def rows(self, table: str, snapshot: int) -> int | None:
        """How many rows a table had at a snapshot; None where nobody tells."""
        found = self._lake.catalog.load_table(table).snapshot_by_id(snapshot)
        text = found.summary.additional_properties.get(_RECORDS) if found and found.summary else None
        return int(text) if text else None

    def refuse_other_days(self, snapshots: Mapping[str, int]) -> None:
        """Refuse tables that have days of another time zone than the project has now.

        Raises:
            QueryRefusedError: there is one.
        """
        for table, snapshot in snapshots.items() if self.days_of else ():
            if (have := self._zone(table, snapshot)) not in (None, self.days_of):
                raise QueryRefusedError(
                    f"{table} has days of {have}, and the project's are those of {self.days_of} now; `asklake rezone` "
                    "and then `asklake materialize` make them anew"
                )

    @cachedmethod(lambda self: self._zones, lock=lambda self: self._lock)
    def _zone(self, table: str, snapshot: int) -> str | None:
        """The time zone of a table's days at a snapshot; None where it is not kept by days or months."""
        metadata = self._lake.catalog.load_table(table).metadata
        by_time = any(str(field.transform) in ("day", "month") for field in metadata.spec().fields)
        return zone_noted(metadata, snapshot) if by_time and DAYS_OF_UTC not in metadata.properties else None

    def have_days_of_utc(self, tables: Sequence[str]) -> bool:
        """Whether there are tables, and their days are those of UTC and not of the project's time zone."""
        if self.days_of in (None, NO_ZONE) or not tables:
            return False
        return all(DAYS_OF_UTC in self._lake.catalog.load_table(t).metadata.properties for t in tables)
