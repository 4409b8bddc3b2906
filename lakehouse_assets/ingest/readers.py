"""Records of a file as Arrow batches, each with its number, its line, its text and what is wrong with it.

Belongs here: cutting NDJSON, JSON and CSV into records, and CSV records into fields, in bounded memory.
Does not belong here: what the fields mean (mapping), or bytes below the record (streams).

A batch has the columns of SCHEMA, and for CSV one text column per field after them (`f0`, `f1`, …). A record that
cannot even be cut into fields is passed on with `problem` set, so that nothing is lost on the way.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lakehouse_assets.ingest.errors import IngestError

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
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_INLINE = 13
"""Texts up to about this length are stored inside an Arrow string view, not pointed at."""


@dataclass
class Counter:
    """What was read so far."""

    records: int = 0
    line: int = 1


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


def ndjson_batches(blocks: Iterable[bytes], counter: Counter) -> Iterator[pa.RecordBatch]:
    """One record per line; blank lines are skipped."""
    for chunk in _line_chunks(blocks, counter):
        bad = _bad_records(chunk)
        yield _batch(chunk, bad, counter)


def csv_batches(
    blocks: Iterable[bytes], header: Sequence[str], delimiter: str, counter: Counter
) -> Iterator[pa.RecordBatch]:
    """One record per CSV record, quoted line breaks included; blank lines are skipped.

    Raises:
        MalformedError: a quoted field is never closed.
    """
    for chunk, regular in _csv_chunks(blocks, delimiter, counter):
        bad = _bad_records(chunk)
        columns = _fast_fields(chunk, len(header), delimiter, bad) if regular else None
        if columns is None:
            columns = _slow_fields(chunk, len(header), delimiter, bad)
        yield _batch(chunk, bad, counter, columns)


def json_batches(blocks: Iterable[bytes], counter: Counter) -> Iterator[pa.RecordBatch]:
    """The elements of a JSON array, or JSON values one after the other, however they are laid out.

    Raises:
        MalformedError: the text is not JSON from some place on.
    """
    pending: list[tuple[int, bytes]] = []
    size = 0
    for line, text in _json_values(blocks):
        pending.append((line, text))
        size += len(text)
        if size >= 1 << 20:
            yield _json_batch(pending, counter)
            pending, size = [], 0
    if pending:
        yield _json_batch(pending, counter)


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


def split_csv_line(text: str, delimiter: str) -> list[str]:
    """The fields of one CSV record.

    Raises:
        csv.Error: it is not one record.
    """
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False))
    return rows[0] if rows else []


def read_csv_header(blocks: Iterator[bytes], delimiter: str, file: str) -> tuple[str, list[str], Iterator[bytes], int]:
    """Take the header off a CSV file.

    Returns:
        The header as text, its fields, the blocks after it, and the line they begin on.

    Raises:
        IngestError: there is no header, it is not UTF-8, or it names a field twice or not at all.
    """
    buffer = b""
    line = 1
    for block in blocks:
        buffer += block
        while (end := _record_end(buffer)) is not None:
            text, rest = buffer[:end], buffer[end:]
            if text.strip():
                fields = _header_fields(text, delimiter, file, line)
                return text.decode().rstrip("\r\n"), fields, _chain(rest, blocks), line + text.count(b"\n")
            buffer, line = rest, line + 1
        if len(buffer) > KEPT_TEXT:
            raise IngestError(file, "no header line in the first MiB", hint="Is this a CSV file?", line=line)
    if not buffer.strip():
        raise IngestError(file, "the file holds nothing but blank lines", hint="A CSV file begins with a header.")
    fields = _header_fields(buffer, delimiter, file, line)
    return buffer.decode().rstrip("\r\n"), fields, iter(()), line + 1


def _record_end(buffer: bytes) -> int | None:
    """End of the first line whose quotes are closed."""
    start = 0
    while (end := buffer.find(b"\n", start)) >= 0:
        if buffer.count(b'"', 0, end) % 2 == 0:
            return end + 1
        start = end + 1
    return None


def _header_fields(raw: bytes, delimiter: str, file: str, line: int) -> list[str]:
    try:
        fields = [f.strip() for f in split_csv_line(raw.decode(), delimiter)]
    except UnicodeDecodeError as error:
        raise IngestError(
            file, "the header is not UTF-8", hint="State the encoding in the source.", line=line, column=error.start + 1
        ) from error
    except csv.Error as error:
        raise IngestError(file, f"the header is not CSV: {error}", line=line) from error
    for i, name in enumerate(fields):
        if not name:
            raise IngestError(file, f"field {i + 1} of the header has no name", hint="Name every field.", line=line)
        if name in fields[:i]:
            raise IngestError(
                file, f"the header names '{name}' twice (fields {fields.index(name) + 1} and {i + 1})",
                hint="Rename one of them.", line=line, column=name,
            )  # fmt: skip
    return fields


def _chain(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks


def _line_chunks(blocks: Iterable[bytes], counter: Counter) -> Iterator[Chunk]:
    """Cut blocks at line ends; of a line that is too long only the beginning is kept."""
    rest = b""
    for block in _ending_in_newline(blocks):
        cut = block.rfind(b"\n") + 1
        if cut == 0:
            rest = _bounded(rest, block)
            continue
        head = block[:cut] if cut < len(block) else block
        if rest:
            first = head.find(b"\n")
            head = _bounded(rest, head[:first]) + head[first:]
        yield _lines_of(head, counter)
        rest = block[cut:]


def _ending_in_newline(blocks: Iterable[bytes]) -> Iterator[bytes]:
    last = b"\n"
    for block in blocks:
        if block:
            last = block[-1:]
            yield block
    if last != b"\n":
        yield b"\n"


def _bounded(kept: bytes, more: bytes) -> bytes:
    """Join the parts of a long line, forgetting what lies so far behind the limit that it is of no use."""
    if len(kept) > MAX_RECORD:
        return kept
    return kept + more


def _lines_of(data: bytes, counter: Counter) -> Chunk:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE) + 1
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1]
    lines = np.arange(counter.line, counter.line + len(ends))
    counter.line += len(ends)
    return _without_blanks(Chunk(data, starts, ends, lines))


def _without_blanks(chunk: Chunk) -> Chunk:
    """Leave out records of white space alone; only the short ones can be such."""
    lengths = chunk.ends - chunk.starts
    blank = [i for i in np.flatnonzero(lengths <= 16) if not chunk.text(i).strip()]
    if not blank:
        return chunk
    keep = np.ones(len(lengths), bool)
    keep[blank] = False
    return Chunk(chunk.data, chunk.starts[keep], chunk.ends[keep], chunk.lines[keep])


def _bad_records(chunk: Chunk) -> dict[int, Bad]:
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


def _batch(
    chunk: Chunk, bad: dict[int, Bad], counter: Counter, columns: Sequence[pa.Array] = ()
) -> pa.RecordBatch:
    n = len(chunk.starts)
    rows = np.arange(counter.records + 1, counter.records + n + 1)
    counter.records += n
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
    if bad or not len(lengths) or lengths.min() <= _INLINE:
        texts = [_text_of(chunk.text(i), bad.get(i)) for i in range(len(lengths))]
        return pa.array(texts, pa.string_view())
    view = np.frombuffer(chunk.data, np.uint8)
    lengths -= view[chunk.ends - 2] == _RETURN
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


def _csv_chunks(blocks: Iterable[bytes], delimiter: str, counter: Counter) -> Iterator[tuple[Chunk, bool]]:
    """Cut blocks at record ends; tells whether all quotes of a chunk stand where they should."""
    rest = b""
    for block in _ending_in_newline(blocks):
        data = rest + block if rest else block
        chunk, regular = _cut_csv(data, delimiter, counter.line)
        end = int(chunk.ends[-1]) if len(chunk.ends) else 0
        rest = data[end:]
        if len(rest) > MAX_RECORD:
            raise MalformedError(
                f"a quoted field is not closed within {MAX_RECORD >> 20} MiB", counter.line + data.count(b"\n", 0, end)
            )
        if end:
            counter.line += data.count(b"\n", 0, end)
            yield _without_blanks(Chunk(data[:end], chunk.starts, chunk.ends, chunk.lines)), regular
    if rest.strip():
        raise MalformedError("a quoted field is never closed", counter.line)


def _cut_csv(data: bytes, delimiter: str, line: int) -> tuple[Chunk, bool]:
    view = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(view == _NEWLINE)
    if b'"' not in data:
        return _chunk_at(data, newlines, newlines, line), True
    quotes = np.flatnonzero(view == _QUOTE)
    outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
    if _quotes_regular(view, quotes, ord(delimiter)):
        return _chunk_at(data, outside, newlines, line), True
    pattern = _record_pattern(delimiter)
    ends = []
    position = 0
    while match := pattern.match(data, position):
        position = match.end()
        ends.append(position - 1)
    return _chunk_at(data, np.array(ends, np.int64), newlines, line), False


def _quotes_regular(view: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether every opening quote begins a field and every closing one ends it, doubled quotes aside."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = view[np.maximum(opening - 1, 0)]
    begins = (opening == 0) | (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    after = view[np.minimum(closing + 1, len(view) - 1)]
    ends = (after == delimiter) | (after == _NEWLINE) | (after == 13) | (after == _QUOTE)
    return bool(begins.all() and ends.all())


def _record_pattern(delimiter: str) -> re.Pattern[bytes]:
    d = re.escape(delimiter.encode())
    field = rb'(?:"(?:[^"]|"")*+"[^' + d + rb"\n]*+|[^\"" + d + rb"\n][^" + d + rb"\n]*+|)"
    return re.compile(field + rb"(?:" + d + field + rb")*+\n")


def _chunk_at(data: bytes, record_ends: np.ndarray, newlines: np.ndarray, line: int) -> Chunk:
    ends = record_ends + 1
    starts = np.empty_like(ends)
    if len(ends):
        starts[0] = 0
        starts[1:] = ends[:-1]
    return Chunk(data, starts, ends, line + np.searchsorted(newlines, starts))


def _fast_fields(chunk: Chunk, width: int, delimiter: str, bad: dict[int, Bad]) -> list[pa.Array] | None:
    """Fields of a chunk by Arrow's parser, or None where it does not see the same records."""
    ragged: list[tuple[int, int]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        ragged.append((row.number - 1, row.actual_columns))
        return "skip"

    names = [f"f{i}" for i in range(width)]
    if any(b.form != "record" for b in bad.values()) or not len(chunk.starts):
        return None
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(chunk.data),
            read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(chunk.data) + 1),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    n = len(chunk.starts)
    if table.num_rows + len(ragged) != n:
        return None
    columns = [c.chunk(0) if c.num_chunks else pa.array([], pa.string()) for c in table.columns]
    if not ragged:
        return columns
    for row, actual in ragged:
        bad[row] = _ragged(actual, width)
    positions = np.cumsum(_mask(n, [r for r, _ in ragged])) - 1
    take = pa.array(positions, mask=~_mask(n, [r for r, _ in ragged]))
    return [c.take(take) for c in columns]


