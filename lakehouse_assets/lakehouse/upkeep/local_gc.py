"""What of a local warehouse nobody needs any more: dead publications, old snapshots, orphan files.

Belongs here: what may be deleted, decided from the catalog and the marks of publications; which files a table's
metadata needs. Does not belong here: warehouses with branches (nessie_gc), compaction (maintenance).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.iceberg.locations import HomeWarehouse, local_path, own
from lakehouse_assets.lakehouse.iceberg.metadata_files import read_table_metadata
from lakehouse_assets.lakehouse.publish import history
from lakehouse_assets.lakehouse.publish.markers import (
    HALF_A_MARK,
    folders_of,
    is_dead,
    marker_folder,
    markers,
    read_marker,
)
from lakehouse_assets.lakehouse.upkeep.report import Freed, told

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata

    from lakehouse_assets.lakehouse.lake import Lake


def collect(lake: Lake) -> dict[str, Freed]:
    """Remove what nobody needs any more; what that was, by table."""
    sweep_dead_publications(lake)
    return {identifier: _freed(lake, identifier) for identifier in sorted(lake.catalog.heads())}


def _freed(lake: Lake, identifier: str) -> Freed:
    expired = 0
    try:
        expired = expire_snapshots(lake, lake.catalog.load_table(identifier))
        return Freed(expired, *remove_orphans(lake, lake.catalog.load_table(identifier)))
    except Exception as error:
        return Freed(expired, problem=told(error))


def sweep_dead_publications(lake: Lake) -> list[str]:
    """Remove what publications whose process is gone have staged and never published; returns their ids."""
    swept = []
    warehouse = HomeWarehouse(lake.settings.home)
    grace_s = lake.settings.staging_grace.total_seconds()
    for half in marker_folder(lake).glob(f"*{HALF_A_MARK}"):
        with suppress(FileNotFoundError):
            if time.time() - half.stat().st_mtime > grace_s:
                half.unlink()
    for marker in sorted(markers(lake)):
        state = read_marker(marker)
        if state is None or not is_dead(state, grace_s):
            continue
        # Those of another home, which this one was copied from, are none of its business.
        own_folders = [Path(f) for f in state["folders"] if warehouse.canonical(f)]
        try:
            dead = [folder for folder in own_folders if folder.exists() and not _is_referenced(lake, folder)]
        except Exception:
            # What is wrong with the table is told by the one who removes its orphans; the others go on.
            continue
        for folder in dead:
            shutil.rmtree(folder, ignore_errors=True)
        marker.unlink(missing_ok=True)
        swept.append(marker.stem)
    return swept


def _is_referenced(lake: Lake, folder: Path) -> bool:
    """Whether any snapshot of the table holds a file of this publication folder (<table>/data/<publication>)."""
    table_folder = folder.parent.parent
    identifier = f"{table_folder.parent.name}.{table_folder.name}"
    if identifier not in lake.catalog.heads():
        return False
    prefix = f"{os.path.realpath(folder)}/"
    needed = referenced_files(lake, lake.catalog.load_table(identifier))
    return any(path.startswith(prefix) for path in needed)


def referenced_files(lake: Lake, table: Table) -> set[str]:
    """Real paths of every file that a kept snapshot of a table needs, or one that may still be read; metadata, too.

    Raises:
        OutsideWarehouseError: one of them is not in the warehouse.
    """
    read: set[str] = set()
    log = (entry.metadata_file for entry in table.metadata.metadata_log)
    files = files_of(table.metadata, table.io, read)
    still_read = _still_read(lake, table, read)
    where = HomeWarehouse(lake.settings.home)
    return own(where, ".".join(table.name()), (table.metadata_location, *log, *files, *still_read))


def _still_read(lake: Lake, table: Table, read: set[str]) -> Iterator[str]:
    """Files that snapshots need which are no longer kept, but were until lately; see `history`."""
    head = local_path(table.metadata_location)
    files = history.metadata_files(head.parent) if head else []
    for file in history.held(files, head.name if head else "", history.readable_since(lake)):
        metadata = read_table_metadata(file.path) if file.path != head else None
        if metadata:
            yield str(file.path)
            yield from files_of(metadata, table.io, read, lost=True)


def files_of(metadata: TableMetadata, io: FileIO, read: set[str], *, lost: bool = False) -> Iterator[str]:
    """Files that the snapshots in a table's metadata need: statistics, manifest lists, manifests, data, deletes.

    Args:
        metadata: The metadata.
        io: Reads them.
        read: Lists and manifests that were read before, whose files are not told again; those read now are added.
        lost: Whether lists and manifests may be gone, as those of metadata that are no longer the newest.
    """
    yield from (s.statistics_path for s in metadata.statistics)
    yield from (s.statistics_path for s in metadata.partition_statistics)
    passed = suppress(FileNotFoundError) if lost else nullcontext()
    for snapshot in metadata.snapshots:
        if snapshot.manifest_list in read:
            continue
        read.add(snapshot.manifest_list)
        yield snapshot.manifest_list
        with passed:
            for manifest in snapshot.manifests(io):
                if manifest.manifest_path not in read:
                    read.add(manifest.manifest_path)
                    yield manifest.manifest_path
                    entries = manifest.fetch_manifest_entry(io, discard_deleted=True)
                    yield from (entry.data_file.file_path for entry in entries)


def expire_snapshots(lake: Lake, table: Table) -> int:
    """Forget snapshots older than the retention, never the current one; returns how many."""
    limit = datetime.now(UTC) - lake.settings.snapshot_retention
    current = table.metadata.current_snapshot_id
    old = [
        s for s in table.metadata.snapshots if s.snapshot_id != current and s.timestamp_ms < limit.timestamp() * 1000
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in old]).commit()
    return len(old)


def remove_orphans(lake: Lake, table: Table) -> tuple[int, int]:
    """Delete files of a table that no kept snapshot needs and no running publication may still publish.

    Returns:
        Files and bytes removed.

    Raises:
        OutsideWarehouseError: one of its files is not in the warehouse; none was removed.
    """
    warehouse = HomeWarehouse(lake.settings.home)
    (root,) = own(warehouse, ".".join(table.name()), (table.location(),))
    protected = {Path(os.path.realpath(f)) for marker in markers(lake) for f in folders_of(marker)}
    needed = referenced_files(lake, table)
    limit = time.time() - lake.settings.staging_grace.total_seconds()
    removed = size = 0
    for path, status in _files(os.path.realpath(root)):
        if str(path) in needed or protected.intersection(path.parents) or status.st_mtime > limit:
            continue
        size += status.st_size
        removed += 1
        path.unlink(missing_ok=True)
    return removed, size


def _files(root: str) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of a folder by their real paths, not of folders that are linked into it.

    What writers remove meanwhile is left out, where `Path.rglob` would raise.
    """
    for folder, _, names in os.walk(root):
        for path in (Path(folder) / name for name in names):
            with suppress(FileNotFoundError):
                yield path, path.stat()
