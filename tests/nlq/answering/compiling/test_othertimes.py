"""A time of which nothing can be known, for all data are of one day: other times are offered, if there are any."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nlq.answering.compiling.othertimes import OneDayError, refuse_one_day
from nlq.answering.tables.coverage import Known
from nlq.core.plan import Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary

DAY = date(2023, 1, 1)
TERMS = ("model_year", "sold_on", "colour")
CARS = Vocabulary.of(
    [Metric("cars", "Cars", "Cars made.", (), "simple", "integer", "cars", dimensions=frozenset(TERMS))],
    [
        Dimension("model_year", "Model year", "", (), "categorical", Values((1970, 1974, 1979))),
        Dimension("sold_on", "Sold on", "", (), "time", Values(())),
        Dimension("colour", "Colour", "", (), "categorical", Values(("red",))),
    ],
)
ONE_DAY = Known(DAY, DAY)


def cars(start: date | None, end: date | None, **more: Any) -> Plan:
    return Plan(metrics=("cars",), time_range=TimeRange(start=start, end=end), **more)


def offered(plan: Plan, known: Known | None = ONE_DAY) -> list[str]:
    try:
        refuse_one_day(plan, known, CARS)
    except OneDayError as error:
        return [one.canonical() for one in error.plans]
    return []


@pytest.mark.parametrize(
    ("plan", "years"),
    [
        (cars(date(1974, 1, 1), date(1974, 12, 31)), ["ge 1974", "le 1974"]),
        (cars(None, date(1979, 12, 31)), ["le 1979"]),
        (cars(date(1980, 1, 1), date(1989, 12, 31)), ["ge 1980", "le 1989"]),
    ],
)
def test_whole_years_are_offered_by_a_year_and_by_every_other_time(plan: Plan, years: list[str]) -> None:
    with pytest.raises(OneDayError) as raised:
        refuse_one_day(plan, ONE_DAY, CARS)
    by_year, by_time = raised.value.plans
    assert [f"{f.operator.value} {f.values[0]}" for f in by_year.filters] == years and by_year.time_range is None
    assert (by_time.time_of, by_time.time_range) == ("sold_on", plan.time_range)


def test_parts_of_years_are_offered_by_times_alone() -> None:
    assert len(offered(cars(date(1974, 3, 1), date(1974, 12, 31)))) == 1
    assert len(offered(cars(date(1974, 1, 1), date(1974, 12, 31), grain="month"))) == 1


def test_what_is_known_or_goes_by_another_time_already_is_left_alone() -> None:
    assert offered(cars(date(2023, 1, 1), date(2023, 12, 31))) == []
    assert offered(cars(date(1974, 1, 1), date(1974, 12, 31), time_of="sold_on")) == []
    assert offered(Plan(metrics=("cars",))) == []
    for known in (None, Known(), Known(date(2022, 1, 1), DAY)):
        assert offered(cars(date(1974, 1, 1), date(1974, 12, 31)), known) == []
