"""The body of a request as records: decompressed within a bound, and cut where one record ends and the next begins.

Belongs here: what a body may be. Does not belong here: whether a record is sound, which is told in quarantine (ingest).
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import zstandard

from lakehouse_assets.ingest.readers.batches import MAX_RECORD, MOST_BLANK, NEWLINE, Chunk, Counter, MalformedError
from lakehouse_assets.ingest.readers.json.document import json_chunks
from lakehouse_assets.ingest.readers.json.lines import line_chunks

TYPES: dict[str, Callable[[Iterable[bytes], Counter], Iterator[Chunk]]] = {
    "application/x-ndjson": line_chunks,
    "application/jsonl": line_chunks,
    "application/json": json_chunks,
}
"""Content types, and what cuts such a body."""
ENCODINGS = ("identity", "gzip", "zstd")
_ZSTD_PIECE = 1 << 10
"""Bytes that are decompressed at once. Four of them can be 128 KiB, and how much comes out cannot be bounded."""


class BodyError(ValueError):
    """A body cannot be taken: the code for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(code, message)
        self.code, self.message = code, message

    def __str__(self) -> str:
        """The message."""
        return self.message


class TooLargeError(BodyError):
    """A body is larger than may be, maybe only once it is decompressed."""


def decompressed(body: bytes, encoding: str, most: int) -> bytes:
    """A body as it was before it was compressed.

    Args:
        body: As it came.
        encoding: One of ENCODINGS.
        most: Bytes it may have afterwards.

    Raises:
        BodyError: it is no such data, or ends too early, or is too large.
    """
    if encoding == "identity":
        return body
    try:
        data, whole = _gunzipped(body, most) if encoding == "gzip" else _unzstd(body, most)
    except (zlib.error, zstandard.ZstdError) as error:
        raise BodyError("not_compressed", f"The body is not {encoding}: {error}.") from error
    if len(data) > most:
        raise TooLargeError("too_large", f"The body has more than {most} bytes once it is decompressed.")
    if not whole:
        raise BodyError("not_compressed", f"The body is not one {encoding} stream from its beginning to its end.")
    return data


def _gunzipped(body: bytes, most: int) -> tuple[bytes, bool]:
    reader = zlib.decompressobj(wbits=31)
    data = reader.decompress(body, most + 1)
    return data, reader.eof and not reader.unused_data


def _unzstd(body: bytes, most: int) -> tuple[bytes, bool]:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    parts, size = [], 0
    for at in range(0, len(body), _ZSTD_PIECE):
        part = reader.decompress(body[at : at + _ZSTD_PIECE])
        parts.append(part)
        size += len(part)
        if size > most:
            break
    return b"".join(parts), reader.eof and not reader.unused_data


def cut(body: bytes, content_type: str) -> tuple[bytes, np.ndarray]:
    """The records of a body.

    Args:
        body: Decompressed.
        content_type: One of TYPES.

    Returns:
        The records, each with a line end, and where each ends in them.

    Raises:
        BodyError: it cannot be cut into records, or has none; the message names line and column.
    """
    body = _utf_8(body)
    if TYPES[content_type] is line_chunks and (ends := _ends_of_lines(body)) is not None:
        return body, ends
    chunks = []
    try:
        chunks = list(TYPES[content_type]([body], Counter()))
    except MalformedError as error:
        place = f"line {error.line}" + (f", column {error.column}" if error.column else "")
        raise BodyError("not_records", f"The body cannot be cut into records from {place} on: {error}.") from error
    if any((chunk.ends - chunk.starts > MAX_RECORD).any() for chunk in chunks):
        raise TooLargeError("too_large", f"A record has more than {MAX_RECORD >> 20} MiB.")
    if len(chunks) == 1 and _is_dense(chunks[0]):
        return chunks[0].data, chunks[0].ends
    texts = [chunk.text(i) + b"\n" for chunk in chunks for i in range(len(chunk.starts))]
    if not texts:
        raise BodyError("no_records", "There is no record in the body.")
    return b"".join(texts), np.cumsum([len(text) for text in texts])


def _ends_of_lines(body: bytes) -> np.ndarray | None:
    """Where each record ends in a body whose lines are the records as they are kept, as most are; None of another."""
    if not body.endswith(b"\n") or b"\r" in body:
        return None
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == NEWLINE) + 1
    lengths = ends[1:] - ends[:-1]
    shortest, longest = lengths.min(initial=ends[0]), lengths.max(initial=ends[0])
    return ends if shortest > MOST_BLANK and longest <= MAX_RECORD else None


def _utf_8(body: bytes) -> bytes:
    """A body without a mark of its encoding; records in UTF-8 that are not sound are told one by one in quarantine.

    Raises:
        BodyError: it is UTF-16 or UTF-32, of which no record could be read.
    """
    # Of a JSON text the first two characters are ASCII, so that NUL bytes among them tell (RFC 4627, section 3).
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or (len(body) > 1 and b"\0" in body[:2]):
        raise BodyError("not_utf8", "The body is UTF-16 or UTF-32; send it as UTF-8.")
    return body.removeprefix(codecs.BOM_UTF8)


def _is_dense(chunk: Chunk) -> bool:
    """Whether a chunk is records with a line end each, and nothing else."""
    if not len(chunk.ends) or chunk.starts[0] or chunk.ends[-1] != len(chunk.data):
        return False
    closed = np.frombuffer(chunk.data, np.uint8)[chunk.ends - 1] == ord("\n")
    return bool((chunk.starts[1:] == chunk.ends[:-1]).all() and closed.all())
