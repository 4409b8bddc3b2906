"""What a metadata file says of its table: a file never changes, so it is read once and remembered.

Belongs here: that memory. Does not belong here: which file is a table's head now (catalogs).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cachetools import FIFOCache, LRUCache

from lakehouse_assets.lakehouse.iceberg.evolution import Shape

if TYPE_CHECKING:
    from pyiceberg.table.metadata import TableMetadata

    from lakehouse_assets.lakehouse.iceberg.file_io import LakeFileIO

_REMEMBERED = 8192
_SHAPES = 1024
_WHOLE = 64
"""Metadata kept whole: a build looks some ten times at that of each of its tables, and it lists all snapshots."""
_FILES_SIZE = "total-files-size"
# By metadata location. A metadata file never changes, so nothing invalidates these but newer ones that take their room.
_known: FIFOCache[str, int | None] = FIFOCache(_REMEMBERED)
_shapes: FIFOCache[str, tuple[Shape, int]] = FIFOCache(_SHAPES)
_whole: LRUCache[str, TableMetadata] = LRUCache(_WHOLE)
_lock = threading.Lock()
_file_system: dict[str, str] = {}


def file_system(properties: Mapping[str, str]) -> None:
    """Say how files of this process's warehouse are opened, where they are not on this machine."""
    _file_system.update(properties)


def file_io() -> LakeFileIO:
    """What opens the files of the warehouse."""
    from lakehouse_assets.lakehouse.iceberg.file_io import LakeFileIO

    return LakeFileIO(_file_system)


def current_snapshot(metadata_location: str) -> int | None:
    """The snapshot a metadata file points at, or None before the first publication."""
    with _lock:
        if metadata_location in _known:
            return _known[metadata_location]
    return read_metadata(metadata_location).current_snapshot_id


def shape(metadata_location: str) -> Shape:
    """The columns and partitioning of a table, by its metadata file."""
    return _described(metadata_location)[0]


def stored_bytes(metadata_location: str) -> int:
    """Bytes of the data files of a table, by its metadata file."""
    return _described(metadata_location)[1]


def _described(metadata_location: str) -> tuple[Shape, int]:
    with _lock:
        if metadata_location in _shapes:
            return _shapes[metadata_location]
    return _description(read_metadata(metadata_location))


def _description(metadata: TableMetadata) -> tuple[Shape, int]:
    snapshot = metadata.current_snapshot()
    summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return Shape.of(metadata), int(summary.get(_FILES_SIZE, 0))


def read_metadata(metadata_location: str) -> TableMetadata:
    """All that a metadata file says."""
    with _lock:
        if metadata_location in _whole:
            return _whole[metadata_location]
    from pyiceberg.serializers import FromInputFile

    metadata = FromInputFile.table_metadata(file_io().new_input(metadata_location))
    remember(metadata_location, metadata.current_snapshot_id)
    with _lock:
        _shapes[metadata_location] = _description(metadata)
        _whole[metadata_location] = metadata
    return metadata


def remember(metadata_location: str, snapshot_id: int | None) -> None:
    """Keep what a catalog says of a metadata file, so that it need not be read."""
    with _lock:
        _known[metadata_location] = snapshot_id
