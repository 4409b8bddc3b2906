"""Loading records that a program has in memory.

Belongs here: the call for programs. Does not belong here: what the records are (origins.pushed), or loading (loader).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.origins.pushed import KIND, PushedRecords, Record
from lakehouse_assets.ingest.sources import Source, find_source

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


def load_records(
    lake: Lake,
    records: Iterable[Record],
    source: Source | str,
    *,
    key: str | None = None,
    tenant: str | None = None,
    run_id: str | None = None,
) -> LoadResult:
    """Load records that a program has in memory, by one publication: all of them are visible, or none is.

    They go the way of the records of a file: the mapping of the source, the contract, quarantine, the note in
    bronze.loads, which gives them as `records://KEY`. They can be replayed and taken back like a file. It is a function
    of ingestion and no method of the lake, for the lake knows nothing of sources.

    Args:
        lake: The lake.
        records: Fields by their names, or JSON texts of objects; read once. A text that is no JSON goes to quarantine.
            Decimals, times and UUIDs are their texts to the source, as every field is. Records of any source may be
            pushed, whatever the format of its files.
        source: The source or its name.
        key: What tells these records from all others of the source, such as a position in a stream or the id of a
            request: pushed again under it, they are not loaded again. Without a key, records that are equal to earlier
            ones in all fields, their order and number are the same records.
        tenant: Tenant of all records, where they do not say it.
        run_id: Identifier of the run, for the snapshots.

    Returns:
        What became of them; of those that were loaded before, that load's id and figures.

    Raises:
        IngestError: a record is no record, or other records were loaded by this key; nothing was published.
        AuditFailedError: the rows break the contract of their table; nothing was published.
        SourceError: the source does not fit its table, or needs a tenant.
        WarehouseError: the warehouse cannot be written to; nothing was published.
    """
    known = KIND.as_read(find_source(source) if isinstance(source, str) else source)
    with (
        Loader(lake, known, tenant, run_id or f"records-{uuid.uuid4().hex[:12]}") as loader,
        PushedRecords(records, lake.settings.scratch_dir, key=key) as origin,
    ):
        loader.load([origin])
    if origin.id in loader.errors:
        raise loader.errors[origin.id]
    return loader.results[origin.id]