def _mask(n: int, excluded: Sequence[int]) -> np.ndarray:
    mask = np.ones(n, bool)
    mask[list(excluded)] = False
    return mask


def _ragged(actual: int, width: int) -> Bad:
    return Bad(f"the record has {actual} fields where the header has {width}; is a delimiter missing or unquoted?")


def _slow_fields(chunk: Chunk, width: int, delimiter: str, bad: dict[int, Bad]) -> list[pa.Array]:
    """Fields of a chunk record by record: for chunks with stray quotes, stray line ends or bad bytes."""
    rows: list[list[str | None]] = []
    nothing: list[str | None] = [None] * width
    for i in range(len(chunk.starts)):
        fields: list[str | None] = nothing
        if i not in bad:
            try:
                fields = list(split_csv_line(chunk.text(i).decode(), delimiter))
            except csv.Error as error:
                bad[i] = Bad(f"not a CSV record: {error}")
            if i not in bad and len(fields) != width:
                bad[i] = _ragged(len(fields), width)
        rows.append(nothing if i in bad else fields)
    return [pa.array([row[k] for row in rows], pa.string()) for k in range(width)]


def _json_values(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The values of a JSON text with the line each begins on."""
    scanner = _JsonScanner()
    for block in blocks:
        yield from scanner.feed(block)
    yield from scanner.finish()


class _JsonScanner:
    """Cuts JSON values out of a stream; holds no more than the value it is in."""

    _decoder = json.JSONDecoder()
    _between = re.compile(r"[\s,]*")

    def __init__(self) -> None:
        import codecs

        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._line = 1
        self._array: bool | None = None
        self._needed = 0

    def feed(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        try:
            self._text += self._utf8.decode(block)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n") + block.count(b"\n", 0, error.start)
            raise MalformedError("not valid UTF-8; state the encoding in the source", line) from error
        # Trying again only when the text has doubled keeps a long value from being scanned over and over.
        if len(self._text) >= self._needed:
            yield from self._cut(final=False)

    def finish(self) -> Iterator[tuple[int, bytes]]:
        yield from self._cut(final=True)
        tail = self._text.strip()
        if self._array and tail != "]":
            raise MalformedError("the JSON array is cut off before its closing bracket", self._line)
        if not self._array and tail:
            raise MalformedError("the JSON text is cut off", self._line)

    def _cut(self, *, final: bool) -> Iterator[tuple[int, bytes]]:
        text, position, line = self._text, 0, self._line
        while True:
            start = self._between.match(text, position).end()  # type: ignore[union-attr]
            if self._array is None and start < len(text):
                self._array = text[start] == "["
                start += self._array
                start = self._between.match(text, start).end()  # type: ignore[union-attr]
            if start >= len(text) or (self._array and text[start] == "]"):
                break
            try:
                _, end = self._decoder.raw_decode(text, start)
            except json.JSONDecodeError as error:
                if final or error.pos < len(text) - 64:
                    raise self._malformed(text, position, line, error) from error
                break
            if not final and end >= len(text):
                break  # a number may go on in the next block
            line += text.count("\n", position, start)
            yield line, text[start:end].encode()
            line += text.count("\n", start, end)
            position = end
        self._line = line
        self._text = text[position:]
        self._needed = 2 * len(self._text)
        if len(self._text) > MAX_RECORD:
            raise MalformedError(f"a value is longer than {MAX_RECORD >> 20} MiB", line)

    def _malformed(self, text: str, position: int, line: int, error: json.JSONDecodeError) -> MalformedError:
        at = line + text.count("\n", position, error.pos)
        column = error.pos - text.rfind("\n", 0, error.pos)
        return MalformedError(f"not JSON: {error.msg}", at, column)


def _json_batch(values: Sequence[tuple[int, bytes]], counter: Counter) -> pa.RecordBatch:
    n = len(values)
    rows = np.arange(counter.records + 1, counter.records + n + 1)
    counter.records += n
    nothing = pa.nulls(n, pa.string())
    return pa.RecordBatch.from_arrays(
        [
            pa.array(rows),
            pa.array([line for line, _ in values], pa.int64()),
            pa.array([text.decode() for _, text in values], pa.string_view()),
            nothing,
            nothing,
        ],
        schema=SCHEMA,
    )
