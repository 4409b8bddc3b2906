"""What the platform asks of an engine, whichever it is.

Belongs here: the protocols and errors shared by every engine.
Does not belong here: what one engine does (duckdb, trino), or says before it is opened (spec).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pyarrow as pa
from rapidfuzz import process

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.iceberg.time_travel import PastHeads

if TYPE_CHECKING:
    from pyiceberg.table import Table


class QueryTimeoutError(Exception):
    """A query ran longer than it may and was cancelled in the engine."""


class QueryCancelledError(Exception):
    """A query was ended in the engine, or did not begin, because nobody waits for its rows any more."""


class QueryRefusedError(Exception):
    """A query is not a single read-only statement over tables of the lake."""


class EngineRefusedError(QueryRefusedError):
    """The engine itself refuses a statement; the text is about SQL that its reader may never have seen."""


class Rollup(NamedTuple):
    """A subquery of a statement, and a query of fewer rows that gives the statement the same result in its place.

    Attributes:
        rows: The subquery, with its brackets, as it stands in the statement.
        table: The one table that it reads, as `layer.table`.
        before: The other query up to what it reads, which follows here.
        after: The rest of it.
        sums: Its columns that are sums; those of floating-point numbers are not the same in another order.
    """

    rows: str
    table: str
    before: str
    after: str
    sums: tuple[str, ...]


class Catalog(Protocol):
    """What every catalog of tables offers to those who read."""

    def heads(self) -> Mapping[str, str]:
        """Identifier to metadata location of every table, as of one moment."""
        ...

    def load_table(self, identifier: str) -> Table:
        """A table as it is now.

        Raises:
            pyiceberg.exceptions.NoSuchTableError: there is none of this name.
        """
        ...


class Session(Protocol):
    """One consistent view of the catalog: every table at one snapshot for as long as the session lives."""

    @property
    def heads(self) -> Mapping[str, str]:
        """Identifier to metadata location of every table there is."""
        ...

    @property
    def snapshots(self) -> Mapping[str, int]:
        """Identifier to snapshot id of every table read so far."""
        ...

    def relation(self, identifier: str) -> str:
        """SQL that reads a table at this session's snapshot, to stand after FROM."""
        ...

    def query(
        self,
        sql: str,
        params: Sequence[Any] | None = None,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
        rollups: Iterable[Rollup] = (),
        by_name: bool = False,
    ) -> pa.Table:
        """Run one read-only statement in which tables are named `layer.table`.

        Of its `rollups` those may be run instead whose rows the engine keeps, or none. `by_name` says that its result
        is named column by column and no tables are joined by whatever names they share, so that an engine may read
        only columns whose names stand in the statement.

        Raises:
            QueryRefusedError: the text is not one read-only query over known tables.
            QueryTimeoutError: it ran longer than `timeout_s` seconds and was cancelled.
            QueryCancelledError: nobody waits for it any more (lakehouse.cancelling).
        """
        ...

    def expect(self, statements: Iterable[str]) -> None:
        """Say what will be run soon, `by_name`, in this session or others, so that an engine may read tables once.

        Raises:
            QueryRefusedError: a text is not one read-only query.
        """
        ...


class WriterSession(Session, Protocol):
    """A session of the platform's own work, which may write."""

    def expose(self, identifier: str) -> None:
        """Make `layer.table` readable by its name in this session.

        Raises:
            QueryRefusedError: there is no such table.
        """
        ...

    def run(self, sql: str) -> pa.Table:
        """Run one of the platform's own statements as it stands, however long it takes; its rows, if it has any."""
        ...


class Engine(Protocol):
    """An engine that reads the catalog's tables."""

    dialect: Dialect

    def session(
        self, heads: Mapping[str, str], at: Mapping[str, int] | None = None, *, writer: bool = False
    ) -> AbstractContextManager[WriterSession]:
        """Open a session over the tables whose metadata `heads` names, some at older snapshots."""
        ...

    def wants_statistics(self, table: Table) -> bool:
        """Whether the engine plans by statistics of columns, and those of the current snapshot are missing or old."""
        ...

    def across(
        self, heads: Mapping[str, Mapping[str, str]]
    ) -> AbstractContextManager[tuple[WriterSession, Callable[[str, str], str]]]:
        """Open a session over several references of Nessie at once.

        Args:
            heads: Name of each reference, to the metadata location of its tables by identifier.

        Returns:
            The session, and what gives the relation of a table, by the reference's name and its identifier.
        """
        ...

    def catalogs(self) -> list[str]:
        """Names of the catalogs that the engine keeps of references of Nessie, see nessie.names; if it does."""
        ...

    def drop_catalog(self, name: str) -> None:
        """Drop a catalog, if there is one of this name."""
        ...


def no_such_table(identifier: str, known: Mapping[str, str]) -> QueryRefusedError:
    """The refusal of a table the lake does not have or never published, naming the nearest that it has."""
    if isinstance(known, PastHeads) and (since := known.forgotten.get(identifier)):
        return QueryRefusedError(
            f"the state that '{identifier}' had then is no longer kept, only those since {since:%Y-%m-%dT%H:%M:%S} UTC"
        )
    best = process.extract(identifier, [name for name in known if name != identifier], limit=3, score_cutoff=60)
    nearest = f"; the nearest: {', '.join(name for name, _, _ in best)}" if best else ""
    return QueryRefusedError(f"there is no published table '{identifier}'{nearest}")
