"""Describes staged Parquet files as Iceberg data files: counts, sizes, partition, bounds.

Belongs here: reading footers in bulk through the engine and translating them.
Does not belong here: deciding which files are committed (publish).

PyIceberg's own `parquet_file_to_data_file` does this a file at a time in Python, 5 ms each for 20 columns; a first
load of two years makes thousands of files, so the footers are read by DuckDB in one statement instead. Bounds are kept
for dates, timestamps, whole numbers and partition columns, which are what scans are pruned by.
"""

from __future__ import annotations

import glob
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.iceberg.locations import file_uri
from lakehouse_assets.lakehouse.periods import ordinal

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionField
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.types import NestedField

    from lakehouse_assets.lakehouse.contract import Contract


_PARSE: dict[str, Callable[[str], Any]] = {
    "DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat, "INTEGER": int, "BIGINT": int,
}  # fmt: skip

SMALL_FILE_BYTES = 32 << 20
"""Data files below this size are better put together."""


@dataclass(frozen=True)
class _Bounds:
    """Smallest and largest value of a column in a file; both None where every value is null."""

    lower: Any
    upper: Any
    nulls: int


def describe_files(
    metadata: TableMetadata, contract: Contract, files: Sequence[Path], uri: Callable[[Path], str] = file_uri
) -> list[DataFile]:
    """Iceberg's description of Parquet files; files without rows are left out.

    Args:
        metadata: Of the table they will belong to.
        contract: Its contract.
        files: Absolute local paths.
        uri: Where a file lies, or will lie, as the table's metadata names it.

    Raises:
        ValueError: a file holds rows of more than one partition.
    """
    if not files:
        return []
    rows, bounds = _footers(contract, [str(f) for f in files])
    return [_data_file(metadata, f, uri(f), rows[str(f)], bounds[str(f)]) for f in files if str(f) in rows]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """What reads the footers of this process, for an engine of its own takes longer to start than they to be read."""
    con = open_instance()
    con.execute("set enable_progress_bar = false")
    return con


def _footers(contract: Contract, paths: Sequence[str]) -> tuple[Counter[str], dict[str, dict[str, _Bounds]]]:
    """Rows of each file that has any, and the bounds of its columns."""
    partition_columns = {p.column for p in contract.partitions}
    wanted = {c.name: c.type for c in contract.columns if c.name in partition_columns or c.type in _PARSE}
    with _engine().cursor() as con:
        # Each value of a Python list is a search for pandas to DuckDB, which takes longer than reading the footer does.
        footers = con.execute(
            "select file_name, column_id, path_in_schema, row_group_num_rows, stats_min_value, stats_max_value, "
            """stats_null_count from parquet_metadata(from_json($paths, '["varchar"]')) """
            """where column_id = 0 or list_contains(from_json($wanted, '["varchar"]'), path_in_schema)""",
            {"paths": json.dumps([glob.escape(path) for path in paths]), "wanted": json.dumps(list(wanted))},
        ).fetchall()
    rows: Counter[str] = Counter()
    bounds: dict[str, dict[str, _Bounds]] = defaultdict(dict)
    for path, column_id, name, count, lower, upper, nulls in footers:
        if column_id == 0:
            rows[path] += count
        if name in wanted:
            convert = _PARSE.get(wanted[name], str)
            group = _Bounds(lower and convert(lower), upper and convert(upper), nulls or 0)
            columns = bounds[path]
            columns[name] = _widest(columns[name], group) if name in columns else group
    return rows, bounds


def _widest(a: _Bounds, b: _Bounds) -> _Bounds:
    lowers = [v for v in (a.lower, b.lower) if v is not None]
    uppers = [v for v in (a.upper, b.upper) if v is not None]
    return _Bounds(min(lowers, default=None), max(uppers, default=None), a.nulls + b.nulls)


def _data_file(metadata: TableMetadata, path: Path, uri: str, rows: int, bounds: dict[str, _Bounds]) -> DataFile:
    schema, spec = metadata.schema(), metadata.spec()
    lower, upper, nulls = {}, {}, {}
    for name, bound in bounds.items():
        column = schema.find_field(name)
        nulls[column.field_id] = bound.nulls
        if bound.lower is not None and bound.upper is not None:
            lower[column.field_id] = to_bytes(column.field_type, _stored(bound.lower))
            upper[column.field_id] = to_bytes(column.field_type, _stored(bound.upper))
    partition = [_partition_value(field, schema.find_field(field.source_id), bounds, path) for field in spec.fields]
    described = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=Record(*partition),
        record_count=rows,
        file_size_in_bytes=path.stat().st_size,
        column_sizes={},
        value_counts={},
        null_value_counts=nulls,
        nan_value_counts={},
        lower_bounds=lower,
        upper_bounds=upper,
        split_offsets=None,
        sort_order_id=None,
        equality_ids=None,
        key_metadata=None,
    )
    described.spec_id = spec.spec_id
    return described


def _partition_value(field: PartitionField, column: NestedField, bounds: dict[str, _Bounds], path: Path) -> Any:
    bound = bounds.get(column.name, _Bounds(None, None, 0))
    transform = field.transform.transform(column.field_type)
    low, high = transform(_stored(bound.lower)), transform(_stored(bound.upper))
    if low != high or (bound.nulls and low is not None):
        raise ValueError(
            f"{path.name} holds more than one partition: {column.name} from {bound.lower} to {bound.upper}"
        )
    return low


def _stored(value: Any) -> Any:
    """A value as Iceberg stores it: days for dates, microseconds for timestamps."""
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    if isinstance(value, date):
        return ordinal(value, "day")
    return value
