"""Which days need work: what bronze holds beyond what a domain was last built from, and which days hang together.

Of tables by hour it is hours, wherever days are spoken of: sets of dates are days, sets of times are hours.
Each publication of a domain's tables notes what it was built from: the bronze snapshots, and the days of them that
it left for later. Both lie in the snapshot's summary, so they become true together with the data, whatever dies.
Belongs here: reading and writing that note. Does not belong here: runs and sensors (automation), or building.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from cachetools import FIFOCache, cached

from lakehouse_assets.builds import losses
from lakehouse_assets.domains import all_contracts
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.days_of import OtherZoneError, zone_noted
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import date_partition, period_predicate, periods_held, unit_sql
from lakehouse_assets.lakehouse.iceberg.properties import SOURCE_PREFIX
from lakehouse_assets.lakehouse.periods import (
    Unit,
    days_between,
    from_text,
    periods_in,
    spans,
    to_text,
    unit_among,
    unit_of,
)
from lakehouse_assets.lakehouse.zones import NO_ZONE, today_in

if TYPE_CHECKING:
    from pyiceberg.manifest import ManifestEntry, ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from lakehouse_assets.builds.dbt_graph import DbtGraph
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake

BUILT = "asklake.built-from"
_REMEMBERED = 4096
"""Manifests whose files `_held` remembers; each is of at most some dozens of files."""


class _File(NamedTuple):
    """Sequence number, first and last day or hour, and number of records of a data file; one that deletes has none."""

    sequence_number: int
    first: date
    last: date
    records: int


@dataclass(frozen=True)
class Built:
    """What some tables were built from.

    Attributes:
        tables: Identifiers of the tables of one publication, also of those in which nothing changed.
        sources: Bronze identifier to snapshot id.
        pending: Days of those snapshots still to be built.
        sequences: Bronze identifier to the sequence number of that snapshot: files with a higher one came later.
        records: Bronze identifier to the number of records in that snapshot.
    """

    tables: frozenset[str]
    sources: Mapping[str, int]
    pending: frozenset[date] = frozenset()
    sequences: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)

    def to_property(self) -> str:
        """As the text of a snapshot property."""
        pending = [f"{to_text(a)}/{to_text(b)}" for a, b in spans(self.pending, unit_among(self.pending))]
        return json.dumps({
            "tables": sorted(self.tables), "sources": self.sources, "pending": pending, "sequences": self.sequences,
            "records": self.records,
        })  # fmt: skip

    @classmethod
    def from_property(cls, text: str) -> Built:
        """Read what `to_property` wrote."""
        stored = json.loads(text)
        ranges = [[from_text(d) for d in r.split("/")] for r in stored["pending"]]
        pending = frozenset(d for a, b in ranges for d in days_between(a, b))
        return cls(
            frozenset(stored["tables"]),
            stored["sources"],
            pending,
            stored.get("sequences", {}),
            stored.get("records", {}),
        )


def has_copies(session: Session, source: Contract) -> bool:
    """Whether a table is there, and may hold several copies of a record."""
    return "record_key" in source.column_names and source.identifier in session.heads


def closure(session: Session, source: Contract, days: Iterable[date], relation: str | None = None) -> set[date]:
    """Days, and every other day that holds another copy of a record they hold.

    A corrected record may have moved to another day; where one copy is rebuilt, all must be, or both would stay. Of a
    table that is not by hour, to all hours of a day.

    Args:
        session: What is read by.
        source: A table that has copies.
        days: The days to begin with.
        relation: What has its keys and days, where that is not the table itself.
    """
    relation, day = relation or source.identifier, unit_sql(source)
    given = set(days)
    found = _of_source(source, given)
    fresh = set(found)
    while fresh:
        moved = (
            f"select distinct {day} as day from {relation} where not {period_predicate(source, sorted(found))} "
            f"and record_key in (select record_key from {relation} where {period_predicate(source, sorted(fresh))})"
        )
        fresh = set(session.query(moved).column("day").to_pylist()) - found
        found |= fresh
    return periods_in(found, unit_among(given))


def _of_source(source: Contract, days: Iterable[date]) -> set[date]:
    """Days or hours in the unit of a table."""
    return periods_in(days, unit_of(date_partition(source).transform_of_time))


def replaced_copies(
    session: Session, source: Contract, days: Iterable[date], tables: Iterable[Contract], relation: str | None = None
) -> set[date]:
    """Days of every record of which tables made from a bronze table hold a copy on some days.

    Where that copy was taken back, another, on whichever day it lies, counts again.

    Args:
        session: What is read by.
        source: The bronze table.
        days: The days.
        tables: What is made from it.
        relation: As of `closure`; it has hashes of the keys.
    """
    relation, key, days = relation or source.identifier, "hash(record_key)" if relation else "record_key", sorted(days)
    day, found = unit_sql(source), set()
    for table in tables:
        if has_copies(session, table) and table.time_partition:
            held = f"select {key} from {table.identifier} where {period_predicate(table, days)}"
            query = f"select distinct {day} as day from {relation} where record_key in ({held})"
            found |= periods_in(session.query(query).column("day").to_pylist(), unit_among(days))
    return found


def changed_days(table: Table, since: int | None) -> set[date]:
    """Days of a table partitioned by time that got files after the snapshot with sequence number `since`.

    Hours of a table by hour. A table without record_key, such as the ingestion's notes about itself, has no records
    with days of their own.
    Sequence numbers (Iceberg specification, "Sequence Numbers") stay with the files, and compaction hands them on to
    the files it makes, so this needs no history of snapshots, which catalogs keep for a while or not at all. All days
    where `since` is None, or ahead of the table, as after a rollback.
    """
    snapshot = table.metadata.current_snapshot()
    if snapshot is None or "record_key" not in table.schema().column_names:
        return set()
    floor = since if since is not None and since <= (snapshot.sequence_number or 0) else -1
    return {day for file in _later_files(table, floor) for day in days_between(file.first, file.last)}


def _later_files(table: Table, floor: int) -> Iterator[_File]:
    """The files of a table with a sequence number above a floor."""
    snapshot = table.metadata.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        if (manifest.sequence_number or 0) > floor:
            found = _held(table, manifest, losses.date_column(table), losses.unit_held(table))
            yield from (f for f in found if f.sequence_number > floor)


# FIFO: the manifests read last. A manifest never changes, so nothing invalidates it.
@cached(FIFOCache(_REMEMBERED), key=lambda _, manifest, *by: (manifest.manifest_path, *by), lock=Lock())
def _held(table: Table, manifest: ManifestFile, column: int, unit: Unit) -> list[_File]:
    """What is known of each file of a manifest that has any day; each manifest is read once."""
    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    held = ((e, periods_held(table.metadata, e.data_file, column, unit)) for e in entries)
    return [_File(e.sequence_number or 0, *days, _records_of(e)) for e, days in held if days]


def _records_of(entry: ManifestEntry) -> int:
    from pyiceberg.manifest import DataFileContent

    return entry.data_file.record_count if entry.data_file.content == DataFileContent.DATA else 0


def lost_days(lake: Lake, table: Table, source: str, built: Built) -> set[date]:
    """Days of a bronze table that had records when tables were built from it which are gone by now.

    Every day that there is, or was when they were built, where records are gone and nothing says of which.
    """
    snapshot, at, since = table.metadata.current_snapshot(), built.sources.get(source), built.sequences.get(source)
    if snapshot is None or at in (None, snapshot.snapshot_id) or since is None:
        return set()
    if "record_key" not in table.schema().column_names:
        return set()
    rolled_back = since > (snapshot.sequence_number or 0)
    before = built.records.get(source)
    later = 0 if rolled_back else sum(f.records for f in _later_files(table, since))
    if not rolled_back and before is not None and losses.records_in(table, snapshot) - later == before:
        return set()
    known = losses.removed_days(table, at)
    if known is not None or (before is None and not rolled_back):
        return known or set()
    heads = lake.catalog.heads()
    made = [lake.catalog.load_table(t) for t in sorted(built.tables) if t in heads]
    contract = next((c for c in all_contracts() if c.identifier == source), None)
    today = today_in(NO_ZONE if contract and contract.days_of_utc else lake.settings.time_zone)
    return changed_days(table, None) | losses.days_in(made, contract and contract.first_day, today)


def lost_any(lake: Lake, graph: DbtGraph, tables: Sequence[str]) -> bool:
    """Whether a bronze table that these tables are made from lost records since they were built."""
    heads = lake.catalog.heads()
    built_at = {
        (source, built.sources.get(source)): built
        for identifier in tables
        if (built := built_from(lake, graph, identifier))
        for source in graph.sources_of(identifier) & heads.keys()
    }
    return any(lost_days(lake, lake.catalog.load_table(s), s, built) for (s, _), built in built_at.items())


def _property(snapshot: Snapshot, name: str) -> str | None:
    return snapshot.summary.additional_properties.get(name) if snapshot.summary else None


def built_from(lake: Lake, graph: DbtGraph, identifier: str) -> Built | None:
    """What the newest build of a table noted; None if it was never built, or the note is no longer kept.

    A build in which a table did not change leaves no snapshot of it, so its sisters are asked too.
    """
    notes = [
        n for t in _sisters(lake, graph, identifier) if (n := _newest_note(lake.catalog.load_table(t), identifier))
    ]
    return max(notes, key=lambda n: n[0])[1] if notes else None


def _sisters(lake: Lake, graph: DbtGraph, identifier: str) -> list[str]:
    sources, heads = graph.sources_of(identifier), lake.catalog.heads()
    return [m.table for m in graph.models if m.table in heads and graph.sources_of(m.table) & sources]


def _newest_note(table: Table, identifier: str) -> tuple[int, Built] | None:
    current = table.metadata.current_snapshot_id
    while current is not None and (snapshot := table.metadata.snapshot_by_id(current)):
        if text := _property(snapshot, BUILT):
            built = Built.from_property(text)
            if identifier in built.tables:
                return snapshot.timestamp_ms, built
        current = snapshot.parent_snapshot_id
    return None


def current_sources(lake: Lake, graph: DbtGraph, tables: Iterable[str]) -> dict[str, int]:
    """The bronze tables that these tables are made from, with the snapshot each is at now."""
    heads = lake.catalog.heads()
    names = {s for t in tables for s in graph.sources_of(t) if s in heads}
    snapshots = {n: lake.catalog.load_table(n).metadata.current_snapshot_id for n in sorted(names)}
    return {name: snapshot for name, snapshot in snapshots.items() if snapshot is not None}


def looked_at(graph: DbtGraph, tables: Iterable[str]) -> set[str]:
    """Every table whose snapshots decide which days `dirty_days` finds: sources, and what is made from them."""
    sources = set().union(*(graph.sources_of(t) for t in tables))
    return sources | {m.table for m in graph.models if graph.sources_of(m.table) & sources}


def dirty_days(lake: Lake, graph: DbtGraph, tables: Sequence[str], unit: Unit = "day") -> set[date]:
    """Days, or hours, for which at least one of the tables is behind its bronze tables.

    Args:
        lake: The lake.
        graph: What the tables are made from.
        tables: The tables.
        unit: Whether days are wanted or hours; a bronze table that is not by hour has all hours of its days.
    """
    now = current_sources(lake, graph, tables)
    tables_of = {name: lake.catalog.load_table(name) for name in now}
    dirty: set[date] = set()
    memo: dict[tuple[str, int | None], set[date]] = {}
    for identifier in tables:
        built = built_from(lake, graph, identifier)
        dirty |= built.pending if built else set()
        for source in graph.sources_of(identifier) & now.keys():
            if built and built.sources.get(source) == now[source]:
                continue
            since = built.sequences.get(source) if built else None
            if (source, since) not in memo:
                memo[source, since] = changed_days(tables_of[source], since) | (
                    lost_days(lake, tables_of[source], source, built) if built else set()
                )
            dirty |= memo[source, since]
    return periods_in(dirty, unit)


def behind(lake: Lake, identifier: str, inputs: Iterable[str]) -> bool:
    """Whether a table that is built whole was built from other snapshots of its inputs than the current ones.

    Also where the build of the inputs was all that a killed process came to.
    """
    heads = lake.catalog.heads()
    if identifier not in heads:
        return True
    snapshot = lake.catalog.load_table(identifier).current_snapshot()
    for name in inputs:
        now = current_snapshot(heads[name]) if name in heads else None
        built_from_it = _property(snapshot, f"{SOURCE_PREFIX}{name}") if snapshot else None
        if (built_from_it or "") != str(now or ""):
            return True
    return False


def days_moved(lake: Lake, tables: Iterable[Contract]) -> bool:
    """Whether any of these tables was built with days of another time zone than the project's is now."""
    heads, zone = lake.catalog.heads(), lake.settings.time_zone
    built = [c.identifier for c in tables if c.identifier in heads and not c.days_of_utc]
    return any(zone_noted(lake.catalog.load_table(t).metadata) not in (None, zone) for t in built)


