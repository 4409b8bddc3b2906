"""Finds rows of a table that gets a few with each publication, reading each of its manifests once a process.

Belongs here: that scan and what it remembers. Does not belong here: queries of people and of models (engine).

Such a table has a manifest for each publication until they are merged, and every load looks into it several times. A
manifest never changes (Iceberg table specification, "Manifests"), so that only those of newer publications are read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyiceberg.manifest import ManifestEntry, ManifestFile
from pyiceberg.table import DataScan, FileScanTask, ManifestGroupPlanner

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.io import FileIO
    from pyiceberg.table import Table

_REMEMBERED = 256
_entries: OrderedDict[str, list[ManifestEntry]] = OrderedDict()
"""Live entries of the manifests that were read last, by path."""
_lock = threading.Lock()


def find(table: Table, row_filter: BooleanExpression, fields: tuple[str, ...]) -> pa.Table:
    """The rows of a table's newest state that a filter is true of.

    Args:
        table: The table as it was loaded from its catalog.
        row_filter: Over the table's columns.
        fields: The columns wanted.
    """
    scan = _Scan(table_metadata=table.metadata, io=table.io, row_filter=row_filter, selected_fields=fields)
    return scan.to_arrow()


class _Scan(DataScan):
    def plan_files(self) -> Iterable[FileScanTask]:
        snapshot = self.snapshot()
        manifests = map(_Remembered.of, snapshot.manifests(self.io)) if snapshot else ()
        return ManifestGroupPlanner(self.table_metadata, self.io, self.row_filter).plan_files(manifests)


class _Remembered(ManifestFile):
    """A manifest whose live entries are read if they were not before."""

    @classmethod
    def of(cls, manifest: ManifestFile) -> _Remembered:
        return cls(*(manifest[i] for i in range(len(manifest))))

    def fetch_manifest_entry(self, io: FileIO, discard_deleted: bool = True) -> list[ManifestEntry]:
        if not discard_deleted:
            return super().fetch_manifest_entry(io, discard_deleted)
        with _lock:
            known = _entries.get(self.manifest_path)
        if known is None:
            known = super().fetch_manifest_entry(io)
            with _lock:
                _entries[self.manifest_path] = known
                while len(_entries) > _REMEMBERED:
                    _entries.popitem(last=False)
        return known
