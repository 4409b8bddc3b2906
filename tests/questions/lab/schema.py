"""A foreign database as its documentation tells of it: tables, columns, keys and descriptions, and its DuckDB DDL.

Does not belong here: where it is read from (``sources``), its questions (``gold``) and its rows (``rows``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?$")
COMPACT_DAY = re.compile(r"(19|20)\d{2}[01]\d[0-3]\d$")
NUMBER = re.compile(r"-?\d+(\.\d+)?$")
NAMED_NOT_COUNTED = re.compile(r"(code|zip|phone|ssn|date|month|year|_yn|gender)|(^|_)id$|[a-z]ID$", re.IGNORECASE)
"""Columns whose digits name something: they stay text."""


@dataclass(frozen=True)
class Column:
    """One column; ``refers`` is (table, column) of the key it points to, ``samples`` values its documentation shows."""

    name: str
    type: str
    description: str = ""
    key: bool = False
    refers: tuple[str, str] | None = None
    samples: Sequence[Any] = ()


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    columns: Sequence[Column]
    description: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of its primary key."""
        return tuple(c.name for c in self.columns if c.key)

    def column(self, name: str) -> Column | None:
        """The column of that name, whatever its case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Schema:
    """All tables of one database."""

    name: str
    tables: Sequence[Table]
    notes: str = field(default="")

    def table(self, name: str) -> Table | None:
        """The table of that name, whatever its case."""
        return next((t for t in self.tables if t.name.lower() == name.lower()), None)

    def parents_first(self) -> Iterator[Table]:
        """The tables, each after those it refers to; a circle is cut where it is met."""
        left = {t.name: t for t in self.tables}
        while left:
            free = [t for t in left.values() if not self._waits(t, left)] or [next(iter(left.values()))]
            for table in free:
                del left[table.name]
                yield table

    @staticmethod
    def _waits(table: Table, left: dict[str, Table]) -> bool:
        return any(c.refers and c.refers[0] in left and c.refers[0] != table.name for c in table.columns)


def duckdb_type(declared: str, samples: Sequence[Any], name: str) -> str:
    """The DuckDB type for a declared one of SQLite, which enforces none: what the shown values say comes first."""
    texts = [str(s) for s in samples if s not in (None, "")]
    base = declared.upper().split("(")[0].strip()
    if texts and all(ISO.match(t) for t in texts):
        return "DATE" if all(len(t) == 10 for t in texts) else "TIMESTAMP"
    if base in ("DATE", "DATETIME", "TIMESTAMP", "TIME"):
        if not texts:
            return "DATE" if base == "DATE" else "TIMESTAMP"
        return "DATE" if all(COMPACT_DAY.match(t) for t in texts) else "VARCHAR"
    if base in ("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "YEAR"):
        return "BIGINT"
    if base in ("REAL", "FLOAT", "DOUBLE", "DECIMAL", "NUMERIC", "NUMBER"):
        return "DOUBLE"
    if len(texts) > 1 and all(NUMBER.match(t) for t in texts) and not NAMED_NOT_COUNTED.search(name):
        return "DOUBLE" if any("." in t for t in texts) else "BIGINT"
    return "VARCHAR"


def with_types_of_parents(schema: Schema) -> Schema:
    """References typed like the keys they point to, so that joins need no casts."""

    def typed(column: Column) -> Column:
        parent = schema.table(column.refers[0]) if column.refers else None
        target = parent.column(column.refers[1]) if parent and column.refers else None
        return replace(column, type=target.type) if target else column

    return replace(schema, tables=[replace(t, columns=[typed(c) for c in t.columns]) for t in schema.tables])


def quoted(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string in SQL."""
    return "'" + value.replace("'", "''") + "'"


def ddl(schema: Schema) -> str:
    """The DuckDB DDL: tables with primary keys, references as comments, descriptions as ``comment on``."""
    return "\n\n".join(_table_ddl(t) for t in schema.parents_first()) + "\n"


def _table_ddl(table: Table) -> str:
    lines = [f"{quoted(c.name)} {c.type}" for c in table.columns]
    if table.key:
        lines.append(f"primary key ({', '.join(map(quoted, table.key))})")
    parts = [f"create table {quoted(table.name)} (\n    " + ",\n    ".join(lines) + "\n);"]
    parts += [f"-- {table.name}.{c.name} refers to {'.'.join(c.refers)}" for c in table.columns if c.refers]
    if table.description:
        parts.append(f"comment on table {quoted(table.name)} is {text(table.description)};")
    parts += [
        f"comment on column {quoted(table.name)}.{quoted(c.name)} is {text(c.description)};"
        for c in table.columns
        if c.description
    ]
    return "\n".join(parts)


def about(schema: Schema, origin: str, licence: str, today: str) -> str:
    """What is documented of the schema, for the author of a semantic layer; nothing of the questions."""
    lines = [f"# {schema.name}", "", f"From {origin} ({licence}). Today is {today} wherever a question needs it.", ""]
    if schema.notes:
        lines += [schema.notes, ""]
    for table in schema.tables:
        lines += [f"## {table.name}", *([table.description] if table.description else []), ""]
        for c in table.columns:
            marks = [c.type, *(["key"] if c.key else []), *([f"refers to {'.'.join(c.refers)}"] if c.refers else [])]
            lines.append(f"- `{c.name}` ({', '.join(marks)}){': ' + c.description if c.description else ''}")
        lines.append("")
    return "\n".join(lines)
