"""Records of a source that are live in bronze, as deletes: what a copy of the whole table gives way to.

A table that was emptied at once, or is copied anew, says nothing of the rows that are gone. Each record that bronze has
as the last of its key is deleted by what it was, and what is still there is inserted after it.
Belongs here: finding them. Does not belong here: when that is done (following).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakehouse_assets.ingest.fetching.changed_rows import OPERATION
from lakehouse_assets.lakehouse.sql import literal

if TYPE_CHECKING:
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake

MOST_ROWS = 100_000
"""About how many records are in memory together."""
AT_ONCE = 5_000
"""Records of one batch."""


def deletes_of_live(lake: Lake, source: Source, tenant: str | None, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of the live records: the columns of the table as they were.

    Args:
        lake: The lake.
        source: The source.
        tenant: Tenant of all its records; None where they say it.
        names: Columns of the table.
    """
    of = f"source = {literal(source.name)}" + ("" if tenant is None else f" and tenant_id = {literal(tenant)}")
    if source.target not in lake.catalog.heads() or lake.catalog.load_table(source.target).current_snapshot() is None:
        return  # made by a first commit that did not come to its end, or of no rows
    with lake.session() as session:
        count = session.query(f"select count(*) as rows_ from {source.target} where {of}").column("rows_")[0].as_py()
        digits = 0 if count <= MOST_ROWS else 1 if count <= 16 * MOST_ROWS else 2
        for part in range(16**digits if count else 0):
            near = f" and substr(record_key, 1, {digits}) = {literal(f'{part:0{digits}x}')}" if digits else ""
            texts = session.query(
                "select raw_payload from (select raw_payload, row_number() over (partition by record_key "
                f"order by loaded_at desc, load_id desc, source_row desc) as nth from {source.target} "
                f"where {of}{near}) as ranked where nth = 1"
            ).column("raw_payload")
            for begin in range(0, len(texts), AT_ONCE):
                yield _batch(texts.slice(begin, AT_ONCE).to_pylist(), names)


def _batch(texts: Sequence[str], names: Sequence[str]) -> pa.RecordBatch:
    records = [json.loads(text) for text in texts]
    live = [record for record in records if record.get(OPERATION) != "delete"]
    columns = [pa.array([_value(record.get(name)) for record in live], pa.binary()) for name in names]
    return pa.RecordBatch.from_arrays(columns, names=list(names))


def _value(told: Any) -> bytes | None:
    """A value as it was before it was told as JSON."""
    if told is None:
        return None
    if isinstance(told, dict) and set(told) == {"base64"}:
        return base64.b64decode(told["base64"])
    return told.encode() if isinstance(told, str) else json.dumps(told, ensure_ascii=False).encode()
