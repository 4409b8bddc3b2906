"""Beginning a publication, and its end whatever happens.

Belongs here: the way in to publishing. Does not belong here: what is staged in it (ingest, dbt, assets).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from lakehouse_assets.lakehouse.iceberg.catalog import require_local
from lakehouse_assets.lakehouse.iceberg.properties import RUN_ID
from lakehouse_assets.lakehouse.publish.local import LocalPublication
from lakehouse_assets.lakehouse.publish.protocol import PublicationConflictError

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Publication

REBUILDS = 3
"""How often tables are built on a new state because other writers changed what was read."""
T = TypeVar("T")


def open_publication(lake: Lake, *, run_id: str, properties: Mapping[str, str] | None = None) -> Publication:
    """Open a publication that its caller ends; see `begin`."""
    return _of_kind(lake, {RUN_ID: run_id, **(properties or {})})


@contextmanager
def begin(lake: Lake, *, run_id: str, properties: Mapping[str, str] | None = None) -> Iterator[Publication]:
    """Open a publication on the catalog as it is now; abandoned at the end of the block unless it has ended by then.

    Args:
        lake: Where it publishes.
        run_id: The run that publishes, for the summary of every snapshot.
        properties: Additions to it.
    """
    publication = open_publication(lake, run_id=run_id, properties=properties)
    try:
        yield publication
    finally:
        publication.abandon()


def rebuilding(build: Callable[[], T], *, tries: int = REBUILDS) -> T:
    """The result of a build, which is begun anew on the new state where other writers came in between.

    Raises:
        PublicationConflictError: they did so each time.
    """
    for _ in range(tries - 1):
        try:
            return build()
        except PublicationConflictError:
            continue
    return build()


def _of_kind(lake: Lake, properties: Mapping[str, str]) -> Publication:
    """The publication that goes with where tables lie; each loads only the libraries that it needs."""
    if lake.settings.parts.tables == "nessie":
        from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
        from lakehouse_assets.lakehouse.publish.on_branch import BranchPublication

        return BranchPublication(lake, require_nessie(lake.catalog), properties)

    return LocalPublication(lake, require_local(lake.catalog), properties)
