"""Records that a program pushes, as an origin: known by the key that the program gives them, or by their content.

Belongs here: records in Python as JSON texts, and keeping these until they are loaded.
Does not belong here: what is wrong with a text (readers), or what records mean (mapping).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Integral
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.ingest.origins.relations import TextRecords
from lakehouse_assets.ingest.readers.batches import Chunk, Counter, bad_records, batch
from lakehouse_assets.ingest.readers.json.faults import note_faults
from lakehouse_assets.private import make_folder

Record = Mapping[str, Any] | str | bytes
"""What a program may push: fields by name, or the JSON text of an object."""
KIND = Kind("records", "records://", lambda source: source.for_json)
MOST_KEY = 500
"""Characters of a key."""
BLOCK = 4 << 20
"""Bytes of records that are handed over together."""
IN_MEMORY = 32 << 20
"""Bytes of records from which on they wait in a file."""


class PushedRecords:
    """Records that a program pushes; see Origin. A context, which lets go of them at its end."""

    def __init__(self, records: Iterable[Record], scratch: Path, *, key: str | None = None) -> None:
        """Read all records once and keep their texts, in a file where they are many.

        Args:
            records: The records.
            scratch: Folder of that file.
            key: What tells these records from all others of the source.

        Raises:
            IngestError: the key is none, or a record is nothing that JSON could say; the message names it.
        """
        self.position = _valid(key)
        self.claims = None
        make_folder(scratch)
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(scratch), prefix="records-")  # noqa: SIM115
        self._ends: list[np.ndarray] = []
        self.size = 0
        content, lengths = hashlib.sha256(), hashlib.sha256()
        try:
            for data, ends in _blocks(_texts(records, f"{KIND.scheme}{key or ''}")):
                self._file.write(data)
                self._ends.append(ends)
                self.size += len(data)
                content.update(data)
                lengths.update(np.diff(ends, prepend=0).astype("<i8").tobytes())
        except BaseException:
            self._file.close()
            raise
        # Their lengths, too: one text of two lines is not two records of a line each.
        self.content_sha256 = hashlib.sha256(content.digest() + lengths.digest()).hexdigest()
        self.id = f"{KIND.scheme}{key if key is not None else self.content_sha256[:32]}"

    def __enter__(self) -> Self:
        """Nothing is opened."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the records."""
        self._file.close()

    def open(self, mapping: RecordMapping, scratch: Path) -> TextRecords:
        """See Origin."""
        counter = Counter()
        return TextRecords(self.id, mapping, self._batches(counter), counter)

    def _batches(self, counter: Counter) -> Iterator[pa.RecordBatch]:
        self._file.seek(0)
        for ends in self._ends:
            data = self._file.read(int(ends[-1]))
            starts = np.concatenate([[0], ends[:-1]])
            # Lines count within a record, and the record is told by its number alone.
            chunk = Chunk(data, starts, ends, np.ones_like(ends))
            bad = bad_records(chunk)
            note_faults(chunk, bad)
            found = batch(chunk, bad, counter)
            yield found.set_column(1, found.schema.field("line"), pa.nulls(found.num_rows, pa.int64()))


def _valid(key: str | None) -> str | None:
    if key is None or (isinstance(key, str) and 0 < len(key) <= MOST_KEY and key.isprintable()):
        return key
    raise IngestError(
        KIND.scheme, f"the key {str(key)[:50]!r} is none",
        hint=f"A key is a text of 1 to {MOST_KEY} characters that can be printed.",
    )  # fmt: skip


def _blocks(texts: Iterable[bytes]) -> Iterator[tuple[bytes, np.ndarray]]:
    """Texts, each with a line end, joined to blocks, and where in its block each ends."""
    block, ends = bytearray(), []
    for text in texts:
        block += text
        block += b"\n"
        ends.append(len(block))
        if len(block) >= BLOCK:
            yield bytes(block), np.array(ends, np.int64)
            block, ends = bytearray(), []
    if ends:
        yield bytes(block), np.array(ends, np.int64)


def _texts(records: Iterable[Record], place: str) -> Iterator[bytes]:
    """Each record as JSON text in UTF-8; a text as it is, for whatever is wrong with it is told in quarantine.

    Raises:
        IngestError: a record or one of its values is nothing that JSON could say.
    """
    for number, record in enumerate(records, 1):
        if isinstance(record, bytes):
            yield record
            continue
        # A lone surrogate is no character: it becomes bytes that are no UTF-8, which quarantine keeps.
        yield (record if isinstance(record, str) else _json(record, number, place)).encode(errors="surrogatepass")


def _json(record: Any, number: int, place: str) -> str:
    if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
        raise IngestError(
            place, f"record {number} is a {type(record).__name__}, not fields by their names",
            hint="Push each record as a dict whose keys are texts, or as the JSON text of an object.",
        )  # fmt: skip
    try:
        return _ENCODER.encode(dict(record))
    except (TypeError, ValueError, RecursionError) as error:
        field = next((name for name, value in record.items() if not _can_be_said(value)), None)
        raise IngestError(
            place, f"record {number} cannot be written as JSON: {error}", column=field,
            hint="Push numbers, texts, times, UUIDs, and lists or dicts of them.",
        ) from error  # fmt: skip


def _can_be_said(value: Any) -> bool:
    try:
        _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _as_json(value: Any) -> Any:
    """A value that JSON has no form for as one that has, without a change: expressions get every field as text."""
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value is a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_as_json)
