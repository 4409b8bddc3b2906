"""The one snapshot that a publication makes of a table: old files out, new files in, and what it says of itself.

Belongs here: what publications on a folder and on a branch do alike. Does not belong here: how the snapshot becomes
visible (local, on_branch), or the manifests it consists of (iceberg.snapshot_producer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pyiceberg.table.snapshots import Operation

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.catalog import LakeTransaction
from lakehouse_assets.lakehouse.iceberg.days_of import refuse_other_zone
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, Evolution, evolve
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplaceTable, removal_of, removes_all
from lakehouse_assets.lakehouse.iceberg.properties import COMPACTION, GREATEST, PUBLICATION_ID, TIME_ZONE
from lakehouse_assets.lakehouse.iceberg.snapshot_producer import ReplaceFiles
from lakehouse_assets.lakehouse.periods import first_of
from lakehouse_assets.lakehouse.publish.protocol import (
    Publication,
    PublicationConflictError,
    Published,
    Staged,
    unfilled,
)
from lakehouse_assets.lakehouse.zones import NO_ZONE

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata


def evolved(table: Table, change: Evolution) -> LakeTransaction:
    """A transaction in which a table has the columns and partitioning of its contract."""
    transaction = LakeTransaction(table)
    evolve(transaction, change)
    return transaction


def change_files(
    publication: Publication, transaction: LakeTransaction, staged: Staged, new: Sequence[DataFile], change: Evolution
) -> None:
    """Take out the files that are replaced and put in the new ones, in one snapshot.

    Args:
        publication: Whose snapshot it is.
        transaction: Of the table, in which it has the columns and partitioning of its contract.
        staged: What is published of the table.
        new: Its files.
        change: What was changed of the table for it.

    Raises:
        PublicationConflictError: the table was partitioned otherwise since the files were written.
        SchemaDriftError: rows from before would lack a column that may not be missing.
        OtherZoneError: rows that stay have days of another time zone.
    """
    metadata, io = transaction.table_metadata, transaction.io
    if any(file.spec_id != metadata.default_spec_id for file in new):
        raise PublicationConflictError(f"{staged.contract.identifier} was partitioned otherwise meanwhile")
    removal = removal_of(metadata, staged.contract, staged.replace)
    whole = isinstance(staged.replace, ReplaceTable) or not change.unfilled
    if not whole and not removes_all(metadata, io, removal and removal[1]):
        raise unfilled(staged.contract, change.unfilled)
    built_before = metadata.current_snapshot_id is not None or isinstance(staged.replace, Append)
    if not new and removal is None and built_before and not change:
        return
    refuse_mixed_days(publication, staged.contract, metadata, whole=isinstance(staged.replace, ReplaceTable))
    properties = {**_grown(metadata, {**publication.properties, **staged.properties}), PUBLICATION_ID: publication.id}
    if change:
        properties[EVOLVED] = str(change)
    snapshot = ReplaceFiles(Operation.APPEND, transaction, io, snapshot_properties=properties)
    with snapshot:
        if removal is not None:
            snapshot.replacing(*removal)
        if COMPACTION in properties:
            snapshot.rewriting()
        for file in new:
            snapshot.append_data_file(file)


def refuse_mixed_days(publication: Publication, contract: Contract, metadata: TableMetadata, *, whole: bool) -> None:
    """Refuse to publish rows beside others that have days of another time zone.

    Args:
        publication: Whose rows they are.
        contract: Of the table.
        metadata: Of the table as it was.
        whole: Whether none of its rows stays.

    Raises:
        OtherZoneError: the table has days of another.
    """
    if not whole and not contract.days_of_utc:
        refuse_other_zone(contract.identifier, metadata, publication.properties.get(TIME_ZONE, NO_ZONE))


def add_empty(publication: Publication, transaction: LakeTransaction, more: Mapping[str, str]) -> None:
    """Add a snapshot without files that says what every snapshot of the publication says, and more."""
    properties = {**publication.properties, PUBLICATION_ID: publication.id, **more}
    io = transaction.io
    with ReplaceFiles(Operation.APPEND, transaction, io, snapshot_properties=properties):
        pass


def published_files(
    publication: Publication, identifier: str, metadata: TableMetadata, new: Sequence[DataFile]
) -> Published:
    """What became visible of a table that got these files."""
    return Published(
        identifier=identifier,
        snapshot_id=metadata.current_snapshot_id or 0,
        publication_id=publication.id,
        rows=sum(f.record_count for f in new),
        bytes=sum(f.file_size_in_bytes for f in new),
        files=len(new),
        partitions=len({f.partition for f in new}),
        total_rows=int(summary_of(metadata).get("total-records", 0)),
        rows_by_day=_rows_by_day(metadata, new),
    )


def _rows_by_day(metadata: TableMetadata, files: Sequence[DataFile]) -> Mapping[date, int]:
    """Rows of files by their day; none where the partitions are no days."""
    found: Counter[date] = Counter()
    for file in files:
        for position, partition in enumerate(metadata.specs()[file.spec_id].fields):
            if str(partition.transform) == "day" and file.partition[position] is not None:
                found[first_of(file.partition[position], "day")] += file.record_count
    return found


def summary_of(metadata: TableMetadata) -> Mapping[str, str]:
    """What the current snapshot of a table says of itself; nothing where it has none."""
    snapshot = metadata.current_snapshot()
    return snapshot.summary.additional_properties if snapshot and snapshot.summary else {}


def _grown(metadata: TableMetadata, properties: Mapping[str, str]) -> dict[str, str]:
    """Properties of the next snapshot of a table, of which those that never fall are not less than before."""
    said = summary_of(metadata)
    return {k: max(v, said.get(k, v)) if k.startswith(GREATEST) else v for k, v in properties.items()}
