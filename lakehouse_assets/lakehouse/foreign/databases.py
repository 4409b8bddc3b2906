"""Opening a database that is not the lakehouse's by what people call it.

Belongs here: which kinds of databases there are. Does not belong here: reading one (duckdb_file, trino_catalog), or the
dbt project that is about it (dbt_project).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.engines.spec import spec_of

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings


@dataclass(frozen=True)
class Database:
    """A database.

    Attributes:
        lake: What reads it.
        dialect: The SQL it wants.
        output: What a dbt profile says of it.
    """

    lake: Lake
    dialect: Dialect
    output: Mapping[str, Any]


def open_database(settings: Settings, database: str) -> Database:
    """Open a DuckDB file, by its path, or a catalog of a Trino: trino://user@host:8080/catalog.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the address is none.
    """
    if "://" in database:
        from lakehouse_assets.lakehouse.foreign.trino_catalog import TrinoAddress, TrinoDatabase  # noqa: PLC0415 - 1 s

        address = TrinoAddress.of(database)
        place = {"host": address.url.hostname, "port": address.url.port or 8080, "user": address.url.username or "dbt"}
        output = {"type": "trino", "method": "none", **place, "database": address.catalog, "schema": address.schema}
        return Database(TrinoDatabase(settings, address), spec_of("trino").dialect, output)
    from lakehouse_assets.lakehouse.foreign.duckdb_file import DatabaseLake  # noqa: PLC0415 - 1 s

    path = Path(database)
    output = {"type": "duckdb", "path": str(path.absolute()), "schema": "main"}
    return Database(DatabaseLake(settings, path), spec_of("duckdb").dialect, output)
