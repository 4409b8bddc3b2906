"""Messages of pgoutput, written as its protocol says; the other way round than what reads them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lakehouse_assets.ingest.fetching.pgoutput import UNSENT, Relation, Value


def begin(lsn: int, microseconds: int = 0) -> bytes:
    return b"B" + struct.pack(">qqi", lsn, microseconds, 4711)


def commit(lsn: int, end: int) -> bytes:
    return b"C" + struct.pack(">bqqq", 0, lsn, end, 0)


def relation(found: Relation) -> bytes:
    parts = [b"R", struct.pack(">I", found.number), f"{found.schema}\0{found.table}\0".encode(), b"d"]
    parts.append(struct.pack(">h", len(found.columns)))
    for c in found.columns:
        parts += [bytes([c.is_key]), c.name.encode() + b"\0", struct.pack(">Ii", c.kind, c.modifier)]
    return b"".join(parts)


def row(values: Sequence[Value]) -> bytes:
    parts = [struct.pack(">h", len(values))]
    for value in values:
        if isinstance(value, bytes):
            parts.append(b"t" + struct.pack(">i", len(value)) + value)
        else:
            parts.append(b"u" if value is UNSENT else b"n")
    return b"".join(parts)


def inserted(number: int, new: Sequence[Value]) -> bytes:
    return b"I" + struct.pack(">I", number) + b"N" + row(new)


def updated(number: int, old: Sequence[Value] | None, new: Sequence[Value], *, whole: bool = False) -> bytes:
    before = b"" if old is None else (b"O" if whole else b"K") + row(old)
    return b"U" + struct.pack(">I", number) + before + b"N" + row(new)


def deleted(number: int, old: Sequence[Value], *, whole: bool = False) -> bytes:
    return b"D" + struct.pack(">I", number) + (b"O" if whole else b"K") + row(old)


def truncated(*numbers: int) -> bytes:
    return b"T" + struct.pack(">ib", len(numbers), 0) + struct.pack(f">{len(numbers)}I", *numbers)
