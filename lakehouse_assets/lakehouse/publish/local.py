"""Publication on a folder: files are staged in the folders of their tables, and one catalog transaction shows them all.

Belongs here: the mark, the commit and its tries. Does not belong here: how rows are written (Writer), or what old
states are forgotten (history).
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.update.snapshot import ExpireSnapshots

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.evolution import Shape, evolution
from lakehouse_assets.lakehouse.iceberg.locations import file_uri, named_by, own, warehouse_of
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.publish import history
from lakehouse_assets.lakehouse.publish.data_files import describe_files
from lakehouse_assets.lakehouse.publish.markers import marker_of, remove_marker, write_marker
from lakehouse_assets.lakehouse.publish.protocol import (
    COMMIT_TRIES,
    Publication,
    PublicationConflictError,
    Published,
    new_id,
)
from lakehouse_assets.lakehouse.publish.snapshots import change_files, evolved, published_files

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.iceberg.catalog import LakeCatalog, LakeTransaction
    from lakehouse_assets.lakehouse.lake import Lake


class LocalPublication(Publication):
    """See Publication."""

    def __init__(self, lake: Lake, catalog: LakeCatalog, properties: Mapping[str, str]) -> None:
        """Use `begin`; leaves a mark from which a dead publication can be cleaned up."""
        super().__init__(lake, new_id(), catalog.heads(), properties)
        self._catalog = catalog
        self._folders: set[Path] = set()
        self._marker = marker_of(lake, self.id)
        write_marker(self._marker, self._folders)

    def data_dir(self, contract: Contract) -> Path:
        """Folder for this publication's files of a table, inside the table's own location."""
        folder = self.lake.location(contract) / "data" / self.id
        if folder not in self._folders:
            self._folders.add(folder)
            write_marker(self._marker, self._folders)
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def publish(self, precondition: Callable[[Mapping[str, Table]], None] | None = None) -> list[Published]:
        """See Publication."""
        self.refuse_unaudited([*self.staged])

        data_files: dict[str, list[DataFile]] = {}
        for attempt in range(COMMIT_TRIES):
            try:
                tables = self._tables()
                self._refuse_outside(tables)
                if precondition:
                    precondition(tables)
                committed, published = self._commit(tables, data_files)
                self.ended = True
                remove_marker(self._marker)
                for table in committed:
                    history.swept(self.lake, table)
                return published
            except CommitFailedException:
                self.in_doubt = False
                time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
        raise PublicationConflictError(f"other writers were faster {COMMIT_TRIES} times; try again later")

    def _tables(self) -> dict[str, Table]:
        return {
            identifier: self._catalog.ensure(s.contract, file_uri(self.lake.location(s.contract)))
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
        transactions = {i: evolved(tables[i], change) for i, change in changes.items()}
        if not data_files:
            data_files |= self._describe(tables, transactions)
        for identifier, staged in self.staged.items():
            change_files(self, transactions[identifier], staged, data_files[identifier], changes[identifier])
            self._forget(transactions[identifier], staged.contract)
        self.in_doubt = True
        committed = self._catalog.commit_all([t for t in transactions.values() if t.changed])
        published = [published_files(self, i, t.table_metadata, data_files[i]) for i, t in transactions.items()]
        return committed, published

    def _forget(self, transaction: LakeTransaction, contract: Contract) -> None:
        """Let the commit that adds a snapshot forget those that are not kept."""
        if transaction.changed and (old := history.forgotten(transaction.table_metadata, contract, self.lake)):
            ExpireSnapshots(transaction).by_ids(old).commit()

    def _describe(
        self, tables: Mapping[str, Table], transactions: Mapping[str, LakeTransaction]
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

    def _remove_staged(self) -> None:
        """Remove the folders, and the mark."""
        if self.in_doubt:
            return
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        remove_marker(self._marker)
