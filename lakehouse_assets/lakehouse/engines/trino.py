"""The distributed engine: Trino reads Iceberg tables at pinned snapshots, and writes on the branches of publications.

Belongs here: connections, sessions, Trino's values as Arrow. Does not belong here: branches (nessie), or what any
table contains.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

import pyarrow as pa
import trino
from trino.exceptions import TrinoUserError

from lakehouse_assets.lakehouse.engines.cancelling import endable
from lakehouse_assets.lakehouse.engines.protocol import EngineRefusedError, QueryRefusedError, Rollup, no_such_table
from lakehouse_assets.lakehouse.engines.statements import referenced_tables, with_relations
from lakehouse_assets.lakehouse.engines.trino_spec import DIALECT
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.moments import NoSuchMomentError
from lakehouse_assets.lakehouse.nessie.catalog import Heads, NessieCatalog
from lakehouse_assets.lakehouse.nessie.names import AT, BRANCH, CATALOG, OPEN, catalog_of, iceberg_uri
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.lakehouse.types import arrow_of_sql
from lakehouse_assets.settings.servers import MAIN

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from trino.dbapi import Connection

    from lakehouse_assets.settings import Settings

SOURCE = "asklake"
OPEN_PARTITIONS = 4000
"""Partitions that a statement may write at once; a first build makes one a day, for years."""
# Its client says at every start that it cannot keep tokens, which are not used here.
logging.getLogger("trino.auth").setLevel(logging.WARNING)


@contextmanager
def connected(address: SplitResult, password: str, catalog: str) -> Iterator[Connection]:
    """A connection to a Trino at http(s)://user@host:port whose unqualified names are of one catalog."""
    user = unquote(address.username or SOURCE)
    made = trino.dbapi.connect(
        host=address.hostname or "",
        port=address.port or (443 if address.scheme == "https" else 8080),
        user=user,
        auth=trino.auth.BasicAuthentication(user, password) if password else None,
        http_scheme=address.scheme,
        catalog=catalog,
        source=SOURCE,
        request_timeout=60.0,
        timezone="UTC",
    )
    try:
        yield made
    finally:
        made.close()


class TrinoEngine:
    """A Trino cluster; sessions share nothing but its address."""

    dialect = DIALECT

    def __init__(self, settings: Settings, catalog: NessieCatalog) -> None:
        """Nothing is connected until the first session."""
        self._settings, self._tables = settings, catalog

    @contextmanager
    def connection(self, catalog: str = CATALOG) -> Iterator[Connection]:
        """A connection whose unqualified names are of one catalog."""
        password = self._settings.engine_password.get_secret_value()
        with connected(self._address, password, catalog) as made:
            yield made

    @cached_property
    def _address(self) -> SplitResult:
        return urlsplit(self._settings.engine_url)

    @contextmanager
    def session(
        self,
        heads: Mapping[str, str],
        at: Mapping[str, int] | None = None,
        *,
        writer: bool = False,
        catalog: str = "",
    ) -> Iterator[TrinoSession]:
        """Open a session; a reader sees only the snapshots of `heads` and `at`, a writer a catalog as it is.

        Args:
            heads: Identifier to metadata location, of one moment.
            at: Identifier to the older snapshot id it is to be read at.
            writer: Whether the session is the platform's own work rather than a person's query.
            catalog: Trino's name of the catalog a writer works in; that of the branch of the settings if none.

        Raises:
            QueryRefusedError: the snapshots of `at` were never together.
        """
        if at:
            catalog = self.catalog_at(self._commit_with(at))
        catalog = catalog or self.home()
        with self.connection(catalog) as connection:
            session = TrinoSession(connection, heads, at or {}, catalog, self._settings.query_timeout_s)
            session.pinned = not writer and not at
            if isinstance(heads, Heads):
                session.elsewhere = lambda: self.catalog_at(heads.commit)
            yield session

    def _commit_with(self, at: Mapping[str, int]) -> str:
        try:
            return self._tables.commit_with(at)
        except NoSuchMomentError as error:
            raise QueryRefusedError(str(error)) from error

    def home(self) -> str:
        """Trino's name of the catalog of the branch of the settings, which is made where it does not exist."""
        branch = self._settings.branch
        if branch != MAIN:
            self.make_catalog(catalog_of(branch), branch)
        return catalog_of(branch)

    def catalog_at(self, commit: str) -> str:
        """A catalog of Trino that shows the branch as it was at a commit, made where it does not exist."""
        branch = self._settings.branch
        name = f"{AT}{commit[:24]}" + ("" if branch == MAIN else f"_{catalog_of(branch)}")
        self.make_catalog(name, f"{branch}@{commit}")
        return name

    def make_catalog(self, name: str, reference: str) -> None:
        """Make a catalog of Trino for a reference of Nessie, unless there is one of this name."""
        settings = self._settings
        options = {
            "iceberg.catalog.type": "rest",
            "iceberg.rest-catalog.uri": iceberg_uri(settings, reference),
            "iceberg.rest-catalog.warehouse": "warehouse",
            "iceberg.max-partitions-per-writer": str(OPEN_PARTITIONS),
            # They would be those of the rows of one statement, and stand for the table's: see wants_statistics.
            "iceberg.extended-statistics.collect-on-write": "false",
            "fs.native-s3.enabled": "true",
            "s3.endpoint": settings.s3_endpoint,
            "s3.region": settings.s3_region,
            "s3.path-style-access": "true",
            # Trino looks these up in its own environment: statements and catalog files are there for people to read.
            "s3.aws-access-key": "${ENV:LAKE_S3_ACCESS_KEY}",
            "s3.aws-secret-key": "${ENV:LAKE_S3_SECRET_KEY}",
        }
        listed = ", ".join(f"{quoted(option)} = {literal(value)}" for option, value in options.items())
        self._do(f"create catalog if not exists {quoted(name)} using iceberg with ({listed})")

    def wants_statistics(self, table: Table) -> bool:
        """See lakehouse.engines.protocol.Engine."""
        snapshot = table.current_snapshot()
        # Nessie hands statistics on to each new snapshot, in whose name they then are; the sequence number stays.
        made_at = {b.sequence_number for s in table.metadata.statistics for b in s.blob_metadata}
        return snapshot is not None and snapshot.sequence_number not in made_at

    @contextmanager
    def across(
        self, heads: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[TrinoSession, Callable[[str, str], str]]]:
        """See lakehouse.engines.protocol.Engine."""
        others = [name for name in heads if name != MAIN]
        for name in others:
            self.make_catalog(catalog_of(name), name)
        try:
            with self.session({}, writer=True, catalog=CATALOG) as session:
                yield session, lambda name, table: ".".join(map(quoted, (catalog_of(name), *table.split("."))))
        finally:
            for made in map(catalog_of, others):
                if not made.startswith(OPEN):
                    self.drop_catalog(made)

    def drop_catalog(self, name: str) -> None:
        """Drop a catalog, if there is one of this name."""
        self._do(f"drop catalog if exists {quoted(name)}")

    def catalogs(self) -> list[str]:
        """Names of the catalogs that publications, older states and people's branches have in Trino."""
        with self.connection() as connection:
            cursor = connection.cursor()
            cursor.execute("show catalogs")
            return [row[0] for row in cursor.fetchall() if row[0].startswith((AT, BRANCH, OPEN))]

    def _do(self, statement: str) -> None:
        with self.connection() as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            cursor.fetchall()


