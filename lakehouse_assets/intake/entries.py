"""Entries of the intake log: the records of one request, as bytes on disk.

Belongs here: the layout of an entry, and telling a whole one from the beginning of one. Does not belong here: files
(segments).

An entry is `crc32, length` of what follows; then `first offset, received ms, records` and the lengths of three texts:
source, tenant, key; then these, where each record ends (uint32 each), and the records, each with a line end. All
numbers are little-endian. Offsets count records.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<QQIHHH")
_NO_TEXT = 0xFFFF
MOST_TEXT = 1_000
"""Bytes of a tenant, a source or a key."""
BEGINNING = _FRAME.size + _HEAD.size + 3 * MOST_TEXT
"""Bytes that hold all but the records of an entry, and where these end."""


class DamagedError(Exception):
    """A part of the log, which was whole once, is so no more."""


@dataclass(frozen=True)
class Entry:
    """The records of one request.

    Attributes:
        source: Name of the source that they are of.
        tenant: Whose records they are, where the caller's key says it.
        key: What tells the request from all others of the source and tenant, if the caller said it.
        data: The records, each with a line end.
        ends: Where in `data` each ends, after its line end.
        received_ms: When they came, in ms since 1970.
        first: Offset of the first record in its partition.
    """

    source: str
    tenant: str | None
    key: str | None
    data: bytes
    ends: np.ndarray
    received_ms: int = 0
    first: int = 0

    @property
    def end(self) -> int:
        """Offset after the last record."""
        return self.first + len(self.ends)

    @property
    def stream(self) -> tuple[str, str | None]:
        """What is committed together."""
        return self.source, self.tenant


@dataclass(frozen=True)
class Summary:
    """What is known of an entry without its records, and where it lies in its segment."""

    source: str
    tenant: str | None
    key: str | None
    received_ms: int
    first: int
    end: int
    at: int
    size: int

    @property
    def stream(self) -> tuple[str, str | None]:
        """See Entry."""
        return self.source, self.tenant


def encode(entry: Entry) -> tuple[bytes, bytes]:
    """The bytes of an entry: its beginning, and its records."""
    texts = [entry.source.encode(), *((t or "").encode() for t in (entry.tenant, entry.key))]
    lengths = [len(texts[0]), *(
        _NO_TEXT if said is None else len(text)
        for said, text in zip((entry.tenant, entry.key), texts[1:], strict=True)
    )]  # fmt: skip
    head = _HEAD.pack(entry.first, entry.received_ms, len(entry.ends), *lengths)
    beginning = b"".join((head, *texts, entry.ends.astype("<u4").tobytes()))
    checksum = zlib.crc32(entry.data, zlib.crc32(beginning))
    return _FRAME.pack(checksum, len(beginning) + len(entry.data)) + beginning, entry.data


def decode(data: bytes) -> Entry:
    """The entry that some bytes are.

    Raises:
        DamagedError: they are not what was written.
    """
    found = summary(data, 0, len(data))
    if found is None or zlib.crc32(data[_FRAME.size : found.size]) != _FRAME.unpack_from(data)[0]:
        raise DamagedError("an entry is not what was written")
    records = found.end - found.first
    texts = _FRAME.size + _HEAD.size + sum(len((t or "").encode()) for t in (found.source, found.tenant, found.key))
    ends = np.frombuffer(data, "<u4", records, texts).astype(np.int64)
    body = data[texts + 4 * records : found.size]
    return Entry(found.source, found.tenant, found.key, body, ends, found.received_ms, found.first)


def summary(beginning: bytes, at: int, left: int) -> Summary | None:
    """What an entry says of itself; None where there is none, or not all of it. Its records are not verified.

    Args:
        beginning: Its first bytes, at least BEGINNING where there are so many.
        at: Where in its segment it begins.
        left: Bytes of the segment from there on.
    """
    if len(beginning) < _FRAME.size + _HEAD.size:
        return None
    length = _FRAME.unpack_from(beginning)[1]
    first, received, records, *lengths = _HEAD.unpack_from(beginning, _FRAME.size)
    sizes = [0 if n == _NO_TEXT else n for n in lengths]
    size, place = _FRAME.size + length, _FRAME.size + _HEAD.size
    if size > left or place + sum(sizes) > len(beginning) or place + sum(sizes) + 4 * records > size:
        return None
    texts: list[str | None] = []
    for said, n in zip(lengths, sizes, strict=True):
        texts.append(None if said == _NO_TEXT else beginning[place : place + n].decode(errors="replace"))
        place += n
    source, tenant, key = texts
    return Summary(source or "", tenant, key, received, first, first + records, at, size)
