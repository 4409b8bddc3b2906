"""Small tables, and sums of them, that the readers of this process keep in memory while they are asked for often.

A table of days is hundreds of small files, and to open them takes ten times what reading their rows takes: of 200,000
rows in 546 files a query took 68 ms, of the same rows in memory 5. Summed by what statements filter and group by, as
9,000 rows, it takes 2, and to sum them up costs as much as one query. A snapshot never changes, so what is kept of one
is never stale; the next snapshot is another table.

Most statements name the few columns that they read. To keep these takes what reading them takes (six of 22 columns of
those files: 0.25 s of CPU, read or kept), so they are kept as soon as they are read again; a table as a whole costs six
times that, and as much again to be compressed.
Belongs here: which snapshots are kept, and for how long. Does not belong here: sessions and their views (duckdb).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import duckdb
from cachetools import LRUCache

from lakehouse_assets.lakehouse.sql import quoted

USES = 12
"""How often a table is read as it lies before it is kept: to keep it costs as much as so many readings."""
COLUMN_USES = 2
"""How often some columns of a table are read before they are kept, this time included."""
SUM_USES, MOST_SUMS = 2, 65_536
"""How often sums are asked for before they are kept, and how many rows they may have: so many are read in 5 ms."""
_SUMS_BYTES, _SUM_BYTES = 64 << 10, 64
"""About what sums take, and each row of them. They are not compressed: to read 9,000 rows took 1.7 ms, and 9 ms with
compressed text (DuckDB 1.5, DICT_FSST)."""
LARGEST_BYTES, ALL_BYTES = 32 << 20, 256 << 20
"""What lies in the data files of a table that may be kept, and what all that is kept may take in memory. Compressed, a
table takes about as much as in its files; columns are not compressed, for that takes as long as reading them thrice."""
_UNCOMPRESSED = 8
"""About how many times the bytes of its files a column takes in memory: five to ten were measured."""
_REMEMBERED = 1024


@dataclass(frozen=True)
class Columns:
    """The columns of a table that a statement may read, and how many the table has."""

    names: frozenset[str]
    of: int

    def __or__(self, other: Columns) -> Columns:
        return Columns(self.names | other.names, self.of)


@dataclass
class _Kept:
    """What is kept of a relation.

    Attributes:
        database: Database in memory that holds it.
        size: About the bytes that it takes.
        columns: Which columns of it, if not all.
        readers: Uses of it that have not ended.
    """

    database: str
    size: int
    columns: Columns | None = None
    readers: int = 1

    @property
    def table(self) -> str:
        """What to read, to stand after FROM."""
        return f"{self.database}.main.rows"

    def has(self, columns: Columns | None) -> bool:
        """Whether some columns, or all, are there."""
        return self.columns is None or (columns is not None and columns.names <= self.columns.names)


@dataclass
class _Asked:
    """How often a relation that is not kept was asked for, which columns of it, and the one at a time who keeps it."""

    uses: int = 0
    columns: Columns | None = None
    keeping: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, uses: int, columns: Columns | None) -> None:
        self.uses += uses
        if columns:
            self.columns = self.columns | columns if self.columns else columns


class KeptTables:
    """What is kept in one DuckDB instance. Each table is a database of its own, so that none waits for another."""

    def __init__(self, *, uses: int = USES, largest: int = LARGEST_BYTES, total: int = ALL_BYTES) -> None:
        """Keep nothing yet; see the constants of this module."""
        self._uses, self._largest, self._total = uses, largest, total
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        # LRU by what is read, bounded by bytes; no cachetools here, because what has readers stays whatever its age.
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._newest: dict[str, str] = {}
        """What to read by relation; what held fewer of its columns goes once nobody reads it."""
        # LRU: relations asked for last. A relation names its snapshot; its count ends where it is kept.
        self._asked: LRUCache[str, _Asked] = LRUCache(_REMEMBERED)

    def expect(self, relation: str, columns: Columns, uses: int) -> None:
        """Say that some columns of a relation will be asked for so many times, so that they are kept at the first."""
        with self._lock:
            self._of(relation).ask(uses, columns)

    def lend(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        stored_bytes: Callable[[], int],
        *,
        columns: Columns | None = None,
        sums: Sequence[str] | None = None,
        made_from: Callable[[], str] | None = None,
        uses: int = 1,
    ) -> str:
        """What to read instead of a relation until it is given back: the table that is kept of it, or it itself.

        Whoever asks for what another one is about to keep waits for it.

        Args:
            con: A connection of the instance.
            relation: SQL of a snapshot, or of sums of its rows, to stand after FROM.
            stored_bytes: Gives the bytes of the snapshot's data files.
            columns: Those that will be read, if not all.
            sums: Which columns are sums, if it has sums. Those of floating-point numbers are not kept: added in another
                order they differ, if by little.
            made_from: Gives SQL of the same rows as the relation that is read instead, where it is to be kept.
            uses: How many uses it counts as.
        """
        with self._lock:
            if found := self._found(relation, columns):
                return found
            asked = self._of(relation)
            before = asked.uses
            asked.ask(uses, columns)
        if sums is not None or columns is None:
            least = self._uses if sums is None else SUM_USES
            due = before < least <= asked.uses
        else:
            due = asked.uses >= COLUMN_USES
        if not due or (stored := stored_bytes()) > self._largest:
            return relation
        with asked.keeping:
            with self._lock:
                if found := self._found(relation, columns):
                    return found
                wanted = asked.columns if columns else None
            made = self._made(con, made_from() if made_from else relation, stored, wanted, sums)
            with self._lock:
                if made is None:
                    asked.uses = -self._uses
                    return relation
                self._kept[made.table] = made
                self._newest[relation] = made.table
                if wanted is None:
                    self._asked.pop(relation, None)
                self._make_room(con)
        return made.table

    def give_back(self, table: str) -> None:
        """A use of what was lent has ended; nothing where that is the relation itself."""
        with self._lock:
            if kept := self._kept.get(table):
                kept.readers -= 1

    def _found(self, relation: str, columns: Columns | None) -> str | None:
        kept = self._kept.get(self._newest.get(relation, ""))
        if kept is None or not kept.has(columns):
            return None
        self._kept.move_to_end(kept.table)
        kept.readers += 1
        return kept.table

    def _of(self, relation: str) -> _Asked:
        """What is remembered of a relation; the ones asked for last are."""
        found = self._asked.get(relation)
        if found is None:
            found = self._asked[relation] = _Asked()
        return found

    def _made(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        stored: int,
        columns: Columns | None,
        sums: Sequence[str] | None,
    ) -> _Kept | None:
        """The rows of a relation in a database of their own; nothing where that does not pay or fails.

        It fails for want of memory, say, or because nobody waits any more; then the relation is read as it lies.
        """
        size = stored if columns is None else stored * _UNCOMPRESSED * len(columns.names) // columns.of
        made = _Kept(f"kept_{next(self._numbers)}", size, columns)
        named = ", ".join(map(quoted, sorted(columns.names))) if columns else "*"
        if columns and size > self._total // 2:
            return None
        with suppress(duckdb.Error):
            con.execute(f"attach ':memory:' as {made.database} (compress {'false' if columns else 'true'})")
            ((rows,),) = con.execute(f"create table {made.table} as select {named} from {relation}").fetchall()
            if sums is None:
                if columns is None:
                    con.execute(f"checkpoint {made.database}")
                return made
            if rows <= MOST_SUMS and not _has_floats(con, made.database, sums):
                made.size = _SUMS_BYTES + rows * _SUM_BYTES
                return made
        con.execute(f"detach database if exists {made.database}")
        return None

    def _make_room(self, con: duckdb.DuckDBPyConnection) -> None:
        """Drop what nobody reads: what something newer stands for, and of the rest what was used longest ago."""
        newest = set(self._newest.values())
        for table in [name for name, kept in self._kept.items() if name not in newest and not kept.readers]:
            con.execute(f"detach {self._kept.pop(table).database}")
        excess = sum(kept.size for kept in self._kept.values()) - self._total
        for relation, table in sorted(self._newest.items(), key=lambda item: list(self._kept).index(item[1])):
            kept = self._kept[table]
            if excess > 0 and not kept.readers:
                con.execute(f"detach {kept.database}")
                excess -= kept.size
                del self._kept[table], self._newest[relation]


def _has_floats(con: duckdb.DuckDBPyConnection, database: str, columns: Sequence[str]) -> bool:
    types = "select column_name from duckdb_columns() where database_name = ? and data_type in ('FLOAT', 'DOUBLE')"
    return not {name for (name,) in con.execute(types, [database]).fetchall()}.isdisjoint(columns)
