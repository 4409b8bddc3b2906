"""Makes a home that was moved, copied or restored its own: its tables name the files that lie in it.

Iceberg has no relative locations (format versions 1 to 3), so all that name files are written again: manifests, lists
of manifests, metadata, at last the catalog. Each takes the place of the file it is made from, in this home; nothing of
another is opened, for what a location means is found from its end, `warehouse/<layer>/<table>/…`. Until all is done
the home is refused, as it was before, by a mark and by its catalog; what was interrupted is begun again, and finds done
what was.
Of a table's metadata files only the newest is kept, which lists every snapshot there is to read. Older ones list
snapshots that are forgotten, and any that is newer was never committed: both are there for readers and publications
under way, of which this home has none, and would send its maintenance to the files of the other.
Belongs here: what becomes of each location, in which order. Does not belong here: the form of the files
(metadata_files), or which locations are refused (locations).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session as SqlSession

from lakehouse_assets.lakehouse.iceberg import metadata_files as files
from lakehouse_assets.lakehouse.iceberg.catalog import home_lock, opened, relocating_mark
from lakehouse_assets.lakehouse.iceberg.locations import WAREHOUSE, HomeWarehouse, file_uri, local_path
from lakehouse_assets.lakehouse.publish.history import metadata_files

if TYPE_CHECKING:
    from pyiceberg.table.metadata import TableMetadata

    from lakehouse_assets.settings import Settings

SHOWN_PROBLEMS = 5
Progress = Callable[[int, int, str], None]
"""Is told how many tables are done, of how many, and which is next."""


class RelocationError(Exception):
    """A home cannot be made its own; no table was changed."""


@dataclass(frozen=True)
class Relocated:
    """What was done to a table: files that were written again, snapshots kept, and those whose files are not here."""

    identifier: str
    files: int
    snapshots: int
    snapshots_lost: int


@dataclass
class _Surveyed:
    """What there is of a table in this home.

    Attributes:
        head: Its newest metadata file.
        metadata: What that says.
        others: Its other metadata files: those it took the place of, and what was never committed.
        lists: Lists of manifests of the snapshots that are kept.
        manifests: Their manifests.
        lost: Snapshots that need files that are not here.
        foreign: Whether any location in the newest and in what it needs lies elsewhere.
    """

    head: Path
    metadata: TableMetadata
    others: list[Path] = field(default_factory=list)
    lists: dict[Path, set[Path]] = field(default_factory=dict)
    manifests: set[Path] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    foreign: bool = False


def relocate(settings: Settings, progress: Progress = lambda _done, _total, _name: None) -> list[Relocated]:
    """Make the home its own; without effect where it is.

    Args:
        settings: The settings of the process.
        progress: Is told of each table.

    Returns:
        What was done to each table that named files elsewhere, or to all where it was interrupted before.

    Raises:
        RelocationError: it cannot be done; the text says why.
        OSError: a file cannot be read or written; what is done so far need not be done again.
    """
    if settings.parts.tables != "folder":
        raise RelocationError(
            "tables of the cluster profile lie in S3, and Nessie knows where; to move them, publish them again there"
        )
    if not (settings.home.absolute() / "catalog.db").is_file():
        raise RelocationError(f"there is no lake in {settings.home}; ASKLAKE_HOME names the folder")
    with home_lock(settings):
        return _relocate(settings, progress)


def _relocate(settings: Settings, progress: Progress) -> list[Relocated]:
    catalog, mark = opened(settings), relocating_mark(settings)
    heads = catalog.stored_heads()
    _refuse_shared_warehouse(settings, heads)
    surveyed = _survey_all(settings, heads)
    # One that was interrupted has to be finished where all locations are right already, too.
    moved = {i: s for i, s in surveyed.items() if s.foreign or mark.exists()}
    if not moved and not mark.exists():
        return []
    mark.touch()
    catalog.engine.dispose()
    _own_databases(settings.home.absolute())
    done = []
    for number, (identifier, table) in enumerate(moved.items()):
        progress(number, len(moved), identifier)
        place = _Place(settings, identifier)
        rewritten = _rewrite(place, table)
        kept = len(table.metadata.snapshots) - len(table.lost)
        done.append(Relocated(identifier, rewritten, kept, len(table.lost)))
    _own_marks(settings)
    if settings.record_days_dir:
        shutil.rmtree(settings.record_days_dir, ignore_errors=True)
    with SqlSession(catalog.engine) as session:
        for identifier, table in moved.items():
            catalog.repoint(session, identifier, file_uri(table.head))
        session.commit()
    mark.unlink()
    return done


class _Place:
    """The folder of a table in this home."""

    def __init__(self, settings: Settings, identifier: str) -> None:
        """Find it."""
        layer, table = identifier.rsplit(".", 1)
        self.identifier = identifier
        self.folder = settings.warehouse / layer / table
        self.warehouse = HomeWarehouse(settings.home)
        self._end = f"{WAREHOUSE}/{layer}/{table}"

    def path(self, location: str) -> Path:
        """Where what a location names lies in this home, whichever home it names.

        Raises:
            RelocationError: it does not say, or leads out of this home by a link.
        """
        known = f"{local_path(location)}/"
        _, found, rest = known.rpartition(f"/{self._end}/")
        if not found:
            raise RelocationError(f"{self.identifier} names {location}, which is not in {self._end} of any home")
        path = self.folder / rest
        if self.warehouse.canonical(str(path)) is None:
            raise RelocationError(f"{self.identifier}: {path} leads out of this home by a link; copy what it links to")
        return path

    def renamed(self, location: str) -> str:
        """The location in this home of what a location names."""
        return file_uri(self.path(location))

    def is_own(self, location: str) -> bool:
        """Whether a location is in this home already."""
        return self.warehouse.canonical(location) is not None

    def there(self) -> set[str]:
        """Paths of all the files of the table in this home."""
        return {os.path.join(folder, name) for folder, _, names in os.walk(self.folder) for name in names}


def _refuse_shared_warehouse(settings: Settings, heads: Mapping[str, str]) -> None:
    """A warehouse that is a link goes along when its home is moved; of a copy it is still the other home's."""
    mine = HomeWarehouse(settings.home)
    homes = {str(local_path(location)).split(f"/{WAREHOUSE}/")[0] for location in heads.values()}
    for home in homes:
        other = HomeWarehouse(Path(home))
        is_other = os.path.realpath(home) != os.path.realpath(mine.home)
        if is_other and (other.home / "catalog.db").exists() and other.folder == mine.folder:
            raise RelocationError(
                f"the warehouse of this home is a link to {mine.folder}, which is that of {home}, too; copy the folder "
                "it links to, and put the copy in place of the link"
            )


