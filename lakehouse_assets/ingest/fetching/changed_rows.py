"""Changes of one table of PostgreSQL as records of a source: the row after an insert or update, before a delete.

Belongs here: what a change becomes, and when reading has to stop. Does not belong here: the messages (pgoutput), asking
for them (slots), or positions (loads).

Silver takes of a record, told by its key, the last copy; a partition of silver is made from the same partition of
bronze. So an update that changes the key of a row, or what places it, becomes two records: the row is deleted where it
was, and inserted where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse_assets.ingest.fetching.pgoutput import (
    UNSENT,
    Begin,
    Change,
    Commit,
    Relation,
    Truncate,
    Value,
    lsn_text,
    read,
)
from lakehouse_assets.ingest.fetching.texts import told_as
from lakehouse_assets.ingest.origins.followed import NONE, Transaction

OPERATION, LSN, COMMITTED_AT, LEFT_OUT = "_op", "_lsn", "_committed_at", "_unsent"
AROUND = (OPERATION, LSN, COMMITTED_AT, LEFT_OUT)
"""What a record has beside the columns: copy, insert, update or delete; the position and time of the commit; columns
that hold a large value which an update left alone."""
REFUSED = "asklake refuses"
"""Column of what is kept until it is loaded: why a record is to be quarantined. No table has one of this name."""
MOST_ROWS, MOST_BYTES = 10_000, 4 << 20
"""Of one batch."""
MEND = "`alter table {table} replica identity full`, and load the source anew"


@dataclass(frozen=True)
class Wanted:
    """What a source wants of a table.

    Attributes:
        schema: Schema of the table.
        table: The table.
        number: Its number in the catalog of the database.
        columns: The columns that records have.
        read: Those that the source reads.
        placing: Those of them that say which record a row is, and in which partition it lies.
        kinds: Number and modifier of the type of each column that is read, as the first copy found them.
        required: Columns that are never without a value in the database.
        has_all: Whether these are all columns of the table, so that one more is one of the records, too.
        bases: Kind to number of the type that it is of, of columns whose type is a domain.
    """

    schema: str
    table: str
    number: int
    columns: tuple[str, ...]
    read: frozenset[str]
    placing: frozenset[str]
    kinds: Mapping[str, str]
    required: frozenset[str] = frozenset()
    has_all: bool = True
    bases: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table, for people."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class Stop:
    """Why reading goes no further than the transaction before.

    Attributes:
        lsn: Position of the transaction that stops it.
        is_emptied: Whether the table was emptied at once (TRUNCATE).
        changed: Column to its type before and now, as in Wanted.kinds, of those that the source reads; now None of one
            that is gone.
        is_other: Whether another table has the name now.
    """

    lsn: int
    is_emptied: bool = False
    changed: Mapping[str, tuple[str, str | None]] | None = None
    is_other: bool = False


class Commits:
    """The transactions that it is told of.

    Attributes:
        last: The last whole one.
    """

    def __init__(self, up_to: int | None = None) -> None:
        """None is told yet; those that end behind a position are not taken."""
        self._up_to = up_to
        self._begun: Begin | None = None
        self.last = NONE

    def take(self, data: bytes) -> None:
        """Take a message.

        Raises:
            UnreadableMessageError: it is none.
        """
        if data[:1] in (b"B", b"C"):
            self.note(read(data))

    def note(self, message: object) -> None:
        """Take note of a message, if it begins or ends a transaction."""
        if isinstance(message, Begin):
            self._begun = message
        elif isinstance(message, Commit) and self._begun and message.end <= (self._up_to or message.end):
            at = self._begun.committed_at
            self.last = Transaction(message.end, self._begun.transaction, at.isoformat())


class ChangedRows:
    """Records of the changes that it is told of; they are handed over in batches.

    Attributes:
        end: Where the last whole transaction ends; None where there is none.
        commits: The transactions.
        messages: Messages that it was told.
        changes: Changes of the table up to there.
        stop: Why it takes nothing more.
        others: Columns of the table that `names` lacks: then the records are not whole, and are to be read again.
    """

    def __init__(self, wanted: Wanted, keep: Callable[[pa.RecordBatch], None]) -> None:
        """Nothing is told yet."""
        self._wanted, self._keep = wanted, keep
        self._names = (*AROUND, *wanted.columns, REFUSED)
        self._rows: list[tuple[Value, ...]] = []
        self._bytes = 0
        self._table: _Table | None = None
        self._around: tuple[bytes, bytes] = (b"", b"")
        self._lsn = self._changes = 0
        self.end: int | None = None
        self.commits = Commits()
        self.messages = self.changes = 0
        self.stop: Stop | None = None
        self.others: tuple[str, ...] = ()

    def take(self, data: bytes) -> None:
        """Take a message.

        Raises:
            UnreadableMessageError: it is none.
        """
        self.messages += 1
        if self.stop or self.others:
            return
        message = read(data)
        self.commits.note(message)
        if isinstance(message, Change):
            if self._table and message.relation == self._table.number:
                self._bytes += len(data)
                self._change(self._table, message)
        elif isinstance(message, Begin):
            self._lsn = message.lsn
            self._around = lsn_text(message.lsn).encode(), message.committed_at.isoformat(sep=" ").encode()
        elif isinstance(message, Commit):
            self.end = message.end
            self.changes += self._changes
            self._changes = 0
        elif isinstance(message, Relation):
            self._seen(message)
        elif isinstance(message, Truncate) and self._table and self._table.number in message.relations:
            self.stop = Stop(self._lsn, is_emptied=True)

    def finish(self) -> None:
        """Hand over what is left."""
        if self._rows and not (self.stop or self.others):
            self._hand_over()

    def _seen(self, relation: Relation) -> None:
        """Take note of the table as the changes after this have it."""
        wanted = self._wanted
        if relation.number != wanted.number:
            if (relation.schema, relation.table) == (wanted.schema, wanted.table):
                self.stop = Stop(self._lsn, is_other=True)
            return  # by its number, and so through the time in which it had another name
        kinds = {c.name: kind_of(c.kind, c.modifier) for c in relation.columns}
        if changed := {n: (kind, kinds.get(n)) for n, kind in wanted.kinds.items() if kinds.get(n) != kind}:
            self.stop = Stop(self._lsn, changed=changed)
            return
        if wanted.has_all:
            self.others = tuple(name for name in kinds if name not in wanted.columns)
        if self._rows:
            self._hand_over()
        self._table = _Table(relation, wanted)

    def _change(self, table: _Table, change: Change) -> None:
        self._changes += 1
        for operation, values, left_out, problem in table.records(change):
            found = [values[i] if i is not None else None for i in table.places]
            told = (operation, *self._around, left_out)
            self._rows.append((*told, *found, problem))
        if len(self._rows) >= MOST_ROWS or self._bytes >= MOST_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        assert self._table is not None
        columns = [
            pa.array([None if v is None else told(v) for v in column] if told else column, pa.binary())
            for column, told in zip(zip(*self._rows, strict=True), self._table.told_as, strict=True)
        ]
        self._rows, self._bytes = [], 0
        self._keep(pa.RecordBatch.from_arrays(columns, names=list(self._names)))


Record = tuple[bytes, Sequence[Value], bytes | None, bytes | None]
"""Operation, values in the order of the table, columns that were left out, and why it is to be quarantined."""


class _Table:
    """The table as some changes have it: what each of them becomes."""

    def __init__(self, relation: Relation, wanted: Wanted) -> None:
        columns = relation.columns
        at = {c.name: i for i, c in enumerate(columns)}
        self.number = relation.number
        self.places = [at.get(name) for name in wanted.columns]
        bases = [wanted.bases.get(kind_of(c.kind, c.modifier), c.kind) for c in columns]
        self.told_as = [
            *(None for _ in AROUND), *(told_as(bases[i]) if i is not None else None for i in self.places), None
        ]  # fmt: skip
        self._names = [c.name for c in columns]
        self._read = wanted.read
        self._placing = [at[name] for name in wanted.placing if name in at]
        self._keys = frozenset(i for i, c in enumerate(columns) if c.is_key)
        self._is_whole = len(self._keys) == len(columns)
        self._required = [at[name] for name in wanted.required if name in at]
        self._mend = MEND.format(table=wanted.name)
        where = ", ".join(name for name in sorted(wanted.placing) if at.get(name) not in self._keys)
        self._misplaced = f"PostgreSQL does not say what {where} was before the change: {self._mend}".encode()
        self._is_placed_by_key = not where
        self._not_whole = (
            f"PostgreSQL does not say what the row was before the change, for a partition of {wanted.name} has another "
            f"replica identity than the whole: alter it, too, and load the source anew"
        ).encode()

    def records(self, change: Change) -> Iterator[Record]:
        """What a change becomes, in order."""
        if change.new is None:
            assert change.old is not None
            yield b"delete", change.old, None, self._why_not(change)
            return
        if change.operation == "insert":
            yield b"insert", change.new, None, None
            return
        new, problem = change.new, self._why_not(change)
        if UNSENT in new:
            new = self._completed(new, change)
        if change.old is not None and self._is_moved(change.old, new):
            yield b"delete", change.old, None, problem
            # It is deleted where it was, and is new where it is.
        left_out = [name for name, value in zip(self._names, new, strict=True) if value is UNSENT]
        if not left_out:
            yield b"update", new, None, problem
            return
        if lacking := [name for name in left_out if name in self._read]:
            words = f"PostgreSQL does not send again what an update left alone, in {', '.join(lacking)}: {self._mend}"
            problem = problem or words.encode()
        yield b"update", [None if v is UNSENT else v for v in new], ", ".join(left_out).encode(), problem

    def _why_not(self, change: Change) -> bytes | None:
        """Why a change of a row that was there cannot be told exactly; None where it can."""
        old = change.old
        if self._is_whole and (old is None or any(old[i] is None for i in self._required)):
            return self._not_whole
        if not change.is_whole and not self._is_placed_by_key:
            return self._misplaced
        return None

    def _completed(self, new: Sequence[Value], change: Change) -> list[Value]:
        """A row with what was not sent again, as far as the row before tells it."""
        known: Collection[int] = range(len(new)) if change.is_whole else self._keys
        old = change.old
        return [old[i] if value is UNSENT and old is not None and i in known else value for i, value in enumerate(new)]

    def _is_moved(self, old: Sequence[Value], new: Sequence[Value]) -> bool:
        return any(old[i] != new[i] for i in self._placing)


def kind_of(number: int, modifier: int) -> str:
    """A type, as positions note it."""
    return f"{number}.{modifier}"
