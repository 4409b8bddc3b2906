"""The files in which an Iceberg table says where its files lie, read and written again with other locations.

Three kinds: metadata, which name lists of manifests; those, which name manifests; those, which name data files. All
else in them stays as it was, fields that PyIceberg does not know of a record included: Avro files are rewritten by the
schema they were written with. A file takes the place of the old one whole, under its own name.
Belongs here: the form of those files, and putting them in place. Does not belong here: which locations (relocation).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.exceptions import ValidationError
from pyiceberg.serializers import FromInputFile, ToOutputFile

from lakehouse_assets.lakehouse.iceberg.file_io import LakeFileIO

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.table.metadata import TableMetadata

Renamed = Callable[[str], str]
"""What a location becomes."""
# Field ids of the Iceberg table specification, "Manifests" and "Snapshots".
_MANIFEST_PATH, _MANIFEST_LENGTH = (500,), (501,)
_STATUS, _CONTENT, _FILE_PATH = (0,), (2, 134), (2, 100)
_DELETED = 2
UNFINISHED = ".unfinished"
_IO = LakeFileIO()


@dataclass(frozen=True)
class Listing:
    """A manifest, or a list of manifests: the records of an Avro file, its schema, and what its header says."""

    schema: Schema
    header: dict[str, str]
    records: list[Any]

    def manifests(self) -> list[str]:
        """Locations of the manifests that a list names."""
        return [_get(record, self._at(_MANIFEST_PATH)) for record in self.records]

    def live_files(self) -> Iterator[str]:
        """Locations of the files that a manifest says are in the table."""
        at, status = self._at(_FILE_PATH), self._at(_STATUS)
        return (_get(record, at) for record in self.records if _get(record, status) != _DELETED)

    @property
    def has_deletes(self) -> bool:
        """Whether a manifest is one of deleted rows."""
        at = self._at(_CONTENT)
        return bool(at) and any(_get(record, at) for record in self.records)

    def rename_files(self, renamed: Renamed) -> bool:
        """Give all files of a manifest other locations; whether any differs."""
        return self._rename(_FILE_PATH, renamed)

    def rename_manifests(self, renamed: Renamed, length: Callable[[str], int]) -> bool:
        """Give all manifests of a list other locations, and the lengths they have now; whether anything differs."""
        changed = self._rename(_MANIFEST_PATH, renamed)
        path, at = self._at(_MANIFEST_PATH), self._at(_MANIFEST_LENGTH)
        for record in self.records:
            now = length(_get(record, path))
            changed |= _get(record, at) != now
            _set(record, at, now)
        return changed

    def _rename(self, field: tuple[int, ...], renamed: Renamed) -> bool:
        at, changed = self._at(field), False
        for record in self.records:
            old = _get(record, at)
            new = renamed(old)
            changed |= new != old
            _set(record, at, new)
        return changed

    def _at(self, ids: tuple[int, ...]) -> list[int]:
        """Where a field is in a record, by the ids that lead to it; empty where the file has no such field."""
        positions: list[int] = []
        struct: Any = self.schema.as_struct()
        for field_id in ids:
            found = next((i for i, f in enumerate(struct.fields) if f.field_id == field_id), None)
            if found is None:
                return []
            positions.append(found)
            struct = struct.fields[found].field_type
        return positions


def _get(record: Any, positions: list[int]) -> Any:
    for position in positions:
        record = record[position]
    return record


def _set(record: Any, positions: list[int], value: Any) -> None:
    _get(record, positions[:-1])[positions[-1]] = value


def read_listing(file: Path) -> Listing | None:
    """The records of a manifest or of a list of manifests; None if it holds anything else, as after a damage.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with AvroFile[Any](_IO.new_input(str(file))) as source:
            records = list(source)
            return Listing(source.schema, dict(source.header.meta), records)
    except OSError:
        raise
    except Exception:
        # Whatever the decoder ran into.
        return None


def write_listing(file: Path, listing: Listing) -> None:
    """Put a manifest, or a list of manifests, in its place.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """

    def write(unfinished: Path) -> None:
        output = _IO.new_output(str(unfinished))
        with AvroOutputFile[Any](output, listing.schema, "rewritten", metadata=listing.header) as target:
            target.write_block(listing.records)

    _put_in_place(file, write)


def read_table_metadata(file: Path) -> TableMetadata | None:
    """What a metadata file says; None if it is none, as after a damage.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return FromInputFile.table_metadata(_IO.new_input(str(file)))
    except (ValidationError, ValueError):
        return None


def write_table_metadata(file: Path, metadata: TableMetadata) -> None:
    """Put a metadata file in its place.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    _put_in_place(file, lambda new: ToOutputFile.table_metadata(metadata, _IO.new_output(str(new)), overwrite=True))


def renamed_metadata(metadata: TableMetadata, renamed: Renamed) -> TableMetadata:
    """The same metadata with other locations."""
    return metadata.model_copy(
        update={
            "location": renamed(metadata.location),
            "snapshots": [s.model_copy(update={"manifest_list": renamed(s.manifest_list)}) for s in metadata.snapshots],
            "metadata_log": [
                e.model_copy(update={"metadata_file": renamed(e.metadata_file)}) for e in metadata.metadata_log
            ],
            "statistics": [
                s.model_copy(update={"statistics_path": renamed(s.statistics_path)}) for s in metadata.statistics
            ],
            "partition_statistics": [
                s.model_copy(update={"statistics_path": renamed(s.statistics_path)})
                for s in metadata.partition_statistics
            ],
        }
    )


def locations_of(metadata: TableMetadata) -> list[str]:
    """Every location that metadata name."""
    return [
        metadata.location,
        *(s.manifest_list for s in metadata.snapshots),
        *(e.metadata_file for e in metadata.metadata_log),
        *(s.statistics_path for s in metadata.statistics),
        *(s.statistics_path for s in metadata.partition_statistics),
    ]


def without_snapshots(metadata: TableMetadata, lost: set[int]) -> TableMetadata:
    """The same metadata without some snapshots, of which none is the current one."""
    return metadata.model_copy(
        update={
            "snapshots": [s for s in metadata.snapshots if s.snapshot_id not in lost],
            "snapshot_log": [e for e in metadata.snapshot_log if e.snapshot_id not in lost],
            "refs": {name: ref for name, ref in metadata.refs.items() if ref.snapshot_id not in lost},
            "statistics": [s for s in metadata.statistics if s.snapshot_id not in lost],
            "partition_statistics": [s for s in metadata.partition_statistics if s.snapshot_id not in lost],
        }
    )


def sync(folders: Iterable[Path]) -> None:
    """Let the disk have what was put into these folders, before anything says that it is there."""
    for folder in folders:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _put_in_place(file: Path, write: Callable[[Path], None]) -> None:
    """A crash of the machine, too, leaves the old file or the new one: the old one may be a link to another home's."""
    unfinished = file.with_name(file.name + UNFINISHED)
    write(unfinished)
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(unfinished, file)
