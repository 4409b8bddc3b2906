"""The planner on the question table, and what holds for any text whatever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets import bounded_yaml
from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.plan import Operator, Plan
from nlq.core.vocabulary import Vocabulary
from nlq.planning.planner import Planner
from nlq.wording.explain import as_question
from tests.nlq import vocabularies
from tests.nlq.planners import planner
from tests.questions.expected import meant, written

TODAY = date(2026, 7, 15)
TABLE = bounded_yaml.load((Path(__file__).parent / "questions.yml").read_text())
CASES = [pytest.param(subject, case, id=case["ask"]) for subject, cases in TABLE.items() for case in cases]


@pytest.mark.parametrize(("subject", "case"), CASES)
def test_question_table(subject: str, case: dict[str, Any]) -> None:
    outcome = planner(subject).plan(case["ask"], TODAY)
    if "refuses" in case:
        assert isinstance(outcome, Refused | Clarify), outcome
        said = " ".join(outcome.words).split()
        assert set(said) >= {word for words in case["refuses"] for word in words.split()}
        assert outcome.choices if isinstance(outcome, Clarify) else outcome.nearest
    elif "asks_back" in case:
        assert isinstance(outcome, Clarify), outcome
        assert len(outcome.choices) == case["asks_back"]
        assert len({choice.question for choice in outcome.choices}) == case["asks_back"]
    else:
        assert isinstance(outcome, Planned), outcome
        assert essentials(outcome.plan, case) == expected(case)


def essentials(plan: Plan, case: dict[str, Any]) -> dict[str, Any]:
    found = written(plan, case.get("by", ()))
    if "order" in case:
        found["order"] = ("-" if plan.order_by[0].descending else "") + plan.order_by[0].field
    return found


def expected(case: dict[str, Any]) -> dict[str, Any]:
    return meant({key: value for key, value in case.items() if key != "ask"})


def test_the_table_is_big_enough() -> None:
    assert len(CASES) >= 60


def assert_within(plan: Plan, vocabulary: Vocabulary) -> None:
    assert set(plan.metrics) <= vocabulary.metrics.keys()
    shared = vocabulary.shared_dimensions(plan.metrics)
    assert set(plan.group_by) <= shared
    for item in plan.filters:
        assert item.dimension in shared
        known = vocabulary.dimensions[item.dimension].values.items
        if item.operator is Operator.CONTAINS:
            assert any(str(item.values[0]).casefold() in value.casefold() for value in known)
        else:
            assert set(item.values) <= set(known)


def test_a_piece_of_a_value_is_offered_as_a_piece() -> None:
    outcome = planner("complaints").plan("cmplain amritsa", TODAY)
    assert isinstance(outcome, Clarify)
    pieces = [item for choice in outcome.choices for item in choice.plan.filters if item.operator is Operator.CONTAINS]
    assert pieces
    for choice in outcome.choices:
        assert_within(choice.plan, planner("complaints").vocabulary)


SAID = (
    "complaints by ward top 5 most not or and in whatsapp closed high last month since 2025 q1 per average rate sla "
    "breach monthly trend over 100 5 days % which between to the amritsar 'x' \"web\" ; drop vs compare sales "
    "open turnaround resolution tickets resolved orders units sold how many each more than three fewer"
)
WORDS = st.sampled_from(SAID.split())


def test_a_ratio_of_a_figure_and_itself_is_refused_with_the_reason() -> None:
    outcome = planner("complaints").plan("complaints per complaints", TODAY)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "I cannot ask that: a ratio is of two metrics."


def test_a_value_that_is_none_is_no_crash() -> None:
    assert isinstance(planner("clinic").plan("visits of insurer None by clinic", TODAY), Planned | Clarify | Refused)


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("how many unique genres by author", "different_genres"),
        ("distinct genres", "different_genres"),
        ("how many genres by author", "genres"),
    ],
)
def test_what_is_counted_once_is_the_figure_that_does_so(question: str, metric: str) -> None:
    layer = vocabularies.library()
    once = replace(layer.metrics["authors"], name="different_genres", label="Different genres")
    entries = replace(layer.metrics["books"], name="genres", label="Genres", synonyms=())
    metrics = [*layer.metrics.values(), once, entries]
    outcome = Planner(Vocabulary.of(metrics, layer.dimensions.values())).plan(question, TODAY)
    assert isinstance(outcome, Planned) and outcome.plan.metrics == (metric,)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=14).map(" ".join)))
def test_any_text_has_an_outcome_within_the_layer(text: str) -> None:
    outcome = planner("complaints").plan(text, TODAY)
    plans = [outcome.plan] if isinstance(outcome, Planned) else []
    plans += [choice.plan for choice in outcome.choices] if isinstance(outcome, Clarify) else []
    for plan in plans:
        assert_within(plan, planner("complaints").vocabulary)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([case["ask"] for case in TABLE["complaints"] if "metrics" in case]),
    st.sampled_from(["zorgle", "purple", "xyzzy", "elephants", "profit"]),
    st.integers(0, 12),
)
def test_an_unknown_word_is_never_ignored(question: str, word: str, at: int) -> None:
    words = question.split()
    words.insert(min(at, len(words)), word)
    text = " ".join(words)
    if '"' in text:
        return
    outcome = planner("complaints").plan(text, TODAY)
    assert isinstance(outcome, Refused | Clarify), outcome
    assert word in (outcome.reason if isinstance(outcome, Refused) else outcome.question) or word in outcome.words


@pytest.mark.parametrize("case", [c for c in TABLE["complaints"] if "metrics" in c], ids=lambda c: c["ask"])
def test_a_plan_put_in_words_is_planned_the_same(case: dict[str, Any]) -> None:
    """What is offered as a choice or shown as the understanding can be asked."""
    first = planner("complaints").plan(case["ask"], TODAY)
    assert isinstance(first, Planned)
    words = as_question(first.plan, planner("complaints").vocabulary)
    again = planner("complaints").plan(words, TODAY)
    assert isinstance(again, Planned), (words, again)
    ordered_alike = {"order_by": first.plan.order_by}
    assert again.plan.model_copy(update=ordered_alike).canonical() == first.plan.canonical(), words


def test_relative_time_follows_the_clock() -> None:
    outcome = planner("complaints").plan("complaints yesterday", date(2024, 3, 1))
    assert isinstance(outcome, Planned)
    assert outcome.plan.time_range
    assert outcome.plan.time_range.start == date(2024, 2, 29)


def test_decisions_name_the_words() -> None:
    outcome = planner("complaints").plan("complants by ward", TODAY)
    assert isinstance(outcome, Planned)
    assert outcome.because[0].words == "complants"
    assert outcome.confidence < 1


def test_too_long() -> None:
    assert isinstance(planner("complaints").plan("complaints " * 10_000, TODAY), Refused)
