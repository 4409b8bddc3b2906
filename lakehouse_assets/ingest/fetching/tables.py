"""A table or query of a database: what it has, how far its cursor goes, and its rows in bounded memory.

Belongs here: the statements, and values as exact texts. Does not belong here: connections, or positions (loads).

Values come as the texts that the database writes them with, or as bytes; every field is text to a source anyway, so
that nothing is lost on the way: no digit of a decimal, no zone, no date that Python does not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.engine import Connection

from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching import mysql
from lakehouse_assets.ingest.fetching.connections import connected, is_duckdb, opened_file, told
from lakehouse_assets.ingest.fetching.cursors import MOST_OF_CURSOR, Scalar
from lakehouse_assets.ingest.fetching.texts import as_text
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.shown import listed

FIRST_ROWS, MOST_ROWS = 16, 10_000
"""Rows of the first batch, and of any."""
BATCH_BYTES = 4 << 20
_RENAMED = re.compile(r":\d+$")
"""What SQLite adds to the name of a query's column where another one has it."""
_TO, _AFTER = "asklake_to", "asklake_after"
"""Parameters of statements; names that no query has by chance."""


@dataclass(frozen=True)
class Bounds:
    """Which rows are read by a cursor: beyond `after`, or from there on, up to `to`."""

    to: Scalar
    after: Scalar = None
    inclusive: bool = False


class Table(Protocol):
    """What a source reads of a database, while a connection is open."""

    columns: Sequence[str]

    def end(self) -> Scalar:
        """The greatest value of the cursor; None where there is no row.

        Raises:
            IngestError: a row has no value there, so that it would never be read, or the greatest is no position.
        """
        ...

    def count(self, bounds: Bounds | None) -> int:
        """How many rows there are."""
        ...

    def batches(self, bounds: Bounds | None) -> Iterator[pa.RecordBatch]:
        """The rows: a column of texts or bytes each."""
        ...


@contextmanager
def opened(described: Database, address: str, place: str, snapshot: str | None = None) -> Iterator[Table]:
    """The table or query that a source reads.

    Args:
        described: What the source says.
        address: Address of the database.
        place: What an error names as the place.
        snapshot: Moment of a PostgreSQL; see `connected`.

    Raises:
        IngestError: the database, the table or a column is not there; the message does not hold the password.
    """
    if is_duckdb(address):
        with opened_file(address, place) as con:
            yield _FileTable(con, described, address, place)
    else:
        with connected(address, place, snapshot) as connection:
            yield _ServerTable(connection, described, address, place)


