"""The door into PyIceberg: every use of what it does not call public, each with the reason.

Belongs here: names for those members, and nothing done with them. Does not belong here: what is committed (catalog),
which manifests a snapshot has (snapshot_producer), what is remembered of them (manifests), or PyIceberg's REST catalog,
which costs a local command 0.1 s to import (nessie._internals).

`tests/lakehouse/iceberg/test_internals.py` tells what moved when PyIceberg is upgraded.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pyiceberg.expressions import AlwaysFalse
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestFile
from pyiceberg.table import FileScanTask, ManifestGroupPlanner, Table, Transaction
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.update.snapshot import _SnapshotProducer

if TYPE_CHECKING:
    from pyiceberg.catalog import MetastoreCatalog
    from pyiceberg.io import FileIO
    from pyiceberg.table import StagedTable

Manifest = TypeVar("Manifest", bound=ManifestFile)


# Several tables in one commit: PyIceberg's catalogs commit one, and a transaction shows neither its table nor its
# changes.


def table_of(transaction: Transaction) -> Table:
    """The table that a transaction was opened on."""
    return transaction._table


def changes_of(transaction: Transaction) -> int:
    """How many updates a transaction has."""
    return len(transaction._updates)


def stage(catalog: MetastoreCatalog, transaction: Transaction) -> StagedTable:
    """The table as a transaction makes it, with a location for its metadata; nothing is written.

    Raises:
        CommitFailedException: the table is not what the transaction was opened on.
    """
    table = transaction._table
    return catalog._update_and_stage_table(table, table.name(), transaction._requirements, transaction._updates)


def write_metadata(catalog: MetastoreCatalog, staged: StagedTable) -> None:
    """Write the metadata file of a staged table.

    Raises:
        OSError: it cannot be written.
    """
    catalog._write_metadata(staged.metadata, staged.io, staged.metadata_location)


def file_io(catalog: MetastoreCatalog, properties: Mapping[str, str], location: str) -> FileIO:
    """What opens the files of a table, by the catalog's properties; `load_table` makes it only with the metadata."""
    return catalog._load_file_io(dict(properties), location)


# A snapshot with manifests of one's own choice: PyIceberg's overwrite and append have their own policy, whose cost
# grows with the history of the table. After 200 commits of a day each they leave 220 manifests, and planning a scan
# takes 220 ms; with these there are 16, and it takes 28 ms.


class SnapshotProducer(_SnapshotProducer["SnapshotProducer"]):
    """Makes one snapshot of the manifests that a subclass writes."""

    @abstractmethod
    def manifests(self) -> list[ManifestFile]:
        """All manifests of the snapshot; says by `conclude` what went."""

    def conclude(self, operation: Operation, removed: Iterable[DataFile]) -> None:
        """Say what the summary of the snapshot tells."""
        self._operation, self._deleted_data_files = operation, set(removed)

    @property
    def io(self) -> FileIO:
        """What reads and writes the files of the table."""
        return self._io

    @property
    def added(self) -> list[DataFile]:
        """The data files that were appended."""
        return self._added_data_files

    @property
    def parent(self) -> Snapshot | None:
        """The snapshot that this one follows."""
        return self._transaction.table_metadata.snapshot_by_name(name=self._target_branch)

    @property
    def removes_nothing(self) -> bool:
        """Whether no predicate was given by `delete_by_predicate`."""
        return isinstance(self._predicate, AlwaysFalse)

    def may_hold(self, spec_id: int) -> Callable[[ManifestFile], bool]:
        """Whether a manifest of a partition specification may hold rows that the predicate is true of."""
        return self._build_manifest_evaluator(spec_id)

    def _manifests(self) -> list[ManifestFile]:
        return self.manifests()

    def _deleted_entries(self) -> list[ManifestEntry]:
        return []

    def _existing_manifests(self) -> list[ManifestFile]:
        return []


# Planning a scan from manifests that are already read: a scan reads its manifests itself, and takes no others.


def planned(scan: Any, manifests: Iterable[ManifestFile]) -> Iterable[FileScanTask]:
    """The files that a `DataScan` reads, of these manifests."""
    return ManifestGroupPlanner(scan.table_metadata, scan.io, scan.row_filter).plan_files(manifests)


def recast(manifest: ManifestFile, kind: type[Manifest]) -> Manifest:
    """A manifest as one of a subclass: it is a record of the fields of the specification, by position."""
    return kind(*(manifest[i] for i in range(len(manifest))))
