"""Tables made by Python: declared by one decorated function, made by Dagster, audited, published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl
import pytest

from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.assets.python_tables import make, python_assets
from lakehouse_assets.automation.schedules import made_by_the_clock
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.domains import python_tables
from lakehouse_assets.domains.platform.contracts import TABLE_HEALTH
from lakehouse_assets.domains.platform.tables import run_history, table_health
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, column, day, month
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.python_table import Inputs, PythonTable, Rows, python_table
from lakehouse_assets.settings import Settings
from tests.assets import tiny
from tests.documents import blocks

FIRST = date(2024, 3, 1)


class Counts(TableModel):
    """Events of each day."""

    counted_on: pl.Date = column("Day.")
    events: pl.Int64 = column("Events.", ge=1)


COUNTS = Contract(
    Counts, "counts", "gold", "pgr", "One row per day.", "team:civic-data", key=("counted_on",),
    partitions=(day("counted_on"),), freshness=DAILY, made_by="python",
)  # fmt: skip
WHOLE = replace(COUNTS, partitions=())
EVENTS = tiny.EVENTS.identifier


def counts(inputs: Inputs) -> Rows:
    days = ", ".join(f"date '{d}'" for d in inputs.days)
    where = f"where event_date in ({days})" if days else ""
    return inputs.session.query(f"select event_date as counted_on, count(*) as events from {EVENTS} {where} group by 1")


def declared(function: Callable[[Inputs], Rows] = counts, contract: Contract = COUNTS) -> PythonTable:
    if contract.partitions:
        return python_table(contract, reads=[EVENTS], cron="0 1 * * *", first_day=FIRST)(function)
    return python_table(contract, reads=[EVENTS])(function)


def asset(table: PythonTable) -> dg.AssetsDefinition:
    contracts = {**platform_contracts(), table.identifier: table.contract}
    return python_assets([table], contracts)[table]


@pytest.fixture
def events(lake: Lake) -> Lake:
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1), ("C2", "CREATED", "2024-03-02", 1)])
    return lake


def published(lake: Lake, table: str) -> list[dict[str, Any]]:
    with lake.session() as session:
        return session.query(f"select * from {table} order by 1, 2").to_pylist()


def test_days_are_made_one_by_one_and_published(settings: Settings, events: Lake) -> None:
    made = asset(declared())
    (spec,) = made.specs
    assert spec.freshness_policy and spec.partitions_def and spec.kinds == {"python", "iceberg"}
    assert made.op.pool == "counts"
    assert {d.asset_key for d in spec.deps} == {asset_key(EVENTS)}
    for first, last in (("2024-03-01", "2024-03-02"), ("2024-03-02", "2024-03-02")):
        result = tiny.run(made, settings, tags=tiny.in_range(first, last))
        assert result.success
        assert {c.passed for c in result.get_asset_check_evaluations()} == {True}
        assert result.get_asset_check_evaluations(), "its contract was checked"
    assert [(str(r["counted_on"]), r["events"]) for r in published(events, "gold.counts")] == [
        ("2024-03-01", 1), ("2024-03-02", 1),
    ]  # fmt: skip
    snapshot = events.catalog.load_table("gold.counts").current_snapshot()
    assert snapshot and f"asklake.source.{EVENTS}" in snapshot.summary.additional_properties  # pyright: ignore[reportOptionalMemberAccess]


def test_a_table_without_days_is_made_as_a_whole_after_what_it_reads(settings: Settings, events: Lake) -> None:
    made = asset(declared(contract=WHOLE))
    (spec,) = made.specs
    assert spec.automation_condition and not spec.partitions_def
    assert tiny.run(made, settings).success
    assert len(published(events, "gold.counts")) == 2


def test_the_one_of_the_docs_is_made_as_printed(events: Lake) -> None:
    (block,) = [block for block in blocks("domains.md", "python") if "@python_table" in block]
    names: dict[str, Any] = {"__name__": "tables"}
    exec(compile(block, "domains.md", "exec", dont_inherit=True), names)
    table: PythonTable = names["trend"]
    contracts = {**platform_contracts(), table.identifier: table.contract}
    assert make(events, table, contracts, [], run_id="test").published
    assert [(r["events"], r["trend"]) for r in published(events, table.identifier)] == [(1, 1.0), (1, 1.0)]


def test_what_breaks_the_contract_is_not_published(settings: Settings, events: Lake) -> None:
    nothing = declared(lambda i: [{"counted_on": FIRST, "events": 0}], WHOLE)
    result = tiny.run(asset(nothing), settings)
    assert not result.success
    assert [c.check_name for c in result.get_asset_check_evaluations() if not c.passed] == ["events__ge"]
    assert "gold.counts" not in events.catalog.heads()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"counted_on": date(2024, 3, 5), "events": 1}], "gave rows of 2024-03-05, but was asked for 2024-03-01"),
        (pl.DataFrame({"counted_on": [FIRST]}), "gave no column events; its contract has it"),
    ],
)
def test_rows_that_do_not_fit_are_refused(events: Lake, rows: Rows, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make(events, declared(lambda i: rows), platform_contracts(), [FIRST], run_id="test")
    assert "gold.counts" not in events.catalog.heads()


@pytest.mark.parametrize(
    ("contract", "options", "says"),
    [
        (replace(COUNTS, made_by="dbt"), {"cron": "0 1 * * *", "first_day": FIRST}, 'state made_by="python"'),
        (replace(COUNTS, partitions=(month("counted_on"),)), {"cron": "0 1 * * *"}, "partition it by day"),
        (COUNTS, {"cron": "0 1 * * *"}, "first_day="),
        (WHOLE, {"cron": "0 1 * * *", "first_day": FIRST}, "no days"),
        (WHOLE, {}, "state cron=, or the tables it reads"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    contract: Contract, options: Mapping[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        python_table(contract, **options)(counts)


def test_a_table_is_declared_once_and_so_is_what_it_reads() -> None:
    table = declared()
    contracts = {**platform_contracts(), table.identifier: table.contract}
    with pytest.raises(ValueError, match=r"gold\.counts is made twice"):
        python_assets([table, declared()], contracts)
    with pytest.raises(ValueError, match="add its contract"):
        python_assets([table], platform_contracts())
    with pytest.raises(ValueError, match=r"reads gold\.nothing, which no contract declares"):
        python_assets([replace(table, reads=("gold.nothing",))], contracts)


def test_table_health_is_what_the_metadata_say(events: Lake) -> None:
    assert table_health in python_tables()
    today = datetime.now(UTC).date()
    contracts = platform_contracts()
    assert not make(events, table_health, contracts, [today], run_id="test").failures
    (row,) = published(events, TABLE_HEALTH.identifier)
    snapshot = events.catalog.load_table(EVENTS).current_snapshot()
    assert row["table_name"] == EVENTS and row["domain"] == "pgr" and row["layer"] == "bronze"
    assert (row["row_count"], row["files"], row["newest_day"]) == (2, 2, date(2024, 3, 2))
    assert (row["hours_allowed"], row["checks_kept"]) == (54.0, None) and 0 <= row["hours_old"] < 24
    assert row["bytes"] > 0 and row["snapshot_id"] == snapshot.snapshot_id  # pyright: ignore[reportOptionalMemberAccess]
    tiny.publish_events(events, [("C3", "CREATED", "2024-03-07", 1)])
    assert make(events, table_health, contracts, [today], run_id="test").published
    counted = {r["table_name"]: r["row_count"] for r in published(events, TABLE_HEALTH.identifier)}
    assert counted == {EVENTS: 3, TABLE_HEALTH.identifier: 1}, "the day is replaced, and knows its own table"


@pytest.fixture(
    params=["lake", *(pytest.param(f"{of}cluster_lake", marks=pytest.mark.cluster) for of in ("", "duckdb_"))]
)
def either_lake(request: pytest.FixtureRequest) -> Lake:
    """An empty lake of either profile, the cluster's by either engine."""
    return request.getfixturevalue(request.param)


