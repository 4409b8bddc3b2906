"""Small tables, and sums of them, that the readers of this process keep in memory while they are asked for often.

A table of days is hundreds of small files, and to open them takes ten times what reading their rows takes: of 200,000
rows in 546 files a query took 68 ms, of the same rows in memory 5. Summed by what statements filter and group by, as
9,000 rows, it takes 2, and to sum them up costs as much as one query. A snapshot never changes, so what is kept of one
is never stale; the next snapshot is another table.
Belongs here: which snapshots are kept, and for how long. Does not belong here: sessions and their views (duckdb).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb
from cachetools import LRUCache

USES = 12
"""How often a table is read as it lies before it is kept: to keep it costs as much as so many readings."""
SUM_USES, MOST_SUMS = 2, 65_536
"""How often sums are asked for before they are kept, and how many rows they may have: so many are read in 5 ms."""
_SUMS_BYTES, _SUM_BYTES = 64 << 10, 64
"""About what sums take, and each row of them. They are not compressed: to read 9,000 rows took 1.7 ms, and 9 ms with
compressed text (DuckDB 1.5, DICT_FSST)."""
LARGEST_BYTES, ALL_BYTES = 32 << 20, 128 << 20
"""What lies in the data files of a table that may be kept, and of all that are. In memory, compressed, it is about as
much; uncompressed it would be five to ten times that."""
_REMEMBERED = 1024


@dataclass
class _Kept:
    """What is kept of a relation.

    Attributes:
        database: Database in memory that holds it.
        stored: Bytes of the data files it was made from; of sums, about what they take.
        readers: Sessions that may be reading it.
    """

    database: str
    stored: int
    readers: int = 1

    @property
    def table(self) -> str:
        """What to read, to stand after FROM."""
        return f"{self.database}.main.rows"


class KeptTables:
    """What is kept in one DuckDB instance. Each table is a database of its own, so that none waits for another."""

    def __init__(self, *, uses: int = USES, largest: int = LARGEST_BYTES, total: int = ALL_BYTES) -> None:
        """Keep nothing yet; see the constants of this module."""
        self._uses, self._largest, self._total = uses, largest, total
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        # LRU, bounded by bytes; no cachetools here, because what has readers stays whatever its age.
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        # LRU: relations asked for last. A relation names its snapshot; its count ends where it is kept.
        self._counts: LRUCache[str, int] = LRUCache(_REMEMBERED)

    def lend(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        stored_bytes: Callable[[], int],
        *,
        sums: Sequence[str] | None = None,
        counts: bool = True,
    ) -> str:
        """What to read instead of a relation until it is given back: the table that is kept of it, or it itself.

        Args:
            con: A connection of the instance.
            relation: SQL of a snapshot, or of sums of its rows, to stand after FROM.
            stored_bytes: Gives the bytes of the snapshot's data files.
            sums: Which columns are sums, if it has sums. Those of floating-point numbers are not kept: added in another
                order they differ, if by little.
            counts: Whether it is one more use.
        """
        uses = self._uses if sums is None else SUM_USES
        with self._lock:
            if kept := self._kept.get(relation):
                self._kept.move_to_end(relation)
                kept.readers += 1
                return kept.table
            due = counts and self._counted(relation) == uses
        if not due or (stored := stored_bytes()) > self._largest:
            return relation
        made = self._made(con, relation, stored, sums)
        if made is None:
            return relation
        with self._lock:
            self._kept[relation] = made
            self._counts.pop(relation, None)
            self._make_room(con)
        return made.table

    def give_back(self, relation: str) -> None:
        """A session that was lent what is kept of this relation, and not it itself, has ended."""
        with self._lock:
            self._kept[relation].readers -= 1

    def _counted(self, relation: str) -> int:
        """How often a relation that is not kept was asked for, this time included; the last ones are remembered."""
        self._counts[relation] = count = self._counts.get(relation, 0) + 1
        return count

    def _made(
        self, con: duckdb.DuckDBPyConnection, relation: str, stored: int, sums: Sequence[str] | None
    ) -> _Kept | None:
        """The rows of a relation in a database of their own; nothing where that does not pay or fails.

        It fails for want of memory, say, or because nobody waits any more; then the relation is read as it lies.
        """
        made = _Kept(f"kept_{next(self._numbers)}", stored)
        with suppress(duckdb.Error):
            con.execute(f"attach ':memory:' as {made.database} (compress true)")
            ((rows,),) = con.execute(f"create table {made.table} as select * from {relation}").fetchall()
            if sums is None:
                con.execute(f"checkpoint {made.database}")
                return made
            if rows <= MOST_SUMS and not _has_floats(con, made.database, sums):
                return replace(made, stored=_SUMS_BYTES + rows * _SUM_BYTES)
        con.execute(f"detach database if exists {made.database}")
        return None

    def _make_room(self, con: duckdb.DuckDBPyConnection) -> None:
        """Drop what was used longest ago and nobody reads, until the rest is within its bounds."""
        excess = sum(kept.stored for kept in self._kept.values()) - self._total
        for relation, kept in list(self._kept.items()):
            if excess > 0 and not kept.readers:
                con.execute(f"detach {kept.database}")
                excess -= kept.stored
                del self._kept[relation]


def _has_floats(con: duckdb.DuckDBPyConnection, database: str, columns: Sequence[str]) -> bool:
    types = "select column_name from duckdb_columns() where database_name = ? and data_type in ('FLOAT', 'DOUBLE')"
    return not {name for (name,) in con.execute(types, [database]).fetchall()}.isdisjoint(columns)
