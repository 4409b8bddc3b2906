"""Records as Arrow batches: their number, line and text, and what is wrong with a record as such.

Belongs here: what the readers of all text formats share.
Does not belong here: where a record ends (csv, json), or bytes below it (files).

A batch has the columns of SCHEMA, and for CSV one text column per field after them (`f0`, `f1`, …). A record that
cannot even be cut into fields is passed on with `problem` set, so that nothing is lost on the way.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa

MAX_RECORD = 16 << 20
"""Longest record that is loaded, in bytes; a longer one is quarantined."""
KEPT_TEXT = 1 << 20
"""How much of the text of a record quarantine keeps, in bytes."""
SCHEMA = pa.schema(
    [
        ("source_row", pa.int64()),
        ("line", pa.int64()),
        ("raw_text", pa.string_view()),
        ("problem", pa.string()),
        ("form", pa.string()),
    ]
)
NEWLINE, RETURN, QUOTE = 10, 13, 34
MOST_BLANK = 16
"""Bytes of white space that are no record; more of them are one."""
HEAD = 1 << 16
"""How many bytes of a text tell what its lines end in."""
_SWAPPED = bytes.maketrans(b"\r\n", b"\n\r")
_SWAPPED_TEXT = str.maketrans("\r\n", "\n\r")
_INLINE = 13
"""Texts up to about this length are stored inside an Arrow string view, not pointed at."""


AHEAD = 16
"""Batches that may be read before the engine is done with the first of them."""
PATIENCE_S = 1.0


@dataclass
class Counter:
    """What was read so far, and how much of it is under way.

    The engine reads through PyArrow's scanner, which runs ahead of it by up to 1 GiB if it is let.
    """

    records: int = 0
    line: int = 1
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AHEAD))

    def number(self, count: int) -> np.ndarray:
        """The numbers of so many records more, once there is room for them; it is free again when they are let go.

        An engine that wants more before it lets go of anything gets it, only not at once.
        """
        self._room.acquire(timeout=PATIENCE_S)
        rows = np.arange(self.records + 1, self.records + count + 1)
        weakref.finalize(rows, self._room.release)
        self.records += count
        return rows


@dataclass(frozen=True)
class Bad:
    """Why a record was not cut into fields, and how its text is kept."""

    problem: str
    form: str = "record"


@dataclass(frozen=True)
class Chunk:
    """Whole records, one after the other, as one buffer; `starts` and `ends` cut it, `lines` number them."""

    data: bytes
    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray

    def text(self, i: int) -> bytes:
        """Bytes of record `i` without its line end."""
        return self.data[self.starts[i] : self.ends[i]].rstrip(b"\r\n")


class MalformedError(Exception):
    """From this place on the file cannot be cut into records."""

    def __init__(self, problem: str, line: int, column: int | None = None) -> None:
        """Keep the place for whoever knows the file."""
        super().__init__(problem)
        self.problem, self.line, self.column = problem, line, column


def csv_schema(fields: int) -> pa.Schema:
    """Schema of the batches of a CSV file with so many fields."""
    schema = SCHEMA
    for i in range(fields):
        schema = schema.append(pa.field(f"f{i}", pa.string()))
    return schema


def ending_in_newline(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, with a line end after the last of them if there is none."""
    last = b"\n"
    for block in blocks:
        if block:
            last = block[-1:]
            yield block
    if last != b"\n":
        yield b"\n"