class _Statements:
    """The SQL that both kinds share; `_rows` runs it."""

    def __init__(self, described: Database, address: str, place: str) -> None:
        self._described, self._address, self._place = described, address, place
        self.columns: Sequence[str] = ()

    def _name(self, name: str) -> str:
        raise NotImplementedError

    def _value(self, parameter: str) -> str:
        raise NotImplementedError

    def _rows(self, sql: str, values: dict[str, Scalar]) -> list[Any]:
        raise NotImplementedError

    @property
    def _relation(self) -> str:
        found = self._described
        if found.query is not None:
            return f"({found.query.strip().rstrip(';')}\n) asklake_rows"  # it may end in a comment
        return ".".join(self._name(part) for part in str(found.table).split("."))

    @property
    def _head(self) -> str:
        return f"select {self._list} from {self._relation}"

    @property
    def _list(self) -> str:
        return ", ".join(map(self._name, self._described.columns)) or "*"

    @property
    def _cursor(self) -> str:
        return self._name(str(self._described.cursor))

    def _known(self, columns: Sequence[str]) -> Sequence[str]:
        """The columns that are read, if the cursor is one of them and no name means two."""
        cursor = self._described.cursor
        if cursor is not None and cursor not in columns:
            raise IngestError(
                self._place, f"there is no column '{cursor}' for the cursor; there are {listed(columns)}",
                hint="State one of them as `cursor`, or none to read all rows.", column=cursor,
            )  # fmt: skip
        self._refuse_twice(columns)
        return columns

    def _refuse_twice(self, names: Sequence[str]) -> None:
        if twice := sorted({name for name in names if list(names).count(name) > 1}):
            hint = "Give them names of their own in the query."
            raise IngestError(self._place, f"two columns are called {', '.join(twice)}", hint=hint)

    def _where(self, bounds: Bounds | None) -> tuple[str, dict[str, Scalar]]:
        if bounds is None:
            return "", {}
        parts, values = [f"{self._cursor} <= {self._value(_TO)}"], {_TO: bounds.to}
        if bounds.after is not None:
            parts.append(f"{self._cursor} {'>=' if bounds.inclusive else '>'} {self._value(_AFTER)}")
            values[_AFTER] = bounds.after
        return " where " + " and ".join(parts), values

    def end(self) -> Scalar:
        """See Table."""
        if self._rows(f"select 1 from {self._relation} where {self._cursor} is null limit 1", {}):
            raise IngestError(
                self._place, f"rows without a value in the cursor '{self._described.cursor}' would never be read",
                hint="Read a query that leaves them out or fills it in, or state no cursor.",
                column=self._described.cursor,
            )  # fmt: skip
        ((found,),) = self._rows(f"select max({self._cursor}) from {self._relation}", {})
        has = "bytes" if isinstance(found, bytes | memoryview | bytearray) else ""
        if isinstance(found, str) and len(found) > MOST_OF_CURSOR:
            has = f"texts of more than {MOST_OF_CURSOR} characters"
        if has:
            raise IngestError(
                self._place, f"the cursor '{self._described.cursor}' has {has}, which no position can be noted by",
                hint="State a column of times, numbers or texts, or read a query that makes one of it.",
                column=self._described.cursor,
            )  # fmt: skip
        return found if isinstance(found, int | float) and not isinstance(found, bool) else as_text(found)

    def count(self, bounds: Bounds | None) -> int:
        """See Table."""
        where, values = self._where(bounds)
        ((found,),) = self._rows(f"select count(*) from {self._relation}{where}", values)
        return int(found)


