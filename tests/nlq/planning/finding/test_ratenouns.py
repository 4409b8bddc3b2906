"""Conversion, completion, retention said alone are the rate, where the layer has one beside the count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nlq.core.outcome import Planned
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner

TODAY = date(2026, 7, 15)


def _layer(of: str, count: Metric, rate: Metric, *splits: str) -> Planner:
    names = [f"{of}__{split}" for split in splits]
    metrics = [replace(one, domain=of, dimensions=frozenset(names)) for one in (count, rate)]
    dimensions = [
        Dimension(name, split.capitalize(), "", (), "categorical", Values(("A", "B")))
        for name, split in zip(names, splits, strict=True)
    ]
    time = Dimension("metric_time", "Time", "", (), "time", Values(()))
    return Planner(Vocabulary.of(metrics, [time, *dimensions]))


def _count(name: str, label: str) -> Metric:
    return Metric(name, label, "How many there were.", (), "simple", "integer", additive=True)


def _rate(name: str, label: str) -> Metric:
    return Metric(name, label, "The part of all.", (), "ratio", "percent")


@pytest.fixture(scope="module")
def planners() -> dict[str, Planner]:
    return {
        "trials": _layer(
            "trial", _count("conversions", "Conversions"), _rate("conversion_rate", "Conversion rate"),
            "experiment", "variant",
        ),
        "courses": _layer(
            "course", _count("completions", "Completions"), _rate("completed_part", "Course completion rate"), "teacher"
        ),
        "plans": _layer(
            "plan", _count("retained", "Retention count"), _rate("retention", "Customer retention rate"), "tariff"
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "question", "metric"),
    [
        ("trials", "Conversion of each experiment by variant", "conversion_rate"),
        ("trials", "conversion by variant", "conversion_rate"),
        ("trials", "conversion rate by variant", "conversion_rate"),
        ("trials", "conversions by variant", "conversions"),
        ("trials", "number of conversion by variant", "conversions"),
        ("trials", "total conversion by variant", "conversions"),
        ("courses", "completion by teacher", "completed_part"),
        ("courses", "completions by teacher", "completions"),
        ("plans", "retention by tariff", "retention"),
        ("plans", "customer retention by tariff", "retention"),
    ],
)
def test_the_noun_alone_is_the_rate(planners: dict[str, Planner], subject: str, question: str, metric: str) -> None:
    outcome = planners[subject].plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)
