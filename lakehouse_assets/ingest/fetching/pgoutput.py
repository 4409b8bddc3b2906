"""Changes of PostgreSQL's logical replication: the messages of its plugin pgoutput, protocol version 1.

Source: https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html. Of this version the server sends
whole transactions, in the order in which they were committed.
Belongs here: what a message says. Does not belong here: asking a server for it (slots), or what a change means to a
source (rows).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Literal

_INT32, _COUNT, _NUMBER = struct.Struct(">i"), struct.Struct(">h"), struct.Struct(">I")
_BEGIN, _COMMIT, _COLUMN = struct.Struct(">xqqi"), struct.Struct(">xbqqq"), struct.Struct(">Ii")
_TEXT, _NULL, _UNSENT = b"tnu"
_NEW, _KEY, _OLD = b"NKO"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Mark(Enum):
    """What stands for no value."""

    UNSENT = "unsent"


UNSENT = Mark.UNSENT
"""Stands for a large value that an update left alone: PostgreSQL does not send it again."""
Value = bytes | Mark | None
"""The text that the database writes a value with, in UTF-8."""


@dataclass(frozen=True)
class Begin:
    """A transaction begins.

    Attributes:
        committed_at: When it was committed.
        lsn: Position of its commit.
        transaction: Its number.
    """

    lsn: int
    committed_at: datetime
    transaction: int


@dataclass(frozen=True)
class Commit:
    """A transaction ends; what is read from `end` on is all of later ones."""

    end: int


@dataclass(frozen=True)
class Column:
    """A column of a table as a transaction saw it.

    Attributes:
        is_key: Whether it is part of what an update or delete says of the row that was there: the replica identity.
        kind: Number of its type.
        modifier: What narrows the type, such as the digits of a decimal; -1 where nothing does.
    """

    name: str
    is_key: bool
    kind: int
    modifier: int


@dataclass(frozen=True)
class Relation:
    """A table as the changes after it have it."""

    number: int
    schema: str
    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Change:
    """A row was inserted, updated or deleted.

    Attributes:
        operation: Which of these, as `_op` says it.
        relation: Number of the table.
        old: What is told of the row before, in the order of the columns: its key, with nothing in the other columns, or
            all of it; None where nothing is told.
        is_whole: Whether `old` is all of it.
        new: The row now; None where it was deleted.
    """

    operation: Literal["insert", "update", "delete"]
    relation: int
    old: Sequence[Value] | None
    is_whole: bool
    new: Sequence[Value] | None


@dataclass(frozen=True)
class Truncate:
    """Tables were emptied."""

    relations: tuple[int, ...]


Message = Begin | Commit | Relation | Change | Truncate


class UnreadableMessageError(Exception):
    """A message is none that this protocol knows."""


def read(data: bytes) -> Message | None:
    """What a message says; None where it says nothing of rows.

    Raises:
        UnreadableMessageError: it is none.
    """
    try:
        reader = _READERS[data[0]]
        return reader(data) if reader else None
    except (KeyError, IndexError, ValueError, OverflowError, struct.error) as error:
        raise UnreadableMessageError(f"{data[:20]!r}: {error}") from error


def _begin(data: bytes) -> Begin:
    lsn, microseconds, transaction = _BEGIN.unpack_from(data)
    return Begin(lsn, _EPOCH + timedelta(microseconds=microseconds), transaction & 0xFFFFFFFF)


def _commit(data: bytes) -> Commit:
    _, _, end, _ = _COMMIT.unpack_from(data)
    return Commit(end)


def _relation(data: bytes) -> Relation:
    (number,) = _NUMBER.unpack_from(data, 1)
    schema, at = _name(data, 5)
    table, at = _name(data, at)
    (count,) = _COUNT.unpack_from(data, at + 1)  # after the replica identity, which the columns' flags say, too
    at += 3
    columns = []
    for _ in range(count):
        is_key = bool(data[at] & 1)
        name, at = _name(data, at + 1)
        kind, modifier = _COLUMN.unpack_from(data, at)
        at += 8
        columns.append(Column(name, is_key, kind, modifier))
    # Nothing before the name of a schema is that of the catalog.
    return Relation(number, schema or "pg_catalog", table, tuple(columns))


def _insert(data: bytes) -> Change:
    new, _ = _values(data, 6, _NEW)
    return Change("insert", _NUMBER.unpack_from(data, 1)[0], None, False, new)


def _update(data: bytes) -> Change:
    (number,) = _NUMBER.unpack_from(data, 1)
    if data[5] == _NEW:
        return Change("update", number, None, False, _values(data, 6, _NEW)[0])
    old, at = _values(data, 6, _KEY, _OLD)
    new, _ = _values(data, at + 1, _NEW)
    return Change("update", number, old, data[5] == _OLD, new)


def _delete(data: bytes) -> Change:
    old, _ = _values(data, 6, _KEY, _OLD)
    return Change("delete", _NUMBER.unpack_from(data, 1)[0], old, data[5] == _OLD, None)


def _truncate(data: bytes) -> Truncate:
    (count,) = _INT32.unpack_from(data, 1)
    return Truncate(struct.unpack_from(f">{count}I", data, 6))


def _values(data: bytes, at: int, *kinds: int) -> tuple[list[Value], int]:
    """The values of a row that begin here, after a byte that says of which kind it is, and where they end."""
    if data[at - 1] not in kinds:
        raise ValueError(f"no row is of kind {data[at - 1]}")
    (count,) = _COUNT.unpack_from(data, at)
    at += 2
    values: list[Value] = []
    for _ in range(count):
        kind = data[at]
        if kind == _TEXT:
            begin = at + 5
            at = begin + _INT32.unpack_from(data, at + 1)[0]
            if at > len(data) or at < begin:
                raise ValueError("a value ends beyond its message")
            values.append(data[begin:at])
        elif kind == _NULL:
            values.append(None)
            at += 1
        elif kind == _UNSENT:
            values.append(UNSENT)
            at += 1
        else:
            raise ValueError(f"no value is of kind {kind}")
    return values, at


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name that begins here, and what comes after it."""
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


_READERS: dict[int, Callable[[bytes], Message] | None] = {
    ord("B"): _begin, ord("C"): _commit, ord("R"): _relation, ord("I"): _insert, ord("U"): _update, ord("D"): _delete,
    ord("T"): _truncate, ord("O"): None, ord("Y"): None, ord("M"): None,
}  # fmt: skip


def lsn_of(text: str) -> int:
    """A position in the log of PostgreSQL from its text, such as 16/B374D848."""
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def lsn_text(lsn: int) -> str:
    """A position in the log as PostgreSQL writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"
