"""Semantic tables: MetricFlow saved queries, each stored as a table, audited and published like any other.

Belongs here: one multi-asset per domain over its saved queries. Does not belong here: metrics (semantic/models) or
how they become SQL (semantic.layer).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.checks import contract_check_specs
from lakehouse_assets.assets.metadata.specs import engine_kind, identifier_of, spec_of
from lakehouse_assets.assets.steps.factory import makes_tables
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.assets.transform import Rebuilt, report
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.publish.audit import blocking

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

LAYER = "semantic"


def when_gold_moved() -> dg.AutomationCondition:
    """Rebuild once after the tables below were published, unless a build of either is under way.

    Not `eager()`: that waits until no partition below is missing, and a domain always has days without data.
    """
    moved = dg.AutomationCondition.any_deps_updated().since_last_handled()
    quiet = ~dg.AutomationCondition.any_deps_in_progress() & ~dg.AutomationCondition.in_progress()
    return (moved & quiet).with_label("when_gold_moved")


def when_gold_moved_seldom(ticks: str) -> dg.AutomationCondition:
    """As `when_gold_moved`, yet between two ticks of a cron (UTC) only once; the first time at once.

    The first time there is nothing that is newer than what was there before: the tables below may have been published
    by commands, before anything looked.
    """
    moved = dg.AutomationCondition.any_deps_updated().since_last_handled()
    ticked = dg.AutomationCondition.cron_tick_passed(ticks, "UTC").since_last_handled()
    quiet = ~dg.AutomationCondition.any_deps_in_progress() & ~dg.AutomationCondition.in_progress()
    missing = dg.AutomationCondition.missing()
    first = (missing & dg.AutomationCondition.any_deps_match(~missing) & quiet).newly_true()
    return (first | (moved & ticked & quiet)).with_label("when_gold_moved_seldom")


def refresh(lake: "Lake", contracts: Mapping[str, Contract], tables: Sequence[str], *, run_id: str) -> Rebuilt:
    """Compute saved queries over the newest gold tables and publish them together.

    Raises:
        PublicationConflictError: other writers of the same tables came in between three times.
    """
    from lakehouse_assets.lakehouse.publish.begin import rebuilding

    return rebuilding(lambda: _refresh_once(lake, contracts, tables, run_id))


def _refresh_once(lake: "Lake", contracts: Mapping[str, Contract], tables: Sequence[str], run_id: str) -> Rebuilt:
    from lakehouse_assets.lakehouse.publish.begin import begin
    from semantic.layer import SemanticLayer

    layer = SemanticLayer(lake.settings)
    sql: dict[str, str] = {}
    with begin(lake, run_id=run_id) as publication:
        with publication.session() as session:
            for table in tables:
                contract = contracts[table]
                compiled = layer.compile_saved_query(contract.table)
                sql[table] = compiled.sql
                publication.record_inputs(compiled.tables)
                publication.refuse_other_days(contracts[name] for name in compiled.tables if name in contracts)
                for table_read in compiled.tables:
                    session.expose(table_read)
                publication.stage_query(contract, compiled.sql, session, ReplaceTable())
            outcomes = publication.audit()
        if blocking(outcomes):
            publication.refuse()
            return Rebuilt((), outcomes, [])
        return Rebuilt((), outcomes, [], publication.publish(), sql, lake.engine.dialect.name)


def semantic_assets(
    settings: "Settings", graph: "DbtGraph", contracts: Mapping[str, Contract]
) -> list[dg.AssetsDefinition]:
    """One multi-asset per domain that has saved queries.

    Raises:
        ValueError: a saved query without a contract, or a contract without a saved query.
    """
    queries = {f"{LAYER}.{q.name}": q for q in graph.saved_queries}
    declared = {i for i, c in contracts.items() if c.made_by == "saved_query"}
    if odd := sorted(queries.keys() ^ declared):
        raise ValueError(
            f"semantic tables and saved queries differ in {', '.join(odd)}: each saved query in semantic/models needs "
            "a contract of the same name in layer 'semantic', and each such contract a saved query, or made_by='python'"
        )
    domains = sorted({contracts[i].domain for i in queries})
    return [
        _domain_assets(settings, d, graph, contracts, [i for i in queries if contracts[i].domain == d]) for d in domains
    ]


def _domain_assets(
    settings: "Settings", domain: str, graph: "DbtGraph", contracts: Mapping[str, Contract], tables: Sequence[str]
) -> dg.AssetsDefinition:
    reads = {f"{LAYER}.{q.name}": q.reads for q in graph.saved_queries}

    @makes_tables(
        f"{domain}_saved_queries",
        [
            spec_of(
                contracts[t],
                deps=reads[t],
                kinds=["metricflow", engine_kind(settings)],
                condition=when_gold_moved(),
                metadata={"saved_query": contracts[t].table},
            )
            for t in tables
        ],
        [spec for t in tables for spec in contract_check_specs(contracts[t])],
        pool=f"semantic_{domain}",
    )
    def build(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> Iterator[Any]:
        with told(context):
            chosen = sorted(identifier_of(k) for k in context.selected_asset_keys)
            result = refresh(lakehouse.lake, contracts, chosen, run_id=context.run.run_id)
            origins = {t: [contracts[r] for r in reads[t]] for t in chosen}
            yield from report(context, result, chosen, contracts=contracts, origins=origins)

    return build
