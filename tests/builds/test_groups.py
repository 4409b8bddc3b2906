"""Which tables are built together."""

from __future__ import annotations

import polars as pl
import pytest

from lakehouse_assets.builds.dbt_graph import DbtGraph, DbtModel
from lakehouse_assets.builds.groups import groups
from lakehouse_assets.lakehouse.contract import Contract, Partition, TableModel, Timestamp, column, day, hour


class Moments(TableModel):
    """Moments."""

    at: Timestamp = column("A time.")
    on: pl.Date = column("Its day.")


BY_HOUR, BY_DAY = hour("at"), day("on")
READS = {
    "silver.calls": ("bronze.calls",),
    "gold.calls_hourly": ("silver.calls",),
    "gold.calls_daily": ("gold.calls_hourly",),
    "gold.calls_by_user": ("silver.calls", "silver.users"),
    "silver.users": ("bronze.users",),
}
PARTITIONS = {
    "bronze.calls": BY_HOUR, "silver.calls": BY_HOUR, "gold.calls_hourly": BY_HOUR, "bronze.users": BY_DAY,
}  # fmt: skip


def contract(identifier: str, partition: Partition) -> Contract:
    layer, table = identifier.split(".")
    return Contract(
        Moments, table, layer, "telemetry", grain="moment", owner="team:t", partitions=(partition,),  # pyright: ignore
        days_of_utc=True,
    )  # fmt: skip


CONTRACTS = {i: contract(i, PARTITIONS.get(i, BY_DAY)) for i in (*PARTITIONS, *READS)}
GRAPH = DbtGraph(
    models=tuple(DbtModel(i.split(".")[1], i, reads, "1", "") for i, reads in READS.items()), tests=(), saved_queries=()
)


def test_tables_by_hour_and_what_is_made_of_them_alone_have_runs_of_their_own() -> None:
    found = {group.name: group for group in groups(GRAPH, CONTRACTS)}
    assert list(found) == ["telemetry", "telemetry_by_hour", "telemetry_from_hours"]
    assert found["telemetry"].tables == ("gold.calls_by_user", "silver.users"), "a stream beside it is not all it reads"
    assert found["telemetry_by_hour"].tables == ("gold.calls_hourly", "silver.calls")
    assert found["telemetry_from_hours"].tables == ("gold.calls_daily",)
    assert [group.unit for group in found.values()] == ["day", "hour", "day"]
    assert [group.follows_hours for group in found.values()] == [False, False, True]


@pytest.mark.parametrize("table", READS)
def test_of_some_tables_each_is_in_the_group_that_it_is_in_among_all(table: str) -> None:
    (group,) = groups(GRAPH, CONTRACTS, [table])
    assert group.name in {g.name for g in groups(GRAPH, CONTRACTS) if table in g.tables}


def test_a_domain_without_hours_is_one_group() -> None:
    by_day = {i: contract(i, BY_DAY) for i in CONTRACTS}
    (group,) = groups(GRAPH, by_day)
    assert (group.name, group.unit, set(group.tables)) == ("telemetry", "day", set(READS))
