"""Tables made by Python: what a domain declares in its `tables.py`, staged, audited and published like any other.

Belongs here: running such a function and reporting what it made. Does not belong here: the functions (domains), or how
one is declared (lakehouse.python_table).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.checks import contract_check_specs
from lakehouse_assets.assets.metadata.held import Held
from lakehouse_assets.assets.metadata.partitions import Partitions, daily_since, shown
from lakehouse_assets.assets.metadata.specs import spec_of
from lakehouse_assets.assets.runs import RunsOf
from lakehouse_assets.assets.semantic import when_gold_moved, when_gold_moved_seldom
from lakehouse_assets.assets.steps.factory import makes_tables
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.assets.transform import Rebuilt, days_of, report
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.publish.audit import blocking
from lakehouse_assets.lakehouse.python_table import Inputs, NothingToMakeError, Orchestrator, PythonTable

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


def make(
    lake: "Lake",
    table: PythonTable,
    contracts: Mapping[str, Contract],
    days: Sequence[date],
    *,
    run_id: str,
    orchestrator: Orchestrator | None = None,
) -> Rebuilt:
    """Run the function of a table and publish its rows.

    Args:
        lake: The lake.
        table: The table.
        contracts: Contract of every table, by identifier.
        days: Days to make, of a table that is made by day.
        run_id: Run to name in the snapshot.
        orchestrator: What its function may ask of runs.

    Raises:
        NothingToMakeError: what it is made from is not there yet.
        PublicationConflictError: another writer of the table came in between.
        ValueError: the function gave rows that it was not asked for, or lacks columns.
    """
    from lakehouse_assets.lakehouse.publish.begin import begin

    asked = tuple(sorted(days))
    with begin(lake, run_id=run_id) as publication:
        if missing := table.missing(publication.heads):
            raise NothingToMakeError(f"{table.identifier} reads {', '.join(missing)}, never published")
        publication.record_inputs(table.reads)
        publication.refuse_other_days(contracts[name] for name in table.reads)
        with publication.session() as session:
            local = lake.engine.dialect.local_time(lake.settings.time_zone)
            rows = table.rows(Inputs(session, lake, contracts, asked, orchestrator, local))
        publication.stage_rows(table.contract, rows, ReplacePartitions(asked) if table.by_day else ReplaceTable())
        outcomes = publication.audit()
        if blocking(outcomes):
            publication.refuse()
            return Rebuilt(asked, outcomes, [])
        return Rebuilt(asked, outcomes, [], publication.publish())


def days_of_table(table: PythonTable) -> dg.DailyPartitionsDefinition | None:
    """The days of a table that is made by day."""
    return daily_since(table.first_day) if table.first_day else None


def python_assets(
    tables: Sequence[PythonTable], contracts: Mapping[str, Contract], held: Mapping[str, Held] | None = None
) -> dict[PythonTable, dg.AssetsDefinition]:
    """An asset for each table.

    Args:
        tables: What the domains declare.
        contracts: Contract of every table, by identifier.
        held: The days of each table that are worth showing; all where none are named.

    Raises:
        ValueError: two functions make a table, or one reads or makes a table that no contract declares.
    """
    seen: dict[str, PythonTable] = {}
    for table in tables:
        if (other := seen.setdefault(table.identifier, table)) is not table:
            raise ValueError(f"{table.identifier} is made twice, by {other.name} and {table.name}: remove one")
        if contracts.get(table.identifier) != table.contract:
            raise ValueError(f"{table.identifier} is not in CONTRACTS of its domain: add its contract")
        if unknown := sorted(set(table.reads) - contracts.keys()):
            raise ValueError(f"{table.identifier} reads {', '.join(unknown)}, which no contract declares")
    return {
        table: _asset(table, contracts, shown(days_of_table(table), (held or {}).get(table.identifier)))
        for table in tables
    }


def _condition(table: PythonTable) -> dg.AutomationCondition | None:
    if table.cron:
        return None
    return when_gold_moved_seldom(table.at_most) if table.at_most else when_gold_moved()


def _asset(table: PythonTable, contracts: Mapping[str, Contract], partitions: Partitions | None) -> dg.AssetsDefinition:
    spec = spec_of(
        table.contract,
        deps=table.reads,
        kinds=["python"],
        partitions=partitions,
        condition=_condition(table),
        metadata={"function": table.name},
        code=(Path(table.function.__code__.co_filename), table.function.__code__.co_firstlineno),
    )

    @makes_tables(table.contract.table, [spec], contract_check_specs(table.contract), pool=table.pool)
    def build(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> Iterator[Any]:
        with told(context):
            days = days_of(context) if partitions else []
            runs = RunsOf(context.instance)
            try:
                result = make(lakehouse.lake, table, contracts, days, run_id=context.run.run_id, orchestrator=runs)
            except NothingToMakeError as error:
                yield dg.AssetObservation(spec.key, description=str(error))
                return
            yield from report(context, result, [table.identifier], contracts=contracts, origins={})

    return build
