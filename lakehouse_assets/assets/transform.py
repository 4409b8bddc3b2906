"""Silver and gold: a multi-asset per domain, and per what follows its hours, built by dbt inside a publication.

Belongs here: what a build does (days, rebuild after a conflict, audit) and what Dagster hears of it.
Does not belong here: how dbt runs (lakehouse.dbt.runner) or which days need it (builds.days).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.checks import (
    contract_check_specs,
    contract_results,
    dbt_check_spec,
    dbt_results,
    evaluated,
)
from lakehouse_assets.assets.metadata.held import Held
from lakehouse_assets.assets.metadata.lineage import column_lineage
from lakehouse_assets.assets.metadata.partitions import Partitions, key_of, partitions_of, shown, value_of
from lakehouse_assets.assets.metadata.specs import (
    asset_key,
    audited_metadata,
    engine_kind,
    identifier_of,
    published_metadata,
    require_contracts,
    spec_of,
)
from lakehouse_assets.assets.steps.factory import makes_tables
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import (
    BUILT,
    closure,
    days_moved,
    dirty_days,
    has_copies,
    lost_any,
    note,
    refuse_hours,
    replaced_copies,
)
from lakehouse_assets.builds.groups import Group, groups
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.periods import spans, to_text, unit_among
from lakehouse_assets.lakehouse.publish.audit import blocking

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph, DbtTest
    from lakehouse_assets.lakehouse.dbt.runner import NodeResult
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.audit import CheckOutcome
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from lakehouse_assets.settings import Settings

DAYS = "asklake.days"
OF_EVERY_PARTITION = ("snapshot_id", "publication_id")
"""What the materialization of each partition of a range says: where its rows are."""
OF_PARTITION = "dagster/partition_row_count"
"""Dagster's name of the rows of one partition."""
PLOTTED = 120
"""Partitions that Dagit plots at most; of older ones of a range, no rows are told one by one."""


@dataclass(frozen=True)
class Rebuilt:
    """What a build did: published, or refused with the reasons.

    Attributes:
        days: Every day that was computed; more than asked for where records had moved.
        outcomes: The contract checks of each staged table.
        tests: dbt's data tests.
        published: What became visible; empty if anything blocking failed.
        sql: The SELECT of each table that was computed, by identifier.
        dialect: sqlglot's name of its dialect.
    """

    days: tuple[date, ...]
    outcomes: "list[CheckOutcome]"
    tests: "list[NodeResult]"
    published: "list[Published]" = field(default_factory=list)
    sql: Mapping[str, str] = field(default_factory=dict)
    dialect: str = ""

    @property
    def failures(self) -> list[str]:
        """What forbade publication, in words."""
        found = [o.said for o in self.outcomes if o.blocking]
        return found + [t.said for t in self.tests if t.status == "fail"]


def rebuild(
    lake: "Lake",
    graph: "DbtGraph",
    contracts: Mapping[str, Contract],
    tables: Sequence[str],
    days: Iterable[date],
    *,
    run_id: str,
) -> Rebuilt:
    """Build tables for some days in one publication, and again if another publication came in between.

    Args:
        lake: The lake.
        graph: The dbt project.
        contracts: Contract of every table, by identifier.
        tables: Identifiers of the tables to build.
        days: Days to compute; none means everything there is.
        run_id: Run to name in the snapshots.

    Raises:
        PublicationConflictError: other writers came in between three times.
        DbtFailedError: a model's SQL does not run.
        OtherZoneError: the tables they are made from have days of another time zone than the project's.
    """
    from lakehouse_assets.lakehouse.publish.begin import rebuilding

    return rebuilding(lambda: _rebuild_once(lake, graph, contracts, tables, days, run_id))


