"""What a publication is, wherever tables lie: rows are staged, audited, and become visible together, or not at all.

Belongs here: the abstract publication, what its parts give each other, its errors and the names of its properties.
Does not belong here: where files and commits go (local, on_branch), or how an engine writes rows (what it
names for it, as by_duckdb).
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb import connect, is_little, parquet_files
from lakehouse_assets.lakehouse.engines.protocol import WriterSession
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.lakehouse.iceberg.days_of import refuse_other_zone
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, Replace, ReplacePartitions
from lakehouse_assets.lakehouse.iceberg.properties import RUN_ID, SOURCE_PREFIX, TIME_ZONE
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, blocking
from lakehouse_assets.lakehouse.publish.staging import rows_left, write_files
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.zones import NO_ZONE

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake

COMMIT_TRIES = 20


class AuditFailedError(Exception):
    """The audit found rows that break a contract; nothing was published."""

    def __init__(self, outcomes: Sequence[CheckOutcome]) -> None:
        """Keep the outcomes for whoever reports them."""
        self.outcomes = list(outcomes)
        super().__init__(f"audit failed, nothing was published: {'; '.join(o.said for o in outcomes)}")


class PublicationConflictError(Exception):
    """A table this publication replaces parts of was changed since it was read; build again on the new state."""


@dataclass(frozen=True)
class Staged:
    """Files of one table, written where no reader looks."""

    contract: Contract
    files: tuple[Path, ...]
    replace: Replace
    rows: int
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def relation(self) -> str:
        """SQL that reads the staged rows, to stand after FROM."""
        return parquet_relation(self.contract, self.files)


@dataclass(frozen=True)
class Published:
    """What became visible of one table; by day where its partitions are days and this process knows their files."""

    identifier: str
    snapshot_id: int
    publication_id: str
    rows: int
    bytes: int
    files: int
    partitions: int
    total_rows: int
    rows_by_day: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedByEngine:
    """Rows that an engine wrote on the branch itself, and the predicate that finds them there."""

    contract: Contract
    predicate: str
    rows: int


class Writer(Protocol):
    """How an engine makes the rows of a publication and checks them; see the methods of `Publication`.

    Made with the publication alone. Attributes:
        written: Identifier to rows that the engine wrote itself, rather than as files of the publication.
        analyzed: Identifiers of tables whose statistics it made anew.
    """

    written: dict[str, StagedByEngine]
    analyzed: set[str]

    def session(self) -> AbstractContextManager[WriterSession]:
        """A session in which the engine writes."""
        ...

    def published(self, contract: Contract) -> str:
        """SQL of a table's rows as they were when the publication began."""
        ...

    def whole_files(self, contract: Contract, replace: Replace) -> Replace:
        """What has to be replaced so that no file of an older partitioning is replaced in part."""
        ...

    def stage_query(self, contract: Contract, select_sql: str, session: Any, replace: Replace) -> None:
        """Stage the rows of a query."""
        ...

    def stage_compacted(self, contract: Contract, replace: Replace, session: Any) -> None:
        """Stage rows as they are, in fewer files."""
        ...

    def analyze(self, contract: Contract, session: Any) -> None:
        """Make statistics anew."""
        ...

    def audit(self, con: Any | None) -> list[CheckOutcome]:
        """One outcome per check of all that is staged."""
        ...

    def reads(self, inputs: Sequence[str]) -> int | None:
        """Bytes of these metadata files' tables, where the engine wants to know how much it is to read."""
        ...

    def close(self) -> None:
        """Drop what the engine has of the publication, which has ended."""
        ...


class ChangingSession(WriterSession, Protocol):
    """A session whose engine changes tables by statements."""

    def execute(self, sql: str) -> int:
        """Run one of the platform's own statements that changes something; the number of rows it changed."""
        ...


@runtime_checkable
class BranchWriter(Writer, Protocol):
    """A writer whose engine has the branch of a publication as a catalog of its own; see Writer."""

    def session(self) -> AbstractContextManager[ChangingSession]:
        """A session on the branch."""
        ...

    def adopt(self, contract: Contract, predicate: str, rows: int) -> None:
        """Take rows that the engine wrote on the branch as the staged rows of a table."""
        ...


