"""What a publication forgets of its table, so that its cost does not grow with how often the table was written.

Every metadata file lists all snapshots that can be read, so each of a table that is written once a minute would be
longer than the one before. A publication therefore forgets what its contract does not keep, in the same commit. The
files go later: whoever began to read by an older metadata file may go on for as long as the settings say, and a
publication for as long as it runs. Iceberg's own write.metadata.delete-after-commit.enabled deletes by number, however
short ago a file was the newest one, and is left off.
Belongs here: the tables of a folder. Does not belong here: the nightly clean-up, which finds what a killed process left
(upkeep.local_gc), or warehouses with branches, whose catalog keeps one snapshot a commit (upkeep.nessie_gc).
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table.snapshots import Snapshot

from lakehouse_assets.lakehouse.iceberg.locations import HomeWarehouse, OutsideWarehouseError, local_path, own
from lakehouse_assets.lakehouse.publish.markers import running_since

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata

    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.lake import Lake

SWEPT_EVERY = 10
"""Commits of a table from one look for old files to the next."""
FORGOTTEN_AT_ONCE, SWEPT_AT_ONCE = 200, 50
"""Most snapshots that one commit forgets, and metadata files that one look deletes: no publication pays for a long
past at once."""
_METADATA = re.compile(r"(\d+)-.*\.metadata\.json")


@dataclass(frozen=True)
class MetadataFile:
    """A metadata file in the folder of its table: its number, and when it was written, in seconds since 1970."""

    path: Path
    version: int
    written: float


def forgotten(metadata: TableMetadata, contract: Contract, lake: Lake) -> list[int]:
    """The snapshots of a table that its contract and the settings do not keep, those of branches and tags left out."""
    named = {ref.snapshot_id for ref in metadata.refs.values()}
    limit = (datetime.now(UTC) - lake.settings.snapshot_retention).timestamp() * 1000
    too_many = len(metadata.snapshots) - contract.most_snapshots
    old = (
        s.snapshot_id
        for number, s in enumerate(metadata.snapshots)
        if s.snapshot_id not in named and (number < too_many or s.timestamp_ms < limit)
    )
    return list(itertools.islice(old, FORGOTTEN_AT_ONCE))


def readable_since(lake: Lake) -> float:
    """The time, in seconds since 1970, from which on every state of a table may still be read by somebody."""
    return min(time.time() - lake.settings.reader_grace.total_seconds(), running_since(lake))


def metadata_files(folder: Path) -> list[MetadataFile]:
    """The metadata files of a table, the oldest first; those that were never committed, too."""
    found = []
    for path in folder.glob("*.metadata.json"):
        if match := _METADATA.fullmatch(path.name):
            with suppress(FileNotFoundError):
                found.append(MetadataFile(path, int(match[1]), path.stat().st_mtime))
    return sorted(found, key=lambda f: (f.version, f.written))


def held(files: Iterable[MetadataFile], head: str, since: float) -> Iterator[MetadataFile]:
    """Those metadata files that somebody may be reading by, the oldest first: the newest, and others that were lately.

    One was the newest until that with the next number was written.

    Args:
        files: All of a table, in order.
        head: Name of the newest.
        since: From when on it counts.
    """
    replaced: dict[int, float] = {}
    ordered = list(files)
    later, written = -1, 0.0
    for file in reversed(ordered):
        if file.version != later:
            replaced[file.version] = written
            later, written = file.version, file.written
        written = max(written, file.written)
    newest = next((f.version for f in ordered if f.path.name == head), -1)
    for file in ordered:
        if file.version >= newest or replaced[file.version] >= since:
            yield file


def swept(lake: Lake, table: Table) -> int:
    """Delete old metadata files of a table, now and then, and the files that only their snapshots need.

    What this process may not delete, or would have to search for, is left to maintenance.

    Args:
        lake: The lake.
        table: As it was just committed.

    Returns:
        How many metadata files are gone.
    """
    head = local_path(table.metadata_location)
    match = head and _METADATA.fullmatch(head.name)
    if not head or not match or int(match[1]) % SWEPT_EVERY:
        return 0
    try:
        return _sweep(lake, table, head)
    except (OSError, OutsideWarehouseError):
        return 0


def _sweep(lake: Lake, table: Table, head: Path) -> int:
    files = metadata_files(head.parent)
    kept = set(held(files, head.name, readable_since(lake)))
    logged = {Path(entry.metadata_file).name for entry in table.metadata.metadata_log}
    old = [f for f in files if f not in kept and f.path.name not in logged][:SWEPT_AT_ONCE]
    left = next(f for f in files if f not in set(old))
    gone = _needed_no_more([_snapshots(f.path) for f in old], _snapshots(left.path), table.io)
    warehouse = HomeWarehouse(lake.settings.home)
    own(warehouse, ".".join(table.name()), gone)
    for location in gone:
        _delete(Path(warehouse.canonical(location) or ""))
    for file in old:
        file.path.unlink(missing_ok=True)
    return len(old)


def _snapshots(file: Path) -> list[Snapshot]:
    """The snapshots that a metadata file lists; none where it is none, as half of one that a killed process left."""
    try:
        return [Snapshot.model_validate(s) for s in json.loads(file.read_text()).get("snapshots") or ()]
    except ValueError:
        return []


def _needed_no_more(past: Sequence[Sequence[Snapshot]], left: Sequence[Snapshot], io: FileIO) -> list[str]:
    """Files that only forgotten snapshots need: data files, then manifests, then lists of them.

    Whoever is killed in between has left the lists that lead the next one to the rest. What a snapshot lacks and the
    one before had is in none after it, for each is made from the one before. Where that is not so, as after somebody
    has taken the table back, or where maintenance has been there, nothing is found here.

    Args:
        past: The snapshots of each metadata file that goes.
        left: Those of the oldest that stays.
        io: Reads lists and manifests.
    """
    oldest = min(left, key=_sequence, default=None)
    if oldest is None:
        return []
    known = {s.snapshot_id: s for found in past for s in found if _sequence(s) < _sequence(oldest)}
    gone = sorted(known.values(), key=_sequence)
    made_from = {s.snapshot_id: s.parent_snapshot_id for s in itertools.chain(*past, left) if s.parent_snapshot_id}
    line = [*gone, *sorted(left, key=_sequence)]
    if any(made_from.get(after.snapshot_id) != s.snapshot_id for s, after in itertools.pairwise(line)):
        return []
    removed: list[str] = []
    manifests: dict[str, None] = {}
    for snapshot in (*gone, oldest):
        with suppress(FileNotFoundError):
            for manifest in snapshot.manifests(io):
                manifests[manifest.manifest_path] = None
                if manifest.added_snapshot_id == snapshot.snapshot_id and manifest.deleted_files_count:
                    removed += _removed(manifest, io)
    needed = {m.manifest_path for m in oldest.manifests(io)}
    return [*removed, *(m for m in manifests if m not in needed), *(s.manifest_list for s in gone)]


def _sequence(snapshot: Snapshot) -> int:
    return snapshot.sequence_number or 0


def _removed(manifest: ManifestFile, io: FileIO) -> list[str]:
    """The files that a snapshot took out of its table, by a manifest that it added."""
    entries = manifest.fetch_manifest_entry(io, discard_deleted=False)
    return [e.data_file.file_path for e in entries if e.status == ManifestEntryStatus.DELETED]


def _delete(file: Path) -> None:
    """Remove a file, and the folders of its publication once they are empty."""
    file.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in itertools.takewhile(lambda f: f.name not in ("data", "metadata"), file.parents):
            folder.rmdir()
