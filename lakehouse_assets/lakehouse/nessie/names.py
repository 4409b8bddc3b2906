"""Names that are written into Nessie, and into what stands beside it, and read by several rooms.

Belongs here: names of references, of catalogs made for them, of properties, and their addresses. Does not belong here:
what is done with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lakehouse_assets.settings.servers import MAIN

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

BRANCH, AT, OPEN = "pub_", "at_", "on_"
"""How the catalogs of publications' branches, of older commits and of people's branches are named."""
REFUSED = "refused_"
"""How branches whose audit failed are named."""
FAILED = "asklake.failed"
"""Property of a table on a branch that was refused: the checks its rows failed."""
SNAPSHOT_PREFIX = "asklake.snapshot."
"""Property of a merge, with the identifier of a table: the snapshot it has from then on."""
KEPT_FROM = "kept_from"
"""Tag of the oldest commit of main whose tables can still be read; see upkeep.nessie_gc."""
CATALOG = "lake"
"""Trino's catalog of the main branch, as the servers' configuration names it."""


def catalog_of(branch: str) -> str:
    """The name of the catalog that shows a branch."""
    if branch == MAIN:
        return CATALOG
    return branch if "_" in branch else OPEN + branch.replace("-", "_")


def iceberg_uri(settings: Settings, reference: str) -> str:
    """Address of Nessie's Iceberg REST catalog of a branch, a tag, or `name@commit`."""
    return f"{settings.nessie_url.rstrip('/')}/iceberg/{quote(reference, safe='')}"
