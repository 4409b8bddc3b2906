"""bronze.loads: what is noted of each load, and what earlier notes say of an origin that is to be loaded.

Belongs here: what makes two loads the same, and the order of loads in time. Does not belong here: loading (loader).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, And, EqualTo, GreaterThanOrEqual, In, LessThan, Or

from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.origins.registry import kind_of
from lakehouse_assets.lakehouse.iceberg.manifests import find
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.iceberg.properties import GREATEST
from lakehouse_assets.lakehouse.sql import literal, quoted

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.ingest.origins.protocol import Origin
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Publication

NEWEST = f"{GREATEST}loaded-at"
"""Property of the snapshots of bronze.loads: time of the newest load up to it."""
_NOT_OF_ROWS = {"name", "description", "undecided", "kind", "topics", "start", "database"}
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Stamp:
    """Identifier and time of a load; of copies of a record, that of the later load counts."""

    load_id: str
    loaded_at: datetime

    @property
    def sql(self) -> str:
        """The time as SQL."""
        return f"timestamp {literal(self.loaded_at.isoformat(sep=' '))}"


@dataclass(frozen=True)
class Earlier:
    """What bronze.loads says of an earlier load."""

    load_id: str
    target_table: str
    source_file: str
    content_sha256: str
    tenant_id: str | None
    mapping_sha256: str | None
    bytes: int
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class Note:
    """A row of bronze.loads."""

    stamp: Stamp
    source: Source
    file: str
    content_sha256: str
    size: int
    tenant: str | None
    read: int
    loaded: int
    quarantined: int
    days: tuple[date, ...]

    def sql(self, publication_id: str) -> str:
        """The row as a query."""
        values = {
            "load_id": self.stamp.load_id, "source": self.source.name, "target_table": self.source.target,
            "source_file": self.file, "content_sha256": self.content_sha256, "tenant_id": self.tenant,
            "bytes": self.size, "rows_read": self.read, "rows_loaded": self.loaded,
            "rows_quarantined": self.quarantined,
            "first_day": str(self.days[0]) if self.days else None,
            "last_day": str(self.days[-1]) if self.days else None,
            "loaded_at": self.stamp.loaded_at.isoformat(sep=" "), "publication_id": publication_id,
            "mapping_sha256": fingerprint(self.source),
        }  # fmt: skip
        return "select " + ", ".join(f"{'null' if v is None else literal(v)} as {quoted(k)}" for k, v in values.items())


def stage_notes(
    publication: Publication, con: Any, notes: Sequence[Note], properties: Mapping[str, str] | None = None
) -> None:
    """Stage the rows of loads, in order of time, with what the next load must know of them."""
    newest = {NEWEST: _text(notes[-1].stamp.loaded_at)}
    rows = " union all ".join(note.sql(publication.id) for note in notes)
    publication.stage(LOADS, rows, con, Append(), {**newest, **(properties or {})})


def fingerprint(source: Source) -> str:
    """SHA-256 of what a source says of rows: not its name or words for people, and nothing that is left to default."""
    said = source.model_dump(mode="json", exclude_defaults=True, exclude=_NOT_OF_ROWS)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def loads_table(lake: Lake) -> Table | None:
    """bronze.loads as it is now; None before the first load."""
    try:
        return lake.catalog.load_table(LOADS.identifier)
    except NoSuchTableError:
        return None


class EarlierLoads:
    """Loads of a source for a tenant that origins may repeat."""

    def __init__(self, loads: Iterable[Earlier] = ()) -> None:
        """Keep them, in their order."""
        self.loads = list(loads)
        self._by_id: dict[str, list[Earlier]] = {}
        self._by_content: dict[str, list[Earlier]] = {}
        for load in self.loads:
            self._by_id.setdefault(load.source_file, []).append(load)
            self._by_content.setdefault(load.content_sha256, []).append(load)

    def of(self, origin: Origin) -> list[Earlier]:
        """Loads of the same position, or of the same content where the origin has none; of a state only the last."""
        if origin.claims is not None:
            first, before = origin.claims
            return [load for load in self.loads if first <= load.source_file < before]
        if origin.position is not None:
            return self._by_id.get(origin.id, [])
        same = self._by_content.get(origin.content_sha256, [])
        return [load for load in same if load in self._by_id.get(origin.id, [])[-1:]] if _is_state(origin) else same

    def same(self, origin: Origin, source: Source) -> Earlier | None:
        """The load that made of an origin what the source would; one that did not note how counts.

        Raises:
            IngestError: other records were loaded as those of the same position.
        """
        if origin.claims is not None:
            return next(iter(self.of(origin)), None)
        loads = [e for e in self.of(origin) if e.target_table == source.target]
        if other := next((e for e in loads if e.content_sha256 != origin.content_sha256), None):
            raise IngestError(
                origin.id, f"other records were loaded by this key, as load {other.load_id}",
                hint="Give records that differ keys that differ, or take that load back first "
                f"(asklake unload {other.load_id}).",
            )  # fmt: skip
        known = (None, fingerprint(source))
        return next((e for e in loads if e.mapping_sha256 in known), None)


def earlier_loads(
    table: Table | None,
    source: Source,
    tenant: str | None,
    origins: Iterable[Origin],
    **any_of: Collection[Any],
) -> EarlierLoads:
    """Loads of a source for a tenant that these origins may repeat, the latest last.

    Args:
        table: bronze.loads.
        source: Only loads by a source of this name.
        tenant: Only loads for which the caller named this tenant.
        origins: Those that have a position are found by it.
        any_of: Columns; of those without a position one must have one of its values.
    """
    origins = list(origins)
    placed = [o for o in origins if o.position is not None]
    values = {
        **any_of,
        "source_file": {o.id for o in origins if _is_state(o)} | {o.id for o in placed if o.claims is None},
    }
    wanted: list[Any] = [
        In(name, set(these))  # pyright: ignore[reportCallIssue]
        for name, these in values.items()
        if these
    ]
    wanted += [
        And(GreaterThanOrEqual("source_file", first), LessThan("source_file", before))  # pyright: ignore
        for first, before in (o.claims for o in placed if o.claims is not None)
    ]
    if table is None or table.metadata.current_snapshot_id is None or not wanted:
        return EarlierLoads()
    of_source: Any = EqualTo("source", source.name)  # pyright: ignore[reportCallIssue]
    predicate = And(of_source, reduce(Or, wanted))
    there = [f for f in Earlier.__dataclass_fields__ if f in table.schema().column_names]
    columns = (*there, "loaded_at")
    rows = sorted(find(table, predicate, columns).to_pylist(), key=lambda r: r["loaded_at"])
    return EarlierLoads(
        Earlier(**{f: row.get(f) for f in Earlier.__dataclass_fields__})  # pyright: ignore[reportArgumentType]
        for row in rows
        if row["tenant_id"] == tenant
    )


def _is_state(origin: Origin) -> bool:
    return kind_of(origin.id).is_state


def stamps(table: Table | None, count: int) -> list[Stamp]:
    """Identifiers and times for so many loads, in order: now, but later than every load published in this lake.

    Args:
        table: bronze.loads as it is now; None before the first load.
        count: How many.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    newest = newest_load(table)
    first = max(now, newest + _TICK) if newest else now
    times = (first + i * _TICK for i in range(count))
    return [Stamp(f"{at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}", at) for at in times]


def newest_load(table: Table | None) -> datetime | None:
    """Time of the newest load, as every snapshot says but those from before it was noted, whose rows are read."""
    snapshot = table.current_snapshot() if table is not None else None
    if table is None or snapshot is None:
        return None
    if snapshot.summary and (noted := snapshot.summary.additional_properties.get(NEWEST)):
        return datetime.fromisoformat(noted)
    times = find(table, AlwaysTrue(), ("loaded_at",)).column("loaded_at").to_pylist()
    return max(times, default=None)


def newest_property(table: Table) -> dict[str, str]:
    """The property by which a snapshot without a new load keeps the time of the newest."""
    newest = newest_load(table)
    return {NEWEST: _text(newest)} if newest else {}


def _text(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")
