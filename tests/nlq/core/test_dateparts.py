"""Parts of the calendar from the plan to the answer: names for people, numbers for the engine, their own order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import semantic.manifest.dateparts
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.core.dateparts import (
    DATE_PARTS,
    DAY_OF_MONTH,
    MONTH_OF_YEAR,
    MONTHS,
    QUARTER_OF_YEAR,
    WEEKDAY,
    WEEKDAYS,
    named,
    numbered,
    parts_of,
)
from nlq.core.guard import Caller, Guard, GuardError
from nlq.core.plan import Comparator, DimensionFilter, Operator, Plan, Threshold
from tests.nlq.vocabularies import complaints

NOW = datetime(2026, 2, 20)
CASES = "gold.gold_pgr_case_lifecycle"


def test_names_are_those_of_the_semantic_layer() -> None:
    assert DATE_PARTS.keys() == semantic.manifest.dateparts.DATE_PARTS.keys()
    assert {d.label for d in DATE_PARTS.values()} == set(semantic.manifest.dateparts.LABELS.values())


@given(st.data())
def test_every_value_comes_back_as_it_went(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DATE_PARTS)))
    value = data.draw(st.sampled_from(DATE_PARTS[name].values.items))
    (number,) = numbered(name, [value])
    assert named(name, number) == value
    assert named(name, None) is None
    assert numbered("complaint__ward_id", [value]) == (value,)


@given(st.dates())
def test_the_parts_of_a_day_are_among_the_values(day: date) -> None:
    parts = parts_of(day)
    assert parts.keys() == DATE_PARTS.keys()
    assert all(value in DATE_PARTS[name].values.items for name, value in parts.items())
    assert (parts[WEEKDAY], parts[DAY_OF_MONTH]) == (f"{day:%A}", day.day)
    assert (parts[MONTH_OF_YEAR], parts[QUARTER_OF_YEAR]) == (f"{day:%B}", f"Q{-(-day.month // 3)}")


def test_the_guard_knows_all_values_and_no_order_of_them() -> None:
    guard = Guard(complaints())
    plan = Plan(metrics=("pgr_complaints",), filters=(DimensionFilter(dimension=WEEKDAY, values=("monday",)),))
    assert guard.check(plan, Caller()).filters[0].values == ("Monday",)
    for operator, value, code in ((Operator.IN, "Funday", "unknown_value"), (Operator.GT, "Monday", "bad_operator")):
        bad = DimensionFilter(dimension=WEEKDAY, operator=operator, values=(value,))
        with pytest.raises(GuardError) as error:
            guard.check(plan.model_copy(update={"filters": (bad,)}), Caller())
        assert error.value.code == code
    for group in ("metric_time__extract_doy", "complaint__submitted_date__extract_dow"):
        with pytest.raises(GuardError, match="cannot be asked by"):
            guard.check(Plan(metrics=("pgr_complaints",), group_by=(group,)), Caller())
    with pytest.raises(GuardError, match="pgr_backlog cannot be asked by"):
        guard.check(Plan(metrics=("pgr_backlog",), group_by=(WEEKDAY,)), Caller())


def test_no_average_over_totals_of_weekdays() -> None:
    with pytest.raises(ValueError, match="not over parts of the calendar"):
        Plan(metrics=("m",), group_by=(WEEKDAY,), average=True)


def answered(answerer: Answerer, question: str, caller: Caller | None = None) -> Answer:
    answer = answerer.ask(question, caller, NOW)
    assert answer.outcome == "answered", answer.sentence
    return answer


def by_hand(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    with lake.session() as session:
        return [tuple(row.values()) for row in session.query(sql).to_pylist()]


def test_weekdays_are_named_in_their_order_with_a_bar_each(answerer: Answerer, asked_lake: Lake) -> None:
    answer = answered(answerer, "complaints by weekday")
    counts = by_hand(asked_lake, f"select isodow(submitted_date), count(*) from {CASES} group by 1 order by 1")
    assert list(answer.rows) == [(WEEKDAYS[day - 1], count) for day, count in counts]
    assert [(c.label, c.kind) for c in answer.columns] == [("Weekday", "dimension"), ("Complaints", "metric")]
    assert answer.chart is not None
    assert (answer.chart.kind, answer.chart.x) == ("bar", WEEKDAY)
    assert "day" in answer.sentence


def test_months_are_named_and_ranked(answerer: Answerer, asked_lake: Lake) -> None:
    answer = answered(answerer, "which month of the year has the most complaints")
    counts = by_hand(asked_lake, f"select month(submitted_date), count(*) n from {CASES} group by 1 order by n desc")
    best = {MONTHS[month - 1] for month, count in counts if count == counts[0][1]}
    assert {row[0] for row in answer.rows} == best


def test_shares_filters_thresholds_and_tenants_compose(answerer: Answerer, asked_lake: Lake) -> None:
    share = answered(answerer, "what share of complaints comes in on weekends", Caller("pb.amritsar", "viewer"))
    own = f"from {CASES} where tenant_id = 'pb.amritsar'"
    ((part, whole),) = by_hand(asked_lake, f"select count_if(isodow(submitted_date) > 5), count(*) {own}")
    assert share.rows == ((int(part), pytest.approx(int(part) / whole)),)
    assert any("pb.amritsar" in text for text in share.filters)
    plan = Plan(
        metrics=("pgr_complaints",),
        group_by=(WEEKDAY,),
        filters=(DimensionFilter(dimension=WEEKDAY, operator=Operator.NOT_IN, values=("Sunday",)),),
        having=(Threshold(metric="pgr_complaints", comparator=Comparator.GE, value=5),),
    )
    rows = answerer.run(plan).rows
    assert list(rows) == [
        (WEEKDAYS[day - 1], count)
        for day, count in by_hand(
            asked_lake, f"select isodow(submitted_date) d, count(*) n from {CASES} where d < 7 group by 1 having n >= 5"
            " order by 1",
        )
    ]  # fmt: skip


def test_what_has_none_says_so_and_what_it_has(answerer: Answerer) -> None:
    answer = answerer.ask("backlog by weekday", None, NOW)
    assert answer.outcome == "refused"
    assert "Backlog has no weekday" in answer.sentence
    assert answer.nearest == ("Backlog by day",)
