"""What is ranked by where a change is asked for: growth is relative, what grew by the most has grown in amount."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "field", "descending"),
    [
        ("shops", "bottom 2 channels by revenue growth, Q1 2026 vs Q1 2025", "revenue__change", False),
        ("shops", "top 2 channels by % growth in revenue, 2025 vs 2024", "revenue__change", True),
        ("shops", "fastest growing channel by revenue, 2025 vs 2024", "revenue__change", True),
        ("shops", "channels sorted by revenue growth, 2025 vs 2024", "revenue__change", True),
        (
            "shops",
            "which channel had the biggest percentage increase in revenue, 2025 vs 2024",
            "revenue__change",
            True,
        ),
        ("clinic", "doctor with the highest growth rate of visits from 2024 to 2025", "visits__change", True),
        ("clinic", "doctor with the slowest growth of visits from 2024 to 2025", "visits__change", False),
        ("parcels", "top 3 carriers by growth in parcels from May 2026 to June 2026", "parcels__change", True),
        ("library", "genre with the lowest loans growth, 2025 vs 2024", "loans__change", False),
        ("shops", "which channel's revenue grew by the most, 2025 vs 2024", "revenue__difference", True),
        ("clinic", "doctor whose visits grew most from 2024 to 2025", "visits__difference", True),
        ("library", "genre with the biggest increase of loans in number, 2025 vs 2024", "loans__difference", True),
        ("parcels", "carrier with the highest absolute growth in parcels, 2025 vs 2024", "parcels__difference", True),
    ],
)
def test_growth_is_relative(subject: str, question: str, field: str, *, descending: bool) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.order_by[0].field, outcome.plan.order_by[0].descending) == (field, descending)


@pytest.mark.parametrize(
    ("subject", "question", "metric"),
    [
        ("shops", "which channel had the biggest increase in revenue, 2025 vs 2024", "revenue"),
        ("clinic", "doctor with the largest decline in visits from 2024 to 2025", "visits"),
        ("parcels", "top 3 carriers by change in parcels, 2025 vs 2024", "parcels"),
    ],
)
def test_an_open_change_is_asked_back(subject: str, question: str, metric: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify), outcome
    fields = [choice.plan.order_by[0].field for choice in outcome.choices]
    assert fields == [f"{metric}__difference", f"{metric}__change"]
    assert len({choice.question for choice in outcome.choices}) == 2
