"""Questions that ask to find something out: planned, asked back or refused as is right, over four vocabularies.

Belongs here: the table ``questions.yml`` and what holds of all of it. Does not belong here: what is found
(tests/insight).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets import bounded_yaml
from nlq.core.analysis import AnalysisKind
from nlq.core.judged import metrics_of, metrics_of_all
from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.plan import DimensionFilter, Plan, TimeRange
from nlq.english.tokens import set_of
from nlq.wording.explain import as_question
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)
TABLE: dict[str, list[dict[str, Any]]] = bounded_yaml.load((Path(__file__).parent / "questions.yml").read_text())


def cases(*needed: str) -> Iterator[Any]:
    for kind, listed in TABLE.items():
        for case in listed:
            if not needed or any(name in case for name in needed):
                yield pytest.param(kind, case, id=f"{kind}: {case['ask']}")


def expected(kind: str, case: dict[str, Any]) -> Plan:
    """The plan as the table writes it."""
    metrics = case.get("metrics")
    if many := case.get("many"):
        vocabulary = planner(case["of"]).vocabulary
        found = metrics_of_all(vocabulary, 10) if many == "all" else metrics_of(vocabulary, many)
        metrics = [one.name for one in found if set(case.get("where", ())) <= one.dimensions]
    spans = {
        name: case.get(name) and dict(zip(("start", "end"), case[name], strict=True)) for name in ("time", "versus")
    }
    return Plan.model_validate({
        "metrics": metrics, "analysis": {"kind": kind, "claim": case.get("claim")},
        "group_by": [case["by"]] if "by" in case else [], "grain": case.get("grain"),
        "filters": [{"dimension": name, "values": values} for name, values in case.get("where", {}).items()],
        "time_range": spans["time"], "compare_with": spans["versus"],
    })  # fmt: skip


@pytest.mark.parametrize(("kind", "case"), cases())
def test_each_comes_to_what_is_right(kind: str, case: dict[str, Any]) -> None:
    outcome = planner(case["of"]).plan(case["ask"], TODAY)
    if "refuses" in case:
        assert isinstance(outcome, Refused), outcome
        assert case["refuses"] in outcome.reason
    elif "asks" in case:
        assert isinstance(outcome, Clarify), outcome
        begins = [choice.question for choice in outcome.choices]
        assert len(begins) == len(case["asks"])
        assert all(one.startswith(start) for one, start in zip(begins, case["asks"], strict=True)), begins
        assert all(choice.plan.analysis and choice.plan.analysis.kind == kind for choice in outcome.choices)
    elif "plain" in case:
        plans = [outcome.plan] if isinstance(outcome, Planned) else [c.plan for c in getattr(outcome, "choices", ())]
        assert plans and not any(plan.analysis for plan in plans), outcome
    else:
        assert isinstance(outcome, Planned), outcome
        assert outcome.plan.canonical() == expected(kind, case).canonical()


def test_every_kind_has_twenty_questions_over_three_domains() -> None:
    assert set(TABLE) == set(AnalysisKind)
    for kind, listed in TABLE.items():
        assert len(listed) >= 20 and len({case["of"] for case in listed}) >= 3, kind


@pytest.mark.parametrize(("kind", "case"), cases("metrics", "many"))
def test_the_words_of_a_plan_are_a_question_that_means_it(kind: str, case: dict[str, Any]) -> None:
    """Choices are given in words, which may be typed again."""
    plan = expected(kind, case)
    again = planner(case["of"]).plan(as_question(plan, planner(case["of"]).vocabulary), TODAY)
    plans = [again.plan] if isinstance(again, Planned) else [c.plan for c in getattr(again, "choices", ())]
    assert plan.canonical() in [one.canonical() for one in plans], again


@pytest.mark.parametrize(("kind", "case"), cases("metrics", "many"))
def test_every_word_of_a_frame_is_told_of(kind: str, case: dict[str, Any]) -> None:
    outcome = planner(case["of"]).plan(case["ask"], TODAY)
    operators = [one for one in outcome.because if one.part == "operator" and one.start is not None]
    assert operators
    for one in operators:
        assert one.end is not None and case["ask"][one.start : one.end]


WORDS = sorted(set_of(
    "why did rise fall orders revenue in june last month anything unusual forecast what changed since than by state "
    "for next week should i look at texas and of the 2026-05-01 unicorns more is"
))  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12))
@settings(max_examples=150, deadline=None)
def test_no_order_of_its_words_breaks_planning_or_drops_a_word_that_means_nothing(words: list[str]) -> None:
    outcome = planner("shops").plan(" ".join(words), TODAY)
    if isinstance(outcome, Planned):
        assert "unicorns" not in words
        assert outcome.plan.analysis is None or Plan.model_validate(outcome.plan.model_dump()) == outcome.plan


@pytest.mark.parametrize(
    ("then", "changes"),
    [
        ("and by state?", {"group_by": ("order__state",)}),
        ("what about revenue", {"metrics": ("revenue",)}),
        ("and in May?", {"time_range": TimeRange(start=date(2026, 5, 1), end=date(2026, 5, 31))}),
        ("only web", {"filters": (DimensionFilter(dimension="order__channel", values=("Web",)),)}),
    ],
)
def test_what_follows_up_a_why_asks_why(then: str, changes: dict[str, Any]) -> None:
    first = planner("shops").plan("why did orders rise in June", TODAY)
    assert isinstance(first, Planned)
    second = planner("shops").plan(then, TODAY, first.plan)
    assert isinstance(second, Planned), second
    assert second.plan == first.plan.model_copy(update=changes)


def test_why_may_be_asked_of_the_answer_before() -> None:
    first = planner("shops").plan("web orders in June", TODAY)
    assert isinstance(first, Planned)
    for words in ("why?", "why did it rise", "and why did they fall"):
        second = planner("shops").plan(words, TODAY, first.plan)
        plans = [second.plan] if isinstance(second, Planned) else [c.plan for c in getattr(second, "choices", ())]
        assert [(p.metrics, p.filters, p.time_range) for p in plans] == [
            (first.plan.metrics, first.plan.filters, first.plan.time_range)
        ]
        assert all(plan.analysis and plan.analysis.kind is AnalysisKind.WHY for plan in plans)
