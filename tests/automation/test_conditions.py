"""The automation condition of semantic tables, proven by real ticks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest

from lakehouse_assets.assets.semantic import when_gold_moved, when_gold_moved_seldom

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


LATER = dg.AssetKey(["semantic", "later"])


@dg.asset(key=LATER, deps=[cases], automation_condition=when_gold_moved_seldom("*/10 * * * *"))
def later() -> None: ...


def test_what_may_come_later_is_made_at_once_the_first_time_and_then_once_between_ticks(
    instance: dg.DagsterInstance,
) -> None:
    """A publication of each minute of an hour asks for six runs, not sixty."""
    defs = dg.Definitions(assets=[cases, later])
    publish(instance, GOLD, "2024-01-05")
    at = datetime(2030, 1, 1, 12, 5, tzinfo=UTC)
    tick = dg.evaluate_automation_conditions(defs=defs, instance=instance, evaluation_time=at)
    assert tick.get_num_requested(LATER) == 1, "what was published before anybody looked is enough"
    publish(instance, LATER)
    asked = []
    for minute in range(1, 61):
        publish(instance, GOLD, "2024-01-06")
        at += timedelta(minutes=1)
        tick = dg.evaluate_automation_conditions(defs=defs, instance=instance, evaluation_time=at, cursor=tick.cursor)
        if tick.get_num_requested(LATER):
            asked.append(minute)
            publish(instance, LATER)
    assert len(asked) == 6 and min(later - sooner for sooner, later in pairwise(asked)) >= 10
    for _ in range(30):
        at += timedelta(minutes=1)
        tick = dg.evaluate_automation_conditions(defs=defs, instance=instance, evaluation_time=at, cursor=tick.cursor)
        if tick.get_num_requested(LATER):
            asked.append(61)
            publish(instance, LATER)
    assert len(asked) == 7, "the last publication is not forgotten, and asks once"
