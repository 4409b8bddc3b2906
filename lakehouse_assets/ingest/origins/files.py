"""Files as origins: known by the hash of their bytes, read in the format that their source says.

Belongs here: opening a file as records. Does not belong here: its bytes (files), cutting them into records (readers),
or what records mean (mapping).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.files.streams import InputFile, Progress
from lakehouse_assets.ingest.mapping.statements import RecordMapping, constant
from lakehouse_assets.ingest.origins.protocol import Kind, Records
from lakehouse_assets.ingest.origins.relations import BATCHES, Reading, TextRecords
from lakehouse_assets.ingest.readers.batches import Counter
from lakehouse_assets.ingest.readers.csv.header import CsvText
from lakehouse_assets.ingest.readers.json.document import json_batches
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches
from lakehouse_assets.ingest.readers.parquet.reader import ParquetContent
from lakehouse_assets.shown import listed

UPLOADED = Kind("upload", "upload://", lambda source: source, is_bound=True)
"""Files that people send over HTTP: called by their upload and the name they had, wherever they lie."""
KIND = Kind("file", "", lambda source: source)
"""A path has no scheme; a URL has one, but none that stands for another kind can be opened."""


class FileOrigin:
    """A file; see Origin."""

    position: str | None = None
    claims: tuple[str, str] | None = None

    def __init__(
        self, path: str, *, encoding: str = "utf-8", progress: Progress | None = None, place: str | None = None
    ) -> None:
        """Nothing is opened yet; see InputFile.

        Raises:
            IngestError: the file does not exist or is empty.
        """
        self._file = InputFile(path, encoding=encoding, progress=progress, place=place)
        self.id, self.size = path, self._file.size

    @property
    def content_sha256(self) -> str:
        """SHA-256 of the bytes as stored; reads whatever was not read yet."""
        return self._file.sha256

    def open(self, mapping: RecordMapping, scratch: Path) -> Records:
        """See Origin."""
        if mapping.source.format == "parquet":
            return ParquetRecords(self._file, mapping, scratch)
        return _text_records(self._file, mapping)


def _text_records(file: InputFile, mapping: RecordMapping) -> TextRecords:
    """Records of a CSV, NDJSON or JSON file, streamed; the header is read, if there is one."""
    counter, blocks, source = Counter(), file.text_blocks(), mapping.source
    if source.format == "csv":
        text = CsvText(blocks, source.csv_layout, file.path, counter)
        refuse_missing_fields(file.path, mapping, text.names, line=text.line)
        return TextRecords(file.path, mapping, text.batches, counter, header=text.header, fields=text.names)
    cut = json_batches if source.format == "json" else ndjson_batches
    return TextRecords(file.path, mapping, cut(blocks, counter), counter)


class ParquetRecords:
    """Records of a Parquet file, streamed through PyArrow."""

    header: str | None = None

    def __init__(
        self, file: InputFile, mapping: RecordMapping, scratch: Path, origin: str = "", *, refusals: str | None = None
    ) -> None:
        """Look at the file's schema, fetching the file first where it is remote.

        `origin` is the id of what was written to the file here, so that it is no one else's; for `refusals` see
        ParquetContent.
        """
        self._mapping, self._origin = mapping, origin or file.path
        self._content = ParquetContent(
            file, scratch, mapping.source.time_zone, mapping.fields, is_own=bool(origin), refusals=refusals
        )
        refuse_missing_fields(file.path, mapping, list(self._content.texts))
        self._counter = Counter()
        self._reading = Reading()

    @property
    def count(self) -> int:
        """See Records."""
        return self._counter.records

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        content = self._content
        batches = self._reading.of(content.batches(self._counter))
        con.register(BATCHES, pa.RecordBatchReader.from_batches(content.schema, batches))
        return (
            f"(select source_row, null::bigint as line, {content.payload} as raw_text, problem, form, "
            f"{constant(self._origin)} as source_file, null::bigint as occurrence, null::varchar as ref, "
            f"raw_text as payload, {self._mapping.record_struct(content.texts)} as s from {BATCHES})"
        )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records."""
        with self._reading.errors():
            yield


def refuse_missing_fields(file: str, mapping: RecordMapping, have: Sequence[str], line: int | None = None) -> None:
    """Refuse a file that lacks a field the source needs.

    Raises:
        IngestError: it does; the message names the field and what the file has instead.
    """
    missing = [f for f in mapping.fields if f not in have and f not in mapping.optional and f != "_"]
    if missing:
        raise IngestError(
            file, f"the file lacks the field {listed([*map(repr, missing)])}; it has {listed(have)}",
            hint=f"Is it a file of source '{mapping.source.name}'? If the field may be missing, list it under "
            "'optional' in the source.", line=line, column=missing[0],
        )  # fmt: skip