def require_trino(engine: object) -> TrinoEngine:
    """An engine as Trino.

    Raises:
        TypeError: it is another.
    """
    if not isinstance(engine, TrinoEngine):
        raise TypeError(f"{type(engine).__name__} has no catalogs of branches: only Trino has")
    return engine


class TrinoSession:
    """See lakehouse.engines.protocol.Session."""

    def __init__(
        self,
        connection: Connection,
        heads: Mapping[str, str],
        at: Mapping[str, int],
        catalog: str,
        timeout_s: float,
    ) -> None:
        """Wrap an open connection.

        Attributes:
            pinned: Whether each table is read at its snapshot in `heads`; otherwise as the catalog has it.
            elsewhere: Gives the catalog that still has those snapshots when main has moved on.
        """
        self.heads = heads
        self.snapshots: dict[str, int] = {}
        self.pinned = False
        self.elsewhere: Callable[[], str] | None = None
        self._connection, self._at, self._catalog = connection, at, catalog
        self._timeout_s = timeout_s

    def relation(self, identifier: str) -> str:
        """SQL that reads a table at this session's snapshot.

        Raises:
            QueryRefusedError: the lake has no such table, or it was never published.
        """
        schema, table = identifier.split(".")
        name = f"{quoted(self._catalog)}.{quoted(schema)}.{quoted(table)}"
        location = self.heads.get(identifier)
        snapshot = self._at.get(identifier) or (location and current_snapshot(location))
        if snapshot:
            self.snapshots[identifier] = int(snapshot)
        if not snapshot:
            raise no_such_table(identifier, self.heads)
        if not self.pinned:
            return name
        return f"{name} for version as of {int(snapshot)}"

    def expose(self, identifier: str) -> None:
        """Check that a table is there; names need no preparation here.

        Raises:
            QueryRefusedError: it is not.
        """
        self.relation(identifier)

    def expect(self, statements: Iterable[str]) -> None:
        """See lakehouse.engines.protocol.Session; Trino keeps no tables."""

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
        referenced_tables(text)
        try:
            return self._query(text, params, limit, timeout_s)
        except QueryRefusedError as error:
            # Nessie gives the current snapshot of a table only; once main moves on, its commit is read instead.
            if not (self.pinned and self.elsewhere and "snapshot" in str(error).lower()):
                raise
            self._catalog, self.pinned = self.elsewhere(), False
            return self._query(text, params, limit, timeout_s)

    def _query(self, sql: str, params: Sequence[Any] | None, limit: int | None, timeout_s: float | None) -> pa.Table:
        text = with_relations(sql, self.relation)
        if limit is not None:
            text = f"select * from ({text}\n) limit {int(limit)}"
        return self._run(text, params, timeout_s or self._timeout_s)

    def run(self, sql: str) -> pa.Table:
        """Run one of the platform's own statements as it stands, however long it takes; its rows, if it has any."""
        return self._run(sql, None, None)

    def execute(self, sql: str) -> int:
        """Run one of the platform's own statements that changes something; the number of rows it changed."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        cursor.fetchall()
        return max(0, cursor.rowcount or 0)

    def _run(self, sql: str, params: Sequence[Any] | None, timeout_s: float | None) -> pa.Table:
        cursor = self._connection.cursor()
        try:
            with endable(cursor.cancel, timeout_s):
                cursor.execute(sql, params)
                rows = cursor.fetchall()
                return as_arrow(cursor.description or [], rows)
        except TrinoUserError as error:
            if timeout_s:
                raise EngineRefusedError(f"Trino refused the query: {error.message}") from error
            raise


def as_arrow(description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of a DB-API cursor as an Arrow table.

    Args:
        description: The cursor's; name and Trino type first.
        rows: The rows.
    """
    fields = [pa.field(column[0], arrow_of_sql(column[1])) for column in description]
    columns = [pa.array([_value(row[i], field.type) for row in rows], field.type) for i, field in enumerate(fields)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _value(value: Any, kind: pa.DataType) -> Any:
    return str(value) if value is not None and pa.types.is_string(kind) and not isinstance(value, str) else value
