"""Rows of a database as origins: whole tables known by their content, rows up to a cursor by the position in their id.

Belongs here: what such rows are to a load, and keeping them until they are loaded. Does not belong here: reading them
(fetching), or which rows are next (loads.fetching).

Rows are kept in a Parquet file, so that they are read once, the database is let go of early, and whatever is done to
the records of such files is done to them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.files import ParquetRecords
from lakehouse_assets.ingest.origins.positions import Position
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.private import make_folder

WHOLE = Kind("database", "database://", lambda source: source.for_json, is_state=True)


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
        self.position = None if position is None else position.said
        # cursor://SOURCE/DIGEST is the track
        self.claims = None if position is None else position.claims_in("/".join(origin_id.split("/")[:4]))
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
