"""Which days need work."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.builds import days, dbt_graph
from lakehouse_assets.builds.days import BUILT, Built, behind, changed_days, closure, dirty_days, note
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.upkeep.maintenance import SMALL_FILES_PER_PARTITION, tend
from lakehouse_assets.settings import Settings
from tests.assets import tiny

SILVER = "silver.silver_pgr_events"
FUNNEL = "gold.gold_pgr_funnel_daily"
DAYS = st.frozensets(st.dates(date(2020, 1, 1), date(2021, 12, 31)), max_size=40)
HOURS = st.frozensets(st.integers(0, 999).map(lambda n: datetime(2024, 2, 28) + timedelta(hours=n)), max_size=40)


@given(DAYS | HOURS, st.dictionaries(st.text(max_size=9), st.integers(1, 2**62), max_size=3))
def test_a_note_survives_its_text(pending: frozenset[date], sources: dict[str, int]) -> None:
    built = Built(frozenset({"a.b"}), sources, pending)
    assert Built.from_property(built.to_property()) == built


def events(*days: str) -> list[tiny.Event]:
    return [(f"C-{day}", "CREATED", day, 1) for day in days]


@pytest.fixture
def graph(settings: Settings) -> dbt_graph.DbtGraph:
    return dbt_graph.load(tiny.parsed(settings))


def build(lake: Lake, graph: dbt_graph.DbtGraph, days: list[date], tables: tuple[str, ...] = (SILVER,)) -> None:
    """Publish silver rows of these days as a build does, only without dbt."""
    built = note(lake, graph, list(tables), days)
    publication = open_publication(lake, run_id="test", properties={BUILT: built.to_property()})
    with publication.session() as session:
        wanted = ", ".join(f"date '{d}'" for d in days)
        rows = f"""
            select *, entity_id as complaint_id, 'STREETLIGHT' as complaint_type, 'HIGH' as priority, 48 as sla_hours
            from {session.relation(tiny.EVENTS.identifier)} where event_date in ({wanted})
        """
        publication.stage_query(tiny.CONTRACTS[SILVER], rows, session, ReplacePartitions(tuple(days)))
        publication.audit()
    publication.publish()


def test_everything_is_dirty_before_the_first_build(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    assert dirty_days(lake, graph, [SILVER]) == set()
    tiny.publish_events(lake, events("2024-03-01", "2024-03-05"))
    assert dirty_days(lake, graph, [SILVER]) == {date(2024, 3, 1), date(2024, 3, 5)}


def test_changed_days_are_those_of_new_files_only(lake: Lake) -> None:
    tiny.publish_events(lake, events("2024-03-01"))
    tiny.publish_events(lake, events("2024-03-02", "2024-03-03"))
    table = lake.catalog.load_table("bronze.service_events_raw")
    assert changed_days(table, 1) == {date(2024, 3, 2), date(2024, 3, 3)}
    assert changed_days(table, 2) == set()
    assert changed_days(table, None) == set(tiny.days("2024-03-01", 3))
    assert changed_days(table, 12345) == set(tiny.days("2024-03-01", 3)), "a table that was rolled back has all days"


def test_compaction_neither_hides_new_days_nor_makes_old_ones_new(lake: Lake) -> None:
    for n in range(SMALL_FILES_PER_PARTITION):
        tiny.publish_events(lake, [(f"A-{n}", "CREATED", "2024-03-01", 1)])
    built_at = lake.catalog.load_table("bronze.service_events_raw").last_sequence_number
    for n in range(SMALL_FILES_PER_PARTITION):
        tiny.publish_events(lake, [(f"B-{n}", "CREATED", "2024-03-02", 1)])
    assert tend(lake, tiny.EVENTS, run_id="test") == (2, False)
    table = lake.catalog.load_table("bronze.service_events_raw")
    assert len(list(table.scan().plan_files())) == 2
    assert changed_days(table, built_at) == {date(2024, 3, 2)}


def test_closure_follows_moved_records_to_the_end(lake: Lake) -> None:
    chain = [("A", "CREATED", "2024-03-01", 1), ("A", "CREATED", "2024-03-04", 2), ("B", "CREATED", "2024-03-04", 1)]
    chain += [("B", "CREATED", "2024-03-09", 2), ("C", "CREATED", "2024-03-20", 1)]
    tiny.publish_events(lake, chain, key_day=False)
    with lake.session(writer=True) as session:
        assert closure(session, tiny.EVENTS, [date(2024, 3, 1)]) == {
            date(2024, 3, 1), date(2024, 3, 4), date(2024, 3, 9)
        }  # fmt: skip
        assert closure(session, tiny.EVENTS, [date(2024, 3, 20)]) == {date(2024, 3, 20)}


def test_a_build_leaves_only_the_days_it_did_not_cover(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    tiny.publish_events(lake, events("2024-03-01", "2024-03-05"))
    build(lake, graph, [date(2024, 3, 1)])
    assert dirty_days(lake, graph, [SILVER]) == {date(2024, 3, 5)}
    tiny.publish_events(lake, events("2024-03-07"))
    build(lake, graph, [date(2024, 3, 7)])
    assert dirty_days(lake, graph, [SILVER]) == {date(2024, 3, 5)}
    build(lake, graph, [date(2024, 3, 5)])
    assert dirty_days(lake, graph, [SILVER]) == set()
    tiny.publish_events(lake, [("late", "CREATED", "2024-03-01", 3)])
    assert dirty_days(lake, graph, [SILVER]) == {date(2024, 3, 1)}


def test_a_table_that_did_not_change_counts_as_built_with_its_sisters(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    tiny.publish_events(lake, events("2024-03-01"))
    build(lake, graph, [date(2024, 3, 1)], (SILVER, FUNNEL))
    assert FUNNEL not in lake.catalog.heads()
    assert dirty_days(lake, graph, [SILVER, FUNNEL]) == set()


def test_a_build_of_gold_alone_does_not_hide_that_silver_is_behind(lake: Lake, graph: dbt_graph.DbtGraph) -> None:
    tiny.publish_events(lake, events("2024-03-01"))
    assert note(lake, graph, [FUNNEL], [date(2024, 3, 1)]).pending == {date(2024, 3, 1)}


def test_a_whole_table_is_behind_once_its_input_moved(lake: Lake) -> None:
    whole, read = "semantic.mv_pgr_ward_summary", tiny.EVENTS.identifier

    def refresh() -> None:
        publication = open_publication(lake, run_id="test")
        publication.record_inputs([read])
        with publication.session() as session:
            contract = tiny.CONTRACTS[whole]
            columns = ", ".join(f"{_some(kind)} as {name}" for name, kind in contract.types.items())
            publication.stage_query(contract, f"select {columns}", session, ReplaceTable())
            publication.audit()
        publication.publish()

    assert behind(lake, whole, [read])
    for day in ("2024-03-01", "2024-03-02"):
        tiny.publish_events(lake, events(day))
        assert behind(lake, whole, [read])
        refresh()
        assert not behind(lake, whole, [read])


def _some(kind: str) -> str:
    return "'x'" if kind == "VARCHAR" else "0"


class SlowPath(str):
    """The path of a manifest that lets other threads run wherever it is looked up."""

    def __hash__(self) -> int:
        time.sleep(random.uniform(0, 1e-4))
        return super().__hash__()


def test_threads_may_ask_while_others_take_the_room_of_what_they_ask_for() -> None:
    def ask(path: str) -> list[Any]:
        manifest = SimpleNamespace(manifest_path=path, fetch_manifest_entry=lambda *_, **__: [])
        return days._held(cast("Any", SimpleNamespace(io=None)), cast("Any", manifest), 1, "day")

    def ask_together(kind: str) -> None:
        for number in range(200):
            together.wait()
            ask(SlowPath(f"{kind}{number}"))

    for number in range(days._REMEMBERED):
        ask(f"full{number}")
    together = Barrier(3, timeout=10)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask_together, ["full", "full", "new"]))
