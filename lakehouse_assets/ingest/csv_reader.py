"""CSV: records that may hold quoted line breaks, and their fields.

Belongs here: the header, where a record ends, and its fields.
Does not belong here: what the fields mean (mapping).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lakehouse_assets.ingest.batches import (
    KEPT_TEXT,
    MAX_RECORD,
    NEWLINE,
    QUOTE,
    RETURN,
    Bad,
    Chunk,
    Counter,
    MalformedError,
    bad_records,
    batch,
    ending_in_newline,
    without_blanks,
)
from lakehouse_assets.ingest.errors import IngestError


def csv_batches(
    blocks: Iterable[bytes], header: Sequence[str], delimiter: str, counter: Counter
) -> Iterator[pa.RecordBatch]:
    """One record per CSV record, quoted line breaks included; blank lines are skipped.

    Raises:
        MalformedError: a quoted field is never closed.
    """
    for chunk, regular in _csv_chunks(blocks, delimiter, counter):
        bad = bad_records(chunk)
        columns = _fast_fields(chunk, len(header), delimiter, bad) if regular else None
        if columns is None:
            columns = _slow_fields(chunk, len(header), delimiter, bad)
        yield batch(chunk, bad, counter, columns)


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


def _csv_chunks(blocks: Iterable[bytes], delimiter: str, counter: Counter) -> Iterator[tuple[Chunk, bool]]:
    """Cut blocks at record ends; tells whether all quotes of a chunk stand where they should."""
    rest = b""
    for block in ending_in_newline(blocks):
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
            yield without_blanks(Chunk(data[:end], chunk.starts, chunk.ends, chunk.lines)), regular
    if rest.strip():
        raise MalformedError("a quoted field is never closed", counter.line)


def _cut_csv(data: bytes, delimiter: str, line: int) -> tuple[Chunk, bool]:
    view = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(view == NEWLINE)
    if b'"' not in data:
        return _chunk_at(data, newlines, newlines, line), True
    quotes = np.flatnonzero(view == QUOTE)
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
    begins = (opening == 0) | (before == delimiter) | (before == NEWLINE) | (before == QUOTE)
    after = view[np.minimum(closing + 1, len(view) - 1)]
    ends = (after == delimiter) | (after == NEWLINE) | (after == RETURN) | (after == QUOTE)
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
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
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
