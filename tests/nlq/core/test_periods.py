"""Calendar arithmetic: periods before others, years that begin in any month, steps of a time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.core.periods import (
    BeyondCalendarError,
    before,
    periods_in,
    shift,
    unit_range,
    unit_start,
    whole_unit,
    year_before,
)
from nlq.core.plan import Grain, TimeRange

DAYS = st.dates(date(1995, 1, 1), date(2090, 12, 31))
UNITS = ("day", "week", "month", "quarter", "year")


def span(start: str, end: str) -> TimeRange:
    return TimeRange(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize(
    ("given", "earlier"),
    [
        (span("2026-03-01", "2026-03-31"), span("2026-02-01", "2026-02-28")),
        (span("2026-01-01", "2026-12-31"), span("2025-01-01", "2025-12-31")),
        (span("2026-04-01", "2026-06-30"), span("2026-01-01", "2026-03-31")),
        (span("2026-03-10", "2026-03-12"), span("2026-03-07", "2026-03-09")),
    ],
)
def test_the_period_before_is_of_the_same_kind(given: TimeRange, earlier: TimeRange) -> None:
    assert before(given) == earlier


def test_the_last_day_of_february_stays_the_last_day() -> None:
    assert year_before(span("2025-02-01", "2025-02-28")) == span("2024-02-01", "2024-02-29")
    assert year_before(span("2024-02-01", "2024-02-29")) == span("2023-02-01", "2023-02-28")


@given(DAYS, st.sampled_from(UNITS), st.integers(1, 12))
def test_a_unit_holds_its_day_and_begins_where_it_should(day: date, unit: str, first: int) -> None:
    start = unit_start(day, unit, first)
    assert start <= day < shift(start, unit, 1)
    assert unit_start(start, unit, first) == start
    if unit == "year":
        assert start.month == first


@given(DAYS, st.sampled_from(UNITS[2:]))
def test_a_whole_unit_is_known_as_one(day: date, unit: str) -> None:
    whole = unit_range(unit_start(day, unit), unit)
    assert whole_unit(whole) == unit
    assert before(whole).end == (whole.start or day) - timedelta(days=1)


@given(DAYS, st.integers(0, 800), st.sampled_from(list(Grain)))
def test_as_many_steps_as_different_starts(day: date, length: int, grain: Grain) -> None:
    days = [day + timedelta(days=n) for n in range(length + 1)]
    steps = {unit_start(d, grain) for d in days}
    assert periods_in(TimeRange(start=days[0], end=days[-1]), grain) == len(steps)


@pytest.mark.parametrize("unit", UNITS)
def test_the_last_unit_of_the_calendar_is_whole_and_nothing_comes_after_it(unit: str) -> None:
    start = unit_start(date.max, unit)
    if unit != "week":  # the calendar ends on a Friday
        assert unit_range(start, unit).end == date.max and whole_unit(unit_range(date(9999, 12, 1), "month"))
    assert periods_in(TimeRange(start=start, end=date.max), Grain(unit)) == 1
    with pytest.raises(BeyondCalendarError):
        shift(date.max, unit, 1)
    with pytest.raises(BeyondCalendarError):
        before(TimeRange(start=date.min, end=date(1, 1, 31)))
