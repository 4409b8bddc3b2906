"""A total beside a word for a count and for an amount may be either: both are offered, the count first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner

TODAY = date(2026, 7, 15)


def _layer(noun: str, split: str, values: tuple[str, ...]) -> Planner:
    name = f"{noun}__{split}"
    metrics = [
        Metric(f"{noun}_count", f"{noun.capitalize()}s", "How many.", (), "simple", "integer", additive=True),
        Metric(
            f"{noun}_sum", f"{noun.capitalize()} amount", "Sum.", (), "simple", "currency", unit="EUR", additive=True
        ),
    ]
    metrics = [replace(one, domain=noun, dimensions=frozenset({name})) for one in metrics]
    time = Dimension("metric_time", "Time", "", (), "time", Values(()))
    return Planner(Vocabulary.of(metrics, [time, Dimension(name, split, "", (), "categorical", Values(values))]))


@pytest.fixture(scope="module")
def planners() -> dict[str, Planner]:
    return {
        "payment": _layer("payment", "method", ("Card", "Cash")),
        "donation": _layer("donation", "cause", ("Reef", "Forest")),
        "claim": _layer("claim", "cover", ("Fire", "Flood")),
    }


@pytest.mark.parametrize(
    ("noun", "question"),
    [
        ("payment", "card payments jun total"),
        ("payment", "total cash payments by month"),
        ("donation", "reef donations in may total"),
        ("claim", "fire claims 2025 total"),
    ],
)
def test_both_are_offered(planners: dict[str, Planner], noun: str, question: str) -> None:
    outcome = planners[noun].plan(question, TODAY)
    assert isinstance(outcome, Clarify), outcome
    assert [choice.plan.metrics for choice in outcome.choices] == [(f"{noun}_count",), (f"{noun}_sum",)]


@pytest.mark.parametrize(
    ("noun", "question", "metric"),
    [
        ("payment", "card payments in june", "payment_count"),
        ("payment", "number of card payments in june in total", "payment_count"),
        ("donation", "reef donation amount in may total", "donation_sum"),
        ("claim", "how many fire claims in total", "claim_count"),
    ],
)
def test_what_tells_is_heeded(planners: dict[str, Planner], noun: str, question: str, metric: str) -> None:
    outcome = planners[noun].plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)
