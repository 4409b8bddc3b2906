"""Opens the catalog and the engine of a lakehouse by their kinds.

Belongs here: one maker for each kind of part; each imports what it needs when it is asked, so that no profile loads the
libraries of another. Does not belong here: which kinds go together (profiles), or how any of them works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.engines.spec import spec_of

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Catalog, Engine
    from lakehouse_assets.settings import Settings


def open_catalog(settings: Settings, at: str | None = None) -> Catalog:
    """The Iceberg catalog.

    Args:
        settings: The settings of the process.
        at: A moment, for the tables as they were then.

    Raises:
        NoSuchMomentError: no state of the moment is kept.
    """
    if settings.parts.tables == "nessie":
        from lakehouse_assets.lakehouse.nessie.catalog import NessieCatalog

        return NessieCatalog(settings, at)
    from lakehouse_assets.lakehouse.iceberg.catalog import open_catalog as open_local

    catalog = open_local(settings)
    if at is None:
        return catalog
    from lakehouse_assets.lakehouse.iceberg.time_travel import PastCatalog

    return PastCatalog(catalog, at, settings.scratch_dir)


def open_engine(settings: Settings, catalog: Catalog) -> Engine:
    """The engine, over the tables of a catalog."""
    return spec_of(settings.parts.engine).open(settings, catalog)
