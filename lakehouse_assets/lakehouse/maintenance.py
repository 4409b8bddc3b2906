"""Keeps the warehouse small: dead publications, old snapshots, orphan files, small files.

Belongs here: what may be deleted or rewritten, decided from the catalog alone.
Does not belong here: when it runs (automation).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.periods import Period, first_of
from lakehouse_assets.lakehouse.publication import (
    COMPACTION,
    HALF_A_MARK,
    PUBLICATION_ID,
    RUN_ID,
    Publication,
    PublicationConflictError,
    ReplacePartitions,
    date_partition,
    marker_folder,
    period_predicate,
)

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake

SMALL_FILES_PER_PARTITION = 8
COMPACTED_PARTITIONS_PER_RUN = 64


@dataclass(frozen=True)
class Maintained:
    """What one run of maintenance did to one table."""

    identifier: str
    snapshots_expired: int
    files_removed: int
    bytes_removed: int
    partitions_compacted: int


def maintain(lake: Lake, contracts: Mapping[str, Contract], *, run_id: str) -> list[Maintained]:
    """Maintain every table that exists; safe beside running writers and readers.

    Args:
        lake: The lake.
        contracts: Contract of every table, by identifier.
        run_id: Run to name in the snapshots that compaction makes.
    """
    if lake.settings.profile == "cluster":
        from lakehouse_assets.lakehouse.branches import sweep

        sweep(lake)
        return []
    sweep_dead_publications(lake)
    done = []
    for identifier in sorted(lake.catalog.heads()):
        contract = contracts.get(identifier)
        compacted = compact(lake, contract, run_id=run_id) if contract else 0
        table = lake.catalog.load_table(identifier)
        expired = expire_snapshots(lake, table)
        files, size = remove_orphans(lake, lake.catalog.load_table(identifier))
        done.append(Maintained(identifier, expired, files, size, compacted))
    return done


def sweep_dead_publications(lake: Lake) -> list[str]:
    """Remove what publications whose process is gone have staged and never published; returns their ids."""
    swept = []
    grace_s = lake.settings.staging_grace.total_seconds()
    for half in marker_folder(lake).glob(f"*{HALF_A_MARK}"):
        with suppress(FileNotFoundError):
            if time.time() - half.stat().st_mtime > grace_s:
                half.unlink()
    for marker in sorted(marker_folder(lake).glob("*.json")):
        state = _read_marker(marker)
        if state is None or not _dead(state, grace_s):
            continue
        for folder in map(Path, state["folders"]):
            if folder.exists() and not _is_referenced(lake, folder):
                shutil.rmtree(folder, ignore_errors=True)
        marker.unlink(missing_ok=True)
        swept.append(marker.stem)
    return swept


def _read_marker(marker: Path) -> dict[str, Any] | None:
    try:
        return json.loads(marker.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError:
        return {"pid": -1, "host": socket.gethostname(), "started": marker.stat().st_mtime, "folders": []}


def _dead(state: Mapping[str, Any], grace_s: float) -> bool:
    if time.time() - state["started"] > grace_s:
        return True
    return state["host"] == socket.gethostname() and not _alive(int(state["pid"]))


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_referenced(lake: Lake, folder: Path) -> bool:
    """Whether any snapshot of the table holds a file of this publication folder (<table>/data/<publication>)."""
    table_folder = folder.parent.parent
    identifier = f"{table_folder.parent.name}.{table_folder.name}"
    if identifier not in lake.catalog.heads():
        return False
    prefix = f"{folder}/"
    return any(path.startswith(prefix) for path in referenced_files(lake.catalog.load_table(identifier)))


def referenced_files(table: Table) -> set[str]:
    """Local paths of every file that some kept snapshot of a table needs, metadata included."""
    metadata = table.metadata
    found = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    manifests: dict[str, Any] = {}
    for snapshot in metadata.snapshots:
        found.add(snapshot.manifest_list)
        manifests |= {m.manifest_path: m for m in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        found.add(path)
        found |= {e.data_file.file_path for e in manifest.fetch_manifest_entry(table.io, discard_deleted=True)}
    return {path.removeprefix("file://") for path in found}


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
    """
    root = Path(table.location().removeprefix("file://"))
    protected = {Path(f) for marker in marker_folder(lake).glob("*.json") for f in _folders(marker)}
    needed = referenced_files(table)
    limit = time.time() - lake.settings.staging_grace.total_seconds()
    removed = size = 0
    for path, status in _files(root):
        if str(path) in needed or protected.intersection(path.parents) or status.st_mtime > limit:
            continue
        size += status.st_size
        removed += 1
        path.unlink(missing_ok=True)
    return removed, size


def _folders(marker: Path) -> list[str]:
    state = _read_marker(marker)
    return state["folders"] if state else []


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of a folder; what writers remove meanwhile is left out, where `Path.rglob` would raise."""
    for folder, _, names in os.walk(root):
        for path in (Path(folder) / name for name in names):
            with suppress(FileNotFoundError):
                yield path, path.stat()


def compact(lake: Lake, contract: Contract, *, run_id: str) -> int:
    """Rewrite the partitions of a table that consist of many small files; returns how many were rewritten."""
    crowded = crowded_partitions(lake, contract)[:COMPACTED_PARTITIONS_PER_RUN]
    if not crowded:
        return 0
    publication = Publication.begin(lake, run_id=run_id, properties=_carried(lake, contract))
    predicate = period_predicate(date_partition(contract), crowded)
    try:
        with publication.session() as session:
            rows = f"select * from {session.relation(contract.identifier)} where {predicate}"
            publication.stage_query(contract, rows, session, ReplacePartitions(tuple(crowded)))
            publication.audit()
        publication.publish()
    except PublicationConflictError:
        # A writer was faster; the next run of maintenance finds the same partitions again.
        publication.abandon()
        return 0
    except BaseException:
        publication.abandon()
        raise
    return len(crowded)


def _carried(lake: Lake, contract: Contract) -> dict[str, str]:
    """Properties of a compaction: its own, and what the current snapshot says the rows were built from."""
    snapshot = lake.catalog.load_table(contract.identifier).current_snapshot()
    said = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    notes = {k: v for k, v in said.items() if k.startswith("asklake.") and k not in (PUBLICATION_ID, RUN_ID)}
    return {**notes, COMPACTION: "true"}


def crowded_partitions(lake: Lake, contract: Contract) -> list[date]:
    """First days of the time partitions that hold many files, the most crowded first."""
    if contract.identifier not in lake.catalog.heads() or not _has_time_partition(contract):
        return []
    table = lake.catalog.load_table(contract.identifier)
    if table.metadata.current_snapshot_id is None:
        return []
    partition = date_partition(contract)
    period: Period = "month" if partition.transform == "month" else "day"
    position = [p.name for p in contract.partitions].index(partition.name)
    counts: dict[date, int] = {}
    for task in table.scan().plan_files():
        first = first_of(task.file.partition[position], period)
        counts[first] = counts.get(first, 0) + 1
    crowded = [d for d, n in counts.items() if n >= SMALL_FILES_PER_PARTITION]
    return sorted(crowded, key=lambda d: -counts[d])


def _has_time_partition(contract: Contract) -> bool:
    return any(p.transform in ("day", "month") for p in contract.partitions)
