"""The distributed engine: Trino reads Iceberg tables at pinned snapshots, and writes on the branches of publications.

Belongs here: connections, sessions, Trino's values as Arrow. Does not belong here: branches (branch), or what any
table contains.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from lakehouse_assets.lakehouse.contract import quoted
from lakehouse_assets.lakehouse.engine import QueryRefusedError, QueryTimeoutError, no_such_table
from lakehouse_assets.lakehouse.heads import current_snapshot
from lakehouse_assets.lakehouse.statements import referenced_tables, with_relations

if TYPE_CHECKING:
    from trino.dbapi import Connection

    from lakehouse_assets.settings import Settings

CATALOG = "lake"
"""Trino's catalog of the main branch, as the servers' configuration names it."""
SOURCE = "asklake"
_ARROW = {
    "boolean": pa.bool_(), "tinyint": pa.int8(), "smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(),
    "real": pa.float32(), "double": pa.float64(), "date": pa.date32(), "varbinary": pa.binary(),
}  # fmt: skip


class TrinoEngine:
    """A Trino cluster; sessions share nothing but its address."""

    dialect = "trino"

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected until the first session."""
        self._settings = settings

    @contextmanager
    def connection(self, catalog: str = CATALOG) -> Iterator[Connection]:
        """A connection whose unqualified names are of one catalog."""
        import trino

        made = trino.dbapi.connect(
            host=self._address.hostname or "",
            port=self._address.port or (443 if self._address.scheme == "https" else 8080),
            user=unquote(self._address.username or SOURCE),
            auth=self._credentials,
            http_scheme=self._address.scheme,
            catalog=catalog,
            source=SOURCE,
            request_timeout=60.0,
            timezone="UTC",
        )
        try:
            yield made
        finally:
            made.close()

    @cached_property
    def _address(self) -> Any:
        return urlsplit(self._settings.trino_url)

    @property
    def _credentials(self) -> Any:
        from trino.auth import BasicAuthentication

        password = self._settings.trino_password.get_secret_value()
        return BasicAuthentication(unquote(self._address.username or SOURCE), password) if password else None

    @contextmanager
    def session(
        self,
        heads: Mapping[str, str],
        at: Mapping[str, int] | None = None,
        *,
        writer: bool = False,
        catalog: str = CATALOG,
    ) -> Iterator[TrinoSession]:
        """Open a session; a reader sees only the snapshots of `heads` and `at`, a writer a catalog as it is.

        Args:
            heads: Identifier to metadata location, of one moment.
            at: Identifier to the older snapshot id it is to be read at.
            writer: Whether the session is the platform's own work rather than a person's query.
            catalog: Trino's name of the catalog.
        """
        with self.connection(catalog) as connection:
            yield TrinoSession(connection, heads, at or {}, catalog, self._settings.query_timeout_s, pinned=not writer)


class TrinoSession:
    """See lakehouse.engine.Session."""

    dialect = "trino"

    def __init__(
        self,
        connection: Connection,
        heads: Mapping[str, str],
        at: Mapping[str, int],
        catalog: str,
        timeout_s: float,
        *,
        pinned: bool,
    ) -> None:
        """Wrap an open connection."""
        self.heads = heads
        self.snapshots: dict[str, int] = {}
        self._connection, self._at, self._catalog = connection, at, catalog
        self._timeout_s, self._pinned = timeout_s, pinned

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
        if not self._pinned:
            return name
        if not snapshot:
            raise no_such_table(identifier, self.heads)
        return f"{name} for version as of {int(snapshot)}"

    def expose(self, identifier: str) -> None:
        """Check that a table is there; names need no preparation here.

        Raises:
            QueryRefusedError: it is not.
        """
        self.relation(identifier)

    def query(
        self, sql: str, params: Sequence[Any] | None = None, *, limit: int | None = None, timeout_s: float | None = None
    ) -> pa.Table:
        """See lakehouse.engine.Session.query."""
        text = sql.strip().rstrip(";")
        referenced_tables(text, self.dialect)
        text = with_relations(text, self.dialect, self.relation)
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
        from trino.exceptions import TrinoQueryError, TrinoUserError

        cursor = self._connection.cursor()
        expired = threading.Event()

        def cancel() -> None:
            expired.set()
            cursor.cancel()

        timer = threading.Timer(timeout_s or 0, cancel)
        timer.daemon = True
        if timeout_s:
            timer.start()
        try:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
            return as_arrow(cursor.description or [], rows)
        except TrinoQueryError as error:
            if expired.is_set():
                raise QueryTimeoutError(f"the query was cancelled after {timeout_s:g} s; ask for less") from error
            if isinstance(error, TrinoUserError) and self._pinned:
                raise QueryRefusedError(f"Trino refused the query: {error.message}") from error
            raise
        finally:
            timer.cancel()


def as_arrow(description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of a DB-API cursor as an Arrow table.

    Args:
        description: The cursor's; name and Trino type first.
        rows: The rows.
    """
    fields = [pa.field(column[0], arrow_type(column[1])) for column in description]
    columns = [pa.array([_value(row[i], field.type) for row in rows], field.type) for i, field in enumerate(fields)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a Trino type; of those that have none, their text."""
    plain = name.split("(")[0].strip().lower()
    if match := re.fullmatch(r"decimal\((\d+), ?(\d+)\)", name.lower()):
        return pa.decimal128(int(match[1]), int(match[2]))
    if plain == "timestamp":
        return pa.timestamp("us", "UTC") if "with time zone" in name else pa.timestamp("us")
    return _ARROW.get(plain, pa.string())


def _value(value: Any, kind: pa.DataType) -> Any:
    return str(value) if value is not None and pa.types.is_string(kind) and not isinstance(value, str) else value
