"""What staged rows take the place of, and which data files that removes.

Files are removed whole. Those from before a change of partitioning may hold more than is replaced; then more is
replaced, and the rest of their rows staged again beside the new ones.
Belongs here: that arithmetic, over contracts and the metadata of tables. Does not belong here: staging and committing
(publish), or reading rows (engines).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Contract, Partition
from lakehouse_assets.lakehouse.iceberg.evolution import Evolution, SchemaDriftError
from lakehouse_assets.lakehouse.periods import (
    HOUR,
    Period,
    Unit,
    beginning,
    days_between,
    first_of,
    period_end,
    period_of,
    periods_in,
    spans,
    unit_of,
)
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile
    from pyiceberg.table.metadata import TableMetadata


_BY_TIME: tuple[Period, ...] = ("hour", "day", "month")


@dataclass(frozen=True)
class Append:
    """Add the staged rows to what is there."""


@dataclass(frozen=True)
class ReplacePartitions:
    """The staged rows take the place of these partitions by time: beginning of each hour, first day of day or month."""

    values: tuple[date, ...]


@dataclass(frozen=True)
class ReplaceTable:
    """The staged rows take the place of the whole table."""


Replace = Append | ReplacePartitions | ReplaceTable


def removal_of(
    metadata: TableMetadata, contract: Contract, replace: Replace
) -> tuple[Any, Callable[[DataFile], bool]] | None:
    """What is removed: a predicate over rows, and whether a data file goes; None for nothing.

    Args:
        metadata: Of the table, whose columns are those of the contract by now.
        contract: Its contract.
        replace: What is replaced.
    """
    from pyiceberg.expressions import AlwaysTrue

    if isinstance(replace, Append) or metadata.current_snapshot_id is None:
        return None
    if isinstance(replace, ReplaceTable):
        return AlwaysTrue(), lambda _file: True
    if not replace.values:
        return None
    partition = date_partition(contract)
    source_id = metadata.schema().find_field(partition.column).field_id
    replaced = _Covered(partition, replace.values)

    def goes(file: DataFile) -> bool:
        held = periods_held(metadata, file, source_id, unit_of(partition.transform_of_time))
        if held and replaced.touch(*held) and not replaced.hold(*held):
            raise SchemaDriftError(
                f"{contract.identifier}: rows of {held[0]} to {held[1]} are in one file, from before the partitioning "
                "was changed, and only a part of them is replaced. Replace all of them"
            )
        return held is not None and replaced.hold(*held)

    return period_filter(contract, replace.values), goes


def whole_files(
    metadata: TableMetadata, io: FileIO, change: Evolution, replace: ReplacePartitions
) -> ReplacePartitions:
    """The same replacement, grown until it takes no part of a file: only files of an older partitioning are looked at.

    Args:
        metadata: Of the table as it was published.
        io: What reads its manifests.
        change: What the table has yet to become.
        replace: What is to be replaced.
    """
    partition = date_partition(change.contract)
    source = change.sources.get(partition.column)
    if source is None or not replace.values:
        return replace
    aligned = {
        spec.spec_id
        for spec in metadata.partition_specs
        if any(f.source_id == source.field_id and str(f.transform) in _within(partition) for f in spec.fields)
    }
    period = partition.transform_of_time
    files = _files(metadata, io, but=aligned)
    held = {periods_held(metadata, file, source.field_id, unit_of(period)) for file in files} - {None}
    values = set(replace.values)
    while True:
        now = _Covered(partition, tuple(values))
        cut = [found for found in held if found and now.touch(*found) and not now.hold(*found)]
        if not cut:
            return ReplacePartitions(tuple(sorted(values)))
        values |= {period_of(d, period) for found in cut for d in days_between(*found)}


def _within(partition: Partition) -> Sequence[str]:
    """The transforms by which a file holds rows of one such partition alone."""
    return _BY_TIME[: _BY_TIME.index(partition.transform_of_time) + 1]


def removes_all(metadata: TableMetadata, io: FileIO, goes: Callable[[DataFile], bool] | None) -> bool:
    """Whether no file of a table stays."""
    files = list(_files(metadata, io))
    return not files or (goes is not None and all(map(goes, files)))


def _files(metadata: TableMetadata, io: FileIO, but: set[int] | None = None) -> Iterator[DataFile]:
    """The live data files, without those of some partition specs."""
    snapshot = metadata.current_snapshot()
    for manifest in snapshot.manifests(io) if snapshot else ():
        if manifest.partition_spec_id not in (but or ()):
            for entry in manifest.fetch_manifest_entry(io, discard_deleted=True):
                yield entry.data_file


def days_held(metadata: TableMetadata, file: DataFile, source_id: int) -> tuple[date, date] | None:
    """First and last day of a column of dates or times in a data file; see `periods_held`."""
    return periods_held(metadata, file, source_id, "day")


def periods_held(metadata: TableMetadata, file: DataFile, source_id: int, unit: Unit) -> tuple[date, date] | None:
    """First and last day, or hour, of a column of dates or times in a data file, by its partition or its bounds.

    Returns:
        None where it holds no day at all.

    Raises:
        SchemaDriftError: the file says neither, or has rows without a day beside others.
    """
    for position, field in enumerate(metadata.specs()[file.spec_id].fields):
        if field.source_id == source_id and (period := period_named(str(field.transform))):
            number = file.partition[position]
            if number is None:
                return None
            first = first_of(number, period)
            return _ends(first, period_end(first, period), unit)
    nulls = (file.null_value_counts or {}).get(source_id, 0)
    if nulls == file.record_count:
        return None
    lower, upper = ((bounds or {}).get(source_id) for bounds in (file.lower_bounds, file.upper_bounds))
    if nulls or lower is None or upper is None:
        raise SchemaDriftError(f"{file.file_path} does not say which days it holds; publish the whole table again")
    kind = metadata.schema().find_field(source_id).field_type
    return _bound(kind, lower, unit), _bound(kind, upper, unit)


def _ends(first: date, last: date, unit: Unit) -> tuple[date, date]:
    """The first and the last day of a span, or its first and last hour."""
    if unit == "day":
        return period_of(first, "day"), period_of(last, "day")
    whole_day = not isinstance(last, datetime)
    return beginning(first), beginning(last) + (23 * HOUR if whole_day else 0 * HOUR)


def _bound(kind: Any, bound: bytes, unit: Unit) -> date:
    from pyiceberg.conversions import from_bytes
    from pyiceberg.transforms import DayTransform, HourTransform
    from pyiceberg.types import DateType

    if unit == "hour" and isinstance(kind, DateType):
        raise SchemaDriftError("a table partitioned by hour has files in which the column is a date without a time")
    transform: Any = HourTransform() if unit == "hour" else DayTransform()
    number: Any = transform.transform(kind)(from_bytes(kind, bound))
    return first_of(number, unit)


class _Covered:
    """The days, or hours, that a replacement covers."""

    def __init__(self, partition: Partition, values: Sequence[date]) -> None:
        self._spans = spans(values, partition.transform_of_time)
        self._firsts = [first for first, _ in self._spans]

    def hold(self, first: date, last: date) -> bool:
        """Whether all from `first` to `last` are covered."""
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and last <= self._spans[at][1]

    def touch(self, first: date, last: date) -> bool:
        """Whether any from `first` to `last` is covered."""
        at = bisect_right(self._firsts, last) - 1
        return at >= 0 and first <= self._spans[at][1]


def date_partition(contract: Contract) -> Partition:
    """The partition of a contract by hour, day or month.

    Raises:
        ValueError: the table is not partitioned by time.
    """
    if partition := contract.time_partition:
        return partition
    raise ValueError(f"{contract.identifier} has no partition by hour, day or month to replace")


def unit_sql(contract: Contract) -> str:
    """SQL, of every engine, of the day or hour of a row, by which the table is partitioned."""
    partition = date_partition(contract)
    column = quoted(partition.column)
    return f"date_trunc('hour', {column})" if partition.transform == "hour" else f"cast({column} as date)"


def period_filter(contract: Contract, values: Sequence[date]) -> Any:
    """PyIceberg's predicate for the rows of these hours, days or months."""
    from pyiceberg.expressions import AlwaysFalse, AlwaysTrue, And, GreaterThanOrEqual, LessThan, Or, Reference

    partition, predicate = date_partition(contract), AlwaysFalse()
    for begin, end in _ranges(contract, values):
        lower = GreaterThanOrEqual(Reference(partition.column), begin)  # pyright: ignore[reportCallIssue]
        upper = LessThan(Reference(partition.column), end) if end else AlwaysTrue()  # pyright: ignore[reportCallIssue]
        predicate = Or(predicate, And(lower, upper))
    return predicate


