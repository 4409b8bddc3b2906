"""On which days of a bronze table its records lie, kept on disk, so that to look for copies is not to open every file.

A table by days has a file for each day and load at least, and a run over one day asks whether any other day holds a
copy of its records. Data files never change: what was read of each is kept beside the tables, and only new ones are
opened. What is kept may tell of more days than there are copies on (of files that are gone, of keys with the same
hash), never of fewer, and all of it may be deleted.

Belongs here: keeping and showing it. Does not belong here: what copies mean for a build (assets.days).
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession, parquet_files, parquet_options
from lakehouse_assets.lakehouse.iceberg.overwrite import date_partition, unit_sql
from lakehouse_assets.lakehouse.sql import literal, quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import WriterSession

SCHEMA = "record_days"
MOST = 16
"""Files that a table's keys are kept in; beyond, they are put together, without those of data files that are gone."""


def shown(session: WriterSession, source: Contract, folder: Path) -> str | None:
    """The name by which a session then reads a table's keys and days; what was not kept yet is kept.

    Args:
        session: A session of a writer.
        source: A table with record_key and a partition by time; the columns shown are a hash of the one, and the column
            of the other, of which the hour is enough where it is by hour.
        folder: Where it is kept.

    Returns:
        None where it cannot be kept or read, as in a folder that may not be written, or by another engine.
    """
    if not isinstance(session, DuckDBSession):
        return None
    # The engine's hashes are its own affair, and may be others in its next version.
    kept = folder / f"duckdb-{duckdb.__version__}" / source.identifier
    column, name = quoted(date_partition(source).column), f"{SCHEMA}.{source.table}"
    day = f"{unit_sql(source)} as {column}" if source.by_hour else column
    try:
        kept.mkdir(parents=True, exist_ok=True)
        parts = _complete(session, source.identifier, day, kept)
        session.keep(name, f"select record_key, {column} from {parquet_files(parts)}")
    except (OSError, duckdb.Error):
        # Whatever was wrong with it, the next session makes it anew.
        shutil.rmtree(kept, ignore_errors=True)
        return None
    return name


def _complete(session: DuckDBSession, identifier: str, day: str, kept: Path) -> list[Path]:
    """The files of keys, of all the data files that the table has."""
    parts = sorted(kept.glob("*.parquet"))
    head = literal(session.heads[identifier])
    # Without the scheme, as the engine names the files that it reads.
    current = (
        f"select regexp_replace(file_path, '^file://', '') as file from iceberg_metadata({head}) "
        "where status <> 'DELETED' and manifest_content = 'DATA'"
    )
    known = f" except (select distinct file from {parquet_files(parts)})" if parts else ""
    if new := [file for (file,) in session.con.execute(current + known).fetchall()]:
        columns = f"hash(record_key) as record_key, {day}, filename as file"
        parts.append(_written(session, f"select {columns} from {parquet_files(new, filename=True)}", kept))
    if len(parts) > MOST:
        whole = _written(session, f"select * from {parquet_files(parts)} where file in ({current})", kept)
        for part in parts:
            part.unlink(missing_ok=True)
        parts = [whole]
    return parts


def _written(session: DuckDBSession, sql: str, kept: Path) -> Path:
    """The rows of a query as one more file, whole or not at all."""
    part = kept / f"{uuid.uuid4().hex}.parquet"
    unfinished = part.with_suffix(".unfinished")
    try:
        session.con.execute(f"copy ({sql}) to {literal(str(unfinished))} ({parquet_options()})")
        os.replace(unfinished, part)
    finally:
        unfinished.unlink(missing_ok=True)
    return part
