"""Questions that ask to find something out, answered over real tables: true, of the caller's rows, with their method.

Belongs here: what is found. Does not belong here: how such questions are understood (tests/nlq/planning/analyses).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from lakehouse_assets.dashboards.drawing import misdrawn
from lakehouse_assets.dashboards.model import ChartKind, TileChart
from lakehouse_assets.insight.answerer import open_answerer
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer, StoredPlan
from nlq.core.analysis import Analysis, AnalysisKind
from nlq.core.guard import Caller
from nlq.core.outcome import ErrorCode
from nlq.core.plan import Comparison, DimensionFilter, Grain, Plan, TimeRange
from nlq.watching.conditions import AboveOrBelow
from nlq.watching.judging import misfit

AMRITSAR = Caller(tenant="pb.amritsar")
WHY, FORECAST = Analysis(kind=AnalysisKind.WHY), Analysis(kind=AnalysisKind.FORECAST)
ONE = timedelta(days=1)


@pytest.fixture(scope="module")
def finder(asked_lake: Lake) -> Answerer:
    return open_answerer(asked_lake)


@pytest.fixture(scope="module")
def last(finder: Answerer, asked_lake: Lake) -> date:
    """The last day that there are complaints of."""
    known = finder.days(["pgr_complaints"], Caller(), asked_lake.catalog.heads())
    assert known is not None and known.end is not None
    return known.end


@pytest.fixture(scope="module")
def month(last: date) -> TimeRange:
    """The last month that is whole."""
    end = (last + ONE).replace(day=1) - ONE
    return TimeRange(start=end.replace(day=1), end=end)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12))


def run(finder: Answerer, last: date, plan: Plan, caller: Caller | None = None) -> Answer:
    return finder.run(plan, caller or Caller(), now=noon(last + ONE))


def column(answer: Answer, name: str) -> list[Any]:
    at = [one.name for one in answer.columns].index(name)
    return [row[at] for row in answer.rows]


def figures(finder: Answerer, plan: Plan, caller: Caller) -> Sequence[float]:
    """The figure of a plan's time and that of the time before, as a plain question has them."""
    plain = plan.model_copy(update={"analysis": None, "group_by": (), "comparison": Comparison.PREVIOUS_PERIOD})
    answer = finder.run(Plan.model_validate(plain.model_dump()), caller)
    return answer.rows[0][0], answer.rows[0][1]


@pytest.mark.parametrize("caller", [Caller(), AMRITSAR], ids=["all", "a tenant"])
@pytest.mark.parametrize("metric", ["pgr_complaints", "sales_net_amount", "sales_return_rate"])
def test_why_tells_the_parts_of_the_change_that_a_plain_question_has(
    finder: Answerer, last: date, month: TimeRange, metric: str, caller: Caller
) -> None:
    plan = Plan(metrics=(metric,), time_range=month, analysis=WHY)
    answer = run(finder, last, plan, caller)
    assert answer.outcome == "answered", answer.sentence
    now, before = map(float, figures(finder, plan, caller))
    if "a day" in answer.sentence:  # the two months have different lengths
        assert month.start and month.end
        now, before = now / month.end.day, before / (month.start - ONE).day
    assert sum(column(answer, "part")) == pytest.approx(now - before, rel=1e-4, abs=1e-5)
    assert f" {'rose from' if now > before else 'fell from' if now < before else 'did not move'}" in answer.sentence
    assert any(note.startswith("How: ") and "Taken for granted" in note for note in answer.notes)
    if caller.tenant:
        assert not {"pb.jalandhar", "pb.ludhiana"} & {str(cell) for row in answer.rows for cell in row}


def test_why_says_first_that_it_moved_the_other_way(finder: Answerer, last: date, month: TimeRange) -> None:
    told = {}
    for claim in ("rise", "fall"):
        plan = Plan(metrics=("sales_net_amount",), time_range=month, analysis=WHY.model_copy(update={"claim": claim}))
        told[claim] = run(finder, last, plan).sentence
    wrong = [claim for claim, text in told.items() if text.startswith(f"Net sales did not {claim}. ")]
    assert len(wrong) == 1


