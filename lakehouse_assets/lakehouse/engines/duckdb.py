"""The embedded engine: DuckDB reads Iceberg snapshots, and stages new data as Parquet.

Belongs here: the limits of a profile, and sessions over the catalog.
Does not belong here: opening DuckDB (instances), committing (publish), or what any table contains.
"""

from __future__ import annotations

import glob
import itertools
import os
import resource
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from lakehouse_assets.lakehouse.engines.cancelling import endable
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import EXTENSIONS, OF_S3, lock, open_instance
from lakehouse_assets.lakehouse.engines.parse_tree import tables_read
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, Rollup, no_such_table
from lakehouse_assets.lakehouse.engines.table_cache import Columns, KeptTables
from lakehouse_assets.lakehouse.iceberg.locations import local_path
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot, read_metadata, shape, stored_bytes
from lakehouse_assets.lakehouse.moments import NoSuchMomentError
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.settings import Settings

LITTLE = 256 << 20
"""Bytes up to which input counts as little."""
ROW_GROUP_SIZE = 30_720
"""Rows of a row group. What writes many partitions at once holds an unfinished one of each, which is most of its
memory: with the engine's usual rows, four times as many, 20 M rows of 546 days took twice the time, for they went to
disk. The files are hardly larger."""


def is_little(bytes_read: int | None) -> bool:
    """Whether so much input, in bytes, counts as little; None is an unknown amount, which does not."""
    return bytes_read is not None and bytes_read <= LITTLE


def parquet_options(bytes_read: int | None = None) -> str:
    """COPY options of a data file.

    Of little input, partitions are files of some kilobytes, for which starting zstd once a column costs more time than
    all else, and again in every query: a third of its time over a year and a half of days, to save a tenth of the
    bytes. At level 1 a load takes a seventh less time than at the usual one, and the files are hardly larger.

    Args:
        bytes_read: How much input the rows are made from; None where that is unknown.
    """
    compression = "compression snappy" if is_little(bytes_read) else "compression zstd, compression_level 1"
    return f"format parquet, {compression}, row_group_size {ROW_GROUP_SIZE}"


def parquet_files(files: Iterable[str | Path], *, filename: bool = False) -> str:
    """SQL of the rows of Parquet files, to stand after FROM; folders named like `day=2026-01-01` are no columns.

    Args:
        files: Paths or URIs, of at least one file, none of them a pattern.
        filename: Whether there is a column `filename`, too.
    """
    names = ", ".join(literal(glob.escape(str(file))) for file in files)
    return f"read_parquet([{names}], hive_partitioning => false{', filename => true' if filename else ''})"


def _other_names(warehouse: Path, folders: Iterable[str]) -> set[str]:
    """What tables call the warehouse, in which the folders of their metadata lie as <layer>/<table>/metadata."""
    paths = (local_path(folder) for folder in folders)
    names = {str(path.parents[2]) for path in paths if path and len(path.parts) > 4}
    return {name for name in names if os.path.realpath(name) == os.path.realpath(warehouse)}


def metadata_folders(heads: Mapping[str, str]) -> set[str]:
    """The folders of the metadata of tables, given their metadata locations by identifier."""
    return {location.rpartition("/")[0] for location in heads.values()}


def readable(settings: Settings, metadata: Iterable[str]) -> set[str]:
    """The folders of tables and of what is made on the way to them, by every name that tables call them by.

    Args:
        settings: The settings of the process.
        metadata: `metadata_folders` of the tables.
    """
    warehouse = settings.warehouse
    if settings.parts.tables == "nessie":
        return {settings.warehouse_url.rstrip("/"), str(settings.scratch_dir)}
    own = (warehouse, settings.scratch_dir, settings.record_days_dir)
    return {*(str(folder) for folder in own if folder), *_other_names(warehouse, metadata)}


