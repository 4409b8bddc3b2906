"""How fresh the tables were that an answer was read from.

Belongs here: looking a state up, once. Does not belong here: which days an answer has (``coverage``).
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, field_serializer

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
        self._kept: OrderedDict[tuple[str, int], TableState] = OrderedDict()
        self._rows: OrderedDict[tuple[str, int], int | None] = OrderedDict()
        self._lock = Lock()

    def of(self, table: str, snapshot: int) -> TableState:
        """How fresh a table was at a snapshot."""
        with self._lock:
            if (table, snapshot) in self._kept:
                return self._kept[table, snapshot]
        state = self._look_at(table, snapshot)
        with self._lock:
            self._kept[table, snapshot] = state
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return state

    def rows(self, table: str, snapshot: int) -> int | None:
        """How many rows a table had at a snapshot; None where nobody tells."""
        with self._lock:
            if (table, snapshot) in self._rows:
                return self._rows[table, snapshot]
        found = self._lake.catalog.load_table(table).snapshot_by_id(snapshot)
        text = found.summary.additional_properties.get(_RECORDS) if found and found.summary else None
        with self._lock:
            self._rows[table, snapshot] = counted = int(text) if text else None
            while len(self._rows) > _REMEMBERED:
                self._rows.popitem(last=False)
        return counted

    def _look_at(self, name: str, snapshot: int) -> TableState:
        """When the snapshot was published, and the newest day in it by the table's time partition."""
        from lakehouse_assets.lakehouse.iceberg.manifests import newest_day

        table = self._lake.catalog.load_table(name)
        found = table.snapshot_by_id(snapshot)
        if not found:
            return TableState(table=name, snapshot_id=snapshot)
        published = datetime.fromtimestamp(found.timestamp_ms / 1000, UTC).replace(tzinfo=None)
        return TableState(table=name, snapshot_id=snapshot, published_at=published, newest_day=newest_day(table, found))
