"""Rows as the Parquet files of a table, written by DuckDB where no reader looks.

Belongs here: the statements that write them. Does not belong here: where the files go, or what becomes of them (local,
on_branch).
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from lakehouse_assets.lakehouse.contract import Contract, Partition
from lakehouse_assets.lakehouse.engines.duckdb import parquet_options
from lakehouse_assets.lakehouse.iceberg.overwrite import Replace, ReplacePartitions, period_predicate
from lakehouse_assets.lakehouse.sql import literal, quoted

FOLDERS = {"month": "%Y-%m", "hour": "%Y-%m-%d-%H"}
"""How partitions are written that are not values of their column."""


def write_files(
    contract: Contract, select_sql: str, con: Any, folder: Path, bytes_read: int | None, *, left: str = ""
) -> int:
    """Write the rows of a query into a folder, one file or more per partition, cast to the contract's types.

    Args:
        contract: The table the rows are of.
        select_sql: A query whose columns include all of the contract's.
        con: The DuckDB connection the query runs on.
        folder: Where the files go.
        bytes_read: How much input the rows are made from, where that is known.
        left: A query of more rows, of exactly the contract's columns.

    Returns:
        How many rows there are.
    """
    columns = ", ".join(f"cast({quoted(n)} as {t}) as {quoted(n)}" for n, t in contract.types.items())
    rows = f"select {columns} from ({select_sql}\n)" + (f" union all {left}" if left else "")
    options = parquet_options(bytes_read)
    if contract.partitions:
        keys = {f"_{p.name}": _partition_sql(contract, p) for p in contract.partitions}
        extra = ", ".join(f"{sql} as {quoted(name)}" for name, sql in keys.items())
        copied = con.execute(
            f"copy (select *, {extra} from ({rows})) to {literal(str(folder))} "
            f"({options}, partition_by ({', '.join(map(quoted, keys))}), filename_pattern 'part-{{uuid}}', "
            "overwrite_or_ignore true)"
        )
    else:
        file = folder / f"part-{uuid.uuid4().hex}.parquet"
        copied = con.execute(f"copy ({rows}) to {literal(str(file))} ({options})")
    (count,) = copied.fetchone()
    return count


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
