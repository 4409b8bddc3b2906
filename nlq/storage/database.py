"""The SQL database of the questions: queue, keys and journal share one, on SQLite or PostgreSQL.

Belongs here: opening it with the right behaviour for each kind. Does not belong here: any table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from lakehouse_assets.private import make_database, make_folder

_MAKING_TABLES = 5_247_301
"""Key of PostgreSQL's advisory lock for making tables: a number that nothing else of the database uses."""


def open_database(url: str) -> sa.Engine:
    """An engine for a SQLAlchemy URL; SQLite waits for locks, and its transactions take the write lock at once."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        make_folder(Path(parsed.database).parent)
        make_database(Path(parsed.database))
    engine = sa.create_engine(parsed, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def open_tables(url: str, metadata: sa.MetaData) -> sa.Engine:
    """An engine as `open_database` makes it, over a database that has these tables."""
    engine = open_database(url)
    with engine.begin() as con:
        create_tables(con, metadata)
    return engine


def create_tables(con: sa.Connection, metadata: sa.MetaData) -> None:
    """Make the tables that are missing, inside a transaction; of several processes at once, one makes them."""
    if con.dialect.name == "postgresql":
        con.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING_TABLES)))
    metadata.create_all(con)


def reading(engine: sa.Engine) -> sa.Engine:
    """The same database for statements that only read: on SQLite they wait for no writer."""
    return engine.execution_options(asklake_reads=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the begin hook opens transactions itself
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("asklake_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
