"""Days and months that recur, beside dates and beside what a layer itself calls so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlq.core.dateparts import DATE_PARTS, MONTH_OF_YEAR, WEEKDAY, WEEKDAYS
from nlq.core.outcome import Clarify, Outcome, Planned, Refused
from nlq.core.plan import Operator, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import complaints

TODAY = date(2026, 7, 15)


def trips(*own: Dimension) -> Planner:
    """A layer with one metric of two dimensions of its own, and the parts of the calendar."""
    names = frozenset({"trip__city", *(d.name for d in own), *DATE_PARTS})
    city = Dimension("trip__city", "City", values=Values(("Bern", "Chur")))
    counted = Metric("trips", "Trips", dimensions=names, subjects=frozenset({"trip"}))
    return Planner(Vocabulary.of([counted], [city, *own, *DATE_PARTS.values()]))


def asked(planner: Planner, question: str) -> Outcome:
    return planner.plan(question, TODAY)


def choices(outcome: Outcome) -> set[str]:
    assert isinstance(outcome, Clarify), outcome
    return {choice.question for choice in outcome.choices}


def groups(outcome: Outcome) -> tuple[str, ...]:
    assert isinstance(outcome, Planned), outcome
    return outcome.plan.group_by


@pytest.mark.parametrize(
    "own", [Dimension("trip__weekday", "Weekday"), Dimension("trip__dow", "Start", synonyms=("day of the week",))]
)
def test_the_layers_own_weekday_is_meant(own: Dimension) -> None:
    said = "weekday" if own.column == "weekday" else "day of the week"
    assert groups(asked(trips(own), f"trips by {said}")) == (own.name,)
    assert groups(asked(trips(), f"trips by {said}")) == (WEEKDAY,)


def test_the_layers_own_days_are_meant_where_its_weekday_has_them() -> None:
    outcome = asked(trips(Dimension("trip__weekday", "Weekday", values=Values(WEEKDAYS))), "trips on Mondays")
    assert isinstance(outcome, Planned)
    assert [(f.dimension, f.values) for f in outcome.plan.filters] == [("trip__weekday", ("Monday",))]


def test_it_is_asked_back_where_the_layer_has_something_like_it() -> None:
    delivery = Dimension("trip__delivery_weekday", "Delivery weekday")
    assert choices(asked(trips(delivery), "trips by weekday")) == {"Trips by Delivery weekday", "Trips by Weekday"}
    shifts = Dimension("trip__shift", "Shift", values=Values(("Monday", "Night")))
    assert choices(asked(trips(shifts), "trips on Mondays")) == {"Trips where Shift is Monday",
                                                                "Trips where Weekday is Monday"}  # fmt: skip


def test_a_flag_called_weekend_is_meant() -> None:
    flag = Dimension("trip__is_weekend", "Weekend", values=Values((False, True)))
    outcome = asked(trips(flag), "weekend trips")
    assert isinstance(outcome, Planned)
    assert [(f.dimension, f.values) for f in outcome.plan.filters] == [("trip__is_weekend", (True,))]


def test_without_parts_of_the_calendar_they_are_refused() -> None:
    bare = Metric("trips", "Trips", dimensions=frozenset({"trip__city"}))
    planner = Planner(Vocabulary.of([bare], [Dimension("trip__city", "City", values=Values(("Bern",)))]))
    for question in ("trips by weekday", "trips on Mondays", "seasonality of trips"):
        outcome = asked(planner, question)
        assert isinstance(outcome, Refused)
        assert outcome.nearest == ("Trips by day",)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(WEEKDAYS), min_size=1), st.booleans(), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_plural_days_are_these_days_whatever_day_it_is(days: set[str], wanted: bool, today: date) -> None:
    listed = sorted(days)
    text = " and ".join(f"{day}s" for day in listed)
    outcome = trips().plan(f"trips {'on' if wanted else 'not on'} {text}", today)
    assert isinstance(outcome, Planned), outcome
    (only,) = outcome.plan.filters
    assert (only.dimension, only.operator) == (WEEKDAY, Operator.IN if wanted else Operator.NOT_IN)
    assert set(only.values) == days
    assert outcome.plan.time_range is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WEEKDAYS), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_a_last_day_is_over_and_less_than_two_weeks_ago(day: str, today: date) -> None:
    outcome = trips().plan(f"trips last {day}", today)
    plans = [c.plan for c in outcome.choices] if isinstance(outcome, Clarify) else []
    plans += [outcome.plan] if isinstance(outcome, Planned) else []
    assert plans, outcome
    for plan in plans:
        assert plan.time_range and plan.time_range.start == plan.time_range.end and plan.time_range.start
        assert WEEKDAYS[plan.time_range.start.weekday()] == day
        assert timedelta(0) < today - plan.time_range.start < timedelta(14)


def test_follow_ups_take_parts_of_the_calendar() -> None:
    planner = Planner(complaints())
    plan = None
    for question in ("complaints by ward", "and by weekday?", "only in Decembers"):
        outcome = planner.plan(question, TODAY, plan)
        assert isinstance(outcome, Planned), outcome
        plan = outcome.plan
    assert plan is not None
    assert plan.group_by == (WEEKDAY,)
    assert [key.field for key in plan.order_by] == [WEEKDAY, "pgr_complaints"]
    assert [(f.dimension, f.values) for f in plan.filters] == [(MONTH_OF_YEAR, ("December",))]


def test_closed_on_mondays_is_when_they_were_closed() -> None:
    placed, own = ("placed_at", "Placed", ""), ("day", "Day", "Day it happened.")
    names = frozenset({"order__placed_at", "order__shipped_at", *DATE_PARTS})
    orders = Metric("orders", "Orders", domain="shop", dimensions=names, time_names=placed)
    shipped = Metric("shipped_orders", "Shipped orders", domain="shop", dimensions=names, time_names=placed)
    events = Metric("shipped_events", "Shipments", domain="shop", dimensions=names, time_names=own,
                    synonyms=("shipped",), subjects=frozenset({"order"}))  # fmt: skip
    dates = [Dimension(f"order__{name}", name, type="time") for name in ("placed_at", "shipped_at")]
    dimensions = [*dates, *DATE_PARTS.values()]
    outcome = asked(Planner(Vocabulary.of([orders, shipped, events], dimensions)), "orders shipped on Mondays")
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == ("shipped_events",)
    by_date = asked(Planner(Vocabulary.of([orders, shipped], dimensions)), "orders shipped on Mondays")
    assert isinstance(by_date, Refused)
    assert "“shipped” by weekday is not known" in by_date.reason


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("trips on Monday 3 May 2026", "Weekday of 2026-05-03 is Sunday"),
        ("trips on 4 May 2026 other than on Mondays", "Weekday of 2026-05-04 is Monday"),
    ],
)
def test_a_day_of_another_weekday_is_told(question: str, told: str) -> None:
    outcome = asked(trips(), question)
    assert isinstance(outcome, Refused), outcome
    assert told in outcome.reason


def test_a_day_and_its_weekday_are_that_day() -> None:
    outcome = asked(trips(), "trips on Sunday 3 May 2026")
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.time_range == TimeRange(start=date(2026, 5, 3), end=date(2026, 5, 3))
