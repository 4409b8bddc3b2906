"""How the outside gets into bronze: sources, origins, readers, loads, quarantine, the landing folder.

Belongs here: everything between records outside and a published bronze table.
Does not belong here: what a table must look like (domains), or how it becomes visible (lakehouse).

The names below are loaded at first use, so that importing one module of this package does not cost them all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse_assets.ingest.errors import IngestError, SourceError
    from lakehouse_assets.ingest.loads.loader import LoadResult, load
    from lakehouse_assets.ingest.loads.pushing import load_records
    from lakehouse_assets.ingest.loads.unloading import unload
    from lakehouse_assets.ingest.sources import Source, all_sources, find_source, read_sources

_HOMES = {
    "IngestError": "errors", "SourceError": "errors", "LoadResult": "loads.loader", "load": "loads.loader",
    "load_records": "loads.pushing",
    "Source": "sources", "all_sources": "sources", "find_source": "sources", "read_sources": "sources",
    "unload": "loads.unloading",
}  # fmt: skip

__all__ = [
    "IngestError", "LoadResult", "Source", "SourceError", "all_sources", "find_source", "load", "load_records",
    "read_sources", "unload",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
