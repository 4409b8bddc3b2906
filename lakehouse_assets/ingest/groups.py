"""What is loaded by one publication: a file that streams, or small files whose records the engine holds together.

Belongs here: reading them. Does not belong here: which files, and what follows from an error (loader).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from lakehouse_assets.ingest.mapping import RecordMapping
from lakehouse_assets.ingest.notes import Stamp
from lakehouse_assets.ingest.records import open_records
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.staging import Together, of_load
from lakehouse_assets.ingest.streams import InputFile

MOST_BYTES = 32 << 20
"""Bytes of a group's files, as they lie in storage, from which on it is full; what they hold may be more."""
MOST_RECORDS = 200_000
"""Records from which on a group is full."""


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
