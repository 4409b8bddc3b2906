"""Loading the rows of a database: which are next, and that each is loaded once.

Belongs here: positions in a table, and its rows as an origin. Does not belong here: reading (fetching.tables), or
publishing (loader).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.connections import address_of
from lakehouse_assets.ingest.fetching.cursors import Scalar, before
from lakehouse_assets.ingest.fetching.tables import Bounds, Table, opened
from lakehouse_assets.ingest.loads.looked import Looked
from lakehouse_assets.ingest.loads.positions import last_position
from lakehouse_assets.ingest.origins.positions import Position, track_of
from lakehouse_assets.ingest.origins.queried import WHOLE, KeptRows
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.shown import listed

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


@dataclass(frozen=True)
class Waiting:
    """What a load would read now.

    Attributes:
        rows: How many rows.
        columns: The columns that the table or query has.
        bounds: Which rows; None for all.
        position: How far they go; None where there is no cursor, or no row.
        since: Where the last load ended.
    """

    rows: int
    columns: tuple[str, ...]
    bounds: Bounds | None = None
    position: Position | None = None
    since: Position | None = None


@contextmanager
def fetched(lake: Lake, source: Source, tenant: str | None) -> Iterator[KeptRows | None]:
    """The rows that are to be loaded; None where there are none. The database is let go of before they are given.

    Raises:
        IngestError: it cannot be read, or has not what the source reads.
    """
    described, place = _described(source)
    with opened(described, address_of(lake.settings, described.access, place), place) as table:
        waiting = _waiting(lake, source, tenant, described, table)
        origin = _origin(lake, source, described, waiting) if waiting.rows else None
        if origin is not None:
            try:
                origin.fill(table.batches(waiting.bounds))
            except BaseException:
                origin.close()
                raise
    if origin is None:
        yield None
        return
    with origin:
        yield origin


def look(lake: Lake, source: Source, tenant: str | None) -> Looked:
    """What a load would read now, and whether it could: connection, table, columns and cursor are looked at.

    Raises:
        IngestError: the database cannot be read, or has not what the source reads.
    """
    described, place = _described(source)
    with opened(described, address_of(lake.settings, described.access, place), place) as table:
        found = _waiting(lake, source, tenant, described, table)
    return Looked(
        described.table or "the query", described.access, found.columns, found.rows, cursor=described.cursor,
        since=found.since,
    )  # fmt: skip


def _described(source: Source) -> tuple[Database, str]:
    assert source.database is not None  # as every source of the kind states
    return source.database, f"source '{source.name}', {source.database.table or 'query'}"


def _waiting(lake: Lake, source: Source, tenant: str | None, described: Database, table: Table) -> Waiting:
    _refuse_missing(source, table, _described(source)[1])
    columns = tuple(table.columns)
    if described.cursor is None:
        return Waiting(table.count(None), columns)
    since = last_position(lake, source, tenant, _track(source, described))
    end = table.end()
    if end is None:
        return Waiting(0, columns, since=since)
    if since is None:
        near = _near(table, source, end)
        bounds = Bounds(end)
        return Waiting(table.count(bounds), columns, bounds, Position(1, end, near))
    after = before(since.to, described.look_back)
    # Rows that came late with the very value that the last load ended at are seen by their number.
    again = described.look_back is not None or table.count(Bounds(since.to, after, True)) != since.near
    bounds = Bounds(end, after, again)
    rows = table.count(bounds)
    near = _near(table, source, end)
    if end == since.to and near == since.near:
        return Waiting(0, columns, since=since)
    return Waiting(rows, columns, bounds, Position(since.number + 1, end, near), since)


def _near(table: Table, source: Source, end: Scalar) -> int:
    """How many rows there are within the look-back before the greatest value of the cursor, it included.

    Raises:
        IngestError: there is none, so that the value which was told is not that of the database.
    """
    described, place = _described(source)
    found = table.count(Bounds(end, before(end, described.look_back), True))
    if not found:
        raise IngestError(
            place, f"no row has the greatest value of the cursor '{described.cursor}', {end}: it is not told exactly",
            hint="State a column of times, whole numbers or texts as `cursor`.", column=described.cursor,
        )  # fmt: skip
    return found


def _refuse_missing(source: Source, table: Table, place: str) -> None:
    missing = [f for f in source.fields if f not in table.columns and f not in source.optional and f != "_"]
    if missing:
        raise IngestError(
            place, f"there is no column {listed([*map(repr, missing)])}; there are {listed(table.columns)}",
            hint="Has the table changed? Mend the source; a column that may be missing is listed under 'optional'.",
            column=missing[0],
        )  # fmt: skip


def _track(source: Source, described: Database) -> str:
    reads = [described.access, described.table, described.query, described.cursor]
    return track_of(source.name, json.dumps(reads))


def _origin(lake: Lake, source: Source, described: Database, waiting: Waiting) -> KeptRows:
    rows, position = KeptRows(lake.settings.scratch_dir, waiting.columns), waiting.position
    if position is None:
        return rows.known_as(f"{WHOLE.scheme}{source.name}/{described.table or 'query'}")
    track = _track(source, described)
    return rows.known_as(position.id_in(track), position.said, position.claims_in(track))
