"""The first records of a file, every value as the text that ingestion would see.

Belongs here: finding out format and encoding, and reading a bounded number of records by the readers of ingestion.
Does not belong here: how a CSV file is written (dialects), which of its lines are records (layouts), or what the values
mean (columns).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.samples.dialects import Record, dialect_of, records_of
from lakehouse_assets.drafting.samples.encodings import Encoding, encoding_of
from lakehouse_assets.drafting.samples.layouts import found_layout
from lakehouse_assets.ingest.described.kinds import Format
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.readers.batches import Counter, MalformedError, SwappedLineEnds, ends_in_returns
from lakehouse_assets.ingest.readers.csv.dialect import Dialect
from lakehouse_assets.ingest.readers.csv.header import CsvText, Layout
from lakehouse_assets.ingest.readers.json.document import json_batches
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches
from lakehouse_assets.ingest.readers.parquet.reader import ParquetContent
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.sql import quoted

RECORDS = 20_000
"""Records looked at in a file, however long it is."""
MOST_BYTES = 64 << 20
"""Bytes of records after which no more are looked at, however few they were."""
HEAD_BYTES, TAIL_BYTES = 4 << 20, 1 << 16
"""How much of a text is looked at, at its beginning and its end, for the lines that are no records."""
LAST_RECORDS = 200
_AS_CSV = "Save the sheet with the records as CSV (UTF-8)."
_AS_PARQUET = "Write it as Parquet."
_AS_GZIP = "Unpack it, and compress what is in it by gzip or zstd, if at all."
_OTHERS: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("a workbook of Excel or OpenDocument, or another ZIP archive", f"{_AS_CSV} Or unpack the archive."),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("a workbook of an older Excel", _AS_CSV),
    b"ARROW1\x00\x00": ("an Arrow file", _AS_PARQUET),
    b"Obj\x01": ("an Avro file", _AS_PARQUET),
    b"SQLite format 3\x00": (
        "a database of SQLite",
        "A source of kind `database` reads it; or write its table as CSV.",
    ),
    b"%PDF-": ("a PDF", "Ask for the records as CSV."),
    b"\x89PNG\r\n": ("a picture", "Choose a file with records."),
    b"\xff\xd8\xff": ("a picture", "Choose a file with records."),
    b"\xfd7zXZ\x00": ("compressed by xz", _AS_GZIP),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _AS_GZIP),
    b"Rar!\x1a\x07": ("a RAR archive", _AS_GZIP),
}
"""What files begin with that hold no text, each with what it is and what to do; as text they would be rubbish."""
MAX_MEMBERS, MAX_DEPTH = 50, 4
"""An object with more different members is a map of values to values; SQL names nothing deeper."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file: `texts` has a column per field, members of nested objects as `object.member`."""

    path: str
    format: Format
    texts: pa.Table
    layout: Layout = field(default_factory=Layout)
    encoding: str = "utf-8"
    types: dict[str, str] = field(default_factory=dict)
    """Field to the engine's type, where the file itself states types."""
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Field to the names that lead to it, where it is a member of another."""
    notes: tuple[str, ...] = ()
    """What was found otherwise than in a plain file, and why."""
    questions: tuple[str, ...] = ()
    """What the file does not tell: an option of a source each, and what is to be decided."""

    @property
    def stated(self) -> dict[str, object]:
        """What a source must say of the files beside their format, by the names of its options."""
        dialect, usual = self.layout.dialect, Dialect()
        options: dict[str, tuple[object, object]] = {
            "delimiter": (dialect.delimiter, usual.delimiter),
            "quote": (dialect.quote or "none", usual.quote),
            "escape": (dialect.escape, usual.escape),
            "comment": (dialect.comment, usual.comment),
            "skip_lines": (self.layout.skip_lines, 0),
            "skip_last_lines": (self.layout.skip_last_lines, 0),
            "header": (self.layout.has_header, True),
            "names": (list(self.layout.names), []),
            "encoding": (self.encoding, "utf-8"),
        }
        return {name: value for name, (value, default) in options.items() if value != default}

    @property
    def delimiter(self) -> str:
        """What parts the fields of a CSV file."""
        return self.layout.dialect.delimiter

    @property
    def quote(self) -> str | None:
        """What encloses the fields of a CSV file."""
        return self.layout.dialect.quote

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in the order of the file."""
        return tuple(self.texts.column_names)

    @property
    def shape(self) -> tuple[object, ...]:
        """What files that one source can read have in common."""
        return self.format, self.layout, self.encoding, frozenset(self.fields)

    def and_also(self, other: Sample) -> Sample:
        """The records of two samples of one shape."""
        return replace(self, texts=pa.concat_tables([self.texts, other.texts.select(self.fields)]))

    def expression(self, name: str) -> str:
        """How a source reads a field."""
        return naming.expression(self.paths.get(name, (name,)))


