"""A further sentence that asks for another figure or time is a question of its own; its time is not the first one's."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)
JUNE, MAY = ("2026-06-01", "2026-06-30"), ("2026-05-01", "2026-05-31")


@pytest.mark.parametrize(
    ("subject", "question", "offered"),
    [
        ("clinic", "Which doctor had the fewest visits? And how often were they used in June?", [("visits", None)]),
        (
            "complaints",
            "Which ward has the least complaints? And how many were there in June?",
            [("pgr_complaints", None), ("pgr_complaints", JUNE)],
        ),
        (
            "shops",
            "Which channel has the fewest orders? What was its revenue in June?",
            [("orders", None), ("revenue", JUNE)],
        ),
        ("shops", "Which channel has the fewest orders? And in June?", [("orders", None), ("orders", JUNE)]),
        (
            "shops",
            "Which channel has the fewest orders? And what is its revenue?",
            [("orders", None), ("revenue", None)],
        ),
        (
            "library",
            "Which genre has the fewest loans. And what were its fines in May?",
            [("loans", None), ("fines", MAY)],
        ),
    ],
)
def test_a_further_sentence_is_a_second_question(
    subject: str, question: str, offered: list[tuple[str, tuple[str, str] | None]]
) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify), outcome
    times = [choice.plan.time_range for choice in outcome.choices]
    said = [(str(time.start), str(time.end)) if time else None for time in times]
    assert list(zip([choice.plan.metrics[0] for choice in outcome.choices], said, strict=True)) == offered


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("shops", "Orders by channel? And by state."),
        ("complaints", "Which ward has the least complaints? Show the ward and complaints"),
        ("clinic", "visits by doctor. Only the top 3."),
        ("clinic", "visits by doctor. Also show the amount unpaid."),
    ],
)
def test_what_asks_for_neither_stays_one(subject: str, question: str) -> None:
    assert isinstance(planner(subject).plan(question, TODAY), Planned)