def ends_in_returns(blocks: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Whether the lines of a text end in carriage returns alone, as its beginning shows, and the text again."""
    head: list[bytes] = []
    size = 0
    for block in blocks:
        head.append(block)
        size += len(block)
        if size >= HEAD:
            break
    beginning = b"".join(head)[:HEAD]
    if b"\r" not in beginning:
        return False, chain(head, blocks)
    alone = beginning.count(b"\r") - beginning.count(b"\r\n")
    return alone > beginning.count(b"\n"), chain(head, blocks)


class SwappedLineEnds:
    """A text whose lines end in carriage returns, read with both line ends swapped, and what is found swapped back."""

    def __init__(self, swap: bool) -> None:
        """Without `swap` everything stays as it is."""
        self._swap = swap

    def of_bytes(self, block: bytes) -> bytes:
        """Bytes of the text, swapped."""
        return block.translate(_SWAPPED) if self._swap else block

    def of_text(self, text: str) -> str:
        """A text, swapped back."""
        return text.translate(_SWAPPED_TEXT) if self._swap else text

    def of_batch(self, found: pa.RecordBatch) -> pa.RecordBatch:
        """Records whose texts and fields are swapped back."""
        if not self._swap:
            return found
        columns = list(found.columns)
        for i, name in enumerate(found.schema.names):
            if name == "raw_text" or i >= len(SCHEMA):
                texts = [text if text is None else self.of_text(text) for text in columns[i].to_pylist()]
                columns[i] = pa.array(texts, columns[i].type)
        return pa.RecordBatch.from_arrays(columns, schema=found.schema)


def without_blanks(chunk: Chunk) -> Chunk:
    """Leave out records of white space alone; only the short ones can be such."""
    lengths = chunk.ends - chunk.starts
    blank = [i for i in np.flatnonzero(lengths <= MOST_BLANK) if not chunk.text(int(i)).strip()]
    if not blank:
        return chunk
    keep = np.ones(len(lengths), bool)
    keep[blank] = False
    return Chunk(chunk.data, chunk.starts[keep], chunk.ends[keep], chunk.lines[keep])


def bad_records(chunk: Chunk) -> dict[int, Bad]:
    """Records that are too long, hold NUL bytes, or are not UTF-8."""
    bad: dict[int, Bad] = {}
    for i in np.flatnonzero(chunk.ends - chunk.starts > MAX_RECORD):
        bad[int(i)] = Bad(f"the record is longer than {MAX_RECORD >> 20} MiB; only its beginning is kept", "cut")
    if b"\0" in chunk.data:
        zeros = np.flatnonzero(np.frombuffer(chunk.data, np.uint8) == 0)
        for i in _records_at(chunk, zeros):
            bad.setdefault(i, Bad("the record holds NUL bytes; was the file cut off or written sparsely?", "escaped"))
    if not chunk.data.isascii():
        for i, error in _undecodable(chunk):
            byte = error.object[error.start]
            bad.setdefault(
                i,
                Bad(
                    f"byte 0x{byte:02X} at position {error.start + 1} is not valid UTF-8; if the file is in another "
                    "encoding (such as latin-1), state it in the source",
                    "escaped",
                ),
            )
    return bad


def _records_at(chunk: Chunk, positions: np.ndarray) -> list[int]:
    found = np.unique(np.searchsorted(chunk.ends, positions, side="right"))
    return [int(i) for i in found if i < len(chunk.ends)]


def _undecodable(chunk: Chunk) -> list[tuple[int, UnicodeDecodeError]]:
    try:
        chunk.data.decode()
        return []
    except UnicodeDecodeError:
        pass
    high = np.flatnonzero(np.frombuffer(chunk.data, np.uint8) > 127)
    found = []
    for i in _records_at(chunk, high):
        try:
            chunk.text(i).decode()
        except UnicodeDecodeError as error:
            found.append((i, error))
    return found


def batch(chunk: Chunk, bad: dict[int, Bad], counter: Counter, columns: Sequence[pa.Array] = ()) -> pa.RecordBatch:
    """The records of a chunk, numbered on, with their fields if they were cut into any."""
    n = len(chunk.starts)
    rows = counter.number(n)
    texts = _texts(chunk, bad)
    problems = forms = pa.nulls(n, pa.string())
    if bad:
        problems = pa.array([bad[i].problem if i in bad else None for i in range(n)], pa.string())
        forms = pa.array([bad[i].form if i in bad else None for i in range(n)], pa.string())
    schema = csv_schema(len(columns)) if columns else SCHEMA
    return pa.RecordBatch.from_arrays(
        [pa.array(rows), pa.array(chunk.lines), texts, problems, forms, *columns], schema=schema
    )


def _texts(chunk: Chunk, bad: dict[int, Bad]) -> pa.Array:
    """The records as text without their line ends; views into the chunk's own bytes where that can be."""
    lengths = (chunk.ends - chunk.starts - 1).astype(np.int32)
    if bad or not len(lengths) or lengths.min() <= _INLINE or b"\r\r" in chunk.data:
        texts = [_text_of(chunk.text(i), bad.get(i)) for i in range(len(lengths))]
        return pa.array(texts, pa.string_view())
    view = np.frombuffer(chunk.data, np.uint8)
    lengths -= view[chunk.ends - 2] == RETURN
    views = np.empty((len(lengths), 4), np.int32)
    views[:, 0] = lengths
    views[:, 1] = view[chunk.starts[:, None] + np.arange(4)].view(np.int32)[:, 0]
    views[:, 2] = 0
    views[:, 3] = chunk.starts
    buffers = [None, pa.py_buffer(views), pa.py_buffer(chunk.data)]
    return pa.Array.from_buffers(pa.string_view(), len(lengths), buffers)


def _text_of(raw: bytes, bad: Bad | None) -> str:
    if bad is None or bad.form == "record":
        return raw.decode()
    return raw[:KEPT_TEXT].replace(b"\\", b"\\\\").decode(errors="backslashreplace").replace("\0", "\\x00")


def unescape(text: str, encoding: str) -> str:
    """The record behind a text of form 'escaped', read in another encoding.

    Raises:
        UnicodeDecodeError: it is not in that encoding either.
    """
    raw = re.sub(
        rb"\\(\\|x[0-9a-f]{2})",
        lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]),
        text.encode(),
    )
    return raw.decode(encoding)
