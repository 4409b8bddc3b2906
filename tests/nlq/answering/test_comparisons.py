"""What stands beside what when times are compared: against calendar arithmetic, and against the layer's own growth."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlq.answering.answer import Answerer
from nlq.answering.compiling.sql import statement
from nlq.core.periods import shifted, unit_range, unit_start
from nlq.core.plan import Comparison, Grain, Plan, TimeRange

FIRST, LAST = date(2023, 6, 1), date(2026, 3, 31)
ONE = timedelta(days=1)
ROWS = f"(select d::date as day, (3000 - (d::date - date '2020-01-01'))::bigint as m from generate_series(date '{FIRST}', date '{LAST}', interval 1 day) t(d))"  # noqa: E501
STEPPED = (Grain.DAY, Grain.MONTH, Grain.QUARTER, Grain.YEAR)


def weight(day: date) -> int:
    """The figure of a day, which tells it from every other."""
    return 3000 - (day - date(2020, 1, 1)).days


def compiled(plan: Plan) -> str:
    """What the semantic layer would give for a plan over a row a day."""
    span = plan.time_range
    conditions = [f"day {sign} '{d}'" for sign, d in ((">=", span and span.start), ("<=", span and span.end)) if d]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    key = f"date_trunc('{plan.grain}', day)::date as metric_time__{plan.grain}, " if plan.grain else ""
    return f"select {key}sum(m) as m from {ROWS}{where}{' group by all' if key else ''}"


def a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, calendar.monthrange(day.year - 1, day.month)[1]))


def counterpart(day: date, grain: Grain, yearly: bool) -> date:
    """First day of the step that a step is compared with, counted on the calendar."""
    if yearly:
        return a_year_before(day)
    months = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}.get(grain)
    if months is None:
        return day - ONE
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


DAYS = st.dates(date(2024, 7, 1), LAST)


@settings(max_examples=150, deadline=None)
@given(DAYS, DAYS, st.sampled_from(STEPPED), st.booleans())
@example(date(2025, 4, 1), date(2025, 4, 30), Grain.MONTH, False)
@example(date(2025, 4, 1), date(2025, 6, 30), Grain.QUARTER, False)
@example(date(2025, 2, 1), date(2025, 2, 28), Grain.MONTH, True)
@example(date(2025, 2, 27), date(2025, 3, 1), Grain.DAY, True)
def test_whole_steps_are_compared_with_whole_ones(a: date, b: date, grain: Grain, yearly: bool) -> None:
    first, last = unit_start(min(a, b), grain), unit_range(unit_start(max(a, b), grain), grain).end
    comparison = Comparison.PREVIOUS_YEAR if yearly else Comparison.PREVIOUS_PERIOD
    plan = Plan(metrics=("m",), grain=grain, comparison=comparison, time_range=TimeRange(start=first, end=last))
    found = {row[0]: row[1:3] for row in duckdb.sql(statement(plan, compiled)).fetchall()}
    step, expected = first, {}
    while last and step <= min(last, LAST):
        days = [_sum(start, grain) for start in (step, counterpart(step, grain, yearly))]
        expected[step] = tuple(days)
        step = (unit_range(step, grain).end or step) + ONE
    assert found == expected


def _sum(start: date, grain: Grain) -> int | None:
    end = unit_range(start, grain).end
    assert end
    days = [start + n * ONE for n in range((end - start).days + 1)]
    return sum(weight(day) for day in days if FIRST <= day <= LAST) or None


@pytest.mark.parametrize(
    ("asked", "grain", "comparison", "beside"),
    [
        ("2026-01-01 2026-11-29", "month", "previous_period", "2025-12-01 2026-10-29"),
        ("2026-01-01 2026-11-29", "month", "previous_year", "2025-01-01 2025-11-29"),
        ("2025-04-10 2025-05-31", "month", "previous_period", "2025-03-10 2025-04-30"),
        ("2025-03-01 2025-03-30", "month", "previous_period", "2025-02-01 2025-02-28"),
        ("2024-01-01 2024-02-29", "quarter", "previous_year", "2023-01-01 2023-02-28"),
        ("2025-01-01 2025-02-28", "quarter", "previous_year", "2024-01-01 2024-02-29"),
        ("2026-04-01 2026-05-10", "quarter", "previous_period", "2026-01-01 2026-02-10"),
        ("2026-06-01 2026-06-07", "week", "previous_period", "2026-05-25 2026-05-31"),
        ("2025-03-01 2025-03-31", None, "previous_period", "2025-02-01 2025-02-28"),
        ("2025-01-01 2025-06-30", None, "previous_period", "2024-07-01 2024-12-31"),
        ("2025-04-01 2025-04-29", None, "previous_period", "2025-03-03 2025-03-31"),
        ("2025-01-15 2025-02-28", None, "previous_year", "2024-01-15 2024-02-29"),
        ("2025-02-28 2025-02-28", None, "previous_year", "2024-02-28 2024-02-28"),
        ("2024-02-29 2024-02-29", None, "previous_year", "2023-02-28 2023-02-28"),
    ],
)
def test_what_is_cut_is_compared_with_as_much(asked: str, grain: str | None, comparison: str, beside: str) -> None:
    span, other = (
        TimeRange.model_validate(dict(zip(("start", "end"), text.split(), strict=True))) for text in (asked, beside)
    )
    plan = Plan(
        metrics=("m",), grain=Grain(grain) if grain else None, comparison=Comparison(comparison), time_range=span
    )
    assert shifted(plan) == other


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 14),
    st.integers(0, 8),
    st.sampled_from([("month", "mom"), ("month", "yoy"), ("quarter", "yoy"), ("year", "yoy"), ("day", "yoy")]),
    st.booleans(),
)
@example(3, 0, ("month", "mom"), True)
def test_the_layers_own_growth_says_the_same(
    answerer: Answerer, after: int, more: int, how: tuple[str, str], by_channel: bool
) -> None:
    grain, name = Grain(how[0]), f"pgr_complaints_{how[1]}"
    first, last = sorted((after, (after + more) % 15))
    start, until = (unit_start(date(2025 + n // 12, n % 12 + 1, 1), grain) for n in (first, last))
    span = TimeRange(start=start, end=unit_range(until, grain).end)
    groups = ("complaint__channel",) if by_channel else ()
    comparison = Comparison.PREVIOUS_YEAR if how[1] == "yoy" else Comparison.PREVIOUS_PERIOD
    compared = answerer.run(
        Plan(metrics=("pgr_complaints",), grain=grain, group_by=groups, comparison=comparison, time_range=span)
    )
    growth = answerer.run(Plan(metrics=(name,), grain=grain, group_by=groups, time_range=span))
    assert (compared.outcome, growth.outcome) == ("answered", "answered")
    change = {row[:-3]: row[-1] for row in compared.rows if row[-1] is not None}
    assert change == pytest.approx({row[:-1]: row[-1] for row in growth.rows if row[-1] is not None})


def test_weeks_of_two_years_are_not_compared(answerer: Answerer) -> None:
    plan = Plan(metrics=("pgr_complaints",), grain=Grain.WEEK, comparison=Comparison.PREVIOUS_YEAR)
    answer = answerer.run(plan)
    assert (answer.outcome, answer.error) == ("refused", "bad_comparison")
