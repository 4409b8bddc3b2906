"""From raw records to staged files: the good rows in the target's folder, the others explained for quarantine.

Belongs here: running the statements of a mapping, and the records of small origins together.
Does not belong here: their text (mapping), reading (records), or what is loaded when (loader).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest.contracts import QUARANTINE
from lakehouse_assets.ingest.errors import SourceError, WarehouseError
from lakehouse_assets.ingest.files.streams import S3_VARIABLES
from lakehouse_assets.ingest.mapping.statements import RecordMapping, constant
from lakehouse_assets.ingest.mapping.targets import refuse_undecided
from lakehouse_assets.ingest.readers.batches import KEPT_TEXT
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb import connect, parquet_files, parquet_options
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.lakehouse.zones import NO_ZONE

if TYPE_CHECKING:
    from lakehouse_assets.ingest.loads.notes import Stamp
    from lakehouse_assets.ingest.origins.protocol import Records
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.publish.protocol import Publication

FLUSH_ROWS = 100_000
"""Rows a thread gathers before it writes them to their partitions; bounds its memory."""
_TOGETHER = "records_of_small_origins"


@dataclass
class Written:
    """What the statement of one or several loads wrote."""

    files: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    days: set[date] = field(default_factory=set)


@dataclass
class WrittenOfLoad:
    """The part of it that is of one load."""

    rows: int = 0
    rejected: int = 0
    days: tuple[date, ...] = ()


def target_contract(source: Source) -> Contract:
    """Contract of the table a source fills.

    Raises:
        SourceError: no domain has such a table.
    """
    try:
        return contract_of(source.target)
    except LookupError as error:
        raise SourceError(f"{source.origin or 'source'}: source '{source.name}': field 'target': {error}") from error


def refuse_unusable(source: Source, tenant: str | None, *, bound: bool = False) -> None:
    """Refuse a source that nothing can be loaded with, before anything is started for it.

    Raises:
        SourceError: it is a draft, does not fit its table, or needs a tenant.
    """
    refuse_undecided(source, tenant)
    RecordMapping(source, target_contract(source), zone=NO_ZONE, tenant=tenant, bound=bound)


@contextmanager
def engine_for(settings: Any, source: Source) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads times without an offset as local times of the source.

    It is closed explicitly: one left to the garbage collector would wait for its threads while holding the
    interpreter's lock, which they may need to give back a batch of records.
    """
    options = {"timezone": literal(source.time_zone), "partitioned_write_flush_threshold": str(FLUSH_ROWS)}
    con = connect(settings, {}, iceberg=False, options=options)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def writing(origin: str) -> Iterator[None]:
    """Say in words what the operating system or the engine says about a full or read-only disk."""
    try:
        yield
    except (duckdb.IOException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        way_out = f"put {S3_VARIABLES} right" if "AWS Error" in reason else "make room or restore access"
        raise WarehouseError(
            origin, f"writing to the warehouse failed: {reason}",
            hint=f"Nothing was published; {way_out}, then load it again.",
        ) from error  # fmt: skip


def check_mapping(con: duckdb.DuckDBPyConnection, mapping: RecordMapping) -> None:
    """Let the engine bind the source's expressions before anything is read.

    Raises:
        SourceError: an expression uses an unknown function, or types that do not go together.
    """
    try:
        con.execute("explain " + mapping.rows(mapping.empty_records()))
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        text = str(error).splitlines()[0]
        where = mapping.blame(lambda sql: _binds(con, sql))
        origin = mapping.source.origin or "source"
        raise SourceError(f"{origin}: source '{mapping.source.name}'{where}: {text}") from error


def _binds(con: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        con.execute("explain " + sql)
    except duckdb.Error:
        return False
    return True


def of_load(records: str, stamp: Stamp) -> str:
    """Raw records of one origin as those of a load."""
    return f"(select *, {constant(stamp.load_id)} as load_id, {stamp.sql} as loaded_at from {records})"


class Together:
    """Raw records of small origins, held by the engine until they are loaded by one statement; few at a time."""

    def __init__(self, con: duckdb.DuckDBPyConnection, mapping: RecordMapping) -> None:
        """Begin without any."""
        self._con = con
        con.execute(
            f"create or replace temp table {_TOGETHER} as select 0::integer as origin_number, * from "
            f"{mapping.empty_records()} limit 0"
        )

    def add(self, number: int, records: Records) -> None:
        """Read all records of an origin, or none."""
        relation = records.relation(self._con)
        with records.errors():
            self._con.execute(f"insert into {_TOGETHER} by name select {number} as origin_number, * from {relation}")

    def relation(self, loads: Mapping[int, Stamp]) -> str:
        """The records of some of the origins, by their numbers, as those of loads."""
        columns = {
            "origin_number": pa.array(list(loads), pa.int32()),
            "load_id": pa.array([s.load_id for s in loads.values()], pa.string()),
            "loaded_at": pa.array([s.loaded_at for s in loads.values()], pa.timestamp("us")),
        }
        self._con.register("loads_of_origins", pa.table(columns))
        return (
            "(select r.* exclude (origin_number) replace (l.load_id as load_id, l.loaded_at as loaded_at) "
            f"from {_TOGETHER} as r join loads_of_origins as l on l.origin_number = r.origin_number)"
        )

    def close(self) -> None:
        """Forget them."""
        self._con.execute(f"drop table if exists {_TOGETHER}")


def write_rows(
    publication: Publication, con: duckdb.DuckDBPyConnection, mapping: RecordMapping, records: str
) -> Written:
    """Read all records once and write the good ones to the target's staging folder, the others beside them.

    Args:
        publication: What they are to be published by.
        con: The engine.
        mapping: How records become rows.
        records: SQL of the records of one or several loads, to stand after FROM.
    """
    contract = mapping.contract
    folder = publication.data_dir(contract)
    keys = ["_rejected", *(f"_{p.name}" for p in contract.partitions)]
    # The engine could also return statistics, but gathering them for wide texts costs a tenth of the load.
    total, names = con.execute(
        f"copy ({mapping.rows(records)}) to {literal(str(folder))} ({parquet_options(publication.bytes_read)}, "
        f"partition_by ({', '.join(map(quoted, keys))}), "
        "filename_pattern 'part-{uuid}', overwrite_or_ignore true, return_files true)"
    ).fetchall()[0]
    return _sorted_out(con, [Path(n) for n in names or ()], total, contract)


def _sorted_out(con: duckdb.DuckDBPyConnection, files: Sequence[Path], total: int, contract: Contract) -> Written:
    """Tell apart the files of good and of rejected rows by the folders the engine put them in."""
    written = Written()
    day_key = next((f"_{p.name}" for p in contract.partitions if p.transform in ("day", "hour")), None)
    for file in files:
        folders = dict(part.split("=", 1) for part in file.parts if "=" in part)
        if folders["_rejected"] == "true":
            written.rejects.append(file)
            continue
        written.files.append(file)
        if day_key:
            # Of an hour, the name of its folder begins with the day.
            written.days.add(date.fromisoformat(folders[day_key][: len("2026-06-01")]))
    if written.rejects:
        counted = con.execute(f"select count(*) from {parquet_files(written.rejects)}").fetchall()
        written.rejected = int(counted[0][0])
    written.rows = total - written.rejected
    return written


def by_load(
    con: duckdb.DuckDBPyConnection, mapping: RecordMapping, written: Written, loads: Sequence[str]
) -> dict[str, WrittenOfLoad]:
    """What was written of each of several loads, by their ids."""
    if len(loads) == 1:
        return {loads[0]: WrittenOfLoad(written.rows, written.rejected, tuple(sorted(written.days)))}
    found = {load: WrittenOfLoad() for load in loads}
    day = next((p.column for p in mapping.contract.partitions if p.transform in ("day", "hour")), None)
    days = f"list_sort(list(distinct cast({quoted(day)} as date)))" if day else "[]"
    if written.files:
        counted = f"select load_id, count(*), {days} from {parquet_files(written.files)} group by load_id"
        for load, rows, held in con.execute(counted).fetchall():
            found[load].rows, found[load].days = rows, tuple(held)
    if written.rejects:
        counted = f"select load_id, count(*) from {parquet_files(written.rejects)} group by load_id"
        for load, rejected in con.execute(counted).fetchall():
            found[load].rejected = rejected
    return found


def stage_rejects(
    publication: Publication,
    con: duckdb.DuckDBPyConnection,
    mapping: RecordMapping,
    written: Written,
    *,
    headers: Mapping[str, str | None],
    tenant: str | None,
) -> None:
    """Explain the rejected records, stage them for quarantine, and remove the files that carried them.

    Args:
        publication: What they are published by.
        con: The engine.
        mapping: What rejected them.
        written: What it wrote.
        headers: Header line of the file of each load, where it has one.
        tenant: Tenant the caller named.
    """
    con.execute(f"create or replace temp table explained as {explained(mapping, written)}")
    con.register(
        "headers", pa.table({"of_load": list(headers), "header": pa.array(list(headers.values()), pa.string())})
    )
    rest = {"tenant_id": tenant, "source": mapping.source.name, "target_table": mapping.contract.identifier}
    constants = ", ".join(f"{'null' if v is None else literal(v)} as {k}" for k, v in rest.items())
    publication.stage(
        QUARANTINE,
        f"select md5(load_id || '/' || source_row) as quarantine_id, load_id, {constants}, header, source_file, "
        "line, source_row, column_name, cause, "
        "case when cut then concat(reason, '; only the beginning of the record is kept') else reason end as reason, "
        f"case when cut then left(raw_text, {KEPT_TEXT // 4}) else raw_text end as raw_text, "
        "case when cut then 'cut' else coalesce(form, 'record') end as form, occurrence, loaded_at "
        f"from (select *, strlen(raw_text) > {KEPT_TEXT} and coalesce(form, '') <> 'cut' as cut from explained) "
        "left join headers on of_load = load_id",
        con,
        Append(),
    )
    for folder in {file.parents[len(mapping.contract.partitions)] for file in written.rejects}:
        shutil.rmtree(folder)


def explained(mapping: RecordMapping, written: Written) -> str:
    """Query for the rejected records with their reasons."""
    return mapping.rejects(parquet_files(written.rejects))
