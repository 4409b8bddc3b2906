"""Publication on a branch: the Iceberg-on-Nessie implementation of stage, audit, publish.

Each publication has its branch of Nessie and, in Trino, a catalog of that branch. Rows are staged there, audited there
by Trino, and become visible by one merge into the branch it was made from, main or a person's, which Nessie refuses if
a table has changed there since. A branch whose audit failed is kept, under another name, for people to look at.
Belongs here: the life of that branch. Does not belong here: what is staged, or how Nessie and Trino are spoken to.
"""

from __future__ import annotations

import itertools
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyiceberg.table.snapshots import Operation

from lakehouse_assets.lakehouse.contract import Contract, quoted
from lakehouse_assets.lakehouse.engines.trino import BRANCH
from lakehouse_assets.lakehouse.iceberg.catalog import LakeTransaction
from lakehouse_assets.lakehouse.iceberg.data_files import describe_files
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, Evolution, Shape, evolution
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Append,
    Replace,
    ReplaceTable,
    days_held,
    period_predicate,
    replaced_rows,
)
from lakehouse_assets.lakehouse.iceberg.snapshot_producer import ReplaceFiles
from lakehouse_assets.lakehouse.nessie.catalog import SNAPSHOT_PREFIX
from lakehouse_assets.lakehouse.nessie.client import (
    NessieError,
    Reference,
    ReferenceConflictError,
    ReferenceGoneError,
)
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, audit, blocking
from lakehouse_assets.lakehouse.publish.local import (
    COMMIT_TRIES,
    PUBLICATION_ID,
    RUN_ID,
    SMALL_FILE_BYTES,
    AuditFailedError,
    Publication,
    PublicationConflictError,
    Published,
    new_id,
    unfilled,
)

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.engines.trino import TrinoSession
    from lakehouse_assets.lakehouse.lake import Lake

UPLOADS = 8
FAILED = "asklake.failed"
"""Property of a table on a branch that was refused: the checks its rows failed."""
REFUSED = "refused_"
"""How branches whose audit failed are named."""
LOOKED_BACK = 200
"""Commits of main that are searched for a merge whose answer was lost."""


@dataclass(frozen=True)
class StagedByEngine:
    """Rows that Trino wrote on the branch, and the predicate that finds them there."""

    contract: Contract
    predicate: str
    rows: int