def test_both_profiles_publish_and_measure_the_same(either_lake: Lake) -> None:
    days = tiny.days("2024-03-01", 3)
    by_itself = declared(lambda inputs: [{"counted_on": d, "events": 5} for d in inputs.days])
    table = replace(by_itself, reads=())
    contracts = {**platform_contracts(), table.identifier: table.contract}
    for asked in (days, days[1:2]):
        assert make(either_lake, table, contracts, asked, run_id="test").published
    today = datetime.now(UTC).date()
    assert make(either_lake, table_health, contracts, [today - timedelta(days=1), today], run_id="test").published
    (row,) = published(either_lake, TABLE_HEALTH.identifier)
    assert (row["measured_on"], row["table_name"], row["domain"]) == (today, table.identifier, "pgr")
    assert (row["row_count"], row["files"], row["newest_day"]) == (3, 3, days[-1])


def test_days_whose_states_are_not_kept_stay_as_they_were(events: Lake) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    row = {
        "measured_on": yesterday, "table_name": EVENTS, "layer": "bronze", "domain": "pgr", "row_count": 7, "bytes": 70,
        "files": 1, "newest_day": None, "published_at": datetime(2024, 3, 3), "snapshot_id": 1,
        "hours_old": 1.5, "hours_allowed": 54.0, "checks_kept": 3, "checks_broken": 0,
    }  # fmt: skip
    earlier = replace(table_health, function=lambda inputs: [row])
    make(events, earlier, platform_contracts(), [yesterday], run_id="test")
    assert make(events, table_health, platform_contracts(), [yesterday], run_id="test").published
    assert published(events, TABLE_HEALTH.identifier) == [row]


