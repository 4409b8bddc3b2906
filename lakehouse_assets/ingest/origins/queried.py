"""Rows of a database as origins: whole tables known by their content, rows up to a cursor by the position in their id.

Belongs here: what such rows are to a load, and keeping them until they are loaded. Does not belong here: reading them
(fetching), or which rows are next (loads.fetching).

Rows are kept in a Parquet file, so that they are read once, the database is let go of early, and whatever is done to
the records of such files is done to them.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.files import ParquetRecords
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.private import make_folder

Scalar = str | int | float | None
WHOLE = Kind("database", "database://", lambda source: source.for_json, is_state=True)
BY_CURSOR = Kind("cursor", "cursor://", lambda source: source.for_json, is_read_on=True)
_DIGITS = 20


@dataclass(frozen=True)
class Position:
    """How far a source has read by its cursor.

    Attributes:
        number: Of the load that read so far, from 1; every later one has a greater number.
        to: The greatest value of the cursor that it read.
        near: Rows that were there then within the look-back before that value, it included; other rows have come, or
            gone, where there are more or fewer.
    """

    number: int
    to: Scalar
    near: int = 0

    def id_in(self, track: str) -> str:
        """Id of the load, in the track of its source and cursor; ids sort by number."""
        return f"{first_id(track, self.number)}/{json.dumps([self.to, self.near], ensure_ascii=False)}"

    @classmethod
    def of(cls, origin_id: str) -> Self:
        """The position that an id names.

        Raises:
            ValueError: it is the id of none.
        """
        _source, _digest, number, said = origin_id.removeprefix(BY_CURSOR.scheme).split("/", 3)
        to, near = json.loads(said)
        return cls(int(number), to, near)


def track_of(source: str, reads: str) -> str:
    """What the ids of all loads of a source begin with that read the same by the same cursor."""
    return f"{BY_CURSOR.scheme}{source}/{hashlib.sha256(reads.encode()).hexdigest()[:12]}"


def first_id(track: str, number: int) -> str:
    """What the ids of all loads of a track from a number on are not less than."""
    return f"{track}/{number:0{_DIGITS}}"


def last_id(track: str) -> str:
    """What the ids of all loads of a track are less than."""
    return f"{track}0"


class QueriedRows:
    """Rows of a database that wait in a file; see Origin. A context, which lets go of them at its end."""

    def __init__(self, origin_id: str, scratch: Path, names: Iterable[str], position: Position | None = None) -> None:
        """Begin without rows.

        Args:
            origin_id: Id of the origin.
            scratch: Folder of the file.
            names: Names of the columns.
            position: How far these rows go, where a cursor says it.
        """
        self.id = origin_id
        self.position = None if position is None else json.dumps(position.to, ensure_ascii=False)
        self.claims = None
        if position is not None:
            track = "/".join(origin_id.split("/")[:4])  # cursor://SOURCE/DIGEST
            self.claims = (first_id(track, position.number), last_id(track))
        make_folder(scratch)
        self._folder = tempfile.TemporaryDirectory(dir=scratch, prefix="rows-")
        self.size = 0
        self._path = Path(self._folder.name) / "rows.parquet"
        self._schema = pa.schema([pa.field(name, pa.binary()) for name in names])
        self.rows = 0

    def fill(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Keep rows; once."""
        with pq.ParquetWriter(self._path, self._schema, compression="lz4", use_dictionary=False) as writer:
            for batch in batches:
                writer.write_batch(batch)
                self.rows += batch.num_rows
        self._file = InputFile(str(self._path))
        self.size = self._file.size

    def __enter__(self) -> Self:
        """Nothing is opened."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the rows."""
        self.close()

    def close(self) -> None:
        """Let go of the rows."""
        self._folder.cleanup()

    @property
    def content_sha256(self) -> str:
        """See Origin."""
        return self._file.sha256

    def open(self, mapping: RecordMapping, scratch: Path) -> ParquetRecords:
        """See Origin."""
        return ParquetRecords(self._file, mapping, scratch, self.id)
