"""What tiles ask: periods, shared filters, courses beside numbers, the greatest of a group."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lakehouse_assets.dashboards.asking import Asked, View, asked
from lakehouse_assets.dashboards.periods import PeriodName
from nlq.core.plan import DimensionFilter, Grain, TimeRange
from tests.dashboards.small import CHANNEL, VOCABULARY, WARD, dashboard, tile

TODAY = date(2026, 3, 15)


def plans(declared: dict[str, Any], *filters: DimensionFilter, span: TimeRange | None = None) -> Asked:
    (page,) = dashboard(declared).pages
    return asked(page.tiles[0], View(filters, span, TODAY), VOCABULARY)


def days(first: str, last: str) -> TimeRange:
    return TimeRange.model_validate({"start": first, "end": last})


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("last_7_days", "2026-03-08", "2026-03-14"),
        ("last_90_days", "2025-12-15", "2026-03-14"),
        ("this_month", "2026-03-01", "2026-03-31"),
        ("last_month", "2026-02-01", "2026-02-28"),
        ("last_3_months", "2025-12-01", "2026-02-28"),
        ("last_12_months", "2025-03-01", "2026-02-28"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_period_is_of_whole_days_and_months(name: str, first: str, last: str) -> None:
    assert PeriodName(name).days(TODAY) == days(first, last)


def test_all_time_has_no_days() -> None:
    assert PeriodName.ALL.days(TODAY) is None
    assert (PeriodName.ALL.label, PeriodName.LAST_7_DAYS.label) == ("All time", "Last 7 days")


def test_a_tile_goes_by_the_days_and_filters_of_the_dashboard() -> None:
    web, span = DimensionFilter(dimension="channel", values=("WEB",)), days("2026-01-01", "2026-01-31")
    found = plans(tile(plan={"metrics": ["cases"], "group_by": ["ward"]}, chart={"kind": "bar"}), web, span=span)
    assert found.plan.time_range == span
    assert found.plan.group_by == (WARD,)
    assert found.plan.filters == (DimensionFilter(dimension=CHANNEL, values=("WEB",)),)
    assert found.unfiltered == ()


def test_a_filter_that_a_figure_does_not_know_is_told() -> None:
    found = plans(tile(plan={"metrics": ["backlog"]}), DimensionFilter(dimension="channel", values=("WEB",)))
    assert (found.plan.filters, found.unfiltered) == ((), ("channel",))


def test_a_tile_keeps_days_of_its_own() -> None:
    span = days("2026-01-01", "2026-01-31")
    own = plans(tile(plan={"metrics": ["cases"], "time_range": {"start": "2025-01-01"}}), span=span)
    assert str(own.plan.time_range and own.plan.time_range.start) == "2025-01-01"
    assert plans(tile(period="last_month"), span=span).plan.time_range == days("2026-02-01", "2026-02-28")
    assert plans(tile(period="all"), span=span).plan.time_range is None


def test_over_all_time_nothing_is_compared() -> None:
    compared = tile(plan={"metrics": ["cases"], "comparison": "previous_period"})
    assert plans(compared).plan.comparison is None
    assert plans(compared, span=days("2026-01-01", "2026-01-31")).plan.comparison == "previous_period"


@pytest.mark.parametrize(
    ("metric", "grain", "first", "last", "drawn_by"),
    [
        ("cases", "day", "2026-01-01", "2026-03-01", "day"),
        ("cases", "day", "2025-01-01", "2025-12-31", "week"),
        ("cases", "day", "2010-01-01", "2025-12-31", "quarter"),
        ("cases", "month", "2026-02-01", "2026-02-28", "week"),
        ("cases", "week", "2026-02-02", "2026-02-08", "day"),
        ("backlog", "month", "2026-02-01", "2026-02-28", "month"),
    ],
)
def test_a_course_has_steps_that_suit_its_days(metric: str, grain: str, first: str, last: str, drawn_by: str) -> None:
    course = tile(plan={"metrics": [metric], "grain": grain}, chart={"kind": "line"})
    assert plans(course, span=days(first, last)).plan.grain == drawn_by


def test_a_number_has_its_course_beside_it() -> None:
    number = tile(
        plan={"metrics": ["cases"], "comparison": "previous_period"}, chart={"kind": "number", "trend": "day"}
    )
    month = plans(number, span=days("2026-01-01", "2026-01-31")).trend
    assert month and (month.grain, month.comparison, month.metrics) == (Grain.DAY, None, ("cases",))
    year = plans(number, span=days("2025-01-01", "2025-12-31")).trend
    ever = plans(number).trend
    assert year and ever and (year.grain, ever.grain) == (Grain.WEEK, Grain.MONTH)


def test_the_greatest_of_a_group_are_asked_first() -> None:
    top = {"kind": "heat_map", "across": "channel", "top": 1}
    found = plans(tile(plan={"metrics": ["cases"], "group_by": ["channel", "ward"]}, chart=top))
    assert found.top and (found.top.group_by, found.top.limit) == ((WARD,), 1)
    assert found.narrowed(["W2"]).filters == (DimensionFilter(dimension=WARD, values=("W2",)),)
    assert found.narrowed([None]) == found.plan


def test_a_period_that_is_not_over_is_compared_with_as_much_of_the_one_before() -> None:
    declared = tile(plan={"metrics": ["cases"], "comparison": "previous_period"})
    march = days("2026-03-01", "2026-03-31")
    plan = plans(declared, span=march).plan
    assert (plan.time_range, plan.compare_with) == (days("2026-03-01", "2026-03-14"), days("2026-02-01", "2026-02-14"))
    yearly = tile(plan={"metrics": ["cases"], "comparison": "previous_year"})
    assert plans(yearly, span=march).plan.compare_with == days("2025-03-01", "2025-03-14")
    monthly = tile(plan={"metrics": ["backlog"], "comparison": "previous_period"})
    assert plans(monthly, span=march).plan.time_range == march, "its figures are of whole months"
    over = days("2026-02-01", "2026-02-28")
    assert plans(declared, span=over).plan.compares and plans(declared, span=over).plan.time_range == over


@pytest.mark.parametrize("span", [{"start": "2026-01-01"}, {"end": "2026-01-31"}])
def test_without_a_first_and_a_last_day_nothing_is_compared(span: dict[str, str]) -> None:
    declared = tile(plan={"metrics": ["cases"], "comparison": "previous_period"})
    assert not plans(declared, span=TimeRange.model_validate(span)).plan.compares


def test_an_optional_tile_is_left_out_where_its_figures_cannot_be_asked_for() -> None:
    foretold = {"plan": {"metrics": ["cases", "expected_cases"]}, "optional": True}
    small = dashboard(tile("one"), tile("two", 3, **foretold), tile("three", 6, plan={"metrics": ["expected_cases"]}))
    assert [one.id for one in small.with_figures_of(VOCABULARY.metrics).pages[0].tiles] == ["one", "three"]
    assert small.with_figures_of({"cases", "expected_cases"}) == small