def _survey_all(settings: Settings, heads: Mapping[str, str]) -> dict[str, _Surveyed]:
    found, problems = {}, []
    for identifier in sorted(heads):
        try:
            found[identifier] = _survey(_Place(settings, identifier), heads[identifier])
        except RelocationError as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise RelocationError("; ".join(problems[:SHOWN_PROBLEMS]) + more)
    return found


def _survey(place: _Place, location: str) -> _Surveyed:
    """What there is of a table; whole manifests are read, each once.

    Raises:
        RelocationError: it cannot be read as it is now.
    """
    there = place.there()
    head = place.path(location)
    if str(head) not in there:
        raise _lacking(place, head)
    metadata = files.read_table_metadata(head)
    if metadata is None:
        raise _lacking(place, head)
    table = _Surveyed(head, metadata, [f.path for f in metadata_files(head.parent) if f.path != head])
    for known in (location, *files.locations_of(metadata)):
        place.path(known)
        table.foreign |= not place.is_own(known)
    lacking: dict[Path, Path | None] = {}
    for snapshot in table.metadata.snapshots:
        missing = _survey_snapshot(place, table, place.path(snapshot.manifest_list), there, lacking)
        if missing and snapshot.snapshot_id == table.metadata.current_snapshot_id:
            raise _lacking(place, missing)
        if missing:
            table.lost.add(snapshot.snapshot_id)
    return table


