"""How far a source has read by its cursor: what bronze.loads says.

A load by a cursor is noted, by the commit that shows its rows, under an id that names its number and the greatest value
it read. The next one goes on from there. So a load that was killed changes nothing, and of two at the same time the
slower one is refused.
Belongs here: looking that up. Does not belong here: what is read from there on (of_databases, of_apis).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThan

from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.ingest.origins.positions import Position, first_id, last_id
from lakehouse_assets.lakehouse.iceberg.manifests import find

if TYPE_CHECKING:
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake


def last_position(lake: Lake, source: Source, tenant: str | None, track: str) -> Position | None:
    """Where the last load of a track ended; None where there was none."""
    table = loads_table(lake)
    if table is None or table.metadata.current_snapshot_id is None:
        return None
    of_source: Any = EqualTo("source", source.name)  # pyright: ignore[reportCallIssue]
    within: Any = And(GreaterThanOrEqual("source_file", first_id(track, 0)), LessThan("source_file", last_id(track)))  # pyright: ignore
    rows = find(table, And(of_source, within), ("source_file", "tenant_id")).to_pylist()
    ids = [row["source_file"] for row in rows if row["tenant_id"] == tenant]
    return Position.of(max(ids)) if ids else None
