"""After the time zone was changed nothing is mixed, and days become what they would have been from the beginning."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime

import pytest

from lakehouse_assets.assets.transform import rebuild
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days, refuse_hours
from lakehouse_assets.builds.rezoning import rezone
from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest import load_records
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.lakehouse.contract import Partition
from lakehouse_assets.lakehouse.iceberg.days_of import OtherZoneError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.dbt_project.building import CONTRACTS, PGR_MODELS, load, tables
from tests.dbt_project.test_incremental import EVENTS, random_feed
from tests.dbt_project.test_zones import there
from tests.zones import local

ZONE = "Asia/Kolkata"
TABLES = [c.identifier for c in CONTRACTS.values() if c.table in PGR_MODELS]


def build(lake: Lake, days: set[date]) -> None:
    """Build as a run of these days does."""
    graph = dbt_graph.load(lake.settings)
    result = rebuild(lake, graph, CONTRACTS, graph.in_order(TABLES), days, run_id="test")
    assert not result.failures


def all_tables(lake: Lake) -> dict[str, list]:
    return dict(tables(lake, [*PGR_MODELS, "service_events_raw"]))


def test_a_changed_zone_is_refused_until_every_day_is_made_anew(settings: Settings, tmp_path) -> None:
    utc, moved = Lake(settings), Lake(settings.model_copy(update={"time_zone": ZONE}))
    fresh = Lake(settings.model_copy(update={"time_zone": ZONE, "home": tmp_path / "fresh"}))
    events = [event for records in random_feed(random.Random(3)) for event in records]
    early, late = events[:-5], events[-5:]
    build(utc, load(utc, EVENTS, early, 0))
    before = all_tables(utc)

    with pytest.raises(OtherZoneError, match=rf"{EVENTS} has days of UTC, and ASKLAKE_TIME_ZONE is {ZONE}"):
        load(moved, EVENTS, [there(ZONE, event) for event in late], 1)
    with pytest.raises(OtherZoneError, match="asklake rezone"):
        build(moved, {late[0].time.date()})
    assert all_tables(moved) == before

    (done,) = rezone(moved, [contract_of(EVENTS)], [*all_sources().values()], run_id="test")
    others = sum(local(event.time, ZONE).date() != event.time.date() for event in early)
    assert (done.identifier, done.before, done.rows, done.moved) == (EVENTS, "UTC", len(early), others)
    assert not list(rezone(moved, [contract_of(EVENTS)], [], run_id="test"))
    graph = dbt_graph.load(settings)
    days = dirty_days(moved, graph, TABLES)
    # A run of any of the days makes all anew.
    build(moved, {min(days)})
    assert not dirty_days(moved, graph, TABLES)
    build(moved, load(moved, EVENTS, [there(ZONE, event) for event in late], 1))

    build(fresh, load(fresh, EVENTS, [there(ZONE, event) for event in early], 0))
    build(fresh, load(fresh, EVENTS, [there(ZONE, event) for event in late], 1))
    assert all_tables(moved) == all_tables(fresh)


def test_notes_of_loads_say_the_days_that_their_rows_have_now(settings: Settings, tmp_path) -> None:
    utc, moved = Lake(settings), Lake(settings.model_copy(update={"time_zone": ZONE}))
    fresh = Lake(settings.model_copy(update={"time_zone": ZONE, "home": tmp_path / "fresh"}))
    early, late = [pushed(1, 20), pushed(2, 3)], [pushed(4, 20)]
    of_other = {"sale_time": "2026-06-03 20:00:00", "order_id": "o", "line_id": "1", "product_id": "p",
                "product_name": "Tea", "category": "Drinks", "country": "IN", "channel": "WEB", "quantity": "1",
                "unit_price": "2.50", "tenant_id": "acme"}  # fmt: skip
    for lake in (utc, fresh):
        for name, records in (("a", early), ("b", late)):
            load_records(lake, records, source="pgr_events", key=name)
        load_records(lake, [of_other], source="sales_csv", key="c")
    assert noted(utc) != noted(fresh)

    (done,) = rezone(moved, [contract_of(EVENTS)], [*all_sources().values()], run_id="test")
    assert (done.rows, done.moved) == (3, 2)
    sales = ("records://c", date(2026, 6, 3), date(2026, 6, 3))
    assert noted(moved) == [*noted(fresh)[:2], sales]

    # The note is the same load's as before, and what comes later is later.
    again = load_records(moved, early, source="pgr_events", key="a")
    assert (again.already_loaded, again.days) == (True, (date(2026, 6, 2),))
    load_records(moved, [pushed(5, 1)], source="pgr_events", key="d")
    assert len({at for *_, at in rows_of_loads(moved)}) == 4
    assert rows_of_loads(moved)[-1][0] == "records://d"


def pushed(day: int, hour: int) -> dict[str, str]:
    """An event of June 2026, in UTC, as a program pushes it."""
    return {
        "tenant_id": "pg.citya", "event_time": f"2026-06-{day:02} {hour:02}:15:00", "service": "PGR",
        "entity_type": "COMPLAINT", "entity_id": f"PGR-{day}", "event_type": "CREATED", "channel": "WEB",
    }  # fmt: skip


def noted(lake: Lake) -> list[tuple[str, date, date]]:
    """File, first and last day of each load."""
    return [(file, first, last) for file, first, last, _ in rows_of_loads(lake)]


def rows_of_loads(lake: Lake) -> list[tuple[str, date, date, datetime]]:
    """File, first and last day, and time of each load, in the order of their times."""
    with lake.session() as session:
        rows = session.query("select source_file, first_day, last_day, loaded_at from bronze.loads order by loaded_at")
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_days_of_a_zone_are_not_made_of_hours(settings: Settings) -> None:
    graph, contracts = dbt_graph.load(settings), {t: contract_of(t) for t in (EVENTS, *TABLES)}
    by_hour = replace(contracts[EVENTS], partitions=(Partition("event_time", "hour"),), days_of_utc=True)
    of_utc = {t: replace(contract, days_of_utc=True) for t, contract in contracts.items()}
    refuse_hours(ZONE, graph, contracts, TABLES)
    refuse_hours("UTC", graph, contracts | {EVENTS: by_hour}, TABLES)
    refuse_hours(ZONE, graph, of_utc | {EVENTS: by_hour}, TABLES)
    with pytest.raises(OtherZoneError, match=f"is made of {EVENTS}, whose hours are those of UTC"):
        refuse_hours(ZONE, graph, contracts | {EVENTS: by_hour}, TABLES)
