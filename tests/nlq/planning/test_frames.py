"""Frame words over a layer of parks, whose names have ends, extents, people and codes in them.

Belongs here: what ``kinds.yml`` cannot ask, because its layers have no such names. Does not belong here: verbs
themselves (``core.test_verbs``).
"""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.plan import Plan
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner

_OWN = frozenset({"storm__region", "storm__trigger", "storm__severity", "storm__damage_rank", "storm__harm"})


def _layer() -> Vocabulary:
    metrics = [
        Metric("storms", "Storms", "Number of storms.", ("tempests",), additive=True, dimensions=_OWN),
        Metric("highest_damage", "Highest damage", "Most of one storm.", ("largest storm",), dimensions=_OWN),
        Metric("triggers", "Triggers", "Different triggers.", ("number of triggers",), tally=True, dimensions=_OWN),
        Metric("lowest_damage_rank", "Lowest damage rank", "", ("best damage rank",), dimensions=_OWN),
        Metric("highest_damage_rank", "Highest damage rank", "", (), dimensions=_OWN),
        Metric("total_area", "Total area", "", ("area",), unit="km²", additive=True, dimensions=_OWN),
        Metric("inhabitants", "Inhabitants", "", ("people",), additive=True, dimensions=_OWN),
        Metric("claims", "Claims", "Number of claims.", additive=True, dimensions=_OWN),
    ]
    values = {
        "region": ("NW", "SE", "SW"),
        "trigger": ("Lightning", "Frost"),
        "severity": ("L", "M", "H"),
        "damage_rank": (1, 2, 3),
        "harm": ("Marlow", "Okehampton"),
    }
    dimensions = [
        Dimension(f"storm__{name}", name.replace("_", " ").capitalize(), values=Values(items))
        for name, items in values.items()
    ]
    return Vocabulary.of(metrics, dimensions)


PLANNER = Planner(_layer())
REGION = ("storm__region",)


@pytest.mark.parametrize(
    ("question", "metrics", "groups"),
    [
        ("which region had the largest number of storms", ("storms",), REGION),
        ("region with the highest number of storms", ("storms",), REGION),
        ("what is the most common trigger", ("storms",), ("storm__trigger",)),
        ("best damage rank across all storms", ("lowest_damage_rank",), ()),
        ("best damage rank", ("lowest_damage_rank",), ()),
        ("the largest tempest by region", ("highest_damage",), REGION),
        ("storms by region code", ("storms",), REGION),
        ("storms by severity type", ("storms",), ("storm__severity",)),
        ("how much area do the storms cover in NW", ("total_area",), ()),
        ("area covered in each region", ("total_area",), REGION),
        ("how many people live in the SE", ("inhabitants",), ()),
    ],
)
def test_a_frame_word_adds_nothing(question: str, metrics: tuple[str, ...], groups: tuple[str, ...]) -> None:
    outcome = PLANNER.plan(question, date(2026, 7, 15))
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.group_by) == (metrics, groups)


@pytest.mark.parametrize(
    ("question", "word"),
    [("how many claims were covered", "covered"), ("storms by harm type", "type"), ("storms by trigger code", "code")],
)
def test_a_word_that_selects_is_no_frame_word(question: str, word: str) -> None:
    outcome = PLANNER.plan(question, date(2026, 7, 15))
    assert isinstance(outcome, Clarify)
    assert word in outcome.words


def _plans(outcome: object) -> list[Plan]:
    assert isinstance(outcome, Planned | Clarify), outcome
    return [outcome.plan] if isinstance(outcome, Planned) else [choice.plan for choice in outcome.choices]


def test_what_is_counted_once_in_every_group_ranks_none() -> None:
    """Each trigger has one trigger: that no reading means."""
    plans = _plans(PLANNER.plan("what is the most popular trigger", date(2026, 7, 15)))
    assert all("triggers" not in plan.metrics for plan in plans)


@pytest.mark.parametrize("question", ["which region had the largest storm", "which region had the largest tempest"])
def test_whose_end_is_asked_for_is_ranked(question: str) -> None:
    outcome = PLANNER.plan(question, date(2026, 7, 15))
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.limit) == (("highest_damage",), 1)
    assert outcome.plan.order_by[0].descending


@pytest.mark.parametrize("end", ["highest", "lowest"])
def test_the_highest_rank_may_be_the_first_or_the_largest_number(end: str) -> None:
    plans = _plans(PLANNER.plan(f"{end} damage rank", date(2026, 7, 15)))
    assert {plan.metrics for plan in plans} == {("lowest_damage_rank",), ("highest_damage_rank",)}
