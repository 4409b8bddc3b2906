"""What is said where a question is not simply answered: help, and words that no choice takes."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.plan import Plan
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.planning.asking import Asking
from nlq.planning.drafts.draft import Reading
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize("said", ["hello", "Help!", "what can I ask", "What data do you have?", "hi there"])
def test_help_is_the_catalog_with_questions_that_work(said: str) -> None:
    planner = Planner(vocabularies.complaints())
    outcome = planner.plan(said, TODAY)
    assert isinstance(outcome, Clarify)
    assert "Complaints" in outcome.question
    for choice in outcome.choices:
        again = planner.plan(choice.question, TODAY)
        assert isinstance(again, Planned), choice.question


def test_help_about_a_subject_names_only_that() -> None:
    outcome = Planner(vocabularies.complaints()).plan("what can I ask about sales", TODAY)
    assert isinstance(outcome, Clarify)
    assert "Net sales" in outcome.question
    assert "Complaints" not in outcome.question


def test_a_layer_about_questions_is_asked_about_them() -> None:
    planner = Planner(Vocabulary.of([Metric("questions", "Questions", dimensions=frozenset({"forum__topic"}))], []))
    assert isinstance(planner.plan("show me all questions", TODAY), Planned)


def test_words_without_a_place_are_told_and_never_dropped() -> None:
    outcome = Planner(vocabularies.complaints()).plan("complaints of zorgle by ward", TODAY)
    assert isinstance(outcome, Clarify)
    assert outcome.words == ("zorgle",)
    assert "zorgle" in outcome.question
    assert [choice.plan.group_by for choice in outcome.choices] == [("complaint__ward_id",)]


def test_choices_differ_in_words() -> None:
    outcome = Planner(vocabularies.complaints()).plan("turnaround by ward", TODAY)
    assert isinstance(outcome, Clarify)
    texts = [choice.question for choice in outcome.choices]
    assert 2 <= len(set(texts)) == len(texts) <= 4


def test_what_is_offered_of_other_metrics_is_a_valid_plan() -> None:
    """A ratio in percent, or a total along time, is of its own metrics: of others only what they share is offered."""
    asking = Asking(Lexicon(vocabularies.complaints()))
    for computed in (
        {"metrics": ("pgr_complaints", "pgr_open_complaints"), "ratio": True, "percent": True},
        {"metrics": ("pgr_complaints",), "running": {"of": "total"}, "grain": "month"},
        {"metrics": ("pgr_complaints",), "records": True},
    ):
        doubtful = Reading(Plan.model_validate(computed), 0.4, (), sure=False)
        outcome = asking.unsure(doubtful)
        assert isinstance(outcome, Clarify)
        for choice in outcome.choices:
            assert Plan.model_validate(choice.plan.model_dump()) == choice.plan
