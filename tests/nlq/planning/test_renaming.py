"""Everyday words of business are taken for the layer's own, and the answer says which; its own words never are."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "like", "taken"),
    [
        ("shops", "turnover by state", "revenue by state", "turnover"),
        ("shops", "takings by month", "revenue by month", "takings"),
        ("shops", "number of clients by state", "number of buyers by state", "clients"),
        ("clinic", "visits per physician", "visits per doctor", None),
        ("hotels", "reservations by hotel", "bookings by hotel", None),
        ("complaints", "grievances by ward", "complaints by ward", None),
        ("parcels", "packages by carrier", "parcels by carrier", None),
    ],
)
def test_another_name_is_taken_and_told(subject: str, question: str, like: str, taken: str | None) -> None:
    outcome, expected = planner(subject).plan(question, TODAY), planner(subject).plan(like, TODAY)
    assert isinstance(expected, Planned), expected
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan == expected.plan
    assert taken is None or any(f"I took “{taken}”" in note for note in outcome.notes)


def test_who_it_is_from_is_no_figure_beside_another() -> None:
    assert not isinstance(planner("shops").plan("revenue by state from clients", TODAY), Planned)


@pytest.mark.parametrize(
    ("subject", "question", "like"),
    [
        ("complaints", "complaints by prio", "complaints by priority"),
        ("parcels", "# of parcels by hub", "number of parcels by hub"),
        ("parcels", "parcels n fees by hub", "parcels and fees by hub"),
        ("clinic", "waiting time by doctor last 3 mos", "waiting time by doctor last 3 months"),
    ],
)
def test_short_forms_are_read_as_what_they_stand_for(subject: str, question: str, like: str) -> None:
    outcome, expected = planner(subject).plan(question, TODAY), planner(subject).plan(like, TODAY)
    assert isinstance(expected, Planned) and isinstance(outcome, Planned), outcome
    assert outcome.plan == expected.plan
