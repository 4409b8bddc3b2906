"""Rows of a database as origins: whole tables known by their content, rows up to a cursor by the position in their id.

Belongs here: what such rows are to a load, and keeping them until they are loaded. Does not belong here: reading them
(fetching), or which rows are next (loads.fetching).

Rows are kept in a Parquet file, so that they are read once, the database is let go of early, and whatever is done to
the records of such files is done to them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.files import ParquetRecords
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.private import make_folder

WHOLE = Kind("database", "database://", lambda source: source.for_json, is_state=True)


class KeptRows:
    """Rows of a database that wait in a file; see Origin. A context, which lets go of them at its end."""

    id = ""
    position: str | None = None
    claims: tuple[str, str] | None = None

    def __init__(self, scratch: Path, names: Iterable[str], *, refusals: str | None = None) -> None:
        """Begin without rows.

        Args:
            scratch: Folder of the file.
            names: Names of the columns.
            refusals: Name of the column that says why a row is to be quarantined whatever it holds, if there is one.
        """
        make_folder(scratch)
        self._folder = tempfile.TemporaryDirectory(dir=scratch, prefix="rows-")
        self._refusals = refusals
        self.size = 0
        self._path = Path(self._folder.name) / "rows.parquet"
        self.schema = pa.schema([pa.field(name, pa.binary()) for name in names])
        self.rows = 0

    def known_as(self, origin_id: str, position: str | None = None, claims: tuple[str, str] | None = None) -> Self:
        """Say which rows these are; see Origin."""
        self.id, self.position, self.claims = origin_id, position, claims
        return self

    @contextmanager
    def filling(self) -> Iterator[Callable[[pa.RecordBatch], None]]:
        """Give what keeps a batch of rows; once."""
        with pq.ParquetWriter(self._path, self.schema, compression="lz4", use_dictionary=False) as writer:

            def keep(batch: pa.RecordBatch) -> None:
                writer.write_batch(batch)
                self.rows += batch.num_rows

            yield keep
        self._file = InputFile(str(self._path))
        self.size = self._file.size

    def fill(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Keep rows; once."""
        with self.filling() as keep:
            for batch in batches:
                keep(batch)

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
        return ParquetRecords(self._file, mapping, scratch, self.id, refusals=self._refusals)
