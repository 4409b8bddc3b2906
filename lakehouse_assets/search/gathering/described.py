"""Passages of what describes the lakehouse: metrics, dimensions, tables, columns, dashboards and their tiles.

Belongs here: what is declared in files, the same for all tenants. Does not belong here: any row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lakehouse_assets.dashboards.model import Dashboard
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.search.model import SHARED, Kind, Passage

if TYPE_CHECKING:
    from semantic.manifest.catalog import DimensionDefinition, SemanticCatalog

_MOST_NAMED = 12
"""Tables that are named of a column which many have."""


def of_catalog(catalog: SemanticCatalog) -> Iterator[Passage]:
    """A passage for each metric, and one for dimensions that mean the same."""
    for name, metric in catalog.metrics.items():
        tables = list(dict.fromkeys(_identifier(time.relation) for time in metric.times))
        yield Passage(
            SHARED, Kind.METRIC, metric.label, _said(metric.description, metric.synonyms), name,
            {"metric": name, "tables": tables}, frozenset([name]), domain=metric.domain,
        )  # fmt: skip
    alike: dict[tuple[str, str], list[DimensionDefinition]] = {}
    for dimension in catalog.dimensions.values():
        alike.setdefault((dimension.label, dimension.description), []).append(dimension)
    for (label, description), found in alike.items():
        synonyms = tuple(dict.fromkeys(word for one in found for word in one.synonyms))
        names = sorted(one.name for one in found)
        yield Passage(
            SHARED, Kind.DIMENSION, label, _said(description, synonyms), f"{label}\n{description}",
            {"dimensions": names[:_MOST_NAMED], "table": _identifier(found[0].relation)}, frozenset(names),
        )  # fmt: skip


def _said(description: str, synonyms: Iterable[str]) -> str:
    also = ", ".join(synonyms)
    return f"{description.rstrip('.')}. Also called: {also}." if also and description else description or also


def _identifier(relation: str) -> str:
    """`layer.table` of a relation as an engine writes it."""
    return ".".join(part.strip('"') for part in relation.split(".")[-2:])


def of_dictionary(contracts: Mapping[str, Contract]) -> Iterator[Passage]:
    """A passage for each table, and one for columns of one name that mean the same."""
    alike: dict[tuple[str, str], list[Contract]] = {}
    for identifier, contract in contracts.items():
        text = " ".join(part for part in (contract.description, contract.grain) if part)
        yield Passage(
            SHARED, Kind.TABLE, identifier, text, identifier, {"table": identifier}, domain=contract.domain,
        )  # fmt: skip
        for column in contract.columns:
            alike.setdefault((column.name, column.description), []).append(contract)
    for (name, description), found in alike.items():
        # The latest layer is what people work with.
        tables = [contract.identifier for contract in reversed(found)]
        domains = {contract.domain for contract in found}
        yield Passage(
            SHARED, Kind.COLUMN, name, description, f"{name}\n{description}",
            {"column": name, "table": tables[0], "tables": tables[:_MOST_NAMED]},
            domain=domains.pop() if len(domains) == 1 else "",
        )  # fmt: skip


def of_dashboards(dashboards: Mapping[str, Dashboard]) -> Iterator[Passage]:
    """A passage for each dashboard and each of its tiles."""
    for identifier, one in dashboards.items():
        tiles = [(page, tile) for page in one.pages for tile in page.tiles]
        shown = frozenset(name for _, tile in tiles for name in tile.metrics)
        if not shown:
            continue
        said = " ".join([one.description, *(f"{page.title}: {page.description}" for page in one.pages)])
        yield Passage(
            SHARED, Kind.DASHBOARD, one.title, said, identifier, {"dashboard": identifier}, shown, roles=one.roles,
            domain=one.domain,
        )  # fmt: skip
        for page, tile in tiles:
            if tile.metrics:
                yield Passage(
                    SHARED, Kind.TILE, tile.title, f"{tile.description} {page.title} of {one.title}".strip(),
                    f"{identifier}\n{page.id}\n{tile.id}",
                    {"dashboard": identifier, "page": page.id, "tile": tile.id, "metrics": list(tile.metrics)},
                    frozenset(tile.metrics), needs_all=True, roles=one.roles, domain=one.domain,
                )  # fmt: skip