class BranchPublication(Publication):
    """One publication under way on its branch; made by `Publication.begin`."""

    def __init__(self, lake: Lake, heads: Mapping[str, str], properties: Mapping[str, str], base: Reference) -> None:
        """Use `Publication.begin`."""
        super().__init__(lake, new_id(), heads, properties)
        self.name = f"{BRANCH}{self.id.lower().replace('-', '_')}"
        self._nessie = lake.catalog.nessie
        self._target = base.name
        self._nessie.create_branch(self.name, base)
        self._by_engine: dict[str, StagedByEngine] = {}
        self._described: dict[str, list[DataFile]] = {}
        self._written: dict[str, Mapping[str, str]] = {}
        self._analyzed: set[str] = set()
        self._changes: dict[str, Evolution] = {}
        self._has_catalog = False
        self._landed = False

    @classmethod
    def open(cls, lake: Lake, properties: Mapping[str, str]) -> BranchPublication:
        """Make a branch of the branch of the settings as it is now."""
        lake.catalog.prepare()
        base = lake.catalog.nessie.reference(lake.settings.branch)
        return cls(lake, lake.catalog.heads(base.pinned), properties, base)

    @contextmanager
    def session(self) -> Iterator[TrinoSession]:
        """A writer's session of Trino on the branch."""
        self._make_catalog()
        with self.lake.engine.session(self.heads, writer=True, catalog=self.name) as session:
            yield session

    def data_dir(self, contract: Contract) -> Path:
        """Folder on this machine for files of a table that go to the warehouse once they are whole."""
        folder = self._scratch / contract.layer / contract.table
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _scratch(self) -> Path:
        return self.lake.settings.scratch_dir / self.id

    def stage_query(self, contract: Contract, select_sql: str, session: TrinoSession, replace: Replace) -> None:
        """Let Trino put the rows of a query in the place of others, on the branch."""
        self.prepare([contract])
        predicate = replaced_rows(contract, replace)
        session.execute(f"delete from {self.relation_of(contract)} where {predicate}")
        names = ", ".join(quoted(c.name) for c in contract.columns)
        values = ", ".join(f"cast({quoted(c.name)} as {trino_type(c.type)})" for c in contract.columns)
        rows = session.execute(
            f"insert into {self.relation_of(contract)} ({names}) select {values} from ({select_sql}\n)"
        )
        self.staged_by_engine(contract, predicate, rows)

    def stage_compacted(self, contract: Contract, replace: Replace, session: TrinoSession) -> None:
        """See Publication.stage_compacted; Trino leaves files that are large enough as they are."""
        table = self._prepared(contract)
        # Trino takes a predicate only where every file is partitioned by it.
        replace = ReplaceTable() if len(table.metadata.partition_specs) > 1 else replace
        relation, predicate = self.relation_of(contract), replaced_rows(contract, replace)
        threshold = f"file_size_threshold => '{SMALL_FILE_BYTES}B'"
        session.execute(f"alter table {relation} execute optimize({threshold}) where {predicate}")
        (row,) = session.run(f"select count(*) as n from {relation} where {predicate}").to_pylist()
        self.staged_by_engine(contract, predicate, row["n"])

    def analyze(self, contract: Contract, session: TrinoSession) -> None:
        """See Publication.analyze; they are of the last snapshot of the branch, which is the signed one."""
        self._land()
        session.execute(f"analyze {self.relation_of(contract)}")
        self._analyzed.add(contract.identifier)

    def staged_by_engine(self, contract: Contract, predicate: str, rows: int) -> None:
        """Take rows that Trino wrote on the branch as the staged rows of a table."""
        self._by_engine[contract.identifier] = StagedByEngine(contract, predicate, rows)

    def prepare(self, contracts: Sequence[Contract]) -> None:
        """Make the tables of these contracts on the branch, or make them what their contracts say.

        Raises:
            SchemaDriftError: a table cannot become what its contract says.
        """
        for contract in contracts:
            self._prepared(contract)

    def _prepared(self, contract: Contract) -> Table:
        table = self.lake.catalog.ensure(contract, self._location(contract), self.name)
        change = evolution(contract, Shape.of(table.metadata))
        if not change:
            return table
        transaction = self._evolved(table, change)
        if table.metadata.current_snapshot_id:
            # Readers go by snapshots, and a snapshot shows the columns there were when it was made.
            self._add_snapshot(transaction, {EVOLVED: str(change)})
        evolved = transaction.commit_transaction()
        self._changes[contract.identifier] = change
        return evolved

    def published(self, contract: Contract) -> str:
        """See Publication.published; for Trino."""
        location = self.heads.get(contract.identifier)
        snapshot = current_snapshot(location) if location else None
        if not snapshot:
            return f"(select * from {self.relation_of(contract)} where false)"
        table = f"{quoted(self.lake.engine.home())}.{quoted(contract.layer)}.{quoted(contract.table)}"
        base = f"{table} for version as of {snapshot}"
        change = self._changes.get(contract.identifier)
        return change.as_contract(base, trino_type) if change else base

    def _whole_files(self, contract: Contract, replace: Replace) -> Replace:
        """Trino takes rows out of files by itself."""
        return replace

    def relation_of(self, contract: Contract) -> str:
        """Trino's name of a table on the branch."""
        return f"{quoted(self.name)}.{quoted(contract.layer)}.{quoted(contract.table)}"

    def _weigh(self, inputs: Sequence[str]) -> None:
        """See Publication; what is computed from tables is written by Trino, as it sees fit."""

    def _location(self, contract: Contract) -> str:
        return f"{self.lake.settings.warehouse_url.rstrip('/')}/{contract.layer}/{contract.table}"

    def audit(self, con: Any | None = None) -> list[CheckOutcome]:
        """See Publication.audit; the checks run in Trino, on the branch."""
        self._land()
        with self.session() as session:
            self.outcomes = [
                outcome
                for contract, relation, rows in self._staged_relations()
                for outcome in audit(session.run, contract, relation, session.dialect, rows=rows)
            ]
            if not blocking(self.outcomes):
                self._refuse_unfilled(session)
        return self.outcomes

    def _refuse_unfilled(self, session: TrinoSession) -> None:
        for change in self._changes.values():
            relation = self.relation_of(change.contract)
            for column in change.unfilled:
                lacking = session.run(f"select count(*) as n from {relation} where {quoted(column)} is null")
                if lacking.to_pylist()[0]["n"]:
                    raise unfilled(change.contract, [column])

    def _staged_relations(self) -> Iterator[tuple[Contract, str, int]]:
        for staged in self._by_engine.values():
            relation = f"(select * from {self.relation_of(staged.contract)} where {staged.predicate})"
            yield staged.contract, relation, staged.rows
        for staged in self.staged.values():
            where = f"\"$path\" like '%/data/{self.id}/%'"
            if bounds := self._days_of(staged.contract):
                where = f"{bounds} and {where}"
            columns = ", ".join(map(quoted, staged.contract.column_names))
            relation = f"(select {columns} from {self.relation_of(staged.contract)} where {where})"
            yield staged.contract, relation, staged.rows

    def _days_of(self, contract: Contract) -> str:
        """Predicate by which Trino leaves out the partitions that got no file."""
        partition = next((p for p in contract.partitions if p.transform in ("day", "month")), None)
        files = self._described[contract.identifier]
        if partition is None or not files:
            return "" if files else "false"
        metadata = self.lake.catalog.load_table(contract.identifier, self.name).metadata
        source_id = metadata.schema().find_field(partition.column).field_id
        held = {days_held(metadata, file, source_id) for file in files}
        return "" if None in held else period_predicate(contract, [days[0] for days in held if days])

    def _land(self) -> None:
        """Commit what was staged to the branch: files written here, and the note on tables that Trino wrote."""
        if self._landed:
            return
        for identifier, staged in self.staged.items():
            table = self._prepared(staged.contract)
            if identifier not in self._described:
                self._described[identifier] = self._upload(table, staged.contract, staged.files)
            transaction = LakeTransaction(table)
            as_it_is = evolution(staged.contract, Shape.of(table.metadata))
            self._change_files(transaction, staged, self._described[identifier], as_it_is)
            if transaction._updates:
                transaction.commit_transaction()
        for identifier in self._by_engine:
            table = self.lake.catalog.load_table(identifier, self.name)
            self._written[identifier] = _summary(table)
            self._sign(table)
        self._landed = True

    def _upload(self, table: Table, contract: Contract, files: Sequence[Path]) -> list[DataFile]:
        folder, root = self.data_dir(contract), f"{table.location()}/data/{self.id}"

        def uri(file: Path) -> str:
            return f"{root}/{file.relative_to(folder)}"

        described = describe_files(table.metadata, contract, files, uri)

        def send(file: Path) -> None:
            with file.open("rb") as source, table.io.new_output(uri(file)).create(overwrite=True) as target:
                shutil.copyfileobj(source, target, 4 << 20)  # pyright: ignore[reportArgumentType]

        with ThreadPoolExecutor(UPLOADS) as pool:
            list(pool.map(send, files))
        return described

    def _sign(self, table: Table) -> None:
        """Add a snapshot without files that says, as every snapshot of a publication does, what it was built from."""
        transaction = LakeTransaction(table)
        self._add_snapshot(transaction, {})
        transaction.commit_transaction()

    def _add_snapshot(self, transaction: LakeTransaction, more: Mapping[str, str]) -> None:
        properties = {**self._properties, PUBLICATION_ID: self.id, **more}
        with ReplaceFiles(Operation.APPEND, transaction, transaction._table.io, snapshot_properties=properties):
            pass

    def publish(self, precondition: Callable[[Mapping[str, Table]], None] | None = None) -> list[Published]:
        """See Publication.publish: by one merge of exactly the commit that was audited."""
        if failures := blocking(self.outcomes):
            raise AuditFailedError(failures)
        if {*self.staged, *self._by_engine} - {o.identifier for o in self.outcomes}:
            raise ValueError("publish before audit: run audit() on everything staged")
        for attempt in range(COMMIT_TRIES):
            if precondition:
                precondition(self._tables_on_main())
            try:
                self._merge()
                break
            except ReferenceConflictError as error:
                written_there = self._by_engine or self._analyzed
                if written_there or not all(isinstance(s.replace, Append) for s in self.staged.values()):
                    raise PublicationConflictError(
                        f"a table was changed by another publication since this one began: {error}"
                    ) from error
                time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
                self._land_again()
        else:
            raise PublicationConflictError(f"other writers were faster {COMMIT_TRIES} times; try again later")
        published = [self._published_on_branch(i) for i in (*self.staged, *self._by_engine)]
        self._close()
        return published

    def _tables_on_main(self) -> dict[str, Table]:
        """The tables of this publication that main has, as they are there now."""
        heads = self.lake.catalog.heads()
        return {i: self.lake.catalog.load_table(i) for i in (*self.staged, *self._by_engine) if i in heads}

    def _merge(self) -> None:
        branch = self._nessie.reference(self.name)
        tables = sorted({*self.staged, *self._by_engine, *self._analyzed, *self._changes})
        warnings = sum(not o.passed for o in self.outcomes)
        did = f"{len(self.outcomes)} checks, {warnings} warnings" if self.outcomes else "statistics"
        message = f"{', '.join(tables)}: {did}"
        at = self.lake.catalog.heads(branch.pinned)
        snapshots = {f"{SNAPSHOT_PREFIX}{i}": str(current_snapshot(at[i])) for i in tables}
        properties = {PUBLICATION_ID: self.id, RUN_ID: self._properties[RUN_ID], **snapshots}
        try:
            self._nessie.merge(branch, self._nessie.reference(self._target), message, properties)
        except ReferenceConflictError:
            raise
        except NessieError:
            # The answer may have been lost on its way back; main's history knows.
            if not self._was_merged():
                raise

    def _was_merged(self) -> bool:
        time.sleep(1)
        newest = itertools.islice(self._nessie.history(self._target), LOOKED_BACK)
        return any(commit.properties.get(PUBLICATION_ID) == self.id for commit in newest)

    def _land_again(self) -> None:
        """Put the same files, which were audited, onto main as it is now."""
        self._nessie.assign(self._nessie.reference(self.name), self._nessie.reference(self._target))
        self._landed = False
        self._land()

    def _published_on_branch(self, identifier: str) -> Published:
        table = self.lake.catalog.load_table(identifier, self.name)
        if identifier in self.staged:
            return self._published(identifier, LakeTransaction(table), self._described[identifier])
        summary, written = _summary(table), self._written[identifier]
        return Published(
            identifier=identifier,
            snapshot_id=table.metadata.current_snapshot_id or 0,
            publication_id=self.id,
            rows=self._by_engine[identifier].rows,
            bytes=int(written.get("added-files-size", 0)),
            files=int(written.get("added-data-files", 0)),
            partitions=int(written.get("changed-partition-count", 0)),
            total_rows=int(summary.get("total-records", 0)),
        )

    def abandon(self) -> None:
        """Remove everything staged; main is as it was. A branch whose audit failed stays, under another name."""
        if blocking(self.outcomes):
            self.refuse()
            return
        self._delete_uploaded()
        self._close()

    def refuse(self) -> None:
        """See Publication.refuse: the branch gets the name under which people find it, and its tables what failed."""
        with suppress(Exception):
            self._note_failures()
        with suppress(NessieError):
            self._nessie.create_branch(REFUSED + self.name.removeprefix(BRANCH), self._nessie.reference(self.name))
        self._close()

    def _note_failures(self) -> None:
        failed: dict[str, list[str]] = {}
        for outcome in blocking(self.outcomes):
            said = f"{outcome.check} failed for {outcome.failed} of {outcome.total} rows"
            failed.setdefault(outcome.identifier, []).append(said)
        for identifier, said in failed.items():
            with self.lake.catalog.load_table(identifier, self.name).transaction() as transaction:
                transaction.set_properties({FAILED: "; ".join(said)})

    def _delete_uploaded(self) -> None:
        for identifier, files in self._described.items():
            with suppress(Exception):
                io = self.lake.catalog.load_table(identifier, self.name).io
                for file in files:
                    io.delete(file.file_path)

    def _close(self) -> None:
        """Drop the catalog, then the branch; where a server is away, maintenance does it later."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        if self._has_catalog:
            with suppress(Exception):
                self.lake.engine.drop_catalog(self.name)
            self._has_catalog = False
        with suppress(NessieError, ReferenceGoneError):
            self._nessie.drop(self._nessie.reference(self.name))

    def _make_catalog(self) -> None:
        if not self._has_catalog:
            self.lake.engine.make_catalog(self.name, self.name)
            self._has_catalog = True


def trino_type(name: str) -> str:
    """Trino's name of a contract's type."""
    return "timestamp(6)" if name == "TIMESTAMP" else name.lower()


def _summary(table: Table) -> Mapping[str, str]:
    snapshot = table.metadata.current_snapshot()
    return snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
