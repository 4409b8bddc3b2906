"""Calls of the API, by hour: built in steps they are what they are built at once, and a late one costs its hour."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.assets.transform import Rebuilt, rebuild
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days
from lakehouse_assets.builds.groups import groups
from lakehouse_assets.ingest.loads.loader import load
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.periods import period_of, periods_in
from tests.dbt_project.building import CONTRACTS, load_tables, md5_of, new_lake, table, tables

BRONZE = "bronze.api_calls"
SILVER = "silver.stg_api_calls"
MADE = ("stg_api_calls", "mart_api_calls_hourly", "mart_api_calls_daily")
FIRST = datetime(2026, 3, 30, 22)
SLOW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass(frozen=True)
class Call:
    """A call as it is sent; a later one of the same name is a correction, of its time, too."""

    name: str
    at: datetime
    status: int = 200
    millis: int = 10

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on it."""
        return {
            "called_at": self.at, "tenant_id": "org", "call_id": self.name, "endpoint": "/v1/search",
            "status": self.status, "duration_ms": self.millis, "record_key": md5_of(self.name),
        }  # fmt: skip


moments = st.integers(0, 60 * 30).map(lambda minute: FIRST + timedelta(minutes=minute))
calls = st.builds(Call, st.sampled_from("abcdefgh"), moments, st.sampled_from([200, 404, 500]), st.integers(0, 99))
loads = st.lists(st.tuples(st.lists(calls, min_size=1, max_size=6), st.booleans()), min_size=1, max_size=3)


def follow(lake: Lake) -> list[Rebuilt]:
    """Build what is behind, the hours and then the days, as the sensors do."""
    manifest.load(lake.settings)
    graph = dbt_graph.load(lake.settings)
    done = []
    for group in groups(graph, CONTRACTS, [i for i, c in CONTRACTS.items() if c.table in MADE]):
        if behind := dirty_days(lake, graph, group.tables, group.unit):
            done.append(rebuild(lake, graph, CONTRACTS, group.tables, behind, run_id="test"))
            assert not done[-1].failures
        assert not dirty_days(lake, graph, group.tables, group.unit)
    return done


@SLOW
@given(loads)
def test_hours_built_as_calls_come_are_those_built_at_once(sent: list[tuple[list[Call], bool]]) -> None:
    with new_lake() as lake:
        for number, (records, wait) in enumerate(sent):
            load_tables(lake, {BRONZE: records}, number)
            if not wait or number + 1 == len(sent):
                follow(lake)
        in_steps = tables(lake, MADE)
        assert_they_count(lake, [call for records, _ in sent for call in records])
        hours = periods_in((call.at for records, _ in sent for call in records), "hour")
        graph = dbt_graph.load(lake.settings)
        for group in groups(graph, CONTRACTS, [f"gold.{MADE[1]}", f"silver.{MADE[0]}", f"gold.{MADE[2]}"]):
            rebuild(lake, graph, CONTRACTS, group.tables, periods_in(hours, group.unit), run_id="again")
        assert tables(lake, MADE) == in_steps, "the same hours again are the same tables"


def assert_they_count(lake: Lake, sent: Sequence[Call]) -> None:
    """Each call once, in its last version, in the hour and on the day that this says."""
    latest = {call.name: call for call in sent}.values()
    assert sorted(r["call_id"] for r in table(lake, "silver.stg_api_calls")) == sorted(c.name for c in latest)
    of_hours = Counter(period_of(call.at, "hour") for call in latest)
    assert _counted(lake, "hour_start", MADE[1]) == of_hours
    assert _counted(lake, "call_date", MADE[2]) == Counter(call.at.date() for call in latest)


def _counted(lake: Lake, when: str, name: str) -> Counter[date]:
    found: Counter[date] = Counter()
    for row in table(lake, f"gold.{name}"):
        found[row[when]] += row["call_count"]
    return found


def test_a_late_call_costs_its_hour_alone() -> None:
    with new_lake() as lake:
        load_tables(lake, {BRONZE: [Call(str(n), FIRST + timedelta(hours=n)) for n in range(6)]}, 0)
        follow(lake)
        files = files_of(lake)
        load_tables(lake, {BRONZE: [Call("late", FIRST + timedelta(hours=2, minutes=9))]}, 1)
        by_hour, from_hours = follow(lake)
        assert by_hour.days == (FIRST + timedelta(hours=2),)
        assert from_hours.days == (date(2026, 3, 31),)
        assert len(files - files_of(lake)) == 1, "the files of all other hours stay"


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_trino_replaces_the_hours_and_no_others(cluster_lake: Lake, tmp_path: Path) -> None:
    send(cluster_lake, tmp_path / "first.ndjson", [Call(str(n), FIRST + timedelta(hours=n)) for n in range(6)])
    follow(cluster_lake)
    files = files_of(cluster_lake)
    moved = [Call("1", FIRST + timedelta(hours=3), 500), Call("late", FIRST + timedelta(hours=4))]
    send(cluster_lake, tmp_path / "late.ndjson", moved)
    by_hour, _ = follow(cluster_lake)
    assert by_hour.days == tuple(FIRST + timedelta(hours=n) for n in (1, 3, 4)), "that which it left, too"
    kept, now = files & files_of(cluster_lake), files_of(cluster_lake)
    assert len(kept) == 3, "the files of all other hours stay"
    assert not [t for t in cluster_lake.catalog.load_table(SILVER).scan().plan_files() if t.delete_files]
    with cluster_lake.session() as session:
        counted = session.query(
            "select hour_start, sum(call_count) as n from gold.mart_api_calls_hourly group by hour_start"
        ).to_pylist()
        (total,) = session.query("select sum(call_count) as n from gold.mart_api_calls_daily").to_pylist()
    assert {row["hour_start"]: int(row["n"]) for row in counted} == {
        FIRST + timedelta(hours=hour): calls for hour, calls in ((0, 1), (2, 1), (3, 2), (4, 2), (5, 1))
    }
    assert int(total["n"]) == 7
    follow(cluster_lake)
    assert files_of(cluster_lake) == now


def send(lake: Lake, file: Path, calls: Sequence[Call]) -> None:
    """Load calls as an application sends them."""
    sent = [
        {
            "tenant_id": "org", "call_id": c.name, "called_at": str(c.at), "endpoint": "/v1/search",
            "status": c.status, "duration_ms": c.millis,
        }
        for c in calls
    ]  # fmt: skip
    file.write_text("".join(json.dumps(call) + "\n" for call in sent))
    load(lake, [str(file)], "telemetry_api_calls")


def files_of(lake: Lake) -> set[str]:
    """The data files of the calls in silver."""
    return {task.file.file_path for task in lake.catalog.load_table(SILVER).scan().plan_files()}