def test_why_is_of_the_rows_that_the_filters_leave(finder: Answerer, last: date, month: TimeRange) -> None:
    kept = DimensionFilter(dimension="complaint__channel", values=("WEB",))
    plan = Plan(
        metrics=("pgr_complaints",), time_range=month, filters=(kept,), group_by=("complaint__ward_id",), analysis=WHY
    )
    answer = run(finder, last, plan)
    now, before = figures(finder, plan, Caller())
    assert month.start and month.end
    now, before = now / month.end.day, before / (month.start - ONE).day
    if month.end.day == (month.start - ONE).day:
        now, before = now * month.end.day, before * month.end.day
    assert sum(column(answer, "part")) == pytest.approx(now - before)
    assert "where channel is web" in answer.sentence.lower() and answer.columns[0].name == "complaint__ward_id"


def test_why_of_what_does_not_add_up_sets_its_values_side_by_side(
    finder: Answerer, last: date, month: TimeRange
) -> None:
    answer = run(finder, last, Plan(metrics=("pgr_avg_turnaround_hours",), time_range=month, analysis=WHY))
    assert answer.outcome == "answered" and "part" not in [one.name for one in answer.columns]
    assert any("does not add up" in note for note in answer.notes)
    for before, after, difference in zip(*(column(answer, n) for n in ("before", "after", "difference")), strict=True):
        assert difference == pytest.approx(after - before, abs=1e-5)


def test_a_time_that_is_not_over_is_compared_with_as_much(finder: Answerer, last: date, month: TimeRange) -> None:
    assert month.end
    plan = Plan(
        metrics=("pgr_complaints",), time_range=TimeRange(start=last - timedelta(days=2), end=last + timedelta(days=9)),
        analysis=WHY,
    )  # fmt: skip
    answer = run(finder, last, plan)
    days = [str(last - timedelta(days=n)) for n in (2, 9)]
    assert all(f"from {day} to" in answer.sentence for day in days), answer.sentence


@pytest.mark.parametrize(
    ("metric", "days", "says"),
    [
        ("pgr_complaints", (1, 9), "nothing can be told"),
        ("pgr_complaints", (-4000, -3990), "nothing"),
        ("pgr_complaints_mom", (-60, -30), "no figures of single days"),
    ],
)
def test_why_is_refused_where_there_is_nothing_to_tell(
    finder: Answerer, last: date, metric: str, days: tuple[int, int], says: str
) -> None:
    span = TimeRange(start=last + timedelta(days=days[0]), end=last + timedelta(days=days[1]))
    answer = run(finder, last, Plan(metrics=(metric,), time_range=span, analysis=WHY))
    assert (answer.outcome, answer.code) == ("refused", ErrorCode.NOT_ANSWERABLE)
    assert says in answer.sentence and not answer.rows


def test_a_forecast_is_of_days_to_come(finder: Answerer, last: date) -> None:
    span = TimeRange(start=last + ONE, end=last + timedelta(days=14))
    answer = run(finder, last, Plan(metrics=("pgr_backlog",), time_range=span, analysis=FORECAST))
    assert answer.outcome == "answered", answer.sentence
    assert column(answer, "metric_time__day") == [str(last + timedelta(days=n)) for n in range(1, 15)]
    for low, expected, high in zip(*(column(answer, name) for name in ("low", "expected", "high")), strict=True):
        assert 0 <= low <= expected <= high