def _rebuild_once(
    lake: "Lake",
    graph: "DbtGraph",
    contracts: Mapping[str, Contract],
    tables: Sequence[str],
    days: Iterable[date],
    run_id: str,
) -> Rebuilt:
    from lakehouse_assets.lakehouse.dbt import runner
    from lakehouse_assets.lakehouse.publish.begin import begin

    sources = sorted({s for t in tables for s in graph.sources_of(t)})
    refuse_hours(lake.settings.time_zone, graph, contracts, tables)
    wanted = sorted(days)
    # Of a table whose days are another zone's nothing can stay.
    moved = bool(wanted) and days_moved(lake, [contracts[t] for t in tables])
    if moved:
        wanted = sorted({*wanted, *dirty_days(lake, graph, tables)})
    elif wanted and not _is_everything(lake, graph, tables, wanted):
        losing = (
            [contracts[m.table] for m in graph.models if m.table in contracts] if lost_any(lake, graph, tables) else []
        )
        wanted = _all_copies(lake, [contracts[s] for s in sources if s in contracts], wanted, losing)
    names = [m.name for m in graph.models if m.table in set(tables)]
    built = note(lake, graph, tables, wanted)
    properties = {BUILT: built.to_property(), DAYS: _told(wanted)}
    with begin(lake, run_id=run_id, properties=properties) as publication:
        publication.record_inputs(sources)
        result = runner.run(publication, contracts, select=names, days=() if moved else wanted)
        outcomes = publication.audit()
        if blocking(outcomes) or result.failed_tests:
            publication.refuse()
            return Rebuilt(tuple(wanted), outcomes, result.tests)
        table_of = {m.name: m.table for m in graph.models}
        sql = {table_of[n.name]: n.compiled_sql for n in result.nodes if n.resource_type == "model"}
        return Rebuilt(tuple(wanted), outcomes, result.tests, publication.publish(), sql, lake.engine.dialect.name)


def _told(days: Sequence[date]) -> str:
    return ",".join(f"{to_text(a)}/{to_text(b)}" for a, b in spans(days, unit_among(days)))


def _is_everything(lake: "Lake", graph: "DbtGraph", tables: Sequence[str], days: Sequence[date]) -> bool:
    """Whether this is a first build of all that bronze has, so that no other day can hold a copy of a record."""
    unit = unit_among(days)
    return lake.catalog.heads().keys().isdisjoint(tables) and dirty_days(lake, graph, tables, unit) <= set(days)


def _all_copies(
    lake: "Lake", sources: Sequence[Contract], days: Iterable[date], losing: Sequence[Contract]
) -> list[date]:
    """These days, and all others on which copies of their records lie.

    Args:
        lake: The lake.
        sources: The bronze tables that are read.
        days: The days to begin with.
        losing: Tables that may hold copies which bronze lost.
    """
    from lakehouse_assets.builds import record_key_index

    wanted, folder = set(days), lake.settings.record_days_dir
    with lake.session(writer=True) as session:
        read = [
            (source, record_key_index.shown(session, source, folder) if folder else None)
            for source in sources
            if has_copies(session, source)
        ]
        made = [c for c in losing if not read or c.domain == read[0][0].domain]
        wanted = wanted.union(*(replaced_copies(session, s, wanted, made, relation) for s, relation in read))
        while True:
            found = wanted.union(*(closure(session, source, wanted, relation) for source, relation in read))
            if found == wanted or len(read) == 1:
                return sorted(found)
            wanted = found


def transform_assets(
    settings: "Settings", graph: "DbtGraph", contracts: Mapping[str, Contract], held: Mapping[str, Held] | None = None
) -> list[dg.AssetsDefinition]:
    """One multi-asset per group of silver and gold tables: see builds.groups.

    Args:
        settings: Name the engine and the dbt project.
        graph: The dbt project.
        contracts: Contract of every table, by identifier.
        held: The days of each domain that are worth showing; all where none are named.

    Raises:
        ValueError: a dbt model without a contract, or a contract without a model.
    """
    require_contracts((m.table for m in graph.models), contracts, "dbt_project/models")
    made = {m.table for m in graph.models}
    declared = {c.identifier for c in contracts.values() if c.made_by == "dbt"}
    if missing := sorted(declared - made):
        raise ValueError(
            f"contracts declare {', '.join(missing)}, which no dbt model makes: add the model under "
            f"dbt_project/models, or remove the contract; if the model is there, {dbt_graph.HOW_TO_BUILD}"
        )
    found = groups(graph, contracts)
    of_each = [shown(partitions_of(group), (held or {}).get(group.domain)) for group in found]
    return [
        _group_assets(settings, group, graph, contracts, partitions)
        for group, partitions in zip(found, of_each, strict=True)
    ]


