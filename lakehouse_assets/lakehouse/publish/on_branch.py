"""Publication on a branch: each has a branch of Nessie, and becomes visible by one merge.

Rows are staged there, audited, and merged into the branch it was made from, main or a person's, which Nessie refuses if
a table has changed there since. A branch whose audit failed is kept, under another name, for people to look at.
Belongs here: the life of that branch, and files that go to the warehouse. Does not belong here: how an engine writes
and checks rows (Writer), or how Nessie is spoken to.
"""

from __future__ import annotations

import itertools
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.catalog import LakeTransaction
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, Evolution, Shape, evolution
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID, RUN_ID
from lakehouse_assets.lakehouse.nessie.client import NessieError, ReferenceConflictError, ReferenceGoneError
from lakehouse_assets.lakehouse.nessie.names import BRANCH, FAILED, REFUSED, SNAPSHOT_PREFIX
from lakehouse_assets.lakehouse.publish.audit import blocking
from lakehouse_assets.lakehouse.publish.data_files import describe_files
from lakehouse_assets.lakehouse.publish.protocol import (
    COMMIT_TRIES,
    Publication,
    PublicationConflictError,
    Published,
    new_id,
)
from lakehouse_assets.lakehouse.publish.snapshots import (
    add_empty,
    change_files,
    evolved,
    published_files,
    refuse_mixed_days,
    summary_of,
)

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.nessie.catalog import NessieCatalog

UPLOADS = 8
LOOKED_BACK = 200
"""Commits of main that are searched for a merge whose answer was lost."""


