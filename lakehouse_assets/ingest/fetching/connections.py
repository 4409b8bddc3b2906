"""Connections to other people's databases: read-only, and with values as the database writes them.

Belongs here: the address of a connection, opening it, and what is wrong with it in words for people.
Does not belong here: what is read through it (tables).

What SQLAlchemy has a dialect for is read by the driver of the address; a DuckDB file by the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import duckdb
import psycopg2
from psycopg2 import extensions
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching import mysql
from lakehouse_assets.ingest.fetching.texts import AS_WRITTEN, LISTS_AS_WRITTEN
from lakehouse_assets.lakehouse.engines.instances import lock, open_instance
from lakehouse_assets.lakehouse.sql import literal
from lakehouse_assets.redaction import redacted
from lakehouse_assets.settings.types import password_in, sqlalchemy_postgres_url

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

ATTACHED = "source_database"
"""Name of a DuckDB file in the engine that reads it."""
CONNECT_S = 10
LOCKED_S = 60
"""Seconds for which a load waits for a table that another session has locked."""
READS_S = 600
"""Seconds that a MySQL waits for the next rows to be taken, for loads write what they took: a minute, by itself."""
_OF_POSTGRES, _OF_SQLITE = "postgresql", "sqlite"
POSTGRES_CLIENT: dict[str, Any] = {
    "connect_timeout": CONNECT_S, "keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 6,
}  # fmt: skip
"""Options of its driver, where the address says nothing else: a server that is gone is noticed in two minutes."""
WRITTEN_LIKE = {
    "timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres", "bytea_output": "hex", "extra_float_digits": "1"
}  # fmt: skip
"""What PostgreSQL writes values like, whatever its administrators prefer."""
_AT_START = {
    _OF_SQLITE: ("begin",),
    **dict.fromkeys(mysql.DIALECTS, (
        "set time_zone = '+00:00'", f"set lock_wait_timeout = {LOCKED_S}", f"set net_write_timeout = {READS_S}",
        "set session transaction isolation level repeatable read, read only",
    )),
}  # fmt: skip
"""By dialect what is said first, so that nothing is written, all is of one moment, and times are in UTC."""
_OF_DRIVERS = (OSError, RuntimeError, TypeError, ValueError)
"""What drivers raise of an address besides: a character or option they cannot take, a library that they lack."""


def address_of(settings: Settings, access: str, place: str) -> str:
    """The secret that a source names: an address with user and password, or a token.

    Raises:
        IngestError: the environment holds none of this name.
    """
    found = settings.source_access.get(access)
    if found is None or not found.get_secret_value():
        known = ", ".join(sorted(settings.source_access)) or "none"
        raise IngestError(
            place, f"the environment holds no access '{access}'; it holds {known}",
            hint=f'Set ASKLAKE_SOURCE_ACCESS to JSON such as {{"{access}": "postgresql://user:password@host/name"}}.',
        )  # fmt: skip
    return found.get_secret_value()


def is_duckdb(address: str) -> bool:
    """Whether an address is that of a DuckDB file."""
    return address.startswith("duckdb:")


@contextmanager
def opened_file(address: str, place: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The engine with a DuckDB file attached, read-only and locked: nothing else can be opened.

    Raises:
        IngestError: there is no such file, or it is none.
    """
    path = Path(unquote(address.removeprefix("duckdb:").removeprefix("//").removeprefix("/")))
    if not path.is_file():
        hint = "The address of a file is duckdb:////whole/path.duckdb."
        raise IngestError(place, f"there is no database file {path}", hint=hint)
    con = open_instance()
    try:
        with told(place, address):
            con.execute(f"attach {literal(path.absolute())} as {ATTACHED} (read_only)")
            con.execute(f"use {ATTACHED}")
        con.execute("set timezone = 'UTC'")
        lock(con)
        yield con
    finally:
        con.close()


@contextmanager
def connected(address: str, place: str, snapshot: str | None = None) -> Iterator[Connection]:
    """A connection that nothing is written through, and that sees the database as it was at one moment.

    Args:
        address: Address of the database.
        place: What an error names as the place.
        snapshot: The name that PostgreSQL gave the moment; without one, the moment is now.

    Raises:
        IngestError: it cannot be made: no driver, no such host or file, a wrong password.
    """
    engine = _engine(address, place)
    try:
        with told(place, address, at_start=True):
            connection = engine.connect()
        with connection:
            with told(place, address, at_start=True):
                for statement in _AT_START.get(engine.dialect.name, ()):
                    connection.exec_driver_sql(statement)
                if snapshot is not None:
                    connection.exec_driver_sql(f"set transaction snapshot {literal(snapshot)}")
            yield connection
    finally:
        engine.dispose()


