"""Small tables that the readers of this process keep in memory while they are asked for again and again.

A table of days is hundreds of small files, and to open them takes ten times what reading their rows takes: of 200,000
rows in 546 files a query took 68 ms, of the same rows in memory 5. A snapshot never changes, so what is kept of one is
never stale; the next snapshot is another table.
Belongs here: which snapshots are kept, and for how long. Does not belong here: sessions and their views (duckdb).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

USES = 12
"""How often a table is read as it lies before it is kept: to keep it costs as much as so many readings."""
LARGEST_BYTES, ALL_BYTES = 32 << 20, 128 << 20
"""What lies in the data files of a table that may be kept, and of all that are. In memory, compressed, it is about as
much; uncompressed it would be five to ten times that."""
_REMEMBERED = 1024


@dataclass
class _Kept:
    """What is kept of a relation.

    Attributes:
        database: Database in memory that holds it.
        stored: Bytes of the data files it was made from.
        readers: Sessions that may be reading it.
    """

    database: str
    stored: int
    readers: int = 1

    @property
    def table(self) -> str:
        """What to read, to stand after FROM."""
        return _table(self.database)


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
        with self._lock:
            if kept := self._kept.get(relation):
                self._kept.move_to_end(relation)
                kept.readers += 1
                return kept.table
            due = self._counted(relation) == self._uses
        if not due or (stored := stored_bytes()) > self._largest:
            return relation
        database = f"kept_{next(self._numbers)}"
        if not _made(con, database, relation):
            return relation
        with self._lock:
            self._kept[relation] = _Kept(database, stored)
            self._counts.pop(relation, None)
            self._make_room(con)
        return _table(database)

    def give_back(self, relation: str) -> None:
        """A session that was lent what is kept of this relation, and not it itself, has ended."""
        with self._lock:
            self._kept[relation].readers -= 1

    def _counted(self, relation: str) -> int:
        """How often a relation that is not kept was asked for, this time included; the last ones are remembered."""
        count = self._counts.pop(relation, 0) + 1
        self._counts[relation] = count
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count

    def _make_room(self, con: duckdb.DuckDBPyConnection) -> None:
        """Drop what was used longest ago and nobody reads, until the rest is within its bounds."""
        excess = sum(kept.stored for kept in self._kept.values()) - self._total
        for relation, kept in list(self._kept.items()):
            if excess > 0 and not kept.readers:
                con.execute(f"detach {kept.database}")
                excess -= kept.stored
                del self._kept[relation]


def _table(database: str) -> str:
    return f"{database}.main.rows"


def _made(con: duckdb.DuckDBPyConnection, database: str, relation: str) -> bool:
    """Keep the rows of a relation; where that fails, say for want of memory, it is read as it lies."""
    try:
        con.execute(f"attach ':memory:' as {database} (compress true)")
        con.execute(f"create table {_table(database)} as select * from {relation}")
        con.execute(f"checkpoint {database}")
    except duckdb.Error:
        con.execute(f"detach database if exists {database}")
        return False
    return True
