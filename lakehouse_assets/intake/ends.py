"""How far logs are committed, as bronze.loads says it: of each partition the newest range, and what lies between any.

Belongs here: reading that. Does not belong here: what is read from there on (committer, topics).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.lakehouse.sql import literal

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


def newest_ranges(lake: Lake, beginning: str) -> Iterator[tuple[str, str | None, str]]:
    """Source, tenant and id of the last range of each partition of the logs whose ids begin like this."""
    table = loads_table(lake)
    if table is None or table.current_snapshot() is None:  # made by a first commit that did not come to its end
        return
    with lake.session() as session:
        rows = session.query(
            f"select source, tenant_id, max(source_file) as newest from {LOADS.identifier} "
            f"where source_file like {literal(f'{beginning}%')} "
            "group by source, tenant_id, regexp_extract(source_file, '^(.*)/', 1)",
            limit=None,
        ).to_pylist()
    yield from ((row["source"], row["tenant_id"], row["newest"]) for row in rows)


def gaps(lake: Lake, beginning: str, since: datetime) -> Iterator[tuple[str, str, int, datetime]]:
    """What no range of a partition has, though a later one was loaded since a time (with a zone).

    Returns:
        Source, the id of the range after the gap, the offset that the one before ended at, and when it was loaded, in
        UTC.
    """
    table = loads_table(lake)
    if table is None or table.current_snapshot() is None:
        return
    with lake.session() as session:
        rows = session.query(
            "select source, source_file, before, loaded_at from (select source, source_file, loaded_at, "
            f"{_offset('/([0-9]+)-[0-9]+$')} as first, lag({_offset('-([0-9]+)$')}) over ("
            "partition by source, tenant_id, regexp_extract(source_file, '^(.*)/', 1) order by source_file) as before "
            f"from {LOADS.identifier} where source_file like {literal(f'{beginning}%')}) ranges "
            "where first > before order by source_file",
            limit=None,
        ).to_pylist()
    for row in rows:
        if row["loaded_at"].replace(tzinfo=UTC) >= since:
            yield row["source"], row["source_file"], row["before"], row["loaded_at"]


def _offset(pattern: str) -> str:
    return f"cast(regexp_extract(source_file, {literal(pattern)}, 1) as bigint)"
