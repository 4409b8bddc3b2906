"""Loading what a source fetches by itself, whatever the kind: looking at it, and loading what is new.

Belongs here: which kinds there are, and the load that is the same for all. Does not belong here: what is new of one
(of_databases, of_apis), or publishing (loader).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.described import apis, databases
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.loads import of_apis, of_databases
from lakehouse_assets.ingest.loads.following import follow
from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.loads.looked import Looked
from lakehouse_assets.ingest.loads.staging import refuse_unusable
from lakehouse_assets.ingest.origins.protocol import Origin
from lakehouse_assets.ingest.sources import Source

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


@dataclass(frozen=True)
class Fetching:
    """How sources of one kind are read.

    Attributes:
        fetched: The records that are to be loaded, while the context is open; None where there are none.
        look: What a load would read now.
    """

    fetched: Callable[[Lake, Source, str | None], AbstractContextManager[Origin | None]]
    look: Callable[[Lake, Source, str | None], Looked]


KINDS = {
    databases.KIND.name: Fetching(of_databases.fetched, of_databases.look),
    apis.KIND.name: Fetching(of_apis.fetched, of_apis.look),
}
"""By the name of the kind of source, every kind that fetches its records."""


def fetch(
    lake: Lake, source: Source, *, tenant: str | None = None, run_id: str | None = None, anew: bool = False
) -> list[LoadResult]:
    """Load what a source has that was not loaded.

    Args:
        lake: The lake.
        source: The source, of a kind that fetches its records.
        tenant: Tenant of all records, where they do not say it.
        run_id: Identifier of the run, for the snapshots.
        anew: Whether a table that is followed is copied again; see `follow`.

    Returns:
        What became of the records; nothing where there is nothing new by the cursor, or no record.

    Raises:
        IngestError: they cannot be read, or are not what the source reads; nothing was published.
        AuditFailedError: the rows break the contract of their table; nothing was published.
        SourceError: the source does not fit its table, or needs a tenant.
        WarehouseError: the warehouse cannot be written to; nothing was published.
    """
    kind = _kind_of(source)
    if source.follows:
        return follow(lake, source, tenant=tenant, run_id=run_id, anew=anew)
    if anew:
        hint = "Without a cursor all records are read each time; by one, load once with a source that has none."
        raise IngestError(source.name, "only a table that is followed is loaded anew", hint=hint)
    with (
        Loader(lake, source, tenant, run_id or f"fetch-{uuid.uuid4().hex[:12]}") as loader,
        kind.fetched(lake, source, tenant) as origin,
    ):
        if origin is None:
            return []
        loader.load([origin])
    if origin.id in loader.errors:
        raise loader.errors[origin.id]
    return [loader.results[origin.id]]


def look(lake: Lake, source: Source, tenant: str | None = None) -> Looked:
    """What a load would read now, and whether it could: the way there, the records and the mapping are looked at.

    Raises:
        IngestError: they cannot be read, or are not what the source reads.
        SourceError: the source does not fit its table, or needs a tenant.
    """
    kind = _kind_of(source)
    refuse_unusable(source, tenant)
    return kind.look(lake, source, tenant)


def _kind_of(source: Source) -> Fetching:
    if source.kind not in KINDS:
        raise IngestError(source.name, "this source reads files, and fetches nothing", hint="Name files to load.")
    return KINDS[source.kind]
