"""Days and months."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.periods import days_between, first_of, ordinal, period_end, period_of, spans

days = st.dates(date(2019, 12, 1), date(2021, 3, 31))


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
