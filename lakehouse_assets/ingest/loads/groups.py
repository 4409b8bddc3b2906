"""What is loaded by one publication: an origin that streams, or small ones whose records the engine holds together.

Belongs here: reading them. Does not belong here: which origins, and what follows from an error (loader).
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

from lakehouse_assets.ingest.loads.notes import Stamp
from lakehouse_assets.ingest.loads.staging import Together, of_load
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.protocol import Origin
from lakehouse_assets.lakehouse.sql import quoted

MOST_BYTES = 32 << 20
"""Bytes of a group's origins, as they lie in storage, from which on it is full; what they hold may be more."""
MOST_RECORDS = 200_000
"""Records from which on a group is full."""
_TRIED = "records_that_are_tried"


@dataclass(frozen=True)
class Place:
    """Where in an origin an error is: line, and column of the target table, as far as they are known."""

    line: int | None = None
    column: str | None = None


NOWHERE = Place()


class Batch(Protocol):
    """Origins whose records one statement makes rows of."""

    @property
    def origins(self) -> Sequence[Origin]:
        """The origins, in the order of their loads."""
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
        """SQL of the records as those of these loads, one per origin, to stand after FROM."""
        ...

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Around the statement that reads them; see records.Records."""
        ...


class Alone:
    """An origin by itself, of any size; see Batch."""

    def __init__(self, origin: Origin, mapping: RecordMapping, scratch: Path) -> None:
        """Open it."""
        self.origins = [origin]
        self._records = origin.open(mapping, scratch)

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
    """An origin whose records the engine holds."""

    number: int
    origin: Origin
    header: str | None
    records: int


class Group:
    """Small origins together; see Batch."""

    def __init__(self, together: Together, mapping: RecordMapping, scratch: Path, read: Sequence[_Read] = ()) -> None:
        """Begin with origins that `together` holds already, if any."""
        self._together, self._mapping, self._scratch = together, mapping, scratch
        self._read = list(read)

    def add(self, origin: Origin) -> None:
        """Read a whole origin.

        Raises:
            Exception: it cannot be read; the group is as before.
        """
        records = origin.open(self._mapping, self._scratch)
        number = len(self._read)
        self._together.add(number, records)
        self._read.append(_Read(number, origin, records.header, records.count))

    def place_of(self, con: duckdb.DuckDBPyConnection, error: Exception) -> Place:
        """Where in the only origin of the group an error of the engine is, found by trying fewer and fewer records."""
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
        return many or sum(r.origin.size for r in self._read) >= MOST_BYTES

    def part(self, chosen: Sequence[bool]) -> Group:
        """The group with some of its origins alone."""
        read = [r for r, is_in in zip(self._read, chosen, strict=True) if is_in]
        return Group(self._together, self._mapping, self._scratch, read)

    @property
    def origins(self) -> list[Origin]:
        """See Batch."""
        return [r.origin for r in self._read]

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
