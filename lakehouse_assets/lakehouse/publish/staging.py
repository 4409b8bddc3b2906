"""Rows as the Parquet files of a table, written by DuckDB where no reader looks.

Belongs here: the statements that write them. Does not belong here: where the files go, or what becomes of them (local,
on_branch).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse_assets.lakehouse.contract import Contract, Partition
from lakehouse_assets.lakehouse.engines.duckdb import parquet_options
from lakehouse_assets.lakehouse.iceberg.overwrite import Replace, ReplacePartitions, period_predicate
from lakehouse_assets.lakehouse.sql import literal, quoted

FOLDERS = {"month": "%Y-%m", "hour": "%Y-%m-%d-%H"}
"""How partitions are written that are not values of their column."""

ROOM = 512 << 20
"""Bytes of room that a statement may take for partitions that it has begun. For each, every thread holds room for 2,048
values of each column, however few there are: 300 days by hour with 40 calls an hour took all of 4 GB, and failed."""
_ROOM_OF_COLUMN = 2_048 * 16


def write_files(
    contract: Contract,
    select_sql: str,
    con: Any,
    folder: Path,
    bytes_read: int | None,
    *,
    left: str = "",
    partitions: int | None = None,
) -> int:
    """Write the rows of a query into a folder, one file or more per partition, cast to the contract's types.

    Args:
        contract: The table the rows are of.
        select_sql: A query whose columns include all of the contract's.
        con: The DuckDB connection the query runs on.
        folder: Where the files go.
        bytes_read: How much input the rows are made from, where that is known.
        left: A query of more rows, of exactly the contract's columns.
        partitions: Into how many of the first partition's values they go at most, where that is known.

    Returns:
        How many rows there are.
    """
    columns = ", ".join(f"cast({quoted(n)} as {t}) as {quoted(n)}" for n, t in contract.types.items())
    rows = f"select {columns} from ({select_sql}\n)" + (f" union all {left}" if left else "")
    options = parquet_options(bytes_read)
    if not contract.partitions:
        file = folder / f"part-{uuid.uuid4().hex}.parquet"
        return _count(con, f"copy ({rows}) to {literal(str(file))} ({options})")
    keys = {f"_{p.name}": _partition_sql(contract, p) for p in contract.partitions}
    extra = ", ".join(f"{sql} as {quoted(name)}" for name, sql in keys.items())
    keyed = f"select *, {extra} from ({rows})"
    target = (
        f"{literal(str(folder))} ({options}, partition_by ({', '.join(map(quoted, keys))}), "
        "filename_pattern 'part-{uuid}', overwrite_or_ignore true)"
    )
    if partitions is None or partitions <= (most := _most_at_once(contract, con)):
        return _count(con, f"copy ({keyed}) to {target}")
    with _held(con, keyed) as held:
        return sum(
            _count(con, f"copy (select * from {held} where {those}) to {target}")
            for those in _shares(con, held, quoted(next(iter(keys))), most)
        )


def _count(con: Any, statement: str) -> int:
    (count,) = con.execute(statement).fetchone()
    return count


def _most_at_once(contract: Contract, con: Any) -> int:
    """Partitions that are written by one statement at most."""
    (threads,) = con.execute("select current_setting('threads')").fetchone()
    return max(1, ROOM // (int(threads) * len(contract.columns) * _ROOM_OF_COLUMN))


@contextmanager
def _held(con: Any, rows: str) -> Iterator[str]:
    """The rows of a query in a table of the connection, while they are written in several statements."""
    name = quoted(f"rows_{uuid.uuid4().hex}")
    con.execute(f"create temp table {name} as {rows}")
    try:
        yield name
    finally:
        con.execute(f"drop table {name}")


def _shares(con: Any, rows: str, key: str, most: int) -> Iterator[str]:
    """Conditions that divide rows by a key, so that none is true for more than so many of its values."""
    found = con.execute(f"select distinct cast({key} as varchar) from {rows} order by 1 nulls last").fetchall()
    values = [value for (value,) in found if value is not None]
    for at in range(0, len(values), most):
        share = values[at : at + most]
        yield f"cast({key} as varchar) between {literal(share[0])} and {literal(share[-1])}"
    if len(values) < len(found):
        yield f"{key} is null"


def rows_left(published: str, contract: Contract, replace: Replace, whole: Replace) -> str:
    """A query of the published rows that are in what is replaced as a whole, and were not to be; empty if none are.

    Args:
        published: SQL that reads the table as it is.
        contract: The table.
        replace: What is to be replaced.
        whole: What is replaced, so that each file of the table is replaced as a whole or not at all.
    """
    if whole == replace or not isinstance(replace, ReplacePartitions) or not isinstance(whole, ReplacePartitions):
        return ""
    columns = ", ".join(map(quoted, contract.column_names))
    return (
        f"select {columns} from {published} where {period_predicate(contract, whole.values)} "
        f"and not {period_predicate(contract, replace.values)}"
    )


def _partition_sql(contract: Contract, partition: Partition) -> str:
    column = quoted(partition.column)
    if partition.transform in FOLDERS:
        return f"strftime({column}, '{FOLDERS[partition.transform]}')"
    if partition.transform == "day" and contract.types[partition.column] == "TIMESTAMP":
        return f"cast({column} as date)"
    return column