def refuse_hours(zone: str, graph: DbtGraph, contracts: Mapping[str, Contract], tables: Iterable[str]) -> None:
    """Refuse tables with days of another time zone than UTC that are made of hours: those do not tell their days.

    Args:
        zone: The project's.
        graph: What tables are made from.
        contracts: By identifier.
        tables: What is to be built.

    Raises:
        OtherZoneError: there is one.
    """
    for table in tables if zone != NO_ZONE else ():
        if table not in contracts or contracts[table].days_of_utc:
            continue
        for source in sorted(graph.sources_of(table) & contracts.keys()):
            if contracts[source].by_hour:
                raise OtherZoneError(
                    f"{table} has days of {zone}, and is made of {source}, whose hours are those of UTC: its days "
                    f"would be others. Say days_of_utc=True in its contract, or partition {source} by day"
                )


def behind_whole(lake: Lake, graph: DbtGraph, tables: Iterable[str]) -> list[str]:
    """Those of some tables without days that are not there, or were built from other states than the current ones.

    A table of whose sources none was ever published is left out: it would be empty, and be taken for one that is known
    to be.
    """
    heads, found = lake.catalog.heads(), []
    for table in tables:
        sources = graph.sources_of(table)
        if (not sources or sources & heads.keys()) and behind(lake, table, sources):
            found.append(table)
    return found


def note(lake: Lake, graph: DbtGraph, tables: Sequence[str], days: Iterable[date]) -> Built:
    """What a build of `tables` over `days`, begun now, may claim to be built from.

    Days that are dirty and not built stay pending; so do those of the tables it reads and does not build itself.
    """
    sources, days = current_sources(lake, graph, tables), set(days)
    unit = unit_among(days)
    left = dirty_days(lake, graph, tables, unit) - days
    left |= dirty_days(lake, graph, sorted(graph.ancestors(tables)), unit)
    read = {name: lake.catalog.load_table(name) for name in sources}
    at = {name: read[name].metadata.snapshot_by_id(snapshot) for name, snapshot in sources.items()}
    return Built(
        frozenset(tables),
        sources,
        frozenset(left),
        {name: (snapshot.sequence_number or 0) if snapshot else 0 for name, snapshot in at.items()},
        {name: losses.records_in(read[name], snapshot) for name, snapshot in at.items() if snapshot},
    )
