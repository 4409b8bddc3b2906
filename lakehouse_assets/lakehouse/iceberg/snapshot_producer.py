"""Makes one Iceberg snapshot that takes files out of a table and puts files in, at a cost that history does not raise.

Belongs here: the snapshot producer and its policy for manifests. Does not belong here: which files (publish).

PyIceberg's own overwrite reads every manifest that may hold a replaced file three times and rewrites it whole, however
long it is; its append adds a manifest a commit. Here a manifest is read once and holds neighbouring partitions: few of
the newest, where records still come late and each commit rewrites it, ever more the further back, for each manifest
costs a query as much as a hundred of its entries. Those of about one length are merged when there are many. So a commit
reads and writes a bounded number of entries, and a query reads a number of manifests that history hardly raises
(Iceberg table specification, version 2, "Manifests" and "Snapshots").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pyiceberg.expressions import BooleanExpression
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus, ManifestFile
from pyiceberg.table.snapshots import Operation

from lakehouse_assets.lakehouse.iceberg._internals import SnapshotProducer

SHORTEST, LONGEST = 64, 512
"""Data files of a full manifest: that of the newest partitions, and those far back."""
TIERS = ((0, SHORTEST // 2), (SHORTEST // 2, LONGEST // 2))
MANIFESTS_OF_TIER = 12
"""Manifests with more files than the first number of a tier, and no more than the second, are merged when there are
more of them than this."""


class UnequalRewriteError(Exception):
    """Files that were to take the place of others do not hold as many rows."""


class ReplaceFiles(SnapshotProducer):
    """Adds data files, and removes those for which `removes` is true, in one snapshot."""

    _removes: Callable[[DataFile], bool] = staticmethod(lambda _file: False)
    _rewrites = False

    def replacing(self, predicate: BooleanExpression, removes: Callable[[DataFile], bool]) -> ReplaceFiles:
        """Say what is removed.

        Args:
            predicate: Over the table's columns; true for every row of every file that is removed. Manifests whose
                partitions it excludes are not opened.
            removes: Whether a live data file goes.
        """
        self.delete_by_predicate(predicate)
        self._removes = removes
        return self

    def rewriting(self) -> ReplaceFiles:
        """Say that the files added hold the rows of those removed, no others: they are as old as the newest of them.

        Where they do not hold as many, the snapshot is refused with UnequalRewriteError.
        """
        self._rewrites = True
        return self

    def manifests(self) -> list[ManifestFile]:
        """See `SnapshotProducer.manifests`."""
        opened, untouched = self._sorted_out()
        kept: list[ManifestEntry] = []
        gone: list[ManifestEntry] = []
        for manifest in opened:
            for entry in manifest.fetch_manifest_entry(self.io, discard_deleted=True):
                (gone if self._removes(entry.data_file) else kept).append(entry)
        self.conclude(Operation.OVERWRITE if gone else Operation.APPEND, (e.data_file for e in gone))
        if self._rewrites:
            _refuse_unequal(gone, self.added)
        ages = _newest(gone) if self._rewrites else {}
        added = [_added(f, self.snapshot_id, ages.get(f.partition)) for f in self.added]
        return [
            *self._written(added, ManifestEntryStatus.ADDED),
            *self._written((_with_status(e, e.snapshot_id or 0, ManifestEntryStatus.EXISTING) for e in kept), None),
            *self._written((_with_status(e, self.snapshot_id, ManifestEntryStatus.DELETED) for e in gone), None),
            *untouched,
        ]

    def _sorted_out(self) -> tuple[list[ManifestFile], list[ManifestFile]]:
        """Manifests to open, and those that stay as they are; ones without a live file are dropped."""
        live = [m for m in self.parent.manifests(self.io) if _live_files(m)] if self.parent else []
        evaluators: dict[int, Callable[[ManifestFile], bool]] = {}
        opened, untouched = [], []
        for manifest in live:
            spec_id = manifest.partition_spec_id
            if spec_id not in evaluators:
                evaluators[spec_id] = self.may_hold(spec_id)
            concerned = not self.removes_nothing and evaluators[spec_id](manifest)
            (opened if concerned else untouched).append(manifest)
        merged = crowded([_live_files(m) for m in untouched])
        return (
            [*opened, *(untouched[i] for i in merged)],
            [m for i, m in enumerate(untouched) if i not in merged],
        )

    def _written(self, entries: Iterable[ManifestEntry], status: ManifestEntryStatus | None) -> list[ManifestFile]:
        """Manifests of these entries: one specification each, neighbouring partitions together, the newest first."""
        by_spec: dict[int, list[ManifestEntry]] = {}
        for entry in entries:
            by_spec.setdefault(entry.data_file.spec_id, []).append(entry)
        written = []
        for spec_id, group in by_spec.items():
            group.sort(key=_partition_order)
            for chunk in _chunks(group):
                with self.new_manifest_writer(self.spec(spec_id)) as writer:
                    for entry in chunk:
                        if status is ManifestEntryStatus.ADDED:
                            writer.add(entry)
                        else:
                            writer.add_entry(entry)
                written.append(writer.to_manifest_file())
        return written


def _live_files(manifest: ManifestFile) -> int:
    return (manifest.added_files_count or 0) + (manifest.existing_files_count or 0)


def _refuse_unequal(gone: Iterable[ManifestEntry], added: Iterable[DataFile]) -> None:
    before, after = sum(e.data_file.record_count for e in gone), sum(f.record_count for f in added)
    if before != after:
        raise UnequalRewriteError(
            f"{before} rows were to be put together, and {after} would be left; nothing was changed"
        )


def _newest(entries: Iterable[ManifestEntry]) -> dict[Any, int]:
    """Partition to the highest sequence number of its files."""
    found: dict[Any, int] = {}
    for entry in entries:
        partition = entry.data_file.partition
        found[partition] = max(found.get(partition, 0), entry.sequence_number or 0)
    return found


def _added(file: DataFile, snapshot_id: int, sequence_number: int | None) -> ManifestEntry:
    return ManifestEntry.from_args(
        status=ManifestEntryStatus.ADDED,
        snapshot_id=snapshot_id,
        sequence_number=sequence_number,
        file_sequence_number=None,
        data_file=file,
    )


def _with_status(entry: ManifestEntry, snapshot_id: int, status: ManifestEntryStatus) -> ManifestEntry:
    return ManifestEntry.from_args(
        status=status,
        snapshot_id=snapshot_id,
        sequence_number=entry.sequence_number,
        file_sequence_number=entry.file_sequence_number,
        data_file=entry.data_file,
    )


def _partition_order(entry: ManifestEntry) -> tuple[Any, ...]:
    partition = entry.data_file.partition
    return tuple((partition[i] is not None, str(type(partition[i])), partition[i]) for i in range(len(partition)))


def crowded(live: Sequence[int]) -> set[int]:
    """Which manifests there are too many of, given how many files each has."""
    found: set[int] = set()
    for longer_than, up_to in TIERS:
        tier = {i for i, files in enumerate(live) if longer_than < files <= up_to}
        if len(tier) > MANIFESTS_OF_TIER:
            found |= tier
    return found


def lengths(files: int) -> Iterator[int]:
    """How many of the newest partitions' files to put into a manifest, how many of the next ones, and so on."""
    length = SHORTEST
    while files > 0:
        yield min(length, files)
        files, length = files - length, min(2 * length, LONGEST)


def _chunks(entries: Sequence[ManifestEntry]) -> Iterable[Sequence[ManifestEntry]]:
    end = len(entries)
    for length in lengths(end):
        yield entries[end - length : end]
        end -= length
