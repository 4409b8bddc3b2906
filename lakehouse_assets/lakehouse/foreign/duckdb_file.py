"""A DuckDB database file that is not a lakehouse, read like one: for the dbt projects of others.

Belongs here: opening it read-only, and sessions over its tables. Does not belong here: snapshots (it has none), or
what its tables mean (semantic).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession, Views
from lakehouse_assets.lakehouse.engines.instances import lock, open_instance
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.engines.table_cache import Columns
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.sql import literal, quoted

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_NAME = "asklake_database"
_TABLES = f"select table_schema, table_name from information_schema.tables where table_catalog = '{_NAME}'"


class DatabaseLake(Lake):
    """The tables of one database file: nothing can be written, nothing outside the file be read."""

    def __init__(self, settings: Settings, path: Path) -> None:
        """Nothing is opened until the first session.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if not path.is_file():
            raise FileNotFoundError(f"there is no database file {path}")
        super().__init__(settings)
        self.path = path
        self._lock = threading.Lock()

    @cached_property
    def catalog(self) -> DatabaseCatalog:
        """What stands for the catalog."""
        return DatabaseCatalog(self)

    @cached_property
    def _reader(self) -> duckdb.DuckDBPyConnection:
        con = open_instance()
        # Under a name of its own: a file shop.duckdb with a schema shop would make "shop.orders" ambiguous. What is
        # read are views on it, in memory.
        con.execute(f"attach {literal(self.path.absolute())} as {_NAME} (read_only)")
        con.execute("set timezone = 'UTC'")
        con.execute(f"set memory_limit = '{self.settings.memory_limit}'")
        con.execute("set enable_progress_bar = false")
        lock(con)
        return con

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of its tables and views."""
        with self._lock:
            return self._reader.cursor().execute(_TABLES).fetchall()

    def expose(self, identifier: str) -> None:
        """Make a table readable by the name a dbt project gives it; its schema may be another than the project's.

        dbt builds the name of a schema from a profile, which is not part of the project. So a table of the right
        name in another schema is taken, if there is only one.

        Raises:
            QueryRefusedError: the database has no such table, or several.
        """
        schema, _, table = identifier.partition(".")
        found = one_schema(identifier, [s for s, name in self.tables() if name == table], self.path.name)
        with self._lock:
            con = self._reader.cursor()
            con.execute(f"create schema if not exists {quoted(schema)}")
            con.execute(
                f"create view if not exists {quoted(schema)}.{quoted(table)} as "
                f"select * from {_NAME}.{quoted(found)}.{quoted(table)}"
            )

    @contextmanager
    def session(
        self, at: Mapping[str, int] | None = None, *, heads: Mapping[str, str] | None = None, writer: bool = False
    ) -> Iterator[DatabaseSession]:
        """A view of the tables as they are; older states there are none."""
        if at or writer:
            raise QueryRefusedError(f"{self.path.name} keeps no older states and cannot be written")
        with self._lock:
            con = self._reader.cursor()
        try:
            yield DatabaseSession(con, self, heads or self.catalog.heads())
        finally:
            con.close()


def one_schema(identifier: str, schemas: Sequence[str], place: str) -> str:
    """Which of the schemas with a table of this name a project means: its own, else the only one.

    Raises:
        QueryRefusedError: there is none, or several others.
    """
    schema, _, table = identifier.partition(".")
    if schema in schemas:
        return schema
    if len(schemas) != 1:
        said = f"has '{table}' in {', '.join(sorted(schemas))}" if schemas else f"has no table '{table}'"
        raise QueryRefusedError(f"{place} {said}, and the project names {identifier}")
    return schemas[0]


class DatabaseCatalog:
    """What stands for the catalog: the state of all tables is that of the file."""

    def __init__(self, lake: DatabaseLake) -> None:
        """Nothing is read."""
        self._lake = lake

    def heads(self) -> Mapping[str, str]:
        """The state of the file, which is that of every table in it, under no name."""
        stat = self._lake.path.stat()
        return {"": f"{stat.st_mtime_ns}-{stat.st_size}"}


class DatabaseSession(DuckDBSession):
    """A session whose tables are those of the file; see lakehouse.engines.protocol.Session."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: DatabaseLake, heads: Mapping[str, str]) -> None:
        """Wrap an open connection."""
        super().__init__(con, heads, {}, Views("memory"), lake.settings.query_timeout_s)
        self._lake = lake

    def relation(self, identifier: str) -> str:
        """The table by its name in the project.

        Raises:
            QueryRefusedError: the database has no such table.
        """
        self.expose(identifier)
        return ".".join(quoted(part) for part in identifier.split("."))

    def expose(self, identifier: str, columns: Columns | None = None, *, uses: int = 1) -> None:
        """Make a table readable by its name in the project."""
        if identifier not in self._views.shown:
            self._lake.expose(identifier)
            self._views.shown[identifier] = identifier