def _engine(address: str, place: str) -> Any:
    try:
        url = make_url(sqlalchemy_postgres_url(address) if address.startswith("postgres") else address)
        if url.get_backend_name() == _OF_SQLITE:
            url = _read_only_file(url, place)
        else:
            _refuse_divided(url, address, place)
        if url.get_backend_name() in mysql.DIALECTS:
            url = url.update_query_dict({"charset": mysql.CHARSET})
        options = POSTGRES_CLIENT if url.get_backend_name() == _OF_POSTGRES else {}
        connect_args = {name: value for name, value in options.items() if name not in url.query}
        # An hstore stays the text that it is in the changes of a table, too.
        is_psycopg2 = (url.get_backend_name(), url.get_driver_name()) == (_OF_POSTGRES, "psycopg2")
        native = {"use_native_hstore": False} if is_psycopg2 else {}
        engine = create_engine(url, poolclass=NullPool, connect_args=connect_args, **native)
    except (ArgumentError, ValueError) as error:
        known = "the address cannot be read"
        if isinstance(error, NoSuchModuleError):
            known = f"no database is called '{address.partition(':')[0]}'"
        hint = "Write it as postgresql://, mysql+pymysql://, sqlite:////whole/path or duckdb:////whole/path."
        raise IngestError(place, known, hint=hint) from None
    except ImportError as error:
        raise IngestError(
            place, f"the driver of the address is not installed: {error}",
            hint="Install it: `uv sync --extra mysql` for mysql+pymysql://, otherwise what SQLAlchemy names for it.",
        ) from None  # fmt: skip
    if engine.dialect.name == _OF_POSTGRES and engine.dialect.driver == "psycopg2":
        event.listen(engine, "connect", _as_written)
    return engine


def _read_only_file(url: URL, place: str) -> URL:
    path = Path(url.database or "")
    if not path.is_file():
        hint = "The address of a file is sqlite:////whole/path.db."
        raise IngestError(place, f"there is no database file {url.database}", hint=hint)
    return url.set(database=f"file:{quote(str(path.absolute()))}", query={"mode": "ro", "uri": "true"})


def _refuse_divided(url: URL, address: str, place: str) -> None:
    """Refuse an address whose password ends too early: what follows it would be told as the name of a host."""
    if str(url.password or "") != unquote(password_in(address)):
        raise IngestError(
            place, "the address cannot be read: it is not clear where its password ends",
            hint="In a password, write / as %2F, @ as %40, : as %3A, ? as %3F and # as %23.",
        )  # fmt: skip


def _as_written(connection: Any, _record: Any) -> None:
    """Have PostgreSQL's driver give times, in UTC, numbers and JSON as their texts, and write nothing."""
    for kind in (AS_WRITTEN, LISTS_AS_WRITTEN):
        extensions.register_type(kind, connection)
    connection.set_session(isolation_level=extensions.ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    with connection.cursor() as cursor:
        # Scans that begin where another one is would give the rows of a table in another order each time.
        cursor.execute("; ".join(f"set {name} = {value}" for name, value in WRITTEN_LIKE.items()))
        cursor.execute("set synchronize_seqscans = off")
        cursor.execute(f"set lock_timeout = {int(LOCKED_S * 1000)}")
    connection.commit()


@contextmanager
def told(place: str, address: str, *, at_start: bool = False) -> Iterator[None]:
    """Say in words what a database refuses, without the password.

    Raises:
        IngestError: it refused something.
    """
    refusals = (DBAPIError, psycopg2.Error, duckdb.Error, *(_OF_DRIVERS if at_start else ()))
    try:
        yield
    except refusals as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error)
        sentence = " ".join(line.strip() for line in said.splitlines()[:2] if line.strip()) or type(error).__name__
        hint = "Compare table, query and columns of the source with the database."
        if at_start:
            hint = "Check host, port, user, password and name in ASKLAKE_SOURCE_ACCESS."
        words = redacted(f"the database says: {sentence.rstrip('.')}", _secrets(address))
        raise IngestError(place, words, hint=hint) from None


def _secrets(address: str) -> list[str]:
    password = password_in(address)
    return [form for form in dict.fromkeys((address, password, unquote(password))) if form]
