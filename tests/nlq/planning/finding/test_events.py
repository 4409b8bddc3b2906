"""Participles beside a time belong to the event they name."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.plan import Operator
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner

TODAY = date(2026, 7, 15)
JUNE = (date(2026, 6, 1), date(2026, 6, 30))


def shop(*, shipments: bool) -> Planner:
    """Orders count by the day they were placed; shipments, where there are any, by their own day."""
    dimensions = frozenset({"order__placed_at", "order__shipped_at", "order__state", "order__city"})
    placed = ("placed_at", "Placed", "Day of the order.")
    metrics = [
        Metric("orders", "Orders", domain="shop", dimensions=dimensions, time_names=placed),
        Metric("shipped_orders", "Shipped orders", domain="shop", dimensions=dimensions, time_names=placed),
        Metric("damaged_orders", "Damaged orders", domain="shop", dimensions=dimensions, time_names=placed),
    ]
    if shipments:
        own = ("day", "Day", "Day it happened.")
        metrics.append(
            Metric(
                "shipped_events",
                "Shipments",
                domain="shop",
                dimensions=dimensions,
                subjects=frozenset({"order"}),
                time_names=own,
            )
        )
    return Planner(
        Vocabulary.of(
            metrics,
            [
                Dimension("order__placed_at", "Placed", type="time"),
                Dimension("order__shipped_at", "Shipped", type="time"),
                Dimension("order__state", "State", values=Values(("NEW", "RETURNED"))),
                Dimension("order__city", "City", values=Values(("Bern", "Chur"))),
            ],
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "question", ["orders shipped last month by city", "how many orders were shipped in June 2026 by city"]
)
def test_a_metric_of_the_event_counts_it(question: str) -> None:
    outcome = shop(shipments=True).plan(question, TODAY)
    assert isinstance(outcome, Planned)
    assert outcome.plan.metrics == ("shipped_events",)
    assert outcome.plan.time_range is not None
    assert (outcome.plan.time_range.start, outcome.plan.time_range.end) == JUNE


def test_else_the_date_of_the_event_bounds_it() -> None:
    outcome = shop(shipments=False).plan("orders shipped last month by city", TODAY)
    assert isinstance(outcome, Planned)
    assert outcome.plan.time_range is None
    bounds = {f.operator: f.values[0] for f in outcome.plan.filters}
    assert bounds == {Operator.GE: JUNE[0], Operator.LE: JUNE[1]}
    assert {f.dimension for f in outcome.plan.filters} == {"order__shipped_at"}


@pytest.mark.parametrize("shipments", [True, False])
def test_before_the_noun_it_may_be_either(shipments: bool) -> None:
    outcome = shop(shipments=shipments).plan("shipped orders last month", TODAY)
    assert isinstance(outcome, Clarify)
    assert len(outcome.choices) == 2


@pytest.mark.parametrize("question", ["orders damaged last month", "orders returned in June"])
def test_an_event_without_a_time_is_not_guessed(question: str) -> None:
    assert isinstance(shop(shipments=True).plan(question, TODAY), Clarify | Refused)


@pytest.mark.parametrize("question", ["shipped orders", "damaged orders last month", "orders placed last month"])
def test_where_nothing_is_open_nothing_is_asked(question: str) -> None:
    assert isinstance(shop(shipments=True).plan(question, TODAY), Planned)


def test_steps_said_to_be_of_the_own_time_are_not_of_the_event() -> None:
    outcome = shop(shipments=True).plan("orders shipped last month by day placed", TODAY)
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.grain, outcome.plan.time_of) == (("orders",), "day", None)
    assert {f.dimension for f in outcome.plan.filters} == {"order__shipped_at"}