def test_a_forecast_of_a_time_that_has_begun_has_what_is_known_of_it(finder: Answerer, last: date) -> None:
    span = TimeRange(start=last - ONE, end=last + timedelta(days=5))
    answer = run(finder, last, Plan(metrics=("pgr_backlog",), time_range=span, analysis=FORECAST))
    days = Plan(metrics=("pgr_backlog",), grain=Grain.DAY, time_range=TimeRange(start=last - ONE, end=last))
    known = [row[1] for row in finder.run(days).rows]
    assert column(answer, "expected")[:2] == column(answer, "low")[:2] == column(answer, "high")[:2] == known


def test_what_is_nothing_on_most_days_is_not_foretold(finder: Answerer, last: date) -> None:
    answer = run(finder, last, Plan(metrics=("pgr_complaints",), analysis=FORECAST), AMRITSAR)
    assert answer.code is ErrorCode.NOT_ANSWERABLE and "nothing on most days" in answer.sentence


@pytest.mark.parametrize("ahead", [(-9, -1), (600, 700)], ids=["over", "too far"])
def test_no_forecast_of_what_is_over_or_too_far(finder: Answerer, last: date, ahead: tuple[int, int]) -> None:
    span = TimeRange(start=last + timedelta(days=ahead[0]), end=last + timedelta(days=ahead[1]))
    plan = Plan(metrics=("pgr_complaints",), time_range=span, analysis=FORECAST)
    answer = run(finder, last, plan)
    assert (answer.outcome, answer.code) == ("refused", ErrorCode.NOT_ANSWERABLE)


@pytest.mark.parametrize("kind", [AnalysisKind.UNUSUAL, AnalysisKind.CHANGED, AnalysisKind.ATTENTION])
@pytest.mark.parametrize("caller", [Caller(), AMRITSAR, Caller("pb.amritsar", "viewer")], ids=["all", "own", "viewer"])
def test_many_figures_are_those_of_the_caller(finder: Answerer, last: date, kind: AnalysisKind, caller: Caller) -> None:
    """Metrics of several tables have no tenant in common; each is read by a plan that has its own."""
    plan = Plan(metrics=("pgr_complaints", "pgr_backlog", "sales_net_amount"), analysis=Analysis(kind=kind))
    answer = run(finder, last, plan, caller)
    assert answer.outcome == "answered", answer.sentence
    assert any(note.startswith("How: ") for note in answer.notes)
    shown = answer.model_dump_json()
    assert caller.tenant is None or not {"pb.jalandhar", "pb.ludhiana"} & set(shown.replace('"', " ").split())


def test_another_tenant_cannot_be_asked_about(finder: Answerer, last: date) -> None:
    kept = DimensionFilter(dimension="complaint__tenant_id", values=("pb.jalandhar",))
    for kind in AnalysisKind:
        names = ("pgr_complaints", "pgr_backlog") if kind is AnalysisKind.CORRELATION else ("pgr_complaints",)
        plan = Plan(metrics=names, filters=(kept,), analysis=Analysis(kind=kind))
        assert run(finder, last, plan, AMRITSAR).code in (ErrorCode.OTHER_TENANT, ErrorCode.UNKNOWN_VALUE)


def test_an_answer_is_replayed_from_its_snapshots(finder: Answerer, last: date, month: TimeRange) -> None:
    answer = run(finder, last, Plan(metrics=("pgr_complaints",), time_range=month, analysis=WHY))
    stored = StoredPlan.of(answer)
    assert stored is not None
    again = finder.rerun(stored, answer.answer_id)
    assert (again.sentence, again.rows) == (answer.sentence, answer.rows)


def _questions() -> Iterator[str]:
    yield from (
        "why did complaints change last month", "anything unusual in sales", "forecast the backlog for next week",
        "what changed since last week", "what should I look at in pgr",
        "did complaints change significantly last month",
        "correlation between complaints and backlog",
    )  # fmt: skip


@pytest.mark.parametrize("question", _questions())
def test_they_are_asked_in_words(finder: Answerer, last: date, question: str) -> None:
    answer = finder.ask(question, AMRITSAR, noon(last + ONE))
    assert answer.outcome == "answered", answer.sentence
    assert answer.plan and answer.plan.analysis and answer.notes


