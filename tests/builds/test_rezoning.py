"""After the time zone was changed nothing is mixed, and days become what they would have been from the beginning."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from lakehouse_assets.assets.transform import rebuild
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days, refuse_hours
from lakehouse_assets.builds.rezoning import rezone
from lakehouse_assets.domains import contract_of
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


def test_days_of_a_zone_are_not_made_of_hours(settings: Settings) -> None:
    graph, contracts = dbt_graph.load(settings), {t: contract_of(t) for t in (EVENTS, *TABLES)}
    by_hour = replace(contracts[EVENTS], partitions=(Partition("event_time", "hour"),), days_of_utc=True)
    of_utc = {t: replace(contract, days_of_utc=True) for t, contract in contracts.items()}
    refuse_hours(ZONE, graph, contracts, TABLES)
    refuse_hours("UTC", graph, contracts | {EVENTS: by_hour}, TABLES)
    refuse_hours(ZONE, graph, of_utc | {EVENTS: by_hour}, TABLES)
    with pytest.raises(OtherZoneError, match=f"is made of {EVENTS}, whose hours are those of UTC"):
        refuse_hours(ZONE, graph, contracts | {EVENTS: by_hour}, TABLES)
