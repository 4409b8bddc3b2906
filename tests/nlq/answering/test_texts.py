"""Which questions ask for text, and that none is given text where a figure is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.answering.texts import text_wanted
from nlq.core.outcome import Because, Choice, Clarify, Planned, Refused
from nlq.core.plan import Plan

PLAN = Plan(metrics=("late",))
PLANNED = Planned(plan=PLAN, confidence=1.0)
UNCLEAR = Clarify(question="Which?", words=("it",), choices=(Choice(question="Late", plan=PLAN),))
UNKNOWN = Refused(reason="I do not know “lamp”.", words=("lamp",))


@pytest.mark.parametrize(
    ("question", "about", "kind"),
    [
        ("What does SLA breach mean?", "SLA breach", "metric"),
        ("what is meant by churn", "churn", "metric"),
        ("definition of net sales", "net sales", "metric"),
        ("What is the meaning of “escalated”?", "“escalated”", "metric"),
        ("where is customer lifetime value defined", "customer lifetime value", "metric"),
        ("How is the average turnaround calculated?", "the average turnaround", "metric"),
        ("please explain first response time", "first response time", "metric"),
        ("find documents about returns", "returns", "document"),
        ("Is there a dashboard on stock?", "stock", "dashboard"),
        ("which dashboard shows the backlog", "the backlog", "dashboard"),
        ("which table has orders", "orders", "table"),
        ("where can I find shipping times", "shipping times", None),
        ("search for broken lamps", "broken lamps", None),
    ],
)
def test_forms_say_what_text_is_asked_for(question: str, about: str, kind: str | None) -> None:
    for outcome in (UNCLEAR, UNKNOWN):
        wanted = text_wanted(question, outcome)
        assert wanted and wanted.by_form and wanted.words == about
        assert wanted.kinds[0] == kind if kind else wanted.kinds == ()


@pytest.mark.parametrize(
    "question",
    ["find documents about returns", "explain complaints", "where do I find returns", "which table has orders",
     "complaints by ward", "mean turnaround", "what is the mean turnaround", "explain why sales fell"],
)  # fmt: skip
def test_a_figure_that_is_understood_is_given(question: str) -> None:
    assert text_wanted(question, PLANNED) is None


def test_what_something_means_is_no_average_of_it() -> None:
    assert text_wanted("what does SLA breach mean", PLANNED)


@pytest.mark.parametrize("question", ["explain why sales fell", "explain the drop in sales", "complaints in Atlantis"])
def test_a_question_back_about_figures_stays_one(question: str) -> None:
    assert text_wanted(question, UNCLEAR) is None


def test_without_a_form_text_is_asked_for_where_words_are_unknown_and_none_names_a_figure() -> None:
    wanted = text_wanted("how do I mend a lamp", UNKNOWN)
    assert wanted and not wanted.by_form
    figure = (Because(words="complaints", meaning="Complaints", part="metric", name="c", label="Complaints"),)
    assert text_wanted("complaints in Atlantis", UNKNOWN.model_copy(update={"because": figure})) is None
    assert text_wanted("a wish", Refused(reason="That is an alert.")) is None


def test_tables_of_a_restaurant_are_no_tables_of_the_lake() -> None:
    named = (Because(words="table", meaning="Table", part="dimension", name="table", label="Table"),)
    unclear = UNCLEAR.model_copy(update={"because": named})
    assert text_wanted("which table has orders", unclear) is None
    assert text_wanted("which dashboard shows the table", unclear)


def test_help_is_no_text() -> None:
    assert text_wanted("which metric is about sales", UNCLEAR.model_copy(update={"is_help": True})) is None


@given(st.text(max_size=600), st.sampled_from([PLANNED, UNCLEAR, UNKNOWN]))
def test_any_text_is_read_and_what_is_wanted_is_in_it(question: str, outcome: Planned | Clarify | Refused) -> None:
    wanted = text_wanted(question, outcome)
    assert wanted is None or wanted.words in " ".join(question.split())
