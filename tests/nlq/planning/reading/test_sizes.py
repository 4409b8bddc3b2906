"""The biggest of counted things is ranked by the layer's first sum of money, and told so; without one it is refused."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from nlq.core.plan import Plan
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.planning.planner import Planner

TODAY = date(2026, 7, 15)
THINGS = ("order", "booking", "donation")


def planner(thing: str, *, headline: int = 1) -> Planner:
    key = f"sale__{thing}_id"
    names = frozenset({key, "sale__town"})
    count = Metric(f"{thing}s", f"{thing}s".capitalize(), dimensions=names, subjects=frozenset({thing}), additive=True)
    money = Metric(
        "money", "Takings", format="currency", dimensions=names, additive=True, headline=headline,
        subjects=frozenset({thing}),
    )  # fmt: skip
    fees = Metric("fees", "Fees", format="currency", dimensions=names, additive=True, subjects=frozenset({thing}))
    places = Dimension("sale__town", "Town")
    return Planner(Vocabulary.of([count, money, fees], [Dimension(key, thing.capitalize()), places]))


def asked(thing: str, question: str, *, headline: int = 1) -> Plan | None:
    outcome = planner(thing, headline=headline).plan(question, TODAY)
    return outcome.plan if isinstance(outcome, Planned) else None


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize(("size", "descending"), [("biggest", True), ("largest", True), ("smallest", False)])
def test_the_biggest_thing_is_that_with_the_most_money(thing: str, size: str, descending: bool) -> None:
    plan = asked(thing, f"{size} {thing} of this year and how much was it")
    assert plan and plan.metrics == ("money",) and plan.group_by == (f"sale__{thing}_id",)
    assert plan.limit == 1 and plan.ties and plan.order_by[0].descending is descending
    assert plan.time_range and plan.time_range.start == date(2026, 1, 1)


@pytest.mark.parametrize("thing", THINGS)
def test_without_a_headline_of_money_nothing_says_how_large_one_is(thing: str) -> None:
    assert asked(thing, f"biggest {thing} of this year", headline=0) is None


def test_the_figure_that_was_taken_is_told() -> None:
    outcome = planner("order").plan("biggest order", TODAY)
    assert isinstance(outcome, Planned)
    assert any("by Takings" in one.meaning for one in outcome.because)