class BranchPublication(Publication):
    """See Publication.

    Attributes:
        name: Of the branch.
        changes: What was changed of the columns and partitioning of tables on the branch, by identifier.
        uploaded: Identifier to the files of a table that were written to the warehouse.
    """

    def __init__(self, lake: Lake, catalog: NessieCatalog, properties: Mapping[str, str]) -> None:
        """Use `begin`; makes a branch of the branch of the settings as it is now."""
        catalog.prepare()
        base = catalog.nessie.reference(lake.settings.branch)
        super().__init__(lake, new_id(), catalog.heads(base.pinned), properties)
        self._catalog, self._nessie = catalog, catalog.nessie
        self.name = f"{BRANCH}{self.id.lower().replace('-', '_')}"
        self._target = base.name
        self._nessie.create_branch(self.name, base)
        self.changes: dict[str, Evolution] = {}
        self.uploaded: dict[str, list[DataFile]] = {}
        self._summaries: dict[str, Mapping[str, str]] = {}
        """What the snapshots said in which the engine wrote rows."""
        self._landed = False

    def data_dir(self, contract: Contract) -> Path:
        """Folder on this machine for files of a table that go to the warehouse once they are whole."""
        folder = self._scratch / contract.layer / contract.table
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _scratch(self) -> Path:
        return self.lake.settings.scratch_dir / self.id

    def table(self, identifier: str) -> Table:
        """A table as it is on the branch."""
        return self._catalog.load_table(identifier, self.name)

    def prepare(self, contracts: Sequence[Contract]) -> list[Table]:
        """Make the tables of these contracts on the branch, or make them what their contracts say.

        Raises:
            SchemaDriftError: a table cannot become what its contract says.
        """
        return [self._prepared(contract) for contract in contracts]

    def _prepared(self, contract: Contract) -> Table:
        table = self._catalog.ensure(contract, self._location(contract), self.name)
        change = evolution(contract, Shape.of(table.metadata))
        if not change:
            return table
        transaction = evolved(table, change)
        if table.metadata.current_snapshot_id:
            # Readers go by snapshots, and a snapshot shows the columns there were when it was made.
            add_empty(self, transaction, {EVOLVED: str(change)})
        committed = transaction.commit_transaction()
        self.changes[contract.identifier] = change
        return committed

    def _location(self, contract: Contract) -> str:
        return f"{self.lake.settings.warehouse_url.rstrip('/')}/{contract.layer}/{contract.table}"

    def land(self) -> None:
        """Commit what was staged to the branch: files written here, and the note on tables that the engine wrote."""
        if self._landed:
            return
        for identifier, staged in self.staged.items():
            table = self._prepared(staged.contract)
            if identifier not in self.uploaded:
                self.uploaded[identifier] = self._upload(table, staged.contract, staged.files)
            transaction = LakeTransaction(table)
            as_it_is = evolution(staged.contract, Shape.of(table.metadata))
            change_files(self, transaction, staged, self.uploaded[identifier], as_it_is)
            if transaction.changed:
                transaction.commit_transaction()
        for identifier in self.writer.written:
            table = self.table(identifier)
            self._refuse_mixed_days(identifier)
            self._summaries[identifier] = summary_of(table.metadata)
            self._sign(table)
        self._landed = True

    def _refuse_mixed_days(self, identifier: str) -> None:
        """See `refuse_mixed_days`: of a table that the engine wrote, beside what was there at the beginning."""
        written = self.writer.written[identifier]
        if identifier in self.heads:
            before = self._catalog.load_table(identifier).metadata
            refuse_mixed_days(self, written.contract, before, whole=written.predicate == "true")

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
        add_empty(self, transaction, {})
        transaction.commit_transaction()

    def publish(self, precondition: Callable[[Mapping[str, Table]], None] | None = None) -> list[Published]:
        """See Publication: by one merge of exactly the commit that was audited."""
        self.refuse_unaudited([*self.staged, *self.writer.written])
        self.land()
        for attempt in range(COMMIT_TRIES):
            if precondition:
                precondition(self._tables_on_main())
            try:
                self._merge()
                break
            except ReferenceConflictError as error:
                written_there = self.writer.written or self.writer.analyzed
                if written_there or not all(isinstance(s.replace, Append) for s in self.staged.values()):
                    raise PublicationConflictError(
                        f"a table was changed by another publication since this one began: {error}"
                    ) from error
                time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
                self._land_again()
        else:
            raise PublicationConflictError(f"other writers were faster {COMMIT_TRIES} times; try again later")
        self.ended = True
        published = [self._published_on_branch(i) for i in (*self.staged, *self.writer.written)]
        self._close()
        return published

    def _tables_on_main(self) -> dict[str, Table]:
        """The tables of this publication that main has, as they are there now."""
        heads = self._catalog.heads()
        return {i: self._catalog.load_table(i) for i in (*self.staged, *self.writer.written) if i in heads}

    def _merge(self) -> None:
        branch = self._nessie.reference(self.name)
        tables = sorted({*self.staged, *self.writer.written, *self.writer.analyzed, *self.changes})
        warnings = sum(not o.passed for o in self.outcomes)
        did = f"{len(self.outcomes)} checks, {warnings} warnings" if self.outcomes else "statistics"
        message = f"{', '.join(tables)}: {did}"
        at = self._catalog.heads(branch.pinned)
        snapshots = {f"{SNAPSHOT_PREFIX}{i}": str(current_snapshot(at[i])) for i in tables}
        properties = {PUBLICATION_ID: self.id, RUN_ID: self.run_id, **snapshots}
        target = self._nessie.reference(self._target)
        self.in_doubt = True
        try:
            self._nessie.merge(branch, target, message, properties)
        except ReferenceConflictError:
            self.in_doubt = False
            raise
        except NessieError:
            # The answer may have been lost on its way back; main's history knows.
            if not self._was_merged():
                self.in_doubt = False
                raise

    def _was_merged(self) -> bool:
        time.sleep(1)
        newest = itertools.islice(self._nessie.history(self._target), LOOKED_BACK)
        return any(commit.properties.get(PUBLICATION_ID) == self.id for commit in newest)

    def _land_again(self) -> None:
        """Put the same files, which were audited, onto main as it is now."""
        self._nessie.assign(self._nessie.reference(self.name), self._nessie.reference(self._target))
        self._landed = False
        self.land()

    def _published_on_branch(self, identifier: str) -> Published:
        metadata = self.table(identifier).metadata
        if identifier in self.staged:
            return published_files(self, identifier, metadata, self.uploaded[identifier])
        written = self._summaries[identifier]
        return Published(
            identifier=identifier,
            snapshot_id=metadata.current_snapshot_id or 0,
            publication_id=self.id,
            rows=self.writer.written[identifier].rows,
            bytes=int(written.get("added-files-size", 0)),
            files=int(written.get("added-data-files", 0)),
            partitions=int(written.get("changed-partition-count", 0)),
            total_rows=int(summary_of(metadata).get("total-records", 0)),
        )

    def abandon(self) -> None:
        """See Publication; a branch whose audit failed stays, under another name."""
        if blocking(self.outcomes):
            self.refuse()
        else:
            super().abandon()

    def _keep_refused(self) -> None:
        """Give the branch the name under which people find it, and its tables what failed."""
        with suppress(Exception):
            self._note_failures()
        with suppress(NessieError):
            self._nessie.create_branch(REFUSED + self.name.removeprefix(BRANCH), self._nessie.reference(self.name))
        self._close()

    def _note_failures(self) -> None:
        self.land()
        failed: dict[str, list[str]] = {}
        for outcome in blocking(self.outcomes):
            said = f"{outcome.check} failed for {outcome.failed} of {outcome.total} rows"
            failed.setdefault(outcome.identifier, []).append(said)
        for identifier, said in failed.items():
            with self.table(identifier).transaction() as transaction:
                transaction.set_properties({FAILED: "; ".join(said)})

    def _remove_staged(self) -> None:
        """Remove what was written to the warehouse, and the branch; main is as it was."""
        for identifier, files in () if self.in_doubt else self.uploaded.items():
            with suppress(Exception):
                io = self.table(identifier).io
                for file in files:
                    io.delete(file.file_path)
        self._close()

    def _close(self) -> None:
        """Drop the engine's catalog, then the branch; where a server is away, maintenance does it later."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        with suppress(Exception):
            self.writer.close()
        with suppress(NessieError, ReferenceGoneError):
            self._nessie.drop(self._nessie.reference(self.name))