class _FileTable(_Statements):
    """A table of a DuckDB file; see Table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, described: Database, address: str, place: str) -> None:
        super().__init__(described, address, place)
        self._con = con
        if described.query is not None:  # within another one, DuckDB renames the second
            self._refuse_twice([row[0].lower() for row in self._rows(f"describe {described.query}", {})])
        found = self._rows(f"describe {self._head}", {})
        self._types = {row[0]: row[1] for row in found}
        self.columns = self._known([row[0] for row in found])

    def _name(self, name: str) -> str:
        return quoted(name)

    def _value(self, parameter: str) -> str:
        return f"cast(${parameter} as {self._types[str(self._described.cursor)]})"

    def _rows(self, sql: str, values: dict[str, Scalar]) -> list[Any]:
        with told(self._place, self._address):
            return self._con.execute(sql, values).fetchall()

    def end(self) -> Scalar:
        """See Table."""
        found = super().end()
        if found is None or isinstance(found, int):  # a float as its text, too
            return found
        ((exact,),) = self._rows(f"select cast(max({self._cursor}) as varchar) from {self._relation}", {})
        return str(exact)

    def batches(self, bounds: Bounds | None) -> Iterator[pa.RecordBatch]:
        """See Table."""
        where, values = self._where(bounds)
        texts = ", ".join(f"cast({quoted(n)} as varchar)" for n in self.columns)
        told_as = ", ".join(f"{_exact(quoted(n), self._types[n])} as {quoted(n)}" for n in self.columns)
        with told(self._place, self._address):
            length = self._con.execute(
                f"select avg(octet_length(encode(concat_ws('', {texts})))) from "
                f"(select * from ({self._head}{where}) limit {FIRST_ROWS})", values
            ).fetchall()[0][0] if self.columns else 1  # fmt: skip
            rows = max(1, min(MOST_ROWS, int(BATCH_BYTES / max(1, length or 1))))
            reader = self._con.execute(f"select {told_as} from ({self._head}{where})", values)
            yield from (_as_bytes(batch) for batch in reader.to_arrow_reader(rows))


def _exact(column: str, kind: str) -> str:
    """SQL of a DuckDB value as its exact text; bytes stay bytes, and what is made of others becomes JSON."""
    if kind == "BLOB":
        return column
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"cast(to_json({column}) as varchar)"
    return f"cast({column} as varchar)"


def _as_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [column.cast(pa.string()).cast(pa.binary()) if not pa.types.is_binary(column.type) else column
               for column in batch.columns]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


class _ServerTable(_Statements):
    """A table of what SQLAlchemy connects to; see Table."""

    def __init__(self, connection: Connection, described: Database, address: str, place: str) -> None:
        super().__init__(described, address, place)
        self._connection = connection
        self._kinds: Mapping[str, int] = {}
        with told(place, address):
            result = connection.execute(self._statement(f"select * from ({self._head}) asklake_head where 1 = 0"))
            self.columns = self._known(list(result.keys()))
            if connection.dialect.name in mysql.DIALECTS and result.cursor is not None:
                self._kinds = mysql.kinds_of(result.cursor.description)
            result.close()
        self._refuse_float()
        if connection.dialect.name == "sqlite" and described.query is not None:
            self._refuse_twice([_RENAMED.sub("", name).lower() for name in self.columns])

    def _refuse_float(self) -> None:
        """Refuse a cursor that is a float of 4 bytes: its greatest value is not found again by what is told of it."""
        cursor = self._described.cursor
        if cursor is not None and self._kinds.get(cursor) == mysql.FLOAT:
            hint = "State a column of times, whole numbers or decimals."
            raise IngestError(self._place, f"the cursor '{cursor}' is a FLOAT", hint=hint, column=cursor)

    @property
    def _list(self) -> str:
        if mysql.FLOAT not in self._kinds.values():
            return super()._list
        return ", ".join(mysql.as_exact(self._name(name), self._kinds.get(name)) for name in self.columns)

    def _where(self, bounds: Bounds | None) -> tuple[str, dict[str, Any]]:
        where, values = super()._where(bounds)
        kind = self._kinds.get(str(self._described.cursor))
        return where, {name: mysql.bound(value, kind) for name, value in values.items()}

    def _name(self, name: str) -> str:
        # Its `quote_identifier` doubles percent signs, as `text` does again.
        marks = self._connection.dialect.identifier_preparer
        return f"{marks.initial_quote}{name.replace(marks.final_quote, marks.final_quote * 2)}{marks.final_quote}"

    def _value(self, parameter: str) -> str:
        return f":{parameter}"

    def _statement(self, sql: str, *parameters: str) -> Any:
        """The statement; a colon is a parameter only where one of them is named."""
        found = sql.replace(":", "\\:")
        for parameter in parameters:
            found = found.replace(f"\\:{parameter}", f":{parameter}")
        return text(found)

    def _rows(self, sql: str, values: dict[str, Scalar]) -> list[Any]:
        with told(self._place, self._address):
            return list(self._connection.execute(self._statement(sql, *values), values).fetchall())

    def batches(self, bounds: Bounds | None) -> Iterator[pa.RecordBatch]:
        """See Table."""
        where, values = self._where(bounds)
        streamed = {"stream_results": True, "max_row_buffer": FIRST_ROWS}
        with told(self._place, self._address):
            result = self._connection.execute(
                self._statement(f"{self._head}{where}", *values), values, execution_options=streamed
            )
            with result:
                size, converters = FIRST_ROWS, mysql.converters_of(self._kinds)
                convert = [converters.get(name) for name in self.columns]
                while rows := result.fetchmany(size):
                    batch = pa.RecordBatch.from_arrays(
                        [_column(c, how) for c, how in zip(zip(*rows, strict=True), convert, strict=True)],
                        names=self.columns,
                    )
                    size = max(1, min(MOST_ROWS, int(BATCH_BYTES * len(rows) / max(1, batch.nbytes))))
                    yield batch


def _column(values: Sequence[Any], convert: Callable[[Any], Any] | None) -> pa.Array:
    if convert is not None:
        return pa.array([None if v is None else convert(v) for v in values], pa.binary())
    kinds = set(map(type, values)) - {str, bytes, type(None)}
    return pa.array([as_text(v) for v in values] if kinds else values, pa.binary())
