"""Which days of a bronze table lost records since tables were built from it, as when a load was taken back.

What came is seen by the files that are there, what went is not: the table's history tells of it where it reaches back
that far, and the number of records tells that there was something.
Belongs here: finding these days. Does not belong here: which days need work for any reason (days).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.iceberg.overwrite import period_named, periods_held
from lakehouse_assets.lakehouse.iceberg.properties import COMPACTION
from lakehouse_assets.lakehouse.periods import Unit, days_between, period_of

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


def date_column(table: Table) -> int:
    """Field id of the column by whose hours, days or months a table is partitioned."""
    return next(f.source_id for f in table.spec().fields if period_named(str(f.transform)))


def unit_held(table: Table) -> Unit:
    """What is known of a table's files: which hours they hold, or which days."""
    return "hour" if any(str(f.transform) == "hour" for f in table.spec().fields) else "day"


def records_in(table: Table, snapshot: Snapshot) -> int:
    """The number of records in the data files of a snapshot, by its list of manifests."""
    from pyiceberg.manifest import ManifestContent

    return sum(
        (m.added_rows_count or 0) + (m.existing_rows_count or 0)
        for m in snapshot.manifests(table.io)
        if m.content == ManifestContent.DATA
    )


def removed_days(table: Table, since: int) -> set[date] | None:
    """Days of the data files taken out of a table after a snapshot; None where its history does not reach back to it.

    Hours of a table by hour. Files that compaction put together are not gone.
    """
    found: set[date] = set()
    for snapshot in _after(table, since):
        if snapshot is None:
            return None
        summary = snapshot.summary.additional_properties if snapshot.summary else {}
        if COMPACTION not in summary and summary.get("deleted-data-files", "0") != "0":
            found |= _removed_by(table, snapshot)
    return found


def _after(table: Table, since: int) -> Iterator[Snapshot | None]:
    """The snapshots after one, the newest first; None, at the end, for one that is no longer known."""
    current = table.metadata.current_snapshot_id
    while current != since:
        snapshot = table.metadata.snapshot_by_id(current) if current is not None else None
        yield snapshot
        if snapshot is None:
            return
        current = snapshot.parent_snapshot_id


def _removed_by(table: Table, snapshot: Snapshot) -> set[date]:
    from pyiceberg.manifest import ManifestEntryStatus

    column, unit, found = date_column(table), unit_held(table), set()
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id != snapshot.snapshot_id:
            continue
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
            if entry.status == ManifestEntryStatus.DELETED and (
                held := periods_held(table.metadata, entry.data_file, column, unit)
            ):
                found |= set(days_between(*held))
    return found


def days_in(tables: Sequence[Table], first: date | None, today: date) -> set[date]:
    """Every day, or hour, that any of these tables holds, from a first day on until today; of whole months too."""
    found = set()
    for table in tables:
        snapshot = table.metadata.current_snapshot()
        fields, unit = [f for f in table.spec().fields if period_named(str(f.transform))], unit_held(table)
        for manifest in snapshot.manifests(table.io) if snapshot and fields else ():
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                if held := periods_held(table.metadata, entry.data_file, fields[0].source_id, unit):
                    found |= set(days_between(*held))
    return {d for d in found if (first or date.min) <= period_of(d, "day") <= today}