def _survey_snapshot(
    place: _Place, table: _Surveyed, listed: Path, there: set[str], lacking: dict[Path, Path | None]
) -> Path | None:
    """Note the files of a snapshot; the first one it needs that is not there or cannot be read, if any.

    Args:
        place: The table's folder.
        table: Where they are noted.
        listed: Its list of manifests.
        there: All files of the table.
        lacking: Manifest to the first file it lacks, of those read before; those read now are added.
    """
    listing = files.read_listing(listed) if str(listed) in there else None
    if listing is None:
        return listed
    named = listing.manifests()
    table.foreign |= not all(map(place.is_own, named))
    manifests = {place.path(location) for location in named}
    for manifest in manifests - lacking.keys():
        lacking[manifest] = _survey_manifest(place, table, manifest, there)
    missing = next((lacking[m] for m in manifests if lacking[m]), None)
    if missing is None:
        table.lists[listed] = manifests
        table.manifests |= manifests
    return missing


def _survey_manifest(place: _Place, table: _Surveyed, manifest: Path, there: set[str]) -> Path | None:
    listing = files.read_listing(manifest) if str(manifest) in there else None
    if listing is None:
        return manifest
    if listing.has_deletes:
        raise RelocationError(
            f"{place.identifier} has files of deleted rows, made by another program, which name data files themselves; "
            "let that program rewrite the table first"
        )
    missing = None
    for location in listing.live_files():
        table.foreign |= not place.is_own(location)
        path = place.path(location)
        missing = missing or (path if str(path) not in there else None)
    return missing


def _lacking(place: _Place, file: Path) -> RelocationError:
    return RelocationError(
        f"{place.identifier}: this home lacks {file}, or it is damaged, and the newest state needs it; copy the whole "
        "home again, while nothing runs on it"
    )


def _rewrite(place: _Place, table: _Surveyed) -> int:
    """Write the files of a table again, those that are named before those that name them; how many differed."""
    written = 0
    for manifest in sorted(table.manifests):
        listing = files.read_listing(manifest)
        if listing and listing.rename_files(place.renamed):
            files.write_listing(manifest, listing)
            written += 1
    for listed in sorted(table.lists):
        listing = files.read_listing(listed)
        if listing and listing.rename_manifests(place.renamed, lambda location: place.path(location).stat().st_size):
            files.write_listing(listed, listing)
            written += 1
    kept = files.without_snapshots(table.metadata, table.lost).model_copy(update={"metadata_log": []})
    renamed = files.renamed_metadata(kept, place.renamed)
    if renamed != table.metadata:
        files.write_table_metadata(table.head, renamed)
        written += 1
    # Not before the newest is in place, which named them.
    for file in table.others:
        file.unlink(missing_ok=True)
    files.sync({file.parent for file in (table.head, *table.lists, *table.manifests)})
    return written


def _own_databases(home: Path) -> None:
    """SQLite writes in place; a copy that was made of hard links would write into the original's databases."""
    for folder, _, names in os.walk(home):
        for file in (Path(folder) / name for name in names if ".db" in name):
            if file.stat().st_nlink > 1:
                copy = file.with_name(file.name + files.UNFINISHED)
                shutil.copy2(file, copy)
                os.replace(copy, file)


def _own_marks(settings: Settings) -> None:
    """Publications that were under way when the home was copied are those of other processes; here they are dead."""
    warehouse = HomeWarehouse(settings.home)
    for mark in (settings.warehouse / ".publications").glob("*.json"):
        state = json.loads(mark.read_text())
        if all(map(warehouse.canonical, state["folders"])):
            continue
        ends = (folder.rpartition(f"/{WAREHOUSE}/")[2] for folder in state["folders"])
        new = mark.with_name(mark.name + files.UNFINISHED)
        new.write_text(json.dumps({**state, "pid": -1, "folders": [str(settings.warehouse / end) for end in ends]}))
        os.replace(new, mark)
