"""How far logs are committed, as bronze.loads says it: of each partition the newest range.

Belongs here: reading that. Does not belong here: what is read from there on (committer, topics).
"""

from __future__ import annotations

from collections.abc import Iterator
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