class Publication(ABC):
    """One publication under way; made by `begin`, ended by `publish`, `refuse` or `abandon`.

    Attributes:
        lake: Where it publishes.
        id: When it began, and a random part; in the summary of every snapshot it makes.
        heads: Identifier to metadata location of every table, as it was at the beginning.
        staged: Identifier to the files that are to be published.
        outcomes: Of the last audit.
        bytes_read: How much input the staged rows are made from, where the one who stages knows it.
        properties: What every snapshot says of the publication.
        writer: Makes and checks the rows, as the engine does.
        ended: Whether it was published, refused or abandoned.
        in_doubt: Whether the catalog was asked to make it visible, and has not answered: what is staged may be what
            readers see, so nothing of it is removed but by maintenance, which looks first.
    """

    def __init__(
        self, lake: Lake, publication_id: str, heads: Mapping[str, str], properties: Mapping[str, str]
    ) -> None:
        """Use `begin`."""
        self.lake = lake
        self.id = publication_id
        self.heads = heads
        self.staged: dict[str, Staged] = {}
        self.outcomes: list[CheckOutcome] = []
        self.bytes_read: int | None = None
        self.properties = {**_of_zone(lake), **properties}
        self.ended = self.in_doubt = False
        self.writer: Writer = resolve_name(spec_of(lake.settings.parts.engine).writer)(self)

    @property
    def reads_little(self) -> bool:
        """Whether the rows are known to be made from little input."""
        return is_little(self.bytes_read)

    @property
    def run_id(self) -> str:
        """The run that publishes."""
        return self.properties[RUN_ID]

    def session(self) -> AbstractContextManager[WriterSession]:
        """A writer's session over exactly the state this publication is built on."""
        return self.writer.session()

    @abstractmethod
    def data_dir(self, contract: Contract) -> Path:
        """Folder on this machine for files of a table, which exists and which no reader looks into."""

    def published(self, contract: Contract) -> str:
        """SQL that reads a table as it was when this publication began, with the columns of its contract.

        Returns:
            What stands after FROM in the engine; a relation without rows where the table was never published.

        Raises:
            SchemaDriftError: the table cannot become what its contract says.
        """
        return self.writer.published(contract)

    def stage(
        self,
        contract: Contract,
        select_sql: str,
        con: Any,
        replace: Replace,
        properties: Mapping[str, str] | None = None,
    ) -> Staged:
        """Write the rows of a query as Parquet files, one or more per partition, cast to the contract's types.

        Args:
            contract: The table the rows are of.
            select_sql: A query whose columns include all of the contract's.
            con: The DuckDB connection the query runs on.
            replace: What the rows take the place of.
            properties: Additions to the snapshot's summary.
        """
        folder, whole = self.data_dir(contract), self.writer.whole_files(contract, replace)
        left = rows_left(self.published(contract), contract, replace, whole) if whole != replace else ""
        known = len(whole.values) if isinstance(whole, ReplacePartitions) else None
        rows = write_files(contract, select_sql, con, folder, self.bytes_read, left=left, partitions=known)
        return self.adopt(contract, sorted(folder.rglob("*.parquet")), whole, properties, rows=rows)

    def stage_query(self, contract: Contract, select_sql: str, session: Any, replace: Replace) -> None:
        """Let the engine compute the rows of a query and stage them; see `stage`.

        Args:
            contract: The table the rows are of.
            select_sql: A query in the engine's dialect whose columns include all of the contract's.
            session: A session of this publication.
            replace: What the rows take the place of.
        """
        self.writer.stage_query(contract, select_sql, session, replace)

    def stage_compacted(self, contract: Contract, replace: Replace, session: Any) -> None:
        """Stage the rows of some partitions, or of the whole table, as they are, in fewer files.

        Args:
            contract: The table.
            replace: Which of its partitions.
            session: A session of this publication, made with property COMPACTION.
        """
        self.writer.stage_compacted(contract, replace, session)

    def stage_rows(self, contract: Contract, rows: Any, replace: Replace) -> Staged:
        """Stage rows that this process holds; see `stage`.

        Args:
            contract: The table the rows are of.
            rows: An Arrow table with the contract's columns.
            replace: What the rows take the place of.
        """
        with connect(self.lake.settings, self.heads, iceberg=not isinstance(replace, Append)) as con:
            con.register("rows_to_stage", rows)
            return self.stage(contract, "select * from rows_to_stage", con, replace)

    def adopt(
        self,
        contract: Contract,
        files: Sequence[Path],
        replace: Replace,
        properties: Mapping[str, str] | None = None,
        *,
        rows: int,
    ) -> Staged:
        """Take files already written under `data_dir(contract)`, of so many rows, as the staged rows of a table."""
        staged = Staged(contract, tuple(files), replace, rows, dict(properties or {}))
        self.staged[contract.identifier] = staged
        return staged

    def analyze(self, contract: Contract, session: Any) -> None:
        """Let the engine make its statistics of a table's columns anew, to be published, where it keeps any.

        Args:
            contract: The table.
            session: A session of this publication.
        """
        self.writer.analyze(contract, session)

    def record_inputs(self, identifiers: Sequence[str]) -> None:
        """Note in every snapshot which snapshot of its inputs it was built from."""
        for identifier in identifiers:
            snapshot = current_snapshot(self.heads[identifier]) if identifier in self.heads else None
            self.properties[f"{SOURCE_PREFIX}{identifier}"] = str(snapshot or "")
        read = self.writer.reads([self.heads[i] for i in identifiers if i in self.heads])
        if read is not None:
            self.bytes_read = (self.bytes_read or 0) + read

    def refuse_other_days(self, contracts: Iterable[Contract]) -> None:
        """Refuse to read tables whose days are those of another time zone than the project's.

        Raises:
            OtherZoneError: there is one.
        """
        zone = self.properties.get(TIME_ZONE, NO_ZONE)
        for contract in contracts:
            if not contract.days_of_utc and contract.identifier in self.heads:
                refuse_other_zone(contract.identifier, self.lake.catalog.load_table(contract.identifier).metadata, zone)

    def audit(self, con: Any | None = None) -> list[CheckOutcome]:
        """Run the contract of every staged table on its staged rows, in the engine.

        Args:
            con: A DuckDB connection that is open already, where DuckDB is the engine.

        Returns:
            One outcome per check; `publish` refuses while any of them is blocking.
        """
        self.outcomes = self.writer.audit(con)
        return self.outcomes

    def refuse_unaudited(self, identifiers: Sequence[str]) -> None:
        """Refuse to publish tables whose audit failed, or that had none.

        Raises:
            AuditFailedError: a blocking check failed.
            ValueError: nothing was audited.
        """
        if failures := blocking(self.outcomes):
            raise AuditFailedError(failures)
        if set(identifiers) - {o.identifier for o in self.outcomes}:
            raise ValueError("publish before audit: run audit() on everything staged")

    @abstractmethod
    def publish(self, precondition: Callable[[Mapping[str, Table]], None] | None = None) -> list[Published]:
        """Make every staged table visible at once, or none.

        Args:
            precondition: Called with the newest state of each table before each attempt; whatever it raises ends
                the publication with nothing visible.

        Raises:
            AuditFailedError: a blocking check failed, or nothing was audited.
            PublicationConflictError: a table that is partly replaced was changed since `begin`.
            OtherZoneError: a table that is not replaced as a whole has days of another time zone.
            SchemaDriftError: a table cannot become what its contract says.
            OutsideWarehouseError: a table names manifests that are not in the warehouse.
        """

    def refuse(self) -> None:
        """Give up what an audit or a test refused; where there are branches it is kept for people to look at."""
        if not self.ended:
            self.ended = True
            self._keep_refused()

    def abandon(self) -> None:
        """Remove everything staged, unless the publication has ended before; the tables are as they were."""
        if not self.ended:
            self.ended = True
            self._remove_staged()

    def _keep_refused(self) -> None:
        """What is kept of a refused publication: nothing, unless there are branches."""
        self._remove_staged()

    @abstractmethod
    def _remove_staged(self) -> None:
        """Remove everything staged."""


def _of_zone(lake: Lake) -> dict[str, str]:
    """What snapshots note of the project's time zone: nothing of UTC."""
    zone = lake.settings.time_zone
    return {} if zone == NO_ZONE else {TIME_ZONE: zone}


def parquet_relation(contract: Contract, files: Sequence[Path]) -> str:
    """SQL that reads Parquet files as a table; an empty typed relation where there are none."""
    if not files:
        columns = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in contract.types.items())
        return f"(select {columns} where false)"
    return parquet_files(files)


def unfilled(contract: Contract, columns: Sequence[str]) -> SchemaDriftError:
    """The refusal of new columns that rows from before would lack."""
    return SchemaDriftError(
        f"{contract.identifier}: column '{columns[0]}' is new and may not be missing, but rows from before lack it. "
        "Make it nullable in the contract, or publish every row of the table again in one publication"
    )


def new_id() -> str:
    """Identifier of a publication: when it began, and a random part."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"
