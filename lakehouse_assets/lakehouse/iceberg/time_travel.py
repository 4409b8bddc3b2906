"""The lake as it was: at a time, or at what a publication or commit left.

A state is one of publications: of one that was still under way at the time, nothing is there.
Belongs here: the local catalog of a moment. Does not belong here: reading rows
(engines), or how Nessie finds its commits (nessie.catalog).
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import StaticTable
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType

from lakehouse_assets.lakehouse.iceberg.catalog import FILE_IO, LakeCatalog
from lakehouse_assets.lakehouse.iceberg.locations import file_uri
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID
from lakehouse_assets.lakehouse.moments import NoSuchMomentError, as_time
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PastHeads(dict[str, str]):
    """The heads of a moment, beside the tables whose state of then is no longer kept: since when it is."""

    def __init__(self, locations: Mapping[str, str], forgotten: Mapping[str, datetime]) -> None:
        """Keep what is forgotten with them."""
        super().__init__(locations)
        self.forgotten = dict(forgotten)


class PastCatalog:
    """The tables of the local profile as they were at a moment; nothing can be changed in it."""

    def __init__(self, catalog: LakeCatalog, moment: str, scratch: Path) -> None:
        """Look up the snapshots of the moment.

        Args:
            catalog: The catalog as it is now.
            moment: A time, or the id of a publication or snapshot.
            scratch: Folder readers may read from; what is written there goes with this object.

        Raises:
            NoSuchMomentError: no state of that moment is kept.
        """
        make_folder(scratch)
        self._folder = Path(tempfile.mkdtemp(dir=scratch, prefix="past-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        now = {i: catalog.load_table(i) for i in catalog.heads()}
        found = snapshots_at({i: t.metadata for i, t in now.items()}, moment)
        heads = {i: self._head(i, now[i], snapshot) for i, snapshot in found.items()}
        self._heads = PastHeads(heads, {i: since for i in now.keys() - found.keys() if (since := _kept_since(now[i]))})

    def heads(self) -> PastHeads:
        """Identifier to metadata location of every table there was and whose state of then is kept."""
        return PastHeads(self._heads, self._heads.forgotten)

    def load_table(self, identifier: str) -> Table:
        """A table as it was.

        Raises:
            pyiceberg.exceptions.NoSuchTableError: there was none of this name.
        """
        if identifier not in self._heads:
            raise NoSuchTableError(f"there was no table {identifier}")
        return StaticTable.from_metadata(self._heads[identifier], {"py-io-impl": FILE_IO})

    def _head(self, identifier: str, table: Table, snapshot: Snapshot) -> str:
        """A metadata file of the table in which this snapshot is the current one."""
        if snapshot.snapshot_id == table.metadata.current_snapshot_id:
            return table.metadata_location

        schema = table.metadata.current_schema_id if snapshot.schema_id is None else snapshot.schema_id
        ref = SnapshotRef(  # pyright: ignore[reportCallIssue]
            snapshot_id=snapshot.snapshot_id,  # pyright: ignore[reportCallIssue]
            snapshot_ref_type=SnapshotRefType.BRANCH,  # pyright: ignore[reportCallIssue]
        )
        current = {"current_snapshot_id": snapshot.snapshot_id, "current_schema_id": schema}
        past = table.metadata.model_copy(update={**current, "refs": {MAIN_BRANCH: ref}})
        file = self._folder / f"{identifier}.metadata.json"
        file.write_text(past.model_dump_json())
        return file_uri(file)


def _kept_since(table: Table) -> datetime | None:
    """The time of the oldest state that is kept of a table, where there were others before."""
    oldest = min(table.metadata.snapshots, key=lambda s: s.sequence_number or 0, default=None)
    if oldest is None or (oldest.sequence_number or 0) <= 1:
        return None
    return datetime.fromtimestamp(oldest.timestamp_ms / 1000, UTC)


def snapshots_at(tables: Mapping[str, TableMetadata], moment: str) -> dict[str, Snapshot]:
    """The snapshot each table was at; tables there were not yet are left out.

    Raises:
        NoSuchMomentError: no snapshot of that moment is kept.
    """
    visible = _visible_from(tables)
    time = as_time(moment)
    limit = (time - _EPOCH) // timedelta(milliseconds=1) if time else _time_of(tables, visible, moment)
    found = {}
    for identifier, metadata in tables.items():
        seen = [s for s in metadata.snapshots if visible[s.snapshot_id] <= limit]
        if seen:
            found[identifier] = max(seen, key=lambda s: s.sequence_number or 0)
    if not found:
        kept = min(visible.values(), default=None)
        since = f"of {datetime.fromtimestamp(kept / 1000, UTC):%Y-%m-%dT%H:%M:%S}" if kept else "not there either"
        raise NoSuchMomentError(f"no state of {moment} is kept; the oldest is {since}")
    return found


def _visible_from(tables: Mapping[str, TableMetadata]) -> dict[int, int]:
    """Snapshot id to the time, in milliseconds, from which all of its publication was there."""
    last: dict[str, int] = {}
    publications: dict[int, str] = {}
    for snapshot in (s for metadata in tables.values() for s in metadata.snapshots):
        name = _publication(snapshot)
        publications[snapshot.snapshot_id] = name
        last[name] = max(last.get(name, 0), snapshot.timestamp_ms)
    return {snapshot: last[name] for snapshot, name in publications.items()}


def _publication(snapshot: Snapshot) -> str:
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    return said.get(PUBLICATION_ID, str(snapshot.snapshot_id))


def _time_of(tables: Mapping[str, TableMetadata], visible: Mapping[int, int], moment: str) -> int:
    named = [
        visible[s.snapshot_id]
        for metadata in tables.values()
        for s in metadata.snapshots
        if moment in (str(s.snapshot_id), _publication(s))
    ]
    if not named:
        raise NoSuchMomentError(f"no publication or snapshot '{moment}' is kept")
    return max(named)
