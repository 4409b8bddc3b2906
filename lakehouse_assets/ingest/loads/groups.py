"""What is loaded by one publication: a file that streams, or small files whose records the engine holds together.

Belongs here: reading them. Does not belong here: which files, and what follows from an error (loader).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb

from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.loads.notes import Stamp
from lakehouse_assets.ingest.loads.staging import Together, of_load
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.records import open_records
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.contract import quoted

MOST_BYTES = 32 << 20
"""Bytes of a group's files, as they lie in storage, from which on it is full; what they hold may be more."""
MOST_RECORDS = 200_000
"""Records from which on a group is full."""
_TRIED = "records_that_are_tried"


@dataclass(frozen=True)
class Place:
    """Where in a file an error is: line, and column of the target table, as far as they are known."""

    line: int | None = None
    column: str | None = None


NOWHERE = Place()


class Batch(Protocol):
    """Files whose records one statement makes rows of."""

    @property
    def files(self) -> Sequence[InputFile]:
        """The files, in the order of their loads."""
        ...

    @property
    def headers(self) -> Sequence[str | None]:
        """The header line of each, where its format has one."""
        ...

    @property
    def counts(self) -> Sequence[int]:
        """Records of each, once the statement is done."""
        ...

    def relation(self, con: duckdb.DuckDBPyConnection, loads: Sequence[Stamp]) -> str:
        """SQL of the records as those of these loads, one per file, to stand after FROM."""
        ...

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Around the statement that reads them; see records.Records."""
        ...


class Alone:
    """A file by itself, of any size; see Batch."""

    def __init__(self, file: InputFile, source: Source, mapping: RecordMapping, scratch: Path) -> None:
        """Open it."""
        self.files = [file]
        self._records = open_records(file, source, mapping, scratch)

    @property
    def headers(self) -> list[str | None]:
        """See Batch."""
        return [self._records.header]

    @property
    def counts(self) -> list[int]:
        """See Batch."""
        return [self._records.count]

    def relation(self, con: duckdb.DuckDBPyConnection, loads: Sequence[Stamp]) -> str:
        """See Batch."""
        return of_load(self._records.relation(con), loads[0])

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Batch."""
        with self._records.errors():
            yield


@dataclass(frozen=True)
class _Read:
    """A file whose records the engine holds."""

    number: int
    file: InputFile
    header: str | None
    records: int


class Group:
    """Small files together; see Batch."""

    def __init__(
        self, together: Together, source: Source, mapping: RecordMapping, scratch: Path, read: Sequence[_Read] = ()
    ) -> None:
        """Begin with files that `together` holds already, if any."""
        self._together, self._source, self._mapping, self._scratch = together, source, mapping, scratch
        self._read = list(read)

    def add(self, file: InputFile) -> None:
        """Read a whole file.

        Raises:
            Exception: it cannot be read; the group is as before.
        """
        records = open_records(file, self._source, self._mapping, self._scratch)
        number = len(self._read)
        self._together.add(number, records)
        self._read.append(_Read(number, file, records.header, records.count))

    def place_of(self, con: duckdb.DuckDBPyConnection, error: Exception) -> Place:
        """Where in the only file of the group an error of the engine is, found by trying fewer and fewer records."""
        (read,) = self._read
        if not isinstance(error, duckdb.Error) or isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException)):
            return NOWHERE
        records = self._together.relation({read.number: Stamp("", datetime(1970, 1, 1))})

        def fails(rows: str, wanted: str = "*") -> bool:
            try:
                con.execute(f"create or replace temp table {_TRIED} as select {wanted} from ({rows})")
            except duckdb.Error:
                return True
            return False

        def up_to(number: int) -> str:
            return self._mapping.rows(f"(select * from {records} where source_row <= {number})")

        if not fails(up_to(read.records)):
            return NOWHERE
        first = bisect_left(range(1, read.records + 1), True, key=lambda number: fails(up_to(number))) + 1
        guilty = f"(select * from {records} where source_row = {first})"
        (found,) = con.execute(f"select line from {guilty}").fetchall()
        alone = self._mapping.rows(guilty)
        columns = [c for c in self._mapping.contract.column_names if fails(alone, quoted(c))]
        con.execute(f"drop table if exists {_TRIED}")
        return Place(found[0], columns[0] if len(columns) == 1 else None)

    @property
    def full(self) -> bool:
        """Whether it should be loaded before more is read."""
        many = sum(r.records for r in self._read) >= MOST_RECORDS
        return many or sum(r.file.size for r in self._read) >= MOST_BYTES

    def part(self, chosen: Sequence[bool]) -> Group:
        """The group with some of its files alone."""
        read = [r for r, is_in in zip(self._read, chosen, strict=True) if is_in]
        return Group(self._together, self._source, self._mapping, self._scratch, read)

    @property
    def files(self) -> list[InputFile]:
        """See Batch."""
        return [r.file for r in self._read]

    @property
    def headers(self) -> list[str | None]:
        """See Batch."""
        return [r.header for r in self._read]

    @property
    def counts(self) -> list[int]:
        """See Batch."""
        return [r.records for r in self._read]

    def relation(self, con: duckdb.DuckDBPyConnection, loads: Sequence[Stamp]) -> str:
        """See Batch."""
        return self._together.relation({r.number: stamp for r, stamp in zip(self._read, loads, strict=True)})

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Batch; they were read already."""
        yield

    def close(self) -> None:
        """Let go of the records."""
        self._together.close()
