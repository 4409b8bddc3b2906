"""Loading what a source fetches by itself: which rows of a database are next, and that each is loaded once.

How far a source has read is said by bronze.loads alone: a load by a cursor is noted, by the commit that shows its rows,
under an id that names its number and the greatest value it read. The next one goes on from there. So a load that was
killed changes nothing, and of two at the same time the slower one is refused.
Belongs here: positions, and the load of what is new. Does not belong here: reading (fetching), or publishing (loader).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThan

from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.connections import address_of
from lakehouse_assets.ingest.fetching.tables import Bounds, Scalar, Table, opened
from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.ingest.loads.staging import refuse_unusable
from lakehouse_assets.ingest.origins.queried import (
    WHOLE,
    Position,
    QueriedRows,
    first_id,
    last_id,
    track_of,
)
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.iceberg.manifests import find

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


def fetch(lake: Lake, source: Source, *, tenant: str | None = None, run_id: str | None = None) -> list[LoadResult]:
    """Load what a source of kind `database` has that was not loaded.

    Args:
        lake: The lake.
        source: The source.
        tenant: Tenant of all records, where they do not say it.
        run_id: Identifier of the run, for the snapshots.

    Returns:
        What became of the rows; nothing where there is nothing new by the cursor, or no row.

    Raises:
        IngestError: the database cannot be read, or has not what the source reads; nothing was published.
        AuditFailedError: the rows break the contract of their table; nothing was published.
        SourceError: the source does not fit its table, or needs a tenant.
        WarehouseError: the warehouse cannot be written to; nothing was published.
    """
    described, place = _described(source)
    with Loader(lake, source, tenant, run_id or f"fetch-{uuid.uuid4().hex[:12]}") as loader:
        address = address_of(lake.settings, described.access, place)
        with opened(described, address, place) as table:
            waiting = _waiting(lake, source, tenant, described, table)
            if not waiting.rows:
                return []
            origin = _origin(lake, source, described, waiting)
            try:
                origin.fill(table.batches(waiting.bounds))
            except BaseException:
                origin.close()
                raise
        with origin:
            loader.load([origin])
    if origin.id in loader.errors:
        raise loader.errors[origin.id]
    return [loader.results[origin.id]]


def waiting_rows(lake: Lake, source: Source, tenant: str | None = None) -> Waiting:
    """What a load would read now, and whether it could: connection, table, columns, cursor and mapping are looked at.

    Raises:
        IngestError: the database cannot be read, or has not what the source reads.
        SourceError: the source does not fit its table, or needs a tenant.
    """
    described, place = _described(source)
    refuse_unusable(source, tenant)
    with opened(described, address_of(lake.settings, described.access, place), place) as table:
        return _waiting(lake, source, tenant, described, table)


def _described(source: Source) -> tuple[Database, str]:
    if source.database is None:
        raise IngestError(source.name, "this source reads files, and fetches nothing", hint="Name files to load.")
    return source.database, f"source '{source.name}', {source.database.table or 'query'}"


def _waiting(lake: Lake, source: Source, tenant: str | None, described: Database, table: Table) -> Waiting:
    _refuse_missing(source, table, _described(source)[1])
    columns = tuple(table.columns)
    if described.cursor is None:
        return Waiting(table.count(None), columns)
    since = _last(lake, source, tenant, described)
    end = table.end()
    if end is None:
        return Waiting(0, columns, since=since)
    if since is None:
        near = _near(table, source, end)
        bounds = Bounds(end)
        return Waiting(table.count(bounds), columns, bounds, Position(1, end, near))
    after = _before(since.to, described.look_back)
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
    found = table.count(Bounds(end, _before(end, described.look_back), True))
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
            place, f"there is no column {', '.join(map(repr, missing))}; there are {', '.join(table.columns)}",
            hint="Has the table changed? Mend the source; a column that may be missing is listed under 'optional'.",
            column=missing[0],
        )  # fmt: skip


def _track(source: Source, described: Database) -> str:
    reads = [described.access, described.table, described.query, described.cursor]
    return track_of(source.name, json.dumps(reads))


def _last(lake: Lake, source: Source, tenant: str | None, described: Database) -> Position | None:
    """Where the last load by this cursor ended, by bronze.loads."""
    table = loads_table(lake)
    if table is None or table.metadata.current_snapshot_id is None:
        return None
    track = _track(source, described)
    of_source: Any = EqualTo("source", source.name)  # pyright: ignore[reportCallIssue]
    within: Any = And(GreaterThanOrEqual("source_file", first_id(track, 0)), LessThan("source_file", last_id(track)))  # pyright: ignore
    rows = find(table, And(of_source, within), ("source_file", "tenant_id")).to_pylist()
    ids = [row["source_file"] for row in rows if row["tenant_id"] == tenant]
    return Position.of(max(ids)) if ids else None


def _origin(lake: Lake, source: Source, described: Database, waiting: Waiting) -> QueriedRows:
    scratch, position = lake.settings.scratch_dir, waiting.position
    if position is None:
        read = described.table or "query"
        return QueriedRows(f"{WHOLE.scheme}{source.name}/{read}", scratch, waiting.columns)
    return QueriedRows(position.id_in(_track(source, described)), scratch, waiting.columns, position)


def _before(value: Scalar, look_back: timedelta | int | None) -> Scalar:
    """A value of a cursor, so much earlier; the value itself without a look-back.

    Raises:
        IngestError: the look-back is a time and the cursor is not, or the other way round.
    """
    if look_back is None or value is None:
        return value
    try:
        if isinstance(look_back, timedelta):
            moment, said = datetime.fromisoformat(str(value)) - look_back, str(value)
            if len(said) <= len("2025-01-31"):  # a text of a day is less than that of any time of the day
                return moment.date().isoformat()
            return moment.isoformat(sep="T" if "T" in said else " ")
        if isinstance(value, int | float):
            return value - look_back
        return f"{Decimal(value) - look_back:f}"
    except (ValueError, OverflowError, ArithmeticError):
        pass
    raise IngestError(
        "look_back", f"{look_back} before {str(value)[:50]!r} is no value of the cursor",
        hint="State a time such as PT1H for a cursor of times, and a number for one of numbers.",
    )  # fmt: skip