def ticked(settings: Settings, table: PythonTable, at: datetime = datetime(2026, 3, 5, 0, 20, tzinfo=UTC)) -> Any:
    schedule = made_by_the_clock(table, dg.define_asset_job("make_it"))
    context = dg.build_schedule_context(scheduled_execution_time=at, resources={"lakehouse": tiny.resource(settings)})
    return schedule.evaluate_tick(context)


def test_the_clock_makes_nothing_of_nothing_and_what_is_made_on_demand_once_it_was(
    settings: Settings, lake: Lake
) -> None:
    table = python_table(WHOLE, reads=[EVENTS], cron="0 1 * * *", on_demand=True)(counts)
    assert ticked(settings, table).skip_message == f"it reads {EVENTS}, never published"
    made = asset(table)
    result = tiny.run(made, settings)
    assert result.success and not result.get_asset_check_evaluations() and not lake.catalog.heads()
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    assert "--select gold.counts` makes it the first time" in ticked(settings, table).skip_message
    assert ticked(settings, replace(table, on_demand=False)).run_requests
    assert tiny.run(made, settings).success
    assert ticked(settings, table).run_requests


def test_the_clock_makes_the_day_before_and_today_where_that_is_said(settings: Settings) -> None:
    for table, last in ((table_health, "2026-03-05"), (replace(table_health, today=False), "2026-03-04")):
        (request,) = ticked(settings, table).run_requests
        assert request.tags.items() >= tiny.in_range("2026-03-04", last).items()
        assert made_by_the_clock(table, dg.define_asset_job("make_it")).cron_schedule == "20 * * * *"
    with pytest.raises(ValueError, match="no days, so there is no today"):
        python_table(WHOLE, reads=[EVENTS], today=True)(counts)


def test_runs_are_kept_that_the_orchestrator_has_forgotten(events: Lake) -> None:
    day = datetime.now(UTC).date()
    row = {
        "ran_on": day, "run_id": "a", "job_name": "ingest", "source": None, "started_by": "person", "status": "STARTED",
        "is_refused": False, "created_at": datetime.now(UTC).replace(tzinfo=None), "ended_at": None, "waited_s": 0.5,
        "seconds": None, "cpu_s": None,
    }  # fmt: skip

    class Told:
        def __init__(self, *runs: dict[str, Any]) -> None:
            self.runs = runs

        def runs_of(self, day: date) -> tuple[dict[str, Any], ...]:
            return self.runs

        def checks_of(self, identifiers: Any) -> dict[str, tuple[int, int]]:
            return {}

    for runs in (Told(row), Told({**row, "status": "SUCCESS"}, {**row, "run_id": "b"}), Told()):
        made = make(events, run_history, platform_contracts(), [day], run_id="test", orchestrator=runs)
        assert not made.failures
    kept = {r["run_id"]: r["status"] for r in published(events, run_history.identifier)}
    assert kept == {"a": "SUCCESS", "b": "STARTED"}
