"""Small tables, and sums of them, that the readers of this process keep in memory while they are asked for often.

A table of days is hundreds of small files, and to open them takes ten times what reading their rows takes: of 200,000
rows in 546 files a query took 68 ms, of the same rows in memory 5. Summed by what statements filter and group by, as
9,000 rows, it took 2. A snapshot never changes, so what is kept of one is never stale; the next snapshot is another
table.
Belongs here: which snapshots are kept, and for how long. Does not belong here: sessions and their views (duckdb).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import duckdb

USES = 12
"""How often a table is read as it lies before it is kept: to keep it costs as much as so many readings."""
SUM_USES, FEWER = 2, 8
"""How often sums of a kept table are asked for before they are kept, too, and how many times fewer than its rows they
have to be."""
_UNCOMPRESSED = 8
"""How many times more a row takes uncompressed. Sums are kept so: to read 9,000 of them took 1.7 ms, and 9 ms with text
compressed (DuckDB 1.5, DICT_FSST)."""
LARGEST_BYTES, ALL_BYTES = 32 << 20, 128 << 20
"""What lies in the data files of a table that may be kept, and of all that are. In memory, compressed, it is about as
much; uncompressed it would be five to ten times that."""
_REMEMBERED = 1024


@dataclass
class _Kept:
    """What is kept of a relation.

    Attributes:
        database: Database in memory that holds it.
        rows: How many rows it has.
        stored: Bytes of the data files it was made from; of sums about as many as they take.
        readers: Sessions that may be reading it.
    """

    database: str
    rows: int = 0
    stored: int = 0
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
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._counts: OrderedDict[str, int] = OrderedDict()

    def lend(self, con: duckdb.DuckDBPyConnection, relation: str, stored_bytes: Callable[[], int]) -> str:
        """What to read instead of a relation until it is given back: the table that is kept of it, or it itself.

        Args:
            con: A connection of the instance.
            relation: SQL of a snapshot, to stand after FROM.
            stored_bytes: Gives the bytes of the snapshot's data files.
        """
        kept, due = self._asked_for(relation, self._uses)
        if kept:
            return kept.table
        if not due or (stored := stored_bytes()) > self._largest:
            return relation
        if not (made := self._made(con, relation, compress=True)):
            return relation
        return self._keep(con, relation, replace(made, stored=stored))

    def lend_sums(self, con: duckdb.DuckDBPyConnection, relation: str, of: str, sums: Sequence[str]) -> str:
        """What to read instead of sums of a table until they are given back: what is kept of them, or they themselves.

        Args:
            con: A connection of the instance.
            relation: The query, to stand after FROM.
            of: The relation that it sums up, of which a table is lent.
            sums: The columns that are sums. Those of floating-point numbers are not kept: added in another order they
                differ, if by little.
        """
        kept, due = self._asked_for(relation, SUM_USES)
        if kept:
            return kept.table
        if not due or not (made := self._made(con, relation, compress=False)):
            return relation
        whole = self._kept[of]
        if made.rows * FEWER >= whole.rows or _has_floats(con, made.database, sums):
            con.execute(f"detach {made.database}")
            return relation
        return self._keep(con, relation, replace(made, stored=_UNCOMPRESSED * whole.stored * made.rows // whole.rows))

    def give_back(self, relation: str) -> None:
        """A session that was lent what is kept of this relation, and not it itself, has ended."""
        with self._lock:
            self._kept[relation].readers -= 1

    def _asked_for(self, relation: str, uses: int) -> tuple[_Kept | None, bool]:
        """What is kept of a relation, which has one reader more; or whether it was asked for often enough just now.

        How often it was is remembered of the last ones.
        """
        with self._lock:
            if kept := self._kept.get(relation):
                self._kept.move_to_end(relation)
                kept.readers += 1
                return kept, False
            self._counts[relation] = count = self._counts.pop(relation, 0) + 1
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
            return None, count == uses

    def _made(self, con: duckdb.DuckDBPyConnection, relation: str, *, compress: bool) -> _Kept | None:
        """The rows of a relation in a database of their own; nothing where that fails, say for want of memory."""
        made = _Kept(f"kept_{next(self._numbers)}")
        try:
            con.execute(f"attach ':memory:' as {made.database} (compress true)")
            made.rows = con.execute(f"create table {made.table} as select * from {relation}").fetchall()[0][0]
            if compress:
                con.execute(f"checkpoint {made.database}")
        except duckdb.Error:
            con.execute(f"detach database if exists {made.database}")
            return None
        return made

    def _keep(self, con: duckdb.DuckDBPyConnection, relation: str, made: _Kept) -> str:
        """Keep what was made for others, too; it has its first reader."""
        with self._lock:
            self._kept[relation] = made
            self._counts.pop(relation, None)
            self._make_room(con)
        return made.table

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
