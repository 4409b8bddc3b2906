"""Where questions are asked, a wish is told where alerts are made; questions are planned as ever."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned, Refused
from nlq.planning.planner import Planner
from nlq.watching.planner import WishesTold
from tests.nlq.vocabularies import complaints

TODAY = date(2026, 7, 1)
PLANNER = WishesTold(Planner(complaints()))


@pytest.mark.parametrize(
    ("sentence", "what", "nearest"),
    [
        ("tell me when complaints pass 100", "That is an alert", ("complaints",)),
        ("let me know if complaints drop by 20% against last week", "That is an alert", ("complaints",)),
        ("send me complaints by ward every Monday", "That is a subscription", ("complaints by ward",)),
        ("alert me when unicorns fall below 10", "That is an alert", ()),
    ],
)
def test_a_wish_is_told_where_it_is_made(sentence: str, what: str, nearest: tuple[str, ...]) -> None:
    outcome = PLANNER.plan(sentence, TODAY)
    assert isinstance(outcome, Refused)
    assert what in outcome.reason and "asklake alert add" in outcome.reason
    assert outcome.nearest == nearest


@pytest.mark.parametrize(
    "question",
    [
        "complaints by ward",
        "give me complaints every month",
        "show me complaints every Monday",
        "tell me about unicorns",
    ],
)
def test_a_question_is_planned_as_ever(question: str) -> None:
    assert PLANNER.plan(question, TODAY) == PLANNER.questions.plan(question, TODAY)


def test_what_can_be_answered_is_no_wish() -> None:
    assert isinstance(PLANNER.plan("show me complaints by ward", TODAY), Planned)
