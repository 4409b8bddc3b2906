"""Stage, audit, publish: the one way any table of any layer becomes visible.

Belongs here: the protocol and its Iceberg-commit implementation. All tables of a publication become visible in one
catalog transaction; the publication id is in the summary of every snapshot it makes.
Does not belong here: what is staged (ingest, dbt, semantic) and what the orchestrator is told (assets).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyiceberg.table.snapshots import Operation

from lakehouse_assets.lakehouse.contract import Contract, Partition, literal, quoted
from lakehouse_assets.lakehouse.engines.duckdb import connect, parquet_files, parquet_options
from lakehouse_assets.lakehouse.iceberg.catalog import LakeTransaction
from lakehouse_assets.lakehouse.iceberg.data_files import describe_files
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, Evolution, SchemaDriftError, Shape, evolution, evolve
from lakehouse_assets.lakehouse.iceberg.locations import file_uri, named_by, own, warehouse_of
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot, read_metadata, shape, stored_bytes
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Append,
    Replace,
    ReplacePartitions,
    ReplaceTable,
    period_predicate,
    removal_of,
    removes_all,
    replaced_rows,
    whole_files,
)
from lakehouse_assets.lakehouse.iceberg.snapshot_producer import ReplaceFiles
from lakehouse_assets.lakehouse.publish import history
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, audit, blocking

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table, Transaction
    from pyiceberg.table.metadata import TableMetadata

    from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
    from lakehouse_assets.lakehouse.lake import Lake

PUBLICATION_ID = "asklake.publication-id"
RUN_ID = "asklake.run-id"
SOURCE_PREFIX = "asklake.source."
COMPACTION = "asklake.compaction"
"""Property of a publication that replaces files by others with the same rows."""
GREATEST = "asklake.newest-"
"""How properties of a snapshot begin that never fall: each is a text that sorts, and a snapshot keeps the greater of
its own and that of the one before."""
SMALL_FILE_BYTES = 32 << 20
"""Data files below this size are better put together."""
COMMIT_TRIES = 20
HALF_A_MARK = ".new"


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
    """What became visible of one table."""

    identifier: str
    snapshot_id: int
    publication_id: str
    rows: int
    bytes: int
    files: int
    partitions: int
    total_rows: int


def parquet_relation(contract: Contract, files: Sequence[Path]) -> str:
    """SQL that reads Parquet files as a table; an empty typed relation where there are none."""
    if not files:
        columns = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in contract.types.items())
        return f"(select {columns} where false)"
    return parquet_files(files)


class Publication:
    """One publication under way; made by `begin`, ended by `publish` or `abandon`."""

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
        """How much input the staged rows are made from, where the one who stages knows it."""
        self._properties = dict(properties)
        self._folders: set[Path] = set()

    @classmethod
    def begin(cls, lake: Lake, *, run_id: str, properties: Mapping[str, str] | None = None) -> Publication:
        """Open a publication on the catalog as it is now, and leave a mark from which a dead one can be cleaned up."""
        if lake.settings.profile == "cluster":
            from lakehouse_assets.lakehouse.publish.on_branch import BranchPublication

            return BranchPublication.open(lake, {RUN_ID: run_id, **(properties or {})})
        publication = cls(lake, new_id(), lake.catalog.heads(), {RUN_ID: run_id, **(properties or {})})
        publication._write_marker()
        return publication

    @cached_property
    def _marker(self) -> Path:
        return marker_folder(self.lake) / f"{self.id}.json"

    def _write_marker(self) -> None:
        self._marker.parent.mkdir(parents=True, exist_ok=True)
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": time.time()}
        # Renamed into place: half a mark would pass for that of a dead publication, and name no folder.
        new = self._marker.with_suffix(HALF_A_MARK)
        new.write_text(json.dumps({**owner, "folders": sorted(map(str, self._folders))}))
        new.replace(self._marker)

    def _remove_marker(self) -> None:
        """Where even that fails, the error that led here is the one to hear of; a mark left behind is swept later."""
        with suppress(OSError):
            self._marker.unlink(missing_ok=True)

    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """A writer's session over exactly the state this publication is built on."""
        with self.lake.session(heads=self.heads, writer=True) as session:
            yield session

    def data_dir(self, contract: Contract) -> Path:
        """Folder for this publication's files of a table, inside the table's own location."""
        folder = self.lake.location(contract) / "data" / self.id
        if folder not in self._folders:
            self._folders.add(folder)
            self._write_marker()
            folder.mkdir(parents=True, exist_ok=True)
        return folder

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
        folder = self.data_dir(contract)
        columns = ", ".join(f"cast({quoted(n)} as {t}) as {quoted(n)}" for n, t in contract.types.items())
        rows = f"select {columns} from ({select_sql}\n)"
        whole = self._whole_files(contract, replace)
        if isinstance(replace, ReplacePartitions) and whole != replace:
            rows += f" union all {self._left_of(contract, replace, whole)}"
            replace = whole
        options = parquet_options(self.bytes_read)
        if contract.partitions:
            keys = {f"_{p.name}": _partition_sql(contract, p) for p in contract.partitions}
            extra = ", ".join(f"{sql} as {quoted(name)}" for name, sql in keys.items())
            copied = con.execute(
                f"copy (select *, {extra} from ({rows})) to {literal(str(folder))} "
                f"({options}, partition_by ({', '.join(map(quoted, keys))}), filename_pattern 'part-{{uuid}}', "
                "overwrite_or_ignore true)"
            )
        else:
            file = folder / f"part-{uuid.uuid4().hex}.parquet"
            copied = con.execute(f"copy ({rows}) to {literal(str(file))} ({options})")
        (count,) = copied.fetchone()
        return self.adopt(contract, sorted(folder.rglob("*.parquet")), replace, properties, rows=count)

    def _whole_files(self, contract: Contract, replace: Replace) -> Replace:
        """What has to be replaced so that no file of an older partitioning is replaced in part."""
        location = self.heads.get(contract.identifier)
        if not location or not isinstance(replace, ReplacePartitions):
            return replace
        change = evolution(contract, shape(location))
        if not change.repartitioned and len(change.shape.past_specs) == 1:
            return replace
        from lakehouse_assets.lakehouse.iceberg.file_io import LakeFileIO

        return whole_files(read_metadata(location), LakeFileIO(), change, replace)

    def _left_of(self, contract: Contract, replace: ReplacePartitions, whole: Any) -> str:
        """A query of the published rows that are in what is replaced as a whole, and were not to be."""
        columns = ", ".join(map(quoted, contract.column_names))
        return (
            f"select {columns} from {self.published(contract)} where {period_predicate(contract, whole.values)} "
            f"and not {period_predicate(contract, replace.values)}"
        )

    def published(self, contract: Contract) -> str:
        """SQL that reads a table as it was when this publication began, with the columns of its contract.

        Returns:
            What stands after FROM in DuckDB; a relation without rows where the table was never published.

        Raises:
            SchemaDriftError: the table cannot become what its contract says.
        """
        location = self.heads.get(contract.identifier)
        if not location or not current_snapshot(location):
            return parquet_relation(contract, ())
        return evolution(contract, shape(location)).as_contract(f"iceberg_scan({literal(location)})")

    def stage_query(self, contract: Contract, select_sql: str, session: Any, replace: Replace) -> None:
        """Let the engine compute the rows of a query and stage them; see `stage`.

        Args:
            contract: The table the rows are of.
            select_sql: A query in the engine's dialect whose columns include all of the contract's.
            session: A session of this publication.
            replace: What the rows take the place of.
        """
        self.stage(contract, select_sql, session.con, replace)

    def stage_compacted(self, contract: Contract, replace: Replace, session: Any) -> None:
        """Stage the rows of some partitions, or of the whole table, as they are, in fewer files.

        Args:
            contract: The table.
            replace: Which of its partitions.
            session: A session of this publication, made with property COMPACTION.
        """
        rows = f"select * from {self.published(contract)} where {replaced_rows(contract, replace)}"
        self.stage_query(contract, rows, session, replace)

    def analyze(self, contract: Contract, session: Any) -> None:
        """Let the engine make its statistics of a table's columns anew, to be published; DuckDB keeps none.

        Args:
            contract: The table.
            session: A session of this publication.
        """

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

    def record_inputs(self, identifiers: Sequence[str]) -> None:
        """Note in every snapshot which snapshot of its inputs it was built from."""
        for identifier in identifiers:
            snapshot = current_snapshot(self.heads[identifier]) if identifier in self.heads else None
            self._properties[f"{SOURCE_PREFIX}{identifier}"] = str(snapshot or "")
        self._weigh([self.heads[i] for i in identifiers if i in self.heads])

    def _weigh(self, inputs: Sequence[str]) -> None:
        """Note how much there is in these tables, given by their metadata files, to be read."""
        self.bytes_read = (self.bytes_read or 0) + sum(map(stored_bytes, inputs))

    def audit(self, con: Any | None = None) -> list[CheckOutcome]:
        """Run the contract of every staged table on its staged rows, in the engine.

        Args:
            con: A DuckDB connection that is open already, where DuckDB is the engine.

        Returns:
            One outcome per check; `publish` refuses while any of them is blocking.
        """
        with self._connection(con) as connection:

            def run(sql: str) -> Any:
                return connection.execute(sql).to_arrow_table()

            self.outcomes = [
                outcome
                for staged in self.staged.values()
                for outcome in audit(run, staged.contract, staged.relation, rows=staged.rows)
            ]
        return self.outcomes

    @contextmanager
    def _connection(self, con: Any | None) -> Iterator[Any]:
        if con is not None:
            yield con
            return
        connection = connect(self.lake.settings, self.heads, iceberg=False)
        try:
            yield connection
        finally:
            connection.close()

    def publish(self, precondition: Callable[[Mapping[str, Table]], None] | None = None) -> list[Published]:
        """Make every staged table visible at once, or none.

        Args:
            precondition: Called with the newest state of each table before each attempt; whatever it raises ends
                the publication with nothing visible.

        Raises:
            AuditFailedError: a blocking check failed, or nothing was audited.
            PublicationConflictError: a table that is partly replaced was changed since `begin`.
            SchemaDriftError: a table cannot become what its contract says.
            OutsideWarehouseError: a table names manifests that are not in the warehouse.
        """
        if failures := blocking(self.outcomes):
            raise AuditFailedError(failures)
        if self.staged.keys() - {o.identifier for o in self.outcomes}:
            raise ValueError("publish before audit: run audit() on everything staged")
        from pyiceberg.exceptions import CommitFailedException

        data_files: dict[str, list[DataFile]] = {}
        for attempt in range(COMMIT_TRIES):
            try:
                tables = self._tables()
                self._refuse_outside(tables)
                if precondition:
                    precondition(tables)
                committed, published = self._commit(tables, data_files)
                self._remove_marker()
                for table in committed:
                    history.swept(self.lake, table)
                return published
            except CommitFailedException:
                time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
        raise PublicationConflictError(f"other writers were faster {COMMIT_TRIES} times; try again later")

    def _tables(self) -> dict[str, Table]:
        return {
            identifier: self.lake.catalog.ensure(s.contract, file_uri(self.lake.location(s.contract)))
            for identifier, s in self.staged.items()
        }

    def _refuse_outside(self, tables: Mapping[str, Table]) -> None:
        """PyIceberg remembers the lists of manifests, which the commit reads anyway."""
        warehouse = warehouse_of(self.lake.settings)
        for identifier, table in tables.items():
            if snapshot := table.current_snapshot():
                own(warehouse, identifier, (m.manifest_path for m in snapshot.manifests(table.io)))

    def _commit(
        self, tables: Mapping[str, Table], data_files: dict[str, list[DataFile]]
    ) -> tuple[list[Table], list[Published]]:
        for identifier, staged in self.staged.items():
            if not isinstance(staged.replace, Append):
                self._refuse_moved(identifier, tables[identifier])
        changes = {i: evolution(s.contract, Shape.of(tables[i].metadata)) for i, s in self.staged.items()}
        transactions = {i: self._evolved(tables[i], change) for i, change in changes.items()}
        if not data_files:
            data_files |= self._describe(tables, transactions)
        for identifier, staged in self.staged.items():
            self._change_files(transactions[identifier], staged, data_files[identifier], changes[identifier])
            self._forget(transactions[identifier], staged.contract)
        committed = self.lake.catalog.commit_all([t for t in transactions.values() if t._updates])
        return committed, [self._published(i, t, data_files[i]) for i, t in transactions.items()]

    def _forget(self, transaction: Transaction, contract: Contract) -> None:
        """Let the commit that adds a snapshot forget those that are not kept."""
        from pyiceberg.table.update.snapshot import ExpireSnapshots

        if transaction._updates and (old := history.forgotten(transaction.table_metadata, contract, self.lake)):
            ExpireSnapshots(transaction).by_ids(old).commit()

    def _evolved(self, table: Table, change: Evolution) -> LakeTransaction:
        """A transaction in which the table has the columns and partitioning of its contract."""
        transaction = LakeTransaction(table)
        evolve(transaction, change)
        return transaction

    def _describe(
        self, tables: Mapping[str, Table], transactions: Mapping[str, Transaction]
    ) -> dict[str, list[DataFile]]:
        return {
            i: describe_files(
                transactions[i].table_metadata,
                s.contract,
                s.files,
                named_by(tables[i].location(), self.lake.location(s.contract)),
            )
            for i, s in self.staged.items()
        }

    def _refuse_moved(self, identifier: str, table: Table) -> None:
        base = current_snapshot(self.heads[identifier]) if identifier in self.heads else None
        if table.metadata.current_snapshot_id != base:
            raise PublicationConflictError(f"{identifier} was changed by another publication since this one began")

    def _change_files(
        self, transaction: Transaction, staged: Staged, new: Sequence[DataFile], change: Evolution
    ) -> None:
        """Take out the files that are replaced and put in the new ones, in one snapshot."""
        metadata, io = transaction.table_metadata, transaction._table.io
        if any(file.spec_id != metadata.default_spec_id for file in new):
            raise PublicationConflictError(f"{staged.contract.identifier} was partitioned otherwise meanwhile")
        removal = removal_of(metadata, staged.contract, staged.replace)
        whole = isinstance(staged.replace, ReplaceTable) or not change.unfilled
        if not whole and not removes_all(metadata, io, removal and removal[1]):
            raise unfilled(staged.contract, change.unfilled)
        built_before = metadata.current_snapshot_id is not None or isinstance(staged.replace, Append)
        if not new and removal is None and built_before and not change:
            return
        properties = {**_grown(metadata, {**self._properties, **staged.properties}), PUBLICATION_ID: self.id}
        if change:
            properties[EVOLVED] = str(change)
        with ReplaceFiles(Operation.APPEND, transaction, io, snapshot_properties=properties) as snapshot:
            if removal is not None:
                snapshot.replacing(*removal)
            if COMPACTION in properties:
                snapshot.rewriting()
            for file in new:
                snapshot.append_data_file(file)

    def _published(self, identifier: str, done: Transaction, new: Sequence[DataFile]) -> Published:
        metadata = done.table_metadata
        snapshot = metadata.current_snapshot()
        summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
        return Published(
            identifier=identifier,
            snapshot_id=metadata.current_snapshot_id or 0,
            publication_id=self.id,
            rows=sum(f.record_count for f in new),
            bytes=sum(f.file_size_in_bytes for f in new),
            files=len(new),
            partitions=len({f.partition for f in new}),
            total_rows=int(summary.get("total-records", 0)),
        )

    def refuse(self) -> None:
        """Give up what an audit or a test refused; engines with branches keep it for people to look at."""
        self.abandon()

    def abandon(self) -> None:
        """Remove everything staged; the tables are as they were."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._remove_marker()


def _grown(metadata: TableMetadata, properties: Mapping[str, str]) -> dict[str, str]:
    """Properties of the next snapshot of a table, of which those that never fall are not less than before."""
    current = metadata.current_snapshot()
    said = current.summary.additional_properties if current and current.summary else {}
    return {k: max(v, said.get(k, v)) if k.startswith(GREATEST) else v for k, v in properties.items()}


def unfilled(contract: Contract, columns: Sequence[str]) -> SchemaDriftError:
    """The refusal of new columns that rows from before would lack."""
    return SchemaDriftError(
        f"{contract.identifier}: column '{columns[0]}' is new and may not be missing, but rows from before lack it. "
        "Make it nullable in the contract, or publish every row of the table again in one publication"
    )


def new_id() -> str:
    """Identifier of a publication: when it began, and a random part."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"


def marker_folder(lake: Lake) -> Path:
    """Where publications under way leave their marks."""
    return lake.settings.warehouse / ".publications"


def _partition_sql(contract: Contract, partition: Partition) -> str:
    column = quoted(partition.column)
    if partition.transform == "month":
        return f"strftime({column}, '%Y-%m')"
    if partition.transform == "day" and contract.types[partition.column] == "TIMESTAMP":
        return f"cast({column} as date)"
    return column
