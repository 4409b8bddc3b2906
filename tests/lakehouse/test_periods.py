"""Days and months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.periods import (
    HOUR,
    days_between,
    first_of,
    from_text,
    ordinal,
    period_end,
    period_of,
    periods_in,
    spans,
    to_text,
    unit_among,
)

days = st.dates(date(2019, 12, 1), date(2021, 3, 31))
hours = st.datetimes(datetime(2023, 12, 30), datetime(2024, 3, 2)).map(lambda t: period_of(t, "hour"))


@given(st.lists(days))
def test_spans_cover_exactly_the_days(values: list[date]) -> None:
    covered = [d for first, last in spans(values) for d in days_between(first, last)]
    assert covered == sorted(set(values))


@given(st.lists(days))
def test_spans_of_months_cover_whole_months(values: list[date]) -> None:
    covered = {d for first, last in spans(values, "month") for d in days_between(first, last)}
    assert {period_of(d, "month") for d in covered} == {period_of(v, "month") for v in values}
    assert all(period_end(period_of(v, "month"), "month") in covered for v in values)


@given(st.lists(days))
def test_spans_never_touch(values: list[date]) -> None:
    found = spans(values)
    assert all((b[0] - a[1]).days > 1 for a, b in pairwise(found))


@given(days)
def test_ordinals_are_those_of_iceberg(value: date) -> None:
    assert first_of(ordinal(value, "day"), "day") == value
    assert first_of(ordinal(value, "month"), "month") == period_of(value, "month")
    assert ordinal(date(1970, 2, 1), "month") == 1


@given(st.sets(hours))
def test_spans_of_hours_cover_exactly_the_hours_and_never_touch(values: set[date]) -> None:
    found = spans(values, "hour")
    assert [h for first, last in found for h in days_between(first, last)] == sorted(values)
    assert all(b[0] - a[1] > HOUR for a, b in pairwise(found))


@given(st.sets(days | hours))
def test_a_day_is_its_hours_and_an_hour_lies_in_its_day(values: set[date]) -> None:
    every = periods_in(values, "hour")
    assert periods_in(every, "day") == periods_in(values, "day")
    assert periods_in([v for v in values if not isinstance(v, datetime)], "hour") <= every
    assert {v for v in values if isinstance(v, datetime)} <= every
    assert len(periods_in([date(2024, 2, 29)], "hour")) == 24


@given(hours)
def test_ordinals_of_hours_are_those_of_iceberg(value: date) -> None:
    from pyiceberg.transforms import HourTransform
    from pyiceberg.types import TimestampType

    assert isinstance(value, datetime)
    micros = (value - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    assert ordinal(value, "hour") == HourTransform().transform(TimestampType())(micros)
    assert first_of(ordinal(value, "hour"), "hour") == value


@given(st.sets(days) | st.sets(hours))
def test_days_and_hours_survive_their_texts(values: set[date]) -> None:
    read = {from_text(to_text(v)) for v in values}
    assert read == values
    assert unit_among(read) == unit_among(values)
