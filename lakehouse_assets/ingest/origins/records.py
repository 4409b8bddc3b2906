"""A file as a relation of raw records in DuckDB: the columns of `mapping.CARRIED`, `payload`, and the fields `s`.

Belongs here: opening a file in its format and offering it to the engine, streaming.
Does not belong here: cutting text into records (readers), or what they mean (mapping).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.mapping.statements import RecordMapping, constant
from lakehouse_assets.ingest.readers.batches import Counter, MalformedError, csv_schema
from lakehouse_assets.ingest.readers.csv.header import CsvText
from lakehouse_assets.ingest.readers.json.document import json_batches
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches
from lakehouse_assets.ingest.readers.parquet.reader import ParquetContent
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.contract import literal

BATCHES = "raw_batches"
LEARNED_FROM, MOST_LEARNED = 200, 8
"""How many records of a JSON file are looked at for the names they have, and how many orders of names are kept."""


class Records(Protocol):
    """Raw records that DuckDB can read once."""

    @property
    def header(self) -> str | None:
        """Header line, where the format has one."""
        ...

    @property
    def count(self) -> int:
        """Records read so far; all of them once the statement is done."""
        ...

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """SQL of the records, to stand after FROM."""
        ...

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Around the statement that reads the records: gives errors of the reader as they were raised."""
        ...


def open_records(file: InputFile, source: Source, mapping: RecordMapping, scratch: Path) -> Records:
    """A file of a source as records.

    Raises:
        IngestError: the file cannot be read at all.
    """
    if source.format == "parquet":
        return ParquetRecords(file, mapping, scratch)
    return TextRecords(file, source, mapping)


class TextRecords:
    """Records of a CSV, NDJSON or JSON file, streamed through Python in batches of Arrow memory."""

    def __init__(self, file: InputFile, source: Source, mapping: RecordMapping) -> None:
        """Read the header, if there is one."""
        self._file, self._mapping = file, mapping
        self._counter = Counter()
        self.header: str | None = None
        self._fields: list[str] = []
        blocks = file.text_blocks()
        if source.format == "csv":
            text = CsvText(blocks, source.csv_layout, file.path, self._counter)
            self.header, self._fields, self._batches = text.header, text.names, text.batches
            refuse_missing_fields(file.path, mapping, self._fields, line=text.line)
        elif source.format == "json":
            self._batches = json_batches(blocks, self._counter)
        else:
            self._batches = ndjson_batches(blocks, self._counter)
        self._error: Exception | None = None

    @property
    def count(self) -> int:
        """See Records."""
        return self._counter.records

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        schema = csv_schema(len(self._fields))
        if not self._fields:
            payload, struct = "raw_text", self._mapping.json_struct("raw_text", self._usual_names(con))
        else:
            payload, struct = csv_columns(self._fields, self._mapping)
        con.register(BATCHES, pa.RecordBatchReader.from_batches(schema, self._guarded()))
        return (
            f"(select source_row, line, raw_text, problem, form, {constant(self._file.path)} as source_file, "
            f"null::bigint as occurrence, null::varchar as ref, {payload} as payload, {struct} as s from {BATCHES})"
        )

    def _usual_names(self, con: duckdb.DuckDBPyConnection) -> list[list[str]]:
        """The names of the first objects in their order, each order once; none where a name occurs twice."""
        try:
            first = next(self._batches, None)
        except MalformedError as bad:
            raise self._refused(bad) from bad
        if first is None:
            return []
        self._batches = chain([first], self._batches)
        con.register(BATCHES, pa.Table.from_batches([first.slice(0, LEARNED_FROM)]))
        found = con.execute(
            f"with seen as (select try(json_keys(raw_text)) as names from {BATCHES} where problem is null) "
            f"select distinct names from seen where len(names) = list_unique(names) limit {MOST_LEARNED}"
        ).fetchall()
        # A statement cannot hold NUL; records with such a name are looked at one by one.
        return [names for (names,) in found if names and not any("\0" in name for name in names)]

    def _refused(self, bad: MalformedError) -> IngestError:
        hint = "Nothing was loaded; mend the file and load it again."
        return IngestError(self._file.path, bad.problem, hint=hint, line=bad.line, column=bad.column)

    def _guarded(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except Exception as error:
            self._error = error
            raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records."""
        try:
            yield
        except duckdb.Error:
            if isinstance(self._error, MalformedError):
                raise self._refused(self._error) from self._error
            if self._error:
                raise self._error from None
            raise


def csv_columns(fields: Sequence[str], mapping: RecordMapping) -> tuple[str, str]:
    """SQL of the payload (a JSON object of the record) and of `s`, from the columns of a CSV batch."""
    columns = {name: f"f{i}" for i, name in enumerate(fields)}
    # Not a struct: its names would have to differ in more than case.
    payload = ", ".join(f"{literal(name)}, {column}" for name, column in columns.items())
    return f"cast(json_object({payload}) as varchar)", mapping.record_struct(columns)


class ParquetRecords:
    """Records of a Parquet file, streamed through PyArrow."""

    header: str | None = None

    def __init__(self, file: InputFile, mapping: RecordMapping, scratch: Path) -> None:
        """Look at the file's schema, fetching the file first where it is remote."""
        self._file, self._mapping = file, mapping
        self._content = ParquetContent(file, scratch, mapping.source.time_zone, mapping.fields)
        refuse_missing_fields(file.path, mapping, list(self._content.texts))
        self._counter = Counter()
        self._error: Exception | None = None

    @property
    def count(self) -> int:
        """See Records."""
        return self._counter.records

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        content = self._content
        con.register(BATCHES, pa.RecordBatchReader.from_batches(content.schema, self._guarded()))
        return (
            f"(select source_row, null::bigint as line, {content.payload} as raw_text, problem, form, "
            f"{constant(self._file.path)} as source_file, null::bigint as occurrence, null::varchar as ref, "
            f"raw_text as payload, {self._mapping.record_struct(content.texts)} as s from {BATCHES})"
        )

    def _guarded(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._content.batches(self._counter)
        except Exception as error:
            self._error = error
            raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records."""
        try:
            yield
        except duckdb.Error:
            if self._error:
                raise self._error from None
            raise


class ReplayedRecords:
    """Records given as batches from quarantine; see quarantine.replay."""

    def __init__(self, batches: pa.Table, relation: str) -> None:
        """Keep the records and the SQL that reads them from BATCHES."""
        self._table, self._relation = batches, relation
        self.header = None
        self.count = batches.num_rows

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        con.register(BATCHES, self._table)
        return self._relation

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records; nothing of its own can go wrong."""
        yield


def refuse_missing_fields(file: str, mapping: RecordMapping, have: Sequence[str], line: int | None = None) -> None:
    """Refuse a file that lacks a field the source needs.

    Raises:
        IngestError: it does; the message names the field and what the file has instead.
    """
    missing = [f for f in mapping.fields if f not in have and f not in mapping.source.optional and f != "_"]
    if missing:
        raise IngestError(
            file, f"the file lacks the field {', '.join(map(repr, missing))}; it has {', '.join(have)}",
            hint=f"Is it a file of source '{mapping.source.name}'? If the field may be missing, list it under "
            "'optional' in the source.", line=line, column=missing[0],
        )  # fmt: skip
