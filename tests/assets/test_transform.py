"""Silver and gold through the real multi-assets, on a lake of a few events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets.assets.transform import transform_assets
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days
from lakehouse_assets.lakehouse.contract import Contract, rule
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.assets import tiny

SILVER = "silver.silver_pgr_events"
LIFECYCLE = "gold.gold_pgr_case_lifecycle"
FUNNEL = "gold.gold_pgr_funnel_daily"
STORY = [
    ("C1", "CREATED", "2024-03-01", 1),
    ("C1", "ASSIGNED", "2024-03-01", 1),
    ("C1", "RESOLVED", "2024-03-02", 1),
    ("C2", "CREATED", "2024-03-02", 1),
]


@pytest.fixture
def pgr(settings: Settings) -> dg.AssetsDefinition:
    return pgr_by(settings, tiny.CONTRACTS)


def pgr_by(settings: Settings, contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """What makes the PGR tables, held to these contracts."""
    made = transform_assets(settings, dbt_graph.load(tiny.parsed(settings)), contracts)
    return next(a for a in made if dg.AssetKey(SILVER.split(".")) in a.keys)


def rows(lake: Lake, sql: str) -> list[tuple]:
    with lake.session() as session:
        return [tuple(r.values()) for r in session.query(sql).to_pylist()]


def test_a_range_is_one_run_that_publishes_everything(settings: Settings, lake: Lake, pgr: dg.AssetsDefinition) -> None:
    tiny.publish_events(lake, STORY)
    with dg.DagsterInstance.ephemeral() as instance:
        result = tiny.run(pgr, settings, tags=tiny.in_range("2024-03-01", "2024-03-03"), instance=instance)
        assert result.success
        built = instance.get_materialized_partitions(dg.AssetKey(LIFECYCLE.split(".")))
    assert built == {"2024-03-01", "2024-03-02", "2024-03-03"}
    assert rows(lake, f"select complaint_id, status from {LIFECYCLE} order by 1") == [
        ("C1", "RESOLVED"),
        ("C2", "OPEN"),
    ]
    checks = result.get_asset_check_evaluations()
    assert checks and all(c.passed for c in checks)
    assert {c.asset_check_key for c in checks} == pgr.check_keys
    events = result.asset_materializations_for_node("pgr_tables")
    assert all({"snapshot_id", "publication_id"} <= event.metadata.keys() for event in events)
    counted = {e.partition: e.metadata for e in events if e.asset_key == dg.AssetKey(SILVER.split("."))}
    assert [counted[f"2024-03-0{n}"]["dagster/partition_row_count"].value for n in (1, 2, 3)] == [2, 2, 0]
    latest = list({event.asset_key: event for event in events}.values())
    assert all({"dagster/row_count", "rows_written", "days"} <= event.metadata.keys() for event in latest)
    latest = [m for m in latest if "dagster/column_lineage" in m.metadata]
    lineage: dict[str, Any] = {".".join(m.asset_key.path): m.metadata["dagster/column_lineage"].value for m in latest}
    assert lineage.keys() >= {SILVER, LIFECYCLE, FUNNEL}
    (origin,) = lineage[SILVER].deps_by_column["complaint_id"]
    assert (origin.asset_key.path[-1], origin.column_name) == ("service_events_raw", "entity_id")
    assert not dirty_days(lake, dbt_graph.load(settings), [SILVER, LIFECYCLE, FUNNEL])


def test_a_broken_batch_is_red_and_invisible(settings: Settings, lake: Lake) -> None:
    """The contract of the silver table forbids one complaint; everything else about it stays."""
    silver = tiny.CONTRACTS[SILVER]
    strict = rule("no_c3", "complaint_id <> 'C3'", description="C3 is not a complaint.")
    contracts = {**tiny.CONTRACTS, SILVER: replace(silver, rules=(*silver.rules, strict))}
    pgr = pgr_by(settings, contracts)
    tiny.publish_events(lake, STORY)
    assert tiny.run(pgr, settings, tags=tiny.in_range("2024-03-01", "2024-03-02")).success
    tables = [m.table for m in dbt_graph.load(settings).models if m.table in lake.catalog.heads()]
    before = {t: rows(lake, f"select * from {t} order by all") for t in tables}
    tiny.publish_events(lake, [("C3", "CREATED", "2024-03-02", 2)])

    result = tiny.run(pgr, settings, tags=tiny.in_range("2024-03-02", "2024-03-02"))

    assert not result.success
    assert {t: rows(lake, f"select * from {t} order by all") for t in tables} == before
    red = {c.check_name: c for c in result.get_asset_check_evaluations() if not c.passed}
    assert red.keys() == {"no_c3"}
    assert red["no_c3"].metadata["failed"].value == 1
    assert "C3" in str(red["no_c3"].metadata["samples"].value)
    assert "select" in str(red["no_c3"].metadata["query"].value)
    assert not result.get_asset_materialization_events()
    assert not [e for e in result.all_events if e.is_step_up_for_retry]
    (failure,) = [e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure]
    assert failure and (failure.description or "").startswith(
        f"nothing was published: {SILVER}: no_c3 failed for 1 of 3 rows (C3 is not a complaint), the first with "
    )
    assert (failure.description or "").endswith(", complaint_id C3")


def test_a_moved_record_rebuilds_the_day_it_left(settings: Settings, lake: Lake, pgr: dg.AssetsDefinition) -> None:
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)], key_day=False)
    assert tiny.run(pgr, settings, tags=tiny.in_range("2024-03-01", "2024-03-01")).success
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-09", 2)], key_day=False)
    with dg.DagsterInstance.ephemeral() as instance:
        assert tiny.run(pgr, settings, tags=tiny.in_range("2024-03-09", "2024-03-09"), instance=instance).success
        built = instance.get_materialized_partitions(dg.AssetKey(SILVER.split(".")))
    assert built == {"2024-03-01", "2024-03-09"}
    assert [str(r[0]) for r in rows(lake, f"select event_date from {SILVER}")] == ["2024-03-09"]


def test_one_table_can_be_built_alone(settings: Settings, lake: Lake, pgr: dg.AssetsDefinition) -> None:
    tiny.publish_events(lake, STORY)
    tags = tiny.in_range("2024-03-01", "2024-03-02")
    result = tiny.run(pgr, settings, tags=tags, selection=[dg.AssetKey(SILVER.split("."))])
    assert result.success
    assert set(lake.catalog.heads()) >= {SILVER}
    assert FUNNEL not in lake.catalog.heads()
    graph = dbt_graph.load(settings)
    assert not dirty_days(lake, graph, [SILVER])
    assert dirty_days(lake, graph, [FUNNEL]) == set(tiny.days("2024-03-01", 2))


def test_without_a_partition_it_says_what_to_do(settings: Settings, lake: Lake, pgr: dg.AssetsDefinition) -> None:
    result = tiny.run(pgr, settings)
    assert not result.success
    failure = next(e for e in result.all_events if e.is_step_failure)
    assert "choose a partition" in str(failure.event_specific_data)


def test_a_model_without_a_contract_does_not_load(settings: Settings) -> None:
    graph = dbt_graph.load(tiny.parsed(settings))
    contracts = {i: c for i, c in tiny.CONTRACTS.items() if i != SILVER}
    with pytest.raises(ValueError, match=r"silver\.silver_pgr_events, which no contract declares"):
        transform_assets(settings, graph, contracts)


def test_a_contract_without_a_model_does_not_load(settings: Settings) -> None:
    graph = dbt_graph.load(tiny.parsed(settings))
    smaller = dbt_graph.only(graph, [m.table for m in graph.models if m.table != SILVER])
    with pytest.raises(ValueError, match=r"silver\.silver_pgr_events, which no dbt model makes"):
        transform_assets(settings, smaller, tiny.CONTRACTS)