def test_without_what_finds_out_such_questions_are_refused(answerer: Answerer, last: date) -> None:
    answer = answerer.ask("why did complaints rise last month", Caller(), noon(last + ONE))
    assert (answer.outcome, answer.code) == ("refused", ErrorCode.NOT_ANSWERABLE)


def test_what_is_found_out_is_no_tile_and_nothing_to_wait_for(finder: Answerer) -> None:
    plan = Plan(metrics=("pgr_complaints",), analysis=WHY)
    assert misfit(AboveOrBelow(value=5), plan)
    assert misdrawn(TileChart(kind=ChartKind.TABLE), plan, finder.vocabulary(Caller()))


DIFFERENCE, CORRELATION = Analysis(kind=AnalysisKind.DIFFERENCE), Analysis(kind=AnalysisKind.CORRELATION)


def _two(finder: Answerer, dimension: str) -> DimensionFilter:
    values = finder.vocabulary(Caller()).dimensions[dimension].values.items
    return DimensionFilter(dimension=dimension, values=tuple(sorted(v for v in values if v is not None)[:2]))


@pytest.mark.parametrize("caller", [Caller(), AMRITSAR], ids=["all", "a tenant"])
def test_two_values_are_told_apart_by_the_means_of_their_days(finder: Answerer, last: date, caller: Caller) -> None:
    kept = _two(finder, "complaint__channel")
    span = TimeRange(start=last - timedelta(days=89), end=last)
    plan = Plan(
        metrics=("pgr_complaints",), group_by=("complaint__channel",), filters=(kept,), time_range=span,
        analysis=DIFFERENCE,
    )  # fmt: skip
    answer = run(finder, last, plan, caller)
    assert answer.outcome == "answered", answer.sentence
    plain = finder.run(plan.model_copy(update={"analysis": None}), caller, now=noon(last + ONE))
    assert {row[0]: pytest.approx(row[1] * 90, abs=0.001) for row in answer.rows} == {
        row[0]: float(row[1]) for row in plain.rows
    }
    assert "significant" in answer.sentence and "in 19 of 20 cases between" in answer.sentence
    assert any("hang together" in note and "Taken for granted" in note for note in answer.notes)


@pytest.mark.parametrize("metrics", [("pgr_complaints", "sales_net_amount"), ("pgr_complaints", "pgr_backlog")])
def test_a_correlation_is_told_with_and_without_the_week(
    finder: Answerer, last: date, metrics: tuple[str, str]
) -> None:
    answer = run(finder, last, Plan(metrics=metrics, analysis=CORRELATION))
    assert answer.outcome == "answered", answer.sentence
    assert "% of cases" in answer.sentence and "e+" not in answer.sentence
    r, low, high = (float(column(answer, name)[0]) for name in ("r", "low", "high"))
    assert -1 <= low <= r <= high <= 1 and answer.rows[1][0] == "of the figures as they are"
    assert any("need not cause" in note for note in answer.notes)


def test_a_few_days_and_an_unknown_value_are_refused(finder: Answerer, last: date) -> None:
    span = TimeRange(start=last - timedelta(days=9), end=last)
    few = run(finder, last, Plan(metrics=("pgr_complaints", "pgr_backlog"), time_range=span, analysis=CORRELATION))
    assert few.outcome == "refused" and "28 are needed" in few.sentence
    short = run(finder, last, Plan(metrics=("pgr_complaints",), time_range=span, analysis=DIFFERENCE))
    assert short.outcome == "refused" and "14 of each are needed" in short.sentence
    kept = DimensionFilter(dimension="complaint__channel", values=("WEB", "PIGEON"))
    plan = Plan(metrics=("pgr_complaints",), group_by=("complaint__channel",), filters=(kept,), analysis=DIFFERENCE)
    assert run(finder, last, plan).outcome == "refused"
