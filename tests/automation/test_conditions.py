"""The automation condition of semantic tables, proven by real ticks."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from lakehouse_assets.assets.semantic import when_gold_moved

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-31")
GOLD, SUMMARY = dg.AssetKey(["gold", "cases"]), dg.AssetKey(["semantic", "summary"])


@dg.asset(key=GOLD, partitions_def=DAYS)
def cases() -> None: ...


@dg.asset(key=SUMMARY, deps=[cases], automation_condition=when_gold_moved())
def summary() -> None: ...


DEFS = dg.Definitions(assets=[cases, summary])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def publish(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))


def test_ticks(instance: dg.DagsterInstance) -> None:
    tick = dg.evaluate_automation_conditions(defs=DEFS, instance=instance)
    assert tick.total_requested == 0, "nothing was published yet"

    publish(instance, GOLD, "2024-01-05")
    tick = dg.evaluate_automation_conditions(defs=DEFS, instance=instance, cursor=tick.cursor)
    assert tick.get_num_requested(SUMMARY) == 1, "one day of gold is enough, however many are missing"

    tick = dg.evaluate_automation_conditions(defs=DEFS, instance=instance, cursor=tick.cursor)
    assert tick.total_requested == 0, "one publication asks for one rebuild"

    publish(instance, SUMMARY)
    tick = dg.evaluate_automation_conditions(defs=DEFS, instance=instance, cursor=tick.cursor)
    assert tick.total_requested == 0

    for day in ("2024-01-06", "2024-01-07"):
        publish(instance, GOLD, day)
    tick = dg.evaluate_automation_conditions(defs=DEFS, instance=instance, cursor=tick.cursor)
    assert tick.get_num_requested(SUMMARY) == 1, "many days of one build ask for one rebuild"