def period_predicate(contract: Contract, values: Sequence[date]) -> str:
    """SQL, of every engine, that is true for the rows of these hours, days or months."""
    column, kind = quoted(date_partition(contract).column), contract.types[date_partition(contract).column].lower()
    parts = [
        f"({column} >= {kind} '{begin}'" + (f" and {column} < {kind} '{end}')" if end else ")")
        for begin, end in ((b.replace("T", " "), e and e.replace("T", " ")) for b, e in _ranges(contract, values))
    ]
    return "(" + (" or ".join(parts) or "false") + ")"


def _ranges(contract: Contract, values: Sequence[date]) -> list[tuple[str, str | None]]:
    """Half-open ranges of the time partition's column that cover these periods, as texts of its own type.

    Half-open, for a time has no last value of a day: what ends at midnight of the day would leave out all its rows.
    None is the end of the last day there is.
    """
    partition = date_partition(contract)
    period, by_time = partition.transform_of_time, contract.types[partition.column] == "TIMESTAMP"

    def text(value: date) -> str:
        return beginning(value).isoformat() if by_time else value.isoformat()

    return [(text(first), _after(last, text)) for first, last in spans(values, period)]


def _after(last: date, text: Callable[[date], str]) -> str | None:
    """The end of a day or an hour."""
    try:
        return text(last + (HOUR if isinstance(last, datetime) else timedelta(days=1)))
    except OverflowError:
        return None


def replaced_rows(contract: Contract, replace: Replace) -> str:
    """SQL that is true for the rows, old and new, of what is replaced."""
    if isinstance(replace, ReplacePartitions):
        return period_predicate(contract, replace.values)
    if isinstance(replace, Append):
        raise ValueError(f"{contract.identifier}: the engine replaces what it computes; rows to append come as files")
    return "true"


def partition_values(contract: Contract, days: Iterable[date]) -> tuple[date, ...]:
    """The partitions of a table that hold these days or hours, each by its first day, or by its hour."""
    return tuple(sorted(periods_in(days, date_partition(contract).transform_of_time)))


def period_named(transform: str) -> Period | None:
    """The period of one of Iceberg's transforms; None where it is not by time."""
    return next((p for p in _BY_TIME if p == transform), None)
