"""Texts of records, kept until they are loaded: in memory, and from some size on in a file.

Belongs here: keeping them, and giving them to a reader. Does not belong here: what they are called (pushed, answered),
or what is wrong with one (readers).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.relations import TextRecords
from lakehouse_assets.ingest.readers.batches import Chunk, Counter, bad_records, batch
from lakehouse_assets.ingest.readers.json.faults import note_faults
from lakehouse_assets.private import make_folder

BLOCK = 4 << 20
"""Bytes of records that are handed over together."""
IN_MEMORY = 32 << 20
"""Bytes of records from which on they wait in a file."""


class KeptTexts:
    """JSON texts of records, read once. Close it.

    Attributes:
        size: Bytes of all of them.
        content_sha256: SHA-256 of them in their order.
    """

    def __init__(self, texts: Iterable[bytes], scratch: Path) -> None:
        """Read all of them; `scratch` is the folder of the file."""
        make_folder(scratch)
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(scratch), prefix="records-")  # noqa: SIM115
        self._ends: list[np.ndarray] = []
        self.size = 0
        content, lengths = hashlib.sha256(), hashlib.sha256()
        try:
            for data, ends in _blocks(texts):
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

    def close(self) -> None:
        """Let go of the records."""
        self._file.close()

    def records(self, origin: str, mapping: RecordMapping) -> TextRecords:
        """The records for the engine, by the id of the origin that keeps them."""
        counter = Counter()
        return TextRecords(origin, mapping, self.batches(counter), counter)

    def batches(self, counter: Counter) -> Iterator[pa.RecordBatch]:
        """The records in batches with the columns of `batches.SCHEMA`."""
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