def read_sample(path: str, records: int = RECORDS) -> Sample:
    """Look at the beginning of a file: CSV, JSON, NDJSON or Parquet, also gzip or zstd.

    Raises:
        IngestError: the file cannot be read, or nothing in it is a record.
    """
    head = next(iter(InputFile(path).raw_blocks()), b"")
    if other := next((said for begin, said in _OTHERS.items() if head.startswith(begin)), None):
        raise IngestError(path, f"it is {other[0]}, which is not read here", hint=other[1])
    try:
        sample = _with_members(_parquet(path, records) if head.startswith(b"PAR1") else _text(path, records))
    except MalformedError as error:
        hint = "Mend the file first."
        raise IngestError(path, error.problem, hint=hint, line=error.line, column=error.column) from error
    if not sample.fields or not sample.texts.num_rows:
        raise IngestError(path, "there is no record in it to learn from", hint="Give a file with some records.")
    return sample


def _parquet(path: str, records: int) -> Sample:
    with tempfile.TemporaryDirectory() as scratch, open_closed() as con:
        content = ParquetContent(InputFile(path), Path(scratch))
        read = pa.Table.from_batches(_bounded(content.batches(Counter()), records), content.schema).slice(0, records)
        con.register("records", read)
        texts = ", ".join(f"{text} as {quoted(name)}" for name, text in content.texts.items())
        table = con.execute(f"select {texts} from records").to_arrow_table()
        kinds = dict(con.execute("select column_name, column_type from (describe records)").fetchall())
    return Sample(path, "parquet", table, types={c.name: kinds[f"f{c.index}"] for c in content.columns})


def _text(path: str, records: int) -> Sample:
    found = encoding_of(path)
    encoding = found.name
    said = {"encoding": encoding, "notes": found.notes, "questions": found.questions}
    blocks = InputFile(path, encoding=encoding).text_blocks()
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    start = first.lstrip()[:1]
    if start == b"[":
        return Sample(path, "json", _objects(path, json_batches(blocks, Counter()), records), **said)
    if start == b"{":
        form: Format = "ndjson" if _is_one_per_line(first) else "json"
        batches = ndjson_batches if form == "ndjson" else json_batches
        return Sample(path, form, _objects(path, batches(blocks, Counter()), records), **said)
    return _csv(path, found, records)


def _csv(path: str, encoding: Encoding, records: int) -> Sample:
    text = _Text(path, encoding.name)
    dialect, question = dialect_of(text.head)
    found = found_layout(text.records(dialect), whole=True)
    layout = Layout(dialect, found.has_header, found.names, found.skip_lines, found.skip_last_lines)
    file = CsvText(InputFile(path, encoding=encoding.name).text_blocks(), layout, path, Counter())
    batches = list(_bounded(file.batches, records))
    columns = {name: _sound(batches, f"f{i}") for i, name in enumerate(file.names)}
    return Sample(
        path, "csv", pa.table(columns).slice(0, records), layout, encoding.name,
        notes=(*encoding.notes, *found.notes),
        questions=(*encoding.questions, *([f"delimiter: {question}"] if question else []), *found.questions),
    )  # fmt: skip


