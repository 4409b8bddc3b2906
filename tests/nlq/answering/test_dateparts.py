"""Questions by parts of the calendar, against what SQL counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.core.dateparts import (
    MONTHS,
    WEEKDAY,
    WEEKDAYS,
)
from nlq.core.guard import Caller
from nlq.core.plan import Comparator, DimensionFilter, Operator, Plan, Threshold

NOW = datetime(2026, 2, 20)
CASES = "gold.gold_pgr_case_lifecycle"


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
    assert "Tenant is Amritsar" in share.filters
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
