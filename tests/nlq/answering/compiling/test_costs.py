"""Plans that would cost too much are asked back with smaller ones that do not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.compiling.costs import TooCostlyError, check_cost, figures
from nlq.core.plan import DimensionFilter, Grain, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary

FEW = {f"case__few_{n}": 5 for n in range(5)}
MANY = ("case__number", "case__street")
VOCABULARY = Vocabulary.of(
    [
        *(Metric(f"m{n}", f"M{n}", dimensions=frozenset([*FEW, *MANY])) for n in range(10)),
        Metric("total", "Total", dimensions=frozenset([*FEW, *MANY]), cumulative=True),
    ],
    [
        *(Dimension(name, name, values=Values(tuple(range(count)))) for name, count in FEW.items()),
        *(Dimension(name, name, values=Values(tuple(range(200)), complete=False)) for name in MANY),
    ],
)
YEAR = TimeRange(start=date(2025, 1, 1), end=date(2025, 12, 31))
MILLION = 1_000_000


def plan(metrics: int = 1, group_by: tuple[str, ...] = (), **more: Any) -> Plan:
    return Plan(metrics=tuple(f"m{n}" for n in range(metrics)), group_by=group_by, **more)


def cost(one: Plan) -> float:
    return figures(one, VOCABULARY, MILLION, YEAR)


def test_groups_are_at_most_the_values_there_are_and_the_rows() -> None:
    assert cost(plan()) == 1
    assert cost(plan(1, ("case__few_0",))) == 6
    assert cost(plan(1, ("case__number",))) == MILLION
    assert cost(plan(1, MANY)) == 2 * MILLION
    assert cost(plan(1, ("case__few_0",), grain=Grain.MONTH)) < 200
    assert cost(plan(10, ("case__number", *FEW))) == MILLION * 6 * 10 * 3


def test_filters_and_times_leave_a_part_of_the_rows() -> None:
    one = DimensionFilter(dimension="case__number", values=("a",))
    assert cost(plan(10, MANY, filters=(one,))) < cost(plan(10, MANY)) / 100
    day = TimeRange(start=YEAR.end, end=YEAR.end)
    assert cost(plan(10, MANY, time_range=day)) < cost(plan(10, MANY)) / 300
    assert cost(plan(10, MANY, time_range=TimeRange(start=date(1900, 1, 1)))) == cost(plan(10, MANY))


def test_a_running_total_has_a_figure_for_each_group_on_each_day() -> None:
    def total(group_by: tuple[str, ...], **more: Any) -> Plan:
        return Plan(metrics=("total",), group_by=group_by, **more)

    assert cost(total(("case__few_0",), grain=Grain.YEAR)) == 6 * 365 * 3 * 2
    assert cost(total(("case__number",))) == MILLION * 365 * 3
    june = TimeRange(start=date(2025, 6, 1), end=date(2025, 6, 30))
    assert 0.24 < cost(total(("case__number",), time_range=june)) / cost(total(("case__number",))) < 0.26
    with pytest.raises(TooCostlyError) as raised:
        check_cost(
            total(("case__number", "case__few_0"), grain=Grain.DAY), VOCABULARY, 100 * MILLION, lambda: MILLION, YEAR
        )
    assert raised.value.smaller[0].group_by == ("case__few_0",)


def test_ordinary_questions_about_large_tables_pass() -> None:
    for one in (plan(1, ("case__number",)), plan(3, tuple(FEW), grain=Grain.MONTH), plan(1, MANY, grain=Grain.MONTH)):
        check_cost(one, VOCABULARY, 100 * MILLION, lambda: 20 * MILLION, YEAR)


def test_what_costs_too_much_is_asked_back_with_plans_that_do_not() -> None:
    costly = plan(10, ("case__number", *FEW), order_by=({"field": "m9"}, {"field": "case__number"}),
                  having=({"metric": "m3", "comparator": "gt", "value": 1},))  # fmt: skip
    with pytest.raises(TooCostlyError, match="180 million figures on the way, and 100 million") as raised:
        check_cost(costly, VOCABULARY, 100 * MILLION, lambda: MILLION, YEAR)
    smaller = raised.value.smaller
    assert smaller[0].metrics == costly.metrics and set(smaller[0].group_by) == set(FEW), "without the finest group"
    assert (smaller[1].metrics, smaller[1].group_by) == (("m0",), costly.group_by)
    assert all(cost(one) <= 100 * MILLION for one in smaller)


def test_where_nobody_knows_how_many_rows_there_are_nothing_is_refused() -> None:
    check_cost(plan(10, MANY), VOCABULARY, 1000, lambda: None, YEAR)


@given(
    st.integers(1, 10), st.sets(st.sampled_from([*FEW, *MANY]), max_size=6), st.sampled_from([None, *Grain]),
    st.sampled_from([{}, {"comparison": "previous_year"}, {"share": {}}, {"average": True}, {"ratio": True},
                     {"count": True}, {"running": {"of": "total"}}]),
    st.integers(1, 10 * MILLION),
)  # fmt: skip
def test_every_plan_that_is_offered_can_be_asked(
    metrics: int, groups: set[str], grain: Grain | None, more: dict[str, Any], most: int
) -> None:
    try:
        one = plan(metrics, tuple(sorted(groups)), grain=grain, time_range=YEAR, **more)
    except ValueError:
        return
    try:
        check_cost(one, VOCABULARY, most, lambda: MILLION, YEAR)
    except TooCostlyError as error:
        assert cost(one) > most
        for smaller in error.smaller:
            assert Plan.model_validate(smaller.model_dump()) == smaller != one
            check_cost(smaller, VOCABULARY, most, lambda: MILLION, YEAR)


def test_an_answer_asks_back_with_choices_that_run(
    asked_lake: Lake, answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answerer._limit, "_most", 60)
    costly = Plan(metrics=("pgr_complaints", "pgr_sla_breaches"), group_by=("complaint__ward_id", "complaint__channel"))
    answer = answerer.run(costly)
    assert (answer.outcome, answer.error, answer.rows) == ("clarify", "too_costly", ())
    assert answer.choices
    for choice in answer.choices:
        assert answerer.run(choice.plan).outcome == "answered", choice
