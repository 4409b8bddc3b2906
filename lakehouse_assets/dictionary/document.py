"""The dictionary as plain values, from the contracts, the dbt graph, the sources and the semantic manifest.

Belongs here: reading those. Does not belong here: rows of any table; who may see how many there are is for questions
to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets import adopted, bounded_yaml
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.checking.contracts import TEAMS
from lakehouse_assets.contracts import platform_contracts, platform_python_tables
from lakehouse_assets.features.views import FeatureView, views_of
from lakehouse_assets.ingest.sources import Source, accepted_sources, all_sources
from lakehouse_assets.lakehouse.contract import LAYERS, Contract
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.publish.audit import check_names
from semantic.layer import SemanticLayer

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings
    from semantic.manifest.catalog import MetricDefinition, SemanticCatalog


def dictionary(lake: Lake) -> dict[str, Any]:
    """Everything declared: `tables`, `metrics`, `teams`, and when this was put together.

    Raises:
        DbtFailedError: the dbt project does not parse.
    """
    manifest.ensure(lake.settings)
    graph, catalog = dbt_graph.load(lake.settings), SemanticLayer(lake.settings).catalog()
    contracts, sources = platform_contracts(), [*all_sources().values(), *accepted_sources().values()]
    drafts = {one.table: one for one in adopted.adopted() if one.table not in contracts}
    contracts |= {table: adopted.contract_of(one) for table, one in drafts.items()}
    reads = _reads(graph, contracts)
    metrics = {name: _metric(metric, catalog) for name, metric in sorted(catalog.metrics.items())}
    order = {layer: number for number, layer in enumerate(LAYERS)}
    published = _published(lake)
    return {
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "teams": _teams(lake.settings),
        "tables": [
            {
                **_table(contract),
                "reads": reads.get(identifier, []),
                "feeds": sorted(t for t, read in reads.items() if identifier in read),
                "made_by": _made_by(graph, sources, contract),
                "checks": _checks(contract, graph),
                "metrics": [name for name, m in metrics.items() if identifier in m["tables"]],
                "features": [_view(view) for view in views_of(identifier)],
                "published_at": published.get(identifier),
                "tenant": drafts[identifier].tenant if identifier in drafts else None,
            }
            for identifier, contract in sorted(contracts.items(), key=lambda i: (i[1].domain, order[i[1].layer], i[0]))
        ],
        "metrics": list(metrics.values()),
    }


def _table(contract: Contract) -> dict[str, Any]:
    """What a contract says."""
    fresh = contract.freshness
    return {
        "name": contract.identifier,
        "domain": contract.domain,
        "layer": contract.layer,
        "description": contract.description,
        "grain": contract.grain,
        "owner": contract.owner,
        "key": list(contract.key),
        "partitions": [f"{p.transform} of {p.column}" for p in contract.partitions],
        "warn_after_s": fresh.warn_after.total_seconds() if fresh else None,
        "fail_after_s": fresh.fail_after.total_seconds() if fresh else None,
        "columns": [
            {"name": c.name, "type": c.type, "description": c.description, "nullable": c.nullable}
            for c in contract.columns
        ],
    }


def _view(view: FeatureView) -> dict[str, Any]:
    """What a feature view says that the contract of its table does not."""
    return {
        "name": view.name,
        "description": view.description,
        "entity": list(view.entity),
        "date": view.date,
        "freshness_days": view.freshness_days,
        "names": list(view.features),
    }


def _reads(graph: DbtGraph, contracts: Mapping[str, Contract]) -> dict[str, list[str]]:
    """The declared tables that each table is made from."""
    found = {m.table: sorted(set(m.reads) & contracts.keys() - {m.table}) for m in graph.models}
    found |= {t.identifier: sorted(t.reads) for t in platform_python_tables()}
    return found | {f"semantic.{q.name}": sorted(set(q.reads) & contracts.keys()) for q in graph.saved_queries}


def _made_by(graph: DbtGraph, sources: Sequence[Source], contract: Contract) -> dict[str, Any]:
    """What fills a table: a dbt model, a saved query, a function, sources; or the platform itself."""
    if contract.made_by == "dbt" and (model := graph.model_of(contract.identifier)):
        return {"kind": "dbt model", "names": [model.path]}
    if contract.made_by == "saved_query":
        return {"kind": "saved query", "names": [contract.table]}
    functions = [t.name for t in platform_python_tables() if t.identifier == contract.identifier]
    if functions:
        return {"kind": "Python function", "names": functions}
    filling = sorted(s.name for s in sources if s.target == contract.identifier)
    return {"kind": "sources", "names": filling} if filling else {"kind": "the platform", "names": []}


def _checks(contract: Contract, graph: DbtGraph) -> list[dict[str, str]]:
    """What is checked before anyone sees new rows."""
    audited = [{"name": n, "severity": s, "description": d, "by": "contract"} for n, s, d in check_names(contract)]
    tests = [t for t in graph.tests if t.table == contract.identifier]
    return audited + [
        {
            "name": t.name,
            "severity": t.severity.replace("warn", "warning"),
            "description": t.description,
            "by": "dbt test",
        }
        for t in tests
    ]


def _metric(metric: MetricDefinition, catalog: SemanticCatalog) -> dict[str, Any]:
    tables = [_identifier(time.relation) for time in metric.times]
    return {
        "name": metric.name,
        "label": metric.label,
        "description": metric.description,
        "definition": metric.definition,
        "synonyms": list(metric.synonyms),
        "unit": metric.unit,
        "domain": metric.domain,
        "tables": list(dict.fromkeys(tables)),
        "dimensions": list(dict.fromkeys(catalog.dimensions[d].label for d in metric.dimensions)),
    }


def _identifier(relation: str) -> str:
    """`layer.table` of a relation as an engine writes it."""
    return ".".join(part.strip('"') for part in relation.split(".")[-2:])


def _published(lake: Lake) -> dict[str, str]:
    """When each table was last published; nothing of a lake that cannot be read now."""
    found: dict[str, str] = {}
    try:
        for identifier in lake.catalog.heads():
            snapshot = lake.catalog.load_table(identifier).metadata.current_snapshot()
            if snapshot:
                at = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
                found[identifier] = at.isoformat(timespec="seconds")
    except OSError:
        return {}
    return found


def _teams(settings: Settings) -> list[dict[str, str]]:
    path = settings.project_root / "lakehouse_assets" / "domains" / TEAMS
    teams: Mapping[str, Mapping[str, str]] = bounded_yaml.read(path)["teams"]
    return [{"name": name, "description": team["description"]} for name, team in teams.items()]