def _group_assets(
    settings: "Settings",
    group: Group,
    graph: "DbtGraph",
    contracts: Mapping[str, Contract],
    partitions: Partitions | None,
) -> dg.AssetsDefinition:
    own = dbt_graph.only(graph, group.tables)
    tests = {t.unique_id: t for t in own.tests}

    @makes_tables(
        f"{group.name}_tables",
        [
            spec_of(
                contracts[m.table],
                deps=m.reads,
                kinds=["dbt", engine_kind(settings)],
                partitions=partitions,
                code_version=m.code_version,
                metadata={"dbt_model": m.path},
                code=(settings.dbt_project_dir / m.path, 1),
            )
            for m in own.models
        ],
        [
            *(spec for m in own.models for spec in contract_check_specs(contracts[m.table])),
            *map(dbt_check_spec, own.tests),
        ],
        pool=group.name,
    )
    def build(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> Iterator[Any]:
        with told(context):
            days = days_of(context) if partitions else []
            chosen = graph.in_order(identifier_of(k) for k in context.selected_asset_keys)
            result = rebuild(lakehouse.lake, graph, contracts, chosen, days, run_id=context.run.run_id)
            origins = {t: [contracts[r] for r in m.reads] for t in chosen if (m := graph.model_of(t))}
            yield from report(context, result, chosen, tests=tests, origins=origins, contracts=contracts)

    return build


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days, or hours, that a run is of.

    Raises:
        dagster.Failure: it is of none.
    """
    if not (context.has_partition_key or context.has_partition_key_range):
        raise dg.Failure("these tables are built by day or hour: choose a partition or a range", allow_retries=False)
    return [value_of(key) for key in context.partition_keys]


def report(
    context: dg.AssetExecutionContext,
    result: Rebuilt,
    tables: Sequence[str],
    *,
    contracts: Mapping[str, Contract],
    origins: Mapping[str, Sequence[Contract]],
    tests: "Mapping[str, DbtTest] | None" = None,
) -> Iterator[dg.MaterializeResult | dg.Output[None] | dg.AssetCheckEvaluation]:
    """Tell Dagster what a build did: the checks first, then what became visible.

    Args:
        context: The step.
        result: What the build did.
        tables: Identifiers of the tables asked for, each after those it reads.
        contracts: Contract of every table, by identifier.
        origins: Contracts of what each table reads.
        tests: dbt's data tests, by their id.

    Raises:
        dagster.Failure: nothing was published, and running again would not help.
    """
    selected = context.selected_asset_check_keys
    yield from evaluated(context, contract_results(result.outcomes, selected))
    yield from evaluated(context, dbt_results(result.tests, tests or {}, selected))
    if result.failures:
        raise dg.Failure(
            "nothing was published: " + "; ".join(result.failures),
            metadata={"failures": dg.MetadataValue.json(result.failures)},
            allow_retries=False,
        )
    published = {p.identifier: p for p in result.published}
    for table in tables:
        facts = published_metadata(published[table]) if table in published else {}
        facts |= audited_metadata(table, result.outcomes)
        daily = bool(result.days) and unit_among(result.days) == "day"
        by_day = published[table].rows_by_day if daily and table in published else {}
        if result.days:
            facts[f"{unit_among(result.days)}s"] = len(result.days)
        told = facts | _lineage(result, contracts[table], origins.get(table, ()))
        several = len(result.days) > 1
        if by_day and len(result.days) == 1:
            told[OF_PARTITION] = by_day.get(max(result.days), 0)
        # Stored once per partition of the run. What is said of the run as a whole is said of its last partition only.
        of_each = {name: facts[name] for name in OF_EVERY_PARTITION if name in facts} if several else told
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata=of_each)
        _report_other_days(context, result.days, table, of_each)
        if several:
            last = max(context.partition_keys)
            if by_day:
                told[OF_PARTITION] = by_day.get(date.fromisoformat(last), 0)
                _report_rows(context, table, by_day, of_each, last)
            context.log_event(dg.AssetMaterialization(asset_key(table), partition=last, metadata=told))


def _report_rows(
    context: dg.AssetExecutionContext, table: str, by_day: Mapping[date, int], facts: Mapping[str, Any], last: str
) -> None:
    """Tell how many rows each of the newest days has: of a range, Dagster says the same of every day."""
    for day in sorted(context.partition_keys)[-PLOTTED:]:
        if day != last:
            said = {**facts, OF_PARTITION: by_day.get(date.fromisoformat(day), 0)}
            context.log_event(dg.AssetMaterialization(asset_key(table), partition=day, metadata=said))


def _lineage(result: Rebuilt, table: Contract, reads: Sequence[Contract]) -> dict[str, Any]:
    sql = result.sql.get(table.identifier)
    found = column_lineage(sql, table, reads, result.dialect) if sql else None
    return {"dagster/column_lineage": found} if found else {}


def _report_other_days(
    context: dg.AssetExecutionContext, days: Iterable[date], table: str, facts: Mapping[str, Any]
) -> None:
    """Tell of days that were built because records had moved between them and the days asked for."""
    asked = set(context.partition_keys) if days else set()
    for day in sorted(map(key_of, days)):
        if day not in asked:
            context.log_event(dg.AssetMaterialization(asset_key(table), partition=day, metadata=dict(facts)))