def connect(
    settings: Settings,
    heads: Mapping[str, str],
    *,
    iceberg: bool = True,
    options: Mapping[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection for the platform's own work, which may write: it opens nothing but the folders of tables.

    Args:
        settings: The settings of the process, whose limits it has.
        heads: Identifier to metadata location of the tables it is to read.
        iceberg: Whether it is to read Iceberg tables, which takes extensions.
        options: More options of the engine, to their values as SQL.
    """
    con = _open(settings) if iceberg else open_instance()
    configure(con, settings)
    for option, value in (options or {}).items():
        con.execute(f"set {option} = {value}")
    lock(con, readable(settings, metadata_folders(heads)))
    return con


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A new instance that can read the tables of the profile."""
    con = open_instance(extensions_of(settings))
    admit(con, settings)
    return con


def extensions_of(settings: Settings) -> tuple[str, ...]:
    """The extensions that reading the tables of the profile takes."""
    return EXTENSIONS if settings.parts.tables == "folder" else (*EXTENSIONS, *OF_S3)


def admit(con: Any, settings: Settings) -> None:
    """Give an instance with these extensions the keys of the bucket, where tables lie in one."""
    if settings.parts.tables == "folder":
        return
    server = urlsplit(settings.s3_endpoint)
    secret = {
        "key_id": settings.s3_access_key.get_secret_value(),
        "secret": settings.s3_secret_key.get_secret_value(),
        "region": settings.s3_region,
        "endpoint": server.netloc,
        "url_style": "path",
    }
    listed = ", ".join(f"{name} {literal(value)}" for name, value in secret.items() if value)
    con.execute(f"create secret (type s3, use_ssl {str(server.scheme == 'https').lower()}, {listed})")


def configure(con: Any, settings: Settings) -> None:
    """Give a connection the profile's limits."""
    make_folder(settings.scratch_dir)
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{settings.memory_limit}'")
    con.execute(f"set threads = {settings.threads or os.cpu_count() or 1}")
    con.execute(f"set temp_directory = {literal(str(settings.scratch_dir))}")
    con.execute("set preserve_insertion_order = false")
    con.execute("set enable_progress_bar = false")
    # Of all cursors. With the usual 100 open files, a partition whose rows come in no order would be many small ones.
    con.execute(f"set global partitioned_write_max_open_files = {_open_files()}")


def _open_files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(64, min(1000, soft // 2)) if soft > 0 else 1000


class DuckDBEngine:
    """DuckDB in this process: one locked instance for readers, a fresh one for every writer."""

    dialect = DIALECT

    def __init__(
        self, settings: Settings, heads_with: Callable[[Mapping[str, int]], Mapping[str, str]] | None = None
    ) -> None:
        """Nothing is opened until the first session.

        Args:
            settings: The settings of the process.
            heads_with: Gives the metadata locations of all tables when some were at older snapshots, where a table's
                newest metadata does not list them.
        """
        self._settings, self._heads_with = settings, heads_with
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._readable: set[str] = set()
        self._folders: set[str] = set()
        """Folders of metadata whose names of the warehouse are readable, or that do not lie in it."""
        self._reader: duckdb.DuckDBPyConnection | None = None
        self._idle: list[Views] = []
        self._kept = KeptTables()

    def wants_statistics(self, table: Table) -> bool:
        """See lakehouse.engines.protocol.Engine; DuckDB makes its own of what it reads."""
        return False

    @contextmanager
    def across(
        self, heads: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[DuckDBSession, Callable[[str, str], str]]]:
        """See lakehouse.engines.protocol.Engine."""
        with self.session(next(iter(heads.values())), writer=True) as session:
            yield session, lambda name, table: f"iceberg_scan({literal(heads[name][table])})"

    def catalogs(self) -> list[str]:
        """See lakehouse.engines.protocol.Engine; DuckDB is told where each table lies."""
        return []

    def drop_catalog(self, name: str) -> None:
        """See lakehouse.engines.protocol.Engine; there is none."""

    def _readers(self, heads: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
        """The instance of all readers: made at first use, and again where tables call the warehouse by a new name.

        Which folders an instance may read cannot be changed any more, and they are known to it by their names.
        """
        new = metadata_folders(heads) - self._folders
        names = readable(self._settings, new)
        self._folders |= new
        if self._reader is None or not names <= self._readable:
            self._readable |= names
            self._idle, self._kept = [], KeptTables()
            self._reader = con = _open(self._settings)
            configure(con, self._settings)
            con.execute("set parquet_metadata_cache = true")
            con.execute(f"set max_temp_directory_size = {literal(self._settings.spill_limit)}")
            lock(con, self._readable)
        return self._reader

    @contextmanager
    def session(
        self, heads: Mapping[str, str], at: Mapping[str, int] | None = None, *, writer: bool = False
    ) -> Iterator[DuckDBSession]:
        """Open a session; neither opens anything but the folders of tables, and only a writer may write there.

        Args:
            heads: Identifier to metadata location, of one moment.
            at: Identifier to the older snapshot id it is to be read at.
            writer: Whether the session is the platform's own work rather than a person's query.
        """
        if at and self._heads_with:
            heads, at = self._then(at), None
        if writer:
            con = connect(self._settings, heads)
            try:
                yield DuckDBSession(con, heads, at or {}, Views("memory"), self._settings.query_timeout_s)
            finally:
                con.close()
            return
        with self._lock:
            con = self._readers(heads).cursor()
            idle, kept = self._idle, self._kept
            views = idle.pop() if idle else self._new_views(con)
        con.execute(f"use {views.database}")
        session = DuckDBSession(con, heads, at or {}, views, self._settings.query_timeout_s, kept)
        try:
            yield session
        finally:
            con.close()
            session.give_back()
            idle.append(views)

    def _then(self, at: Mapping[str, int]) -> Mapping[str, str]:
        assert self._heads_with
        try:
            return self._heads_with(at)
        except NoSuchMomentError as error:
            raise QueryRefusedError(str(error)) from error

    def _new_views(self, con: duckdb.DuckDBPyConnection) -> Views:
        name = f"session_{next(self._numbers)}"
        con.execute(f"attach ':memory:' as {name}")
        return Views(name)


@dataclass
class Views:
    """A database in memory in which tables of the lake are views; of one session at a time, and then of another.

    To make a view is to read the table's manifests, as every query does again.

    Attributes:
        database: Its name.
        shown: Identifier to what the view of that name reads.
    """

    database: str
    shown: dict[str, str] = field(default_factory=dict)


class DuckDBSession:
    """See lakehouse.engines.protocol.Session; `con` is the DuckDB connection for the platform's own statements."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        heads: Mapping[str, str],
        at: Mapping[str, int],
        views: Views,
        timeout_s: float,
        kept: KeptTables | None = None,
    ) -> None:
        """Wrap an open connection whose current database is that of the views; readers may be lent what is kept."""
        self.con = con
        self.heads = heads
        self.snapshots: dict[str, int] = {}
        self._at = at
        self._views = views
        self._own_rows: set[str] = set()
        self._timeout_s = timeout_s
        self._kept = kept
        self._lent: dict[str, tuple[str, Columns | None]] = {}
        """What is read instead of a relation, and for which of its columns that was asked for."""
        self._borrowed: list[str] = []

    def relation(self, identifier: str) -> str:
        """SQL that reads a table at this session's snapshot.

        Raises:
            QueryRefusedError: the lake has no such table, or it was never published, or its snapshot is gone.
        """
        location = self.heads.get(identifier)
        snapshot = self._at.get(identifier) or (location and current_snapshot(location))
        if not location or not snapshot:
            raise no_such_table(identifier, self.heads)
        if identifier in self._at and read_metadata(location).snapshot_by_id(int(snapshot)) is None:
            raise QueryRefusedError(f"snapshot {snapshot} of {identifier} is no longer kept")
        self.snapshots[identifier] = int(snapshot)
        pin = f", snapshot_from_id => {int(snapshot)}" if identifier in self._at else ""
        return f"iceberg_scan({literal(location)}{pin})"

    def expose(self, identifier: str, columns: Columns | None = None, *, uses: int = 1) -> None:
        """Make `layer.table` readable by its name in this session, or some of its columns at least."""
        if identifier in self._own_rows:
            return
        source = self.relation(identifier)
        if identifier not in self._at:
            source = self._lend(source, self.heads[identifier], columns, uses=uses)
        if self._views.shown.get(identifier) == source:
            return
        self.con.execute(f"create or replace view {self._own(identifier)} as select * from {source}")
        self._views.shown[identifier] = source

    def expect(self, statements: Iterable[str]) -> None:
        """See lakehouse.engines.protocol.Session."""
        if self._kept is None:
            return
        for text in statements:
            for identifier in set(tables_read(self.con, text)) & self.heads.keys() - self._at.keys():
                self._kept.expect(self.relation(identifier), self._named(identifier, text), _uses(identifier, text))

    def _named(self, identifier: str, text: str) -> Columns:
        """The columns of a table whose names stand in a statement, as its columns or whatever else; at least one."""
        every = [column.name for column in shape(self.heads[identifier]).schema.fields]
        folded = text.lower().replace('""', '"')
        return Columns(frozenset(name for name in every if name.lower() in folded) or frozenset(every[:1]), len(every))

    def _with_sums(self, sql: str, rollups: Iterable[Rollup]) -> tuple[str, set[str]]:
        """The statement with sums in place of rows where they are kept, and the tables that it reads no more."""
        summed = set[str]()
        for rollup in rollups:
            if self._kept is None or rollup.table in self._at:
                continue
            rows, location = self.relation(rollup.table), self.heads[rollup.table]
            query = f"({rollup.before}{rows}{rollup.after})"
            columns = self._named(rollup.table, rollup.before + rollup.after)

            def made_from(rollup: Rollup = rollup, rows: str = rows, columns: Columns = columns) -> str:
                source = self._lend(rows, self.heads[rollup.table], columns, uses=0)
                return f"({rollup.before}{source}{rollup.after})"

            source = self._lend(query, location, sums=rollup.sums, made_from=made_from)
            if source != query:
                sql = sql.replace(rollup.rows, source)
                summed.add(rollup.table)
        return sql, {table for table in summed if table.partition(".")[2] not in sql}

    def _lend(
        self,
        relation: str,
        location: str,
        columns: Columns | None = None,
        *,
        uses: int = 1,
        **of_sums: Any,
    ) -> str:
        """What to read instead of a relation of the table at a location, for as long as the session lives."""
        if self._kept is None:
            return relation
        known = self._lent.get(relation)
        if known and (known[0] == relation or known[1] is None or (columns and columns.names <= known[1].names)):
            return known[0]
        stored = partial(stored_bytes, location)
        source = self._kept.lend(self.con, relation, stored, columns=columns, uses=uses, **of_sums)
        self._borrowed.append(source)
        self._lent[relation] = source, columns
        return source

    def give_back(self) -> None:
        """End the session's use of what it was lent."""
        for source in self._borrowed:
            if self._kept is not None:
                self._kept.give_back(source)
        self._borrowed.clear()
        self._lent.clear()

    def keep(self, identifier: str, sql: str) -> None:
        """Keep the rows of the platform's own statement for this session, a writer's, by a name like a table's."""
        self.con.execute(f"create or replace table {self._own(identifier)} as {sql}")
        self._own_rows.add(identifier)

    def _own(self, identifier: str) -> str:
        """The full name of `layer.table` in this session's database, which then has the layer."""
        schema, table = map(quoted, identifier.split("."))
        self.con.execute(f"create schema if not exists {self._views.database}.{schema}")
        return f"{self._views.database}.{schema}.{table}"

    def query(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
        rollups: Iterable[Rollup] = (),
        by_name: bool = False,
    ) -> pa.Table:
        """See lakehouse.engines.protocol.Session.query."""
        text = sql.strip().rstrip(";")
        tables = tables_read(self.con, text)
        text, summed = self._with_sums(text, rollups)
        for identifier in tables:
            if identifier in summed:
                continue
            if by_name and self._kept is not None and identifier in self.heads:
                self.expose(identifier, self._named(identifier, text), uses=_uses(identifier, text))
            else:
                self.expose(identifier)
        if limit is not None:
            text = f"select * from ({text}\n) limit {int(limit)}"
        return self._run(text, params, timeout_s or self._timeout_s)

    def run(self, sql: str) -> pa.Table:
        """See lakehouse.engines.protocol.WriterSession.run."""
        return self.con.execute(sql).to_arrow_table()

    def _run(self, sql: str, params: Sequence[Any] | None, timeout_s: float) -> pa.Table:
        with endable(self.con.interrupt, timeout_s):
            return self.con.execute(sql, params).to_arrow_table()


def _uses(identifier: str, text: str) -> int:
    """How many times a statement reads a table, about: each is a reading of its own."""
    return max(1, text.count(identifier.partition(".")[2]))
