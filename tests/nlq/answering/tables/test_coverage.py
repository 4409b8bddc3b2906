"""Which periods are whole: told in the answer, by hand-counted calendars; a time without data has no figures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.answering.tables.coverage import Coverage, Known, partial_periods
from nlq.core.guard import Caller
from nlq.core.periods import unit_range, unit_start
from nlq.core.plan import Comparison, Grain, Plan, TimeRange
from nlq.factory import open_answerer

# Complaints of the small lake: from 2025-01-01 to 2026-02-22.
TODAY = datetime(2026, 2, 22, 9)


def span(text: str) -> TimeRange:
    return TimeRange.model_validate(dict(zip(("start", "end"), text.split(), strict=True)))


MANY = "2025-06-01 2026-11-28"
NOVEMBER = "2026-11-29"


def marks(plan: Plan, known: str, today: str, steps: str) -> list[str]:
    days = span(known)
    starts = [date.fromisoformat(step) for step in steps.split()]
    found = partial_periods(plan, Known(days.start, days.end), starts, date.fromisoformat(today))
    names = ("running", "compared")
    return [f"{p.step}: {p.known_from} {p.known_to}{''.join(f' {n}' for n in names if getattr(p, n))}" for p in found]


@pytest.mark.parametrize(
    ("parts", "known", "today", "steps", "found"),
    [
        # The month that is not over; data that begin and end within a month; a month that is whole.
        (
            {"grain": "month"}, "2026-09-10 2026-11-28", NOVEMBER, "2026-09-01 2026-10-01 2026-11-01",
            ["2026-09-01: 2026-09-10 2026-09-30", "2026-11-01: 2026-11-01 2026-11-28 running"],
        ),
        (
            {"grain": "month"}, "2026-06-01 2026-06-20", NOVEMBER, "2026-06-01",
            ["2026-06-01: 2026-06-01 2026-06-20"],
        ),
        ({"grain": "month"}, "2026-06-01 2026-11-30", "2026-12-01", "2026-11-01", []),
        # All its days are there, and yet it may grow: today is not over.
        (
            {"grain": "month"}, "2026-06-01 2026-11-30", "2026-11-30", "2026-11-01",
            ["2026-11-01: 2026-11-01 2026-11-30 running"],
        ),
        (
            {"grain": "day"}, "2026-06-01 2026-11-30", "2026-11-30", "2026-11-29 2026-11-30",
            ["2026-11-30: 2026-11-30 2026-11-30 running"],
        ),
        # What the question cuts.
        (
            {"grain": "month", "time_range": span("2026-04-10 2026-05-31")}, MANY, NOVEMBER, "2026-04-01 2026-05-01",
            ["2026-04-01: 2026-04-10 2026-04-30"],
        ),
        # A quarter beside one of which there is a month.
        (
            {"time_range": span("2026-04-01 2026-06-30"), "comparison": "previous_year"}, MANY, NOVEMBER, "",
            ["2025-04-01: 2025-06-01 2025-06-30 compared"],
        ),
        (
            {"grain": "quarter", "comparison": "previous_year"}, MANY, NOVEMBER, "2026-04-01",
            ["2026-04-01: 2025-06-01 2025-06-30 compared"],
        ),
        (
            {"time_range": span("2026-11-01 2026-11-30")}, MANY, NOVEMBER, "",
            ["2026-11-01: 2026-11-01 2026-11-28 running"],
        ),
        ({"time_range": span("2026-11-01 2026-11-28")}, MANY, "2026-11-28", "", []),
        ({"time_range": TimeRange(start=date(2026, 11, 1))}, MANY, NOVEMBER, "", []),
        ({}, MANY, NOVEMBER, "", []),
    ],
)  # fmt: skip
def test_what_is_known_in_part_is_marked(
    parts: dict[str, Any], known: str, today: str, steps: str, found: list[str]
) -> None:
    assert marks(Plan(metrics=("m",), **parts), known, today, steps) == found


DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(DAYS, DAYS, DAYS, st.sampled_from(list(Grain)), DAYS)
def test_a_step_is_marked_where_a_day_of_it_is_missing(a: date, b: date, day: date, grain: Grain, today: date) -> None:
    first, last = min(a, b), max(a, b)
    step = unit_start(day, grain)
    end = unit_range(step, grain).end
    assert end
    found = partial_periods(Plan(metrics=("m",), grain=grain), Known(first, last), [step], today)
    reached = first <= end and last >= step
    lacking = first > step or last < end or step <= today <= end
    assert bool(found) == (reached and lacking)
    for part in found:
        assert step <= part.known_from <= part.known_to <= end
        assert part.running == (step <= today <= end)


def asked(answerer: Answerer, question: str, caller: Caller | None = None) -> Answer:
    answer = answerer.ask(question, caller, TODAY)
    assert answer.outcome == "answered", answer.sentence
    return answer


def test_a_month_that_is_not_over_is_said_and_marked(answerer: Answerer) -> None:
    answer = asked(answerer, "monthly complaints")
    (part,) = answer.partial
    assert (part.start, part.known_to, part.running) == (date(2026, 2, 1), date(2026, 2, 22), True)
    assert answer.sentence.endswith("Feb 2026 is not over: it is to 2026-02-22 (22 of 28 days).")
    assert answer.rows[-1][0] == "2026-02-01"
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_the_same_question_on_another_day_is_another_answer(answerer: Answerer) -> None:
    later = answerer.ask("monthly complaints", now=datetime(2026, 6, 1))
    assert "28 days are known: the data end on 2026-02-22." in later.sentence
    assert not later.partial[0].running


def test_unlike_times_are_told_apart(answerer: Answerer) -> None:
    assert (
        "22 days are compared with 31."
        in asked(answerer, "complaints this month compared with the month before").sentence
    )
    steps = asked(answerer, "complaints by month this year compared with the month before")
    assert "compared with as much of Jan 2026" in steps.sentence
    late = answerer.ask("complaints this month compared with the month before", now=datetime(2026, 3, 1))
    assert late.rows == ((None, 40, None),)
    assert "Nothing is known of 2026-03-01 to 2026-03-01: the data end on 2026-02-22." in late.sentence
    early = asked(answerer, "complaints in Q1 2025 compared with Q1 2024")
    assert early.rows[0][1:] == (None, None)
    assert "Nothing is known of 2024-01-01 to 2024-03-31: the data begin on 2025-01-01." in early.sentence


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("how many complaints were there in 2019", "the data begin on 2025-01-01."),
        ("complaints by ward in 2019", "the data begin on 2025-01-01."),
        ("complaints by month in 2019", "the data begin on 2025-01-01."),
    ],
)
def test_before_the_data_nothing_is_known(answerer: Answerer, question: str, why: str) -> None:
    answer = asked(answerer, question)
    assert answer.rows == ()
    assert answer.sentence.startswith("Nothing is known of Complaints from 2019-01-01 to 2019-12-31")
    assert answer.sentence.endswith(why)


def test_after_the_data_nothing_is_known_and_between_it_is_nothing(answerer: Answerer) -> None:
    later = answerer.ask("how many complaints were there in May 2026", now=datetime(2026, 6, 1))
    assert (later.rows, later.sentence.endswith("the data end on 2026-02-22.")) == ((), True)
    assert asked(answerer, "how many complaints were there on 2 January 2025").rows == ((0,),)


def test_steps_without_data_are_no_part_of_an_average(answerer: Answerer) -> None:
    plan = {"metrics": ("pgr_complaints",), "grain": Grain.MONTH, "average": True}
    whole = answerer.run(Plan(**plan, time_range=span("2025-01-01 2025-12-31")))
    longer = answerer.run(Plan(**plan, time_range=span("2024-01-01 2025-12-31")))
    assert whole.rows == longer.rows


def test_a_tenant_without_rows_is_told_so(lake_of_one: Lake) -> None:
    there, other = Caller("pb.amritsar", "viewer"), Caller("pb.nobody", "viewer")
    answerer = open_answerer(lake_of_one)
    assert asked(answerer, "how many complaints are there", there).rows[0][0] > 0
    answer = asked(answerer, "how many complaints are there", other)
    assert answer.rows == ()
    assert "gold.gold_pgr_case_lifecycle has no rows of pb.nobody" in answer.sentence


@pytest.mark.parametrize("more", [{}, {"grain": Grain.MONTH}, {"group_by": ("complaint__channel",)}, {"ratio": True}])
def test_of_tables_without_a_day_in_common_nothing_is_known_together(
    asked_lake: Lake, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    apart = Known(date(2026, 1, 2), date(2026, 1, 1))
    monkeypatch.setattr(Coverage, "known", lambda *_: apart)
    answerer = open_answerer(asked_lake)
    for time_range in (None, span("2025-01-01 2026-12-31")):
        plan = Plan(metrics=("pgr_complaints", "pgr_sla_breach_rate"), time_range=time_range, **more)
        answer = answerer.run(plan)
        assert (answer.outcome, answer.rows) == ("answered", ())
        assert "Complaints and SLA breach rate on the same days" in answer.sentence
        assert "end on 2026-01-01" in answer.sentence and "begin on 2026-01-02" in answer.sentence


def test_gaps_within_the_data_are_compared_as_nothing(answerer: Answerer) -> None:
    plan = Plan(
        metrics=("pgr_complaints",), grain=Grain.DAY, comparison=Comparison.PREVIOUS_PERIOD,
        time_range=span("2025-01-01 2025-01-03"),
    )  # fmt: skip
    rows = answerer.run(plan).rows
    assert rows == (("2025-01-01", 5, None, None), ("2025-01-02", 0, 5, -1.0))
