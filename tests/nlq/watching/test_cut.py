"""What is judged of an answer that has more groups than rows, or none of days without data: nothing is left quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer
from nlq.core.plan import Comparator, Comparison, Plan, TimeRange
from nlq.watching.conditions import AboveOrBelow, Changes, OfFigures
from nlq.watching.judging import NotJudgedError, seen_in, waits
from nlq.watching.states import Verdict

NOW = datetime(2026, 1, 5, 12, 0)
SPAN = TimeRange(start=date(2025, 12, 22), end=date(2025, 12, 28))
PLAN = Plan(metrics=("cases",), group_by=("case__ward",), time_range=SPAN)


def answer(plan: Plan, **more: Any) -> Answer:
    now = datetime.now(UTC).replace(tzinfo=None)
    columns = [
        AnswerColumn(name="case__ward", label="Ward", kind="dimension"),
        AnswerColumn(name="cases", label="Cases", kind="metric"),
    ]
    if plan.compares:
        columns.append(AnswerColumn(name="cases__before", label="Before", kind="metric"))
    return Answer(
        answer_id="1", question="q", outcome="answered", sentence="s", plan=plan, columns=tuple(columns),
        rows=(("W1", 5, 5)[: len(columns)],), asked_at=now, answered_at=now, elapsed_ms=1.0, **more,
    )  # fmt: skip


@pytest.mark.parametrize("condition", [Changes(by=0.2), AboveOrBelow(comparator=Comparator.EQ, value=7)])
def test_groups_that_were_not_read_are_told_of(condition: OfFigures) -> None:
    compared = Comparison.PREVIOUS_PERIOD if isinstance(condition, Changes) else None
    plan = PLAN.model_copy(update={"comparison": compared})
    with pytest.raises(NotJudgedError, match="more than 1,000 groups"):
        seen_in(condition, answer(plan, truncated=True), SPAN, NOW)
    for some in (answer(plan), answer(plan.model_copy(update={"limit": 1}), truncated=True)):
        assert [one.verdict for one in seen_in(condition, some, SPAN, NOW)] == [Verdict.CLEAR]


def test_what_is_above_comes_first_and_is_judged() -> None:
    (seen,) = seen_in(AboveOrBelow(value=3), answer(PLAN, truncated=True), SPAN, NOW)
    assert seen.verdict is Verdict.BREACHED


@pytest.mark.parametrize(
    ("day", "waiting"), [(date(2026, 1, 5), True), (date(2026, 1, 4), True), (date(2026, 1, 2), False)]
)
def test_days_without_data_make_nobody_well(day: date, waiting: bool) -> None:
    """Wards that fired yesterday were told to be well at midnight, because of the new day there were no rows yet."""
    plan = PLAN.model_copy(update={"time_range": TimeRange(start=day, end=day)})
    none = answer(plan).model_copy(update={"rows": (), "sentence": "The data end on 2025-12-28."})
    for known in (SPAN, None):
        with pytest.raises(NotJudgedError, match="data end") as refused:
            seen_in(AboveOrBelow(value=3), none, known, NOW)
        assert waits(refused.value) is waiting
    assert seen_in(AboveOrBelow(value=3), none, TimeRange(start=SPAN.start, end=day), NOW) == (), "nothing happened"