class _Text:
    """The beginning and the end of a text, its lines ending in newlines as CSV is read."""

    def __init__(self, path: str, encoding: str) -> None:
        returns, blocks = ends_in_returns(InputFile(path, encoding=encoding).text_blocks())
        swapped = SwappedLineEnds(returns)
        self.head, self._tail, self._tail_line = b"", b"", 1
        for block in map(swapped.of_bytes, blocks):
            missing = max(0, HEAD_BYTES - len(self.head))
            self.head += block[:missing]
            self._add(block[missing:])

    def _add(self, block: bytes) -> None:
        """Keep the last whole lines, and the number of the first of them."""
        text = self._tail + block
        cut = text.find(b"\n", len(text) - TAIL_BYTES) + 1 if len(text) > TAIL_BYTES else 0
        self._tail_line += text.count(b"\n", 0, cut)
        self._tail = text[cut:]

    def records(self, dialect: Dialect) -> list[Record]:
        """The first records and the last, between which others may be."""
        if not self._tail:
            found = list(records_of(self.head, dialect))
            return found if len(found) <= RECORDS else [*found[:RECORDS], *found[-LAST_RECORDS:]]
        line = self.head.count(b"\n") + self._tail_line
        last = list(records_of(self._tail, dialect, line))
        return [
            *islice(records_of(self.head[: self.head.rfind(b"\n") + 1], dialect), RECORDS),
            *last[1:][-LAST_RECORDS:],
        ]


def _sound(batches: Sequence[pa.RecordBatch], name: str) -> pa.ChunkedArray:
    """A column of the records that could be cut into fields."""
    return pa.chunked_array([b[name].filter(b["problem"].is_null()) for b in batches], pa.string())


def _is_one_per_line(head: bytes) -> bool:
    try:
        return isinstance(json.loads(head.lstrip().split(b"\n", 1)[0]), dict)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return False


def _bounded(batches: Iterator[pa.RecordBatch], records: int) -> Iterator[pa.RecordBatch]:
    """The first batches that are enough records, or as much as is held of any file: kilobytes may unpack to more."""
    seen = size = 0
    for batch in batches:
        yield batch
        seen, size = seen + batch.num_rows, size + batch.get_total_buffer_size()
        if seen >= records or size >= MOST_BYTES:
            return


def _objects(path: str, batches: Iterator[pa.RecordBatch], records: int) -> pa.Table:
    """JSON records as columns of text; what is no object is left for the quarantine of a load."""
    rows: list[dict[str, str | None]] = []
    for batch in _bounded(batches, records):
        for text, problem in zip(batch["raw_text"].to_pylist(), batch["problem"].to_pylist(), strict=True):
            if problem is None and (record := _object(text)) is not None:
                rows.append({name: _json_text(value) for name, value in record.items()})
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        raise IngestError(path, "there is no JSON object in it", hint="Records are JSON objects.")
    return pa.table({n: pa.array([r.get(n) for r in rows], pa.string()) for n in names}).slice(0, records)


def _with_members(sample: Sample) -> Sample:
    """A sample whose fields with JSON objects are taken apart; lists stay as they are."""
    columns: dict[str, list[str | None]] = {}
    paths: dict[str, tuple[str, ...]] = {}
    for name in sample.texts.column_names:
        for path, values in _members((name,), sample.texts[name].to_pylist()):
            shown = naming.unused(".".join(path), columns)
            columns[shown], paths[shown] = values, path
    texts = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return replace(sample, texts=texts, paths=paths)


def _members(path: tuple[str, ...], values: list[str | None]) -> Iterator[tuple[tuple[str, ...], list[str | None]]]:
    """The members of the objects in a field, and the field itself where it holds something else, too."""
    objects = [_object(v) if v and v.startswith("{") else None for v in values]
    names = dict.fromkeys(name for found in objects if found for name in found)
    if not names or len(names) > MAX_MEMBERS or len(path) == MAX_DEPTH:
        yield path, values
        return
    others = [None if found is not None else v for found, v in zip(objects, values, strict=True)]
    if any(v is not None for v in others):
        yield path, others
    for name in names:
        yield from _members((*path, name), [_json_text(found.get(name)) if found else None for found in objects])


def _object(text: str) -> dict[str, Any] | None:
    """The object that a text is; None where it is none, or holds half a character that nothing can store."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
