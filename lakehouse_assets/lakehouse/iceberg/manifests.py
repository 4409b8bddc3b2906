"""What the metadata of a table tells without a query, and few rows of it, reading each manifest once a process.

Belongs here: these lookups and what they remember. Does not belong here: queries of people and of models (engines).

A table that gets a few rows with each publication has a manifest for each until they are merged, and every load looks
into it several times. A manifest never changes (Iceberg table specification, "Manifests"), so that only those of newer
publications are read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from cachetools import FIFOCache, cached
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestContent, ManifestEntry, ManifestFile, PartitionFieldSummary
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.types import DateType, IntegerType, PrimitiveType

from lakehouse_assets.lakehouse.iceberg._internals import planned, recast
from lakehouse_assets.lakehouse.iceberg.overwrite import period_named
from lakehouse_assets.lakehouse.periods import first_of, period_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.io import FileIO
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

_REMEMBERED = 256
_MICROSECONDS_A_DAY = 86_400_000_000


def find(table: Table, row_filter: BooleanExpression, fields: tuple[str, ...]) -> pa.Table:
    """The rows of a table's newest state that a filter is true of.

    Args:
        table: The table as it was loaded from its catalog.
        row_filter: Over the table's columns.
        fields: The columns wanted.
    """
    scan = _Scan(table_metadata=table.metadata, io=table.io, row_filter=row_filter, selected_fields=fields)
    return scan.to_arrow()


def newest_day(table: Table, snapshot: Snapshot) -> date | None:
    """The newest day that a table holds at a snapshot; None where it is not partitioned by time, or holds no day.

    Day partitions are in the list of manifests. A manifest is read only if it names removed files, too, or has other
    partitions; then the upper bounds of the column in its files tell.
    """
    return max(_bounds_of(table, snapshot, _UPPER), default=None)


def oldest_day(table: Table, snapshot: Snapshot) -> date | None:
    """The oldest day that a table holds at a snapshot; see `newest_day`."""
    return min(_bounds_of(table, snapshot, _LOWER), default=None)


def _bounds_of(table: Table, snapshot: Snapshot, end: _End) -> Iterator[date]:
    """The newest, or oldest, day of each manifest, or of each of its files."""
    source = next((f.source_id for f in table.spec().fields if period_named(str(f.transform))), None)
    if source is None:
        return
    kind = table.schema().find_type(source)
    assert isinstance(kind, PrimitiveType)
    for manifest in snapshot.manifests(table.io):
        yield from _bounds_in(table, manifest, source, kind, end)


def _bounds_in(table: Table, manifest: ManifestFile, source: int, kind: PrimitiveType, end: _End) -> Iterator[date]:
    if manifest.content != ManifestContent.DATA or not (manifest.has_added_files() or manifest.has_existing_files()):
        return
    fields = table.metadata.specs()[manifest.partition_spec_id].fields
    at = next((i for i, f in enumerate(fields) if f.source_id == source and str(f.transform) in ("day", "hour")), None)
    if at is not None and manifest.partitions and not manifest.deleted_files_count:
        bound = end.of_partition(manifest.partitions[at])
        if bound is not None and str(fields[at].transform) == "hour":
            yield period_of(first_of(from_bytes(IntegerType(), bound), "hour"), "day")
            return
        bounds, kind = [bound], DateType()
    else:
        entries = recast(manifest, _Remembered).fetch_manifest_entry(table.io)
        bounds = [(end.of_columns(entry.data_file) or {}).get(source) for entry in entries]
    yield from (_day(kind, bound) for bound in bounds if bound is not None)


class _End(NamedTuple):
    """Where the bounds of one end of a range stand."""

    of_partition: Callable[[PartitionFieldSummary], bytes | None]
    of_columns: Callable[[DataFile], Mapping[int, bytes] | None]


_UPPER = _End(attrgetter("upper_bound"), attrgetter("upper_bounds"))
_LOWER = _End(attrgetter("lower_bound"), attrgetter("lower_bounds"))


def _day(kind: PrimitiveType, bound: bytes) -> date:
    """The day of a date or of a time, of which Iceberg stores the days or the microseconds since 1970."""
    stored: int = from_bytes(kind, bound)
    return first_of(stored if isinstance(kind, DateType) else stored // _MICROSECONDS_A_DAY, "day")


class _Scan(DataScan):
    def plan_files(self) -> Iterable[FileScanTask]:
        snapshot = self.snapshot()
        return planned(self, (recast(m, _Remembered) for m in snapshot.manifests(self.io)) if snapshot else ())


class _Remembered(ManifestFile):
    """A manifest whose live entries are read if they were not before."""

    def fetch_manifest_entry(self, io: FileIO, discard_deleted: bool = True) -> list[ManifestEntry]:
        return _live_entries(self, io) if discard_deleted else super().fetch_manifest_entry(io, discard_deleted)


# FIFO: the manifests read last. A manifest never changes, so nothing invalidates it.
@cached(FIFOCache(_REMEMBERED), key=lambda manifest, _: manifest.manifest_path, lock=threading.Lock())
def _live_entries(manifest: ManifestFile, io: FileIO) -> list[ManifestEntry]:
    return ManifestFile.fetch_manifest_entry(manifest, io)
