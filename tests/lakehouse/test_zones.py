"""Days and hours of instants in SQL are those of Python's time zones, whatever zone the engine's session is in."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from lakehouse_assets.lakehouse.contract import rule
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT as DUCKDB
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.engines.trino_spec import DIALECT as TRINO
from lakehouse_assets.lakehouse.evaluation import decided, in_utc
from lakehouse_assets.lakehouse.zones import IN_UTC, localised, today_in
from lakehouse_assets.settings.types import zones
from tests.zones import ZONES, local

TYPES = {"day": "DATE", "t": "TIMESTAMP"}
instants = st.datetimes(datetime(1996, 1, 1), datetime(2036, 12, 31))


@pytest.fixture(scope="module")
def con():
    with open_instance() as opened:
        yield opened


@settings(max_examples=150, deadline=None)
@given(st.lists(instants, min_size=1, max_size=40), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_days_and_hours_are_those_of_the_zone(con, moments: list[datetime], zone: str, session: str) -> None:
    clock = DUCKDB.local_time(zone)
    con.execute(f"set timezone = '{session}'")
    found = con.execute(
        f"select {clock.of('t')}, {clock.business_day('t')}, {clock.local_hour('t')} "
        "from (select unnest(cast(? as timestamp[])) as t)",
        [moments],
    ).fetchall()
    shown = [local(moment, zone) for moment in moments]
    assert found == [(at, at.date(), at.hour) for at in shown]


def test_the_engine_has_every_zone_that_may_be_stated(con) -> None:
    clocks = ", ".join(DUCKDB.local_time(zone).of("timestamp '2026-07-01 12:00:00'") for zone in sorted(zones()))
    (found,) = con.execute(f"select {clocks}").fetchall()
    assert list(found) == [local(datetime(2026, 7, 1, 12), zone) for zone in sorted(zones())]


def test_a_day_on_which_clocks_change_has_23_or_25_hours(con) -> None:
    day = DUCKDB.local_time("America/New_York").business_day("t")
    per_day = dict(
        con.execute(
            f"select {day} as day, count(*) from (select unnest(generate_series(timestamp '2024-01-01', "
            "timestamp '2025-01-03', interval 1 hour)) as t) group by day"
        ).fetchall()
    )
    odd = {d: n for d, n in per_day.items() if d.year == 2024 and n != 24}
    assert odd == {date(2024, 3, 10): 23, date(2024, 11, 3): 25}


@pytest.mark.parametrize("dialect", [DUCKDB, TRINO])
def test_without_a_zone_the_sql_is_what_it_was(dialect) -> None:
    assert decided("not (day = business_day(t))", TYPES, dialect.name) == decided(
        "not (day = cast(t as date))", TYPES, dialect.name
    )
    assert dialect.local_time("UTC").of("t") == "t"
    assert decided("day = business_day(t)", TYPES, dialect.name, dialect.local_time("Asia/Kolkata")) != decided(
        "day = business_day(t)", TYPES, dialect.name
    )


def test_a_rule_finds_the_rows_of_another_day(con) -> None:
    failing = decided("not (day = business_day(t))", TYPES, "duckdb", DUCKDB.local_time("Asia/Kolkata"))
    rows = (
        "(values (date '2024-05-02', timestamp '2024-05-01 18:30'), (date '2024-05-01', timestamp '2024-05-01 18:30'))"
    )
    assert con.execute(f"select day from {rows} as rows_(day, t) where {failing}").fetchall() == [(date(2024, 5, 1),)]


def test_polars_judges_by_utc_and_wrong_calls_are_refused() -> None:
    assert rule("r", "day = business_day(t)", description="d").as_check()
    assert in_utc("local_hour(t) < 24") == "CAST(EXTRACT(HOUR FROM t) AS INTEGER) < 24"
    with pytest.raises(ValueError, match="business_day takes one timestamp, not 2"):
        localised(parse_one("business_day(a, b)", read="trino"), "trino", IN_UTC)


def test_today_is_never_behind_at_the_other_end_of_the_calendar() -> None:
    assert 0 <= (today_in("Pacific/Kiritimati") - today_in("Etc/GMT+12")).days <= 2
