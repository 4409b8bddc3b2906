"""Days into runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.assets.metadata import partitions as partitions_
from lakehouse_assets.assets.metadata.held import Held
from lakehouse_assets.assets.metadata.partitions import (
    MAX_GAP_DAYS,
    MAX_GAP_HOURS,
    daily,
    hourly,
    key_of,
    left_out,
    padded,
    partitions_of,
    range_tags,
    shown,
    stretches,
    value_of,
    within,
)
from lakehouse_assets.builds.groups import Group
from lakehouse_assets.lakehouse.periods import HOUR, Unit
from lakehouse_assets.settings import Settings

HOURS = st.sets(st.integers(0, 500).map(lambda n: datetime(2024, 2, 20) + n * HOUR), max_size=60)
KINDS_OF_GROUPS: tuple[tuple[str, Unit], ...] = (("_by_hour", "hour"), ("_from_hours", "day"), ("", "day"))
DAYS = st.sets(st.dates(date(2020, 1, 1), date(2023, 12, 31)), max_size=60)


@settings(deadline=None)
@given(DAYS)
def test_stretches_hold_every_day_and_begin_and_end_with_one(days: set[date]) -> None:
    found = stretches(days)
    assert all(any(first <= d <= last for first, last in found) for d in days)
    assert all(first in days and last in days for first, last in found)
    assert all(b[0] - a[1] > timedelta(days=MAX_GAP_DAYS) for a, b in pairwise(found))


def test_a_weekend_does_not_split_a_run() -> None:
    days = [date(2024, 1, 5), date(2024, 1, 8)]
    assert stretches(days) == [(date(2024, 1, 5), date(2024, 1, 8))]
    assert stretches(days, max_gap=1) == [(d, d) for d in days]


def test_a_domain_has_days_from_its_first_to_today() -> None:
    partitions = daily("pgr")
    assert partitions and partitions.get_first_partition_key() == "2010-01-01"
    far = date(1999, 1, 1)
    assert within(partitions, [far, date(2024, 5, 1)]) == [date(2024, 5, 1)]
    assert daily("platform") is None


def test_range_tags_are_dagsters() -> None:
    tags = range_tags(date(2024, 1, 1), date(2024, 1, 3))
    assert daily("pgr").get_partition_keys_in_range(  # pyright: ignore[reportOptionalMemberAccess]
        dg.PartitionKeyRange(tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"])
    ) == ["2024-01-01", "2024-01-02", "2024-01-03"]


@settings(deadline=None)
@given(HOURS)
def test_stretches_of_hours_end_where_a_stream_rests(hours: set[date]) -> None:
    found = stretches(hours)
    assert all(any(first <= h <= last for first, last in found) for h in hours)
    assert all(first in hours and last in hours for first, last in found)
    assert all(b[0] - a[1] > MAX_GAP_HOURS * HOUR for a, b in pairwise(found))


@given(st.dates() | st.integers(0, 500).map(lambda n: datetime(2024, 2, 20) + n * HOUR))
def test_days_and_hours_are_called_as_dagster_calls_them(value: date) -> None:
    assert value_of(key_of(value)) == value


def test_hours_are_partitions_of_dagster() -> None:
    hours = dg.HourlyPartitionsDefinition(start_date=datetime(2024, 2, 28), end_offset=1)
    tags = range_tags(datetime(2024, 2, 28, 23), datetime(2024, 2, 29, 1))
    first, last = tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"]
    keys = hours.get_partition_keys_in_range(dg.PartitionKeyRange(first, last))
    assert [value_of(key) for key in keys] == [datetime(2024, 2, 28, 23) + n * HOUR for n in range(3)]
    assert within(hours, [datetime(2024, 2, 27, 23), datetime(2024, 2, 28)]) == [datetime(2024, 2, 28)]


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_days_made_of_hours_begin_where_these_do_wherever_the_project_is(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions_, "get_settings", lambda: Settings(profile="local", time_zone=zone))
    daily.cache_clear()
    by_hour, of_hours, usual = (Group(f"telemetry{kind}", "telemetry", unit, ()) for kind, unit in KINDS_OF_GROUPS)
    try:
        hours, days, own = map(partitions_of, (by_hour, of_hours, usual))
        assert hours and days and own and own.timezone == zone
        newest = value_of(hours.get_last_partition_key() or "")
        assert isinstance(newest, datetime)
        assert days.get_last_partition_key() == str(newest.date()), "each hour that is built has its day"
        assert left_out(of_hours, [newest.date()]) == []
    finally:
        daily.cache_clear()


def test_what_is_shown_begins_with_the_data_and_ends_with_what_has_ended() -> None:
    today = datetime.now(UTC).date()
    usual, hours = daily("pgr"), hourly("telemetry")
    assert usual and hours
    old = Held(date(2024, 5, 2), today - timedelta(days=1))
    days, of_hours = shown(usual, old), shown(hours, old)
    assert days and of_hours
    assert (days.get_first_partition_key(), days.get_last_partition_key()) == ("2024-05-02", str(old.last))
    assert of_hours.get_first_partition_key() == "2024-05-02-00:00", "so each day has all of its hours"

    live = shown(usual, Held(date(1999, 1, 1), today))
    assert live and live.get_last_partition_key() == str(today)
    assert live.get_first_partition_key() == "2010-01-01", "earlier days are refused, whatever is held"
    assert shown(usual, None) is usual and shown(None, old) is None


@given(st.sets(st.integers(1, 200), min_size=1, max_size=9), st.booleans())
def test_padded_ranges_hold_all_that_they_held_and_nothing_to_come(ago: set[int], by_hour: bool) -> None:
    partitions = hourly("telemetry") if by_hour else daily("pgr")
    assert partitions
    newest = value_of(partitions.get_last_partition_key() or "")
    unit, gap = (HOUR, MAX_GAP_HOURS) if by_hour else (timedelta(days=1), MAX_GAP_DAYS)
    ranges = stretches(newest - unit * n for n in ago)
    found = padded(ranges, partitions)
    assert len(found) == len(ranges)
    assert all(a[0] <= b[0] and b[1] <= a[1] < newest for a, b in zip(found, ranges, strict=True))
    assert (found[-1][1] == newest - unit) is (min(ago) <= gap + 1)
    assert found[1:-1] == ranges[1:-1]
    assert padded([], partitions) == []
