"""Records that are taken back: the days that lost them are built again, and stand empty where none is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from lakehouse_assets.assets.transform import rebuild
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.upkeep.maintenance import SMALL_FILES_PER_PARTITION, tend
from lakehouse_assets.settings import Settings
from tests.assets import tiny
from tests.builds.test_days import SILVER, build, events

BRONZE = "bronze.service_events_raw"
FUNNEL = "gold.gold_pgr_funnel_daily"
FIRST, SECOND, THIRD = tiny.days("2024-03-01", 3)


@pytest.fixture
def graph(settings: Settings) -> dbt_graph.DbtGraph:
    return dbt_graph.load(tiny.parsed(settings))


def take_back(lake: Lake, load: str) -> None:
    """Delete the rows of one load, as whoever undoes it would."""
    lake.catalog.load_table(BRONZE).delete(f"load_id = '{load}'")


def two_loads(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    """Load 1 on two days, load 2 on the second of them and the one after, all of it built."""
    tiny.publish_events(lake, events("2024-03-01", "2024-03-02"))
    tiny.publish_events(lake, [("D-2", "CREATED", "2024-03-02", 2), ("D-3", "CREATED", "2024-03-03", 2)])
    build(lake, graph, [FIRST, SECOND, THIRD])
    assert dirty_days(lake, graph, [SILVER]) == set()


def test_the_days_that_lost_records_are_dirty(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    two_loads(lake, graph)
    take_back(lake, "load-2")
    assert dirty_days(lake, graph, [SILVER]) == {SECOND, THIRD}
    tiny.publish_events(lake, [("E-1", "CREATED", "2024-03-01", 3)])
    assert dirty_days(lake, graph, [SILVER]) == {FIRST, SECOND, THIRD}
    build(lake, graph, [FIRST, SECOND, THIRD])
    assert dirty_days(lake, graph, [SILVER]) == set()


def test_of_a_file_with_records_of_two_loads_the_rest_stays(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    tiny.publish_events(lake, [("A", "CREATED", "2024-03-01", 1), ("B", "CREATED", "2024-03-01", 2)])
    tiny.publish_events(lake, events("2024-03-02"))
    build(lake, graph, [FIRST, SECOND])
    take_back(lake, "load-2")
    assert dirty_days(lake, graph, [SILVER]) == {FIRST}


def test_where_no_history_says_which_days_lost_records_all_are_dirty(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    two_loads(lake, graph)
    take_back(lake, "load-2")
    table = lake.catalog.load_table(BRONZE)
    older = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id != table.metadata.current_snapshot_id]
    table.maintenance.expire_snapshots().by_ids(older).commit()
    assert dirty_days(lake, graph, [SILVER]) == {FIRST, SECOND, THIRD}, "the third, of which bronze has no file, too"


def test_without_history_new_records_make_no_other_day_dirty(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    two_loads(lake, graph)
    tiny.publish_events(lake, [("E-1", "CREATED", "2024-03-01", 3)])
    table = lake.catalog.load_table(BRONZE)
    older = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id != table.metadata.current_snapshot_id]
    table.maintenance.expire_snapshots().by_ids(older).commit()
    assert dirty_days(lake, graph, [SILVER]) == {FIRST}


def test_compaction_takes_nothing_back(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    """Neither of what was built, nor of what is put together with what was not."""
    for n in range(SMALL_FILES_PER_PARTITION):
        tiny.publish_events(lake, [(f"A-{n}", "CREATED", "2024-03-01", 1)])
        tiny.publish_events(lake, [(f"B-{n}", "CREATED", "2024-03-02", 1)])
    build(lake, graph, [FIRST, SECOND])
    tiny.publish_events(lake, [("new", "CREATED", "2024-03-02", 1)])
    tend(lake, tiny.EVENTS, run_id="test")
    assert dirty_days(lake, graph, [SILVER]) == {SECOND}


def contents(lake: Lake, tables: Sequence[str]) -> dict[str, list[str]]:
    """The rows of tables, in an order that depends on them alone."""
    with lake.session() as session:
        return {t: sorted(map(str, session.query(f"select * from {t}").to_pylist())) for t in tables}


def test_a_day_that_lost_all_is_empty_and_a_record_that_had_moved_is_back(
    lake: Lake, graph: dbt_graph.DbtGraph
) -> None:
    tables = graph.in_order(m.table for m in graph.models if tiny.CONTRACTS[m.table].domain == "pgr")
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1), ("C3", "CREATED", "2024-03-02", 1)], key_day=False)
    moved = [
        ("C1", "CREATED", "2024-03-09", 2),
        ("C2", "CREATED", "2024-04-12", 2),
        ("C3", "RESOLVED", "2024-04-12", 2),
    ]
    tiny.publish_events(lake, moved, key_day=False)
    rebuild(lake, graph, tiny.CONTRACTS, tables, dirty_days(lake, graph, tables), run_id="test")
    take_back(lake, "load-2")
    result = rebuild(lake, graph, tiny.CONTRACTS, tables, dirty_days(lake, graph, tables), run_id="test")
    assert set(result.days) == {date(2024, 3, 1), date(2024, 3, 9), date(2024, 4, 12)}
    assert dirty_days(lake, graph, tables) == set()
    found = contents(lake, tables)
    assert [len(found[t]) for t in (SILVER, FUNNEL)] == [2, 2]
    rebuild(lake, graph, tiny.CONTRACTS, tables, [], run_id="test")
    assert contents(lake, tables) == found
