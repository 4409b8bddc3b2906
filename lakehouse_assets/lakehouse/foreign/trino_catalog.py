"""A catalog of a Trino that is not the lakehouse's, read like one: for the dbt projects of others.

Belongs here: its address, and sessions over its tables. Does not belong here: snapshots (it may have none), or what
its tables mean (semantic).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from trino.exceptions import HttpError, TrinoConnectionError

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.engines.trino import TrinoSession, connected
from lakehouse_assets.lakehouse.foreign.duckdb_file import one_schema
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.sql import literal, quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from trino.dbapi import Connection

    from lakehouse_assets.settings import Settings

SCHEMES = {"trino": "http", "trino+http": "http", "trino+https": "https"}
STATE_S = 300
"""Nobody tells when tables of a Trino change: what was read of them is believed for so long, seconds."""


@dataclass(frozen=True)
class TrinoAddress:
    """Where a catalog is: ``url`` is http(s)://user:password@host:port, ``schema`` the one that was named."""

    url: SplitResult
    catalog: str
    schema: str = "default"

    @classmethod
    def of(cls, text: str) -> TrinoAddress:
        """Read trino://user@host:port/catalog/schema; trino+https for an encrypted one, which alone takes a password.

        Raises:
            ValueError: it is no such address.
        """
        parts = urlsplit(text)
        names = [unquote(name) for name in parts.path.split("/") if name]
        if parts.scheme not in SCHEMES or not parts.hostname or not 1 <= len(names) <= 2:
            raise ValueError(f"'{_without_password(parts)}' is no address such as trino://user@host:8080/catalog")
        if parts.password and SCHEMES[parts.scheme] == "http":
            raise ValueError(f"a password goes to trino+https:// only, not to '{_without_password(parts)}'")
        return cls(parts._replace(scheme=SCHEMES[parts.scheme], path=""), *names)

    def __str__(self) -> str:
        """The address without a password."""
        return f"{_without_password(self.url)}/{self.catalog}"


def _without_password(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class TrinoDatabase(Lake):
    """The tables of one catalog of a Trino; nothing is written."""

    def __init__(self, settings: Settings, address: TrinoAddress) -> None:
        """Nothing is connected until the first session."""
        super().__init__(settings)
        self.address = address
        self._schemas: dict[str, str] = {}

    @cached_property
    def catalog(self) -> TrinoState:
        """What stands for the catalog."""
        return TrinoState()

    @contextmanager
    def session(
        self, at: Mapping[str, int] | None = None, *, heads: Mapping[str, str] | None = None, writer: bool = False
    ) -> Iterator[TrinoDatabaseSession]:
        """A view of the tables as they are; older states are not asked for."""
        if at or writer:
            raise QueryRefusedError(f"{self.address} is read as it is, and not written")
        with connected(self.address.url, unquote(self.address.url.password or ""), self.address.catalog) as connection:
            yield TrinoDatabaseSession(connection, self, heads or self.catalog.heads())

    def schema_of(self, identifier: str, look_up: Callable[[str], list[str]]) -> str:
        """The schema of a table that a project names, which may be another than the project's.

        Raises:
            QueryRefusedError: the catalog has no such table, or several.
        """
        if identifier not in self._schemas:
            self._schemas[identifier] = one_schema(identifier, look_up(identifier.partition(".")[2]), str(self.address))
        return self._schemas[identifier]


class TrinoState:
    """What stands for the catalog: a state that is another every few minutes, under no name."""

    def heads(self) -> Mapping[str, str]:
        """The state of all tables."""
        return {"": str(int(time.time() // STATE_S))}


class TrinoDatabaseSession(TrinoSession):
    """A session whose tables are those of the catalog; see lakehouse.engines.protocol.Session."""

    def __init__(self, connection: Connection, lake: TrinoDatabase, heads: Mapping[str, str]) -> None:
        """Wrap an open connection."""
        super().__init__(connection, heads, {}, lake.address.catalog, lake.settings.query_timeout_s)
        self._lake = lake

    def relation(self, identifier: str) -> str:
        """The table by its name in the project.

        Raises:
            QueryRefusedError: the catalog has no such table.
        """
        schema = self._lake.schema_of(identifier, self._schemas_with)
        return ".".join(quoted(name) for name in (self._lake.address.catalog, schema, identifier.partition(".")[2]))

    def _run(self, sql: str, params: Sequence[Any] | None, timeout_s: float | None) -> pa.Table:
        """See TrinoSession.

        Raises:
            QueryRefusedError: also where the Trino cannot be reached.
        """
        try:
            return super()._run(sql, params, timeout_s)
        except (TrinoConnectionError, HttpError, OSError) as error:
            raise QueryRefusedError(f"{self._lake.address} cannot be reached") from error

    def _schemas_with(self, table: str) -> list[str]:
        catalog = quoted(self._lake.address.catalog)
        found: list[Any] = self.run(
            f"select table_schema from {catalog}.information_schema.tables where table_name = {literal(table)}"
        ).to_pylist()
        return [row["table_schema"] for row in found]
