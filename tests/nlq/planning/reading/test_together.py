"""All of something taken together is no split by it."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "groups"),
    [
        ("shops", "top 3 states by revenue, all channels combined", ("order__state",)),
        ("shops", "top 3 states by revenue across all channels", ("order__state",)),
        ("shops", "revenue by state, all the channels taken together", ("order__state",)),
        ("shops", "combined revenue of all channels by state", ("order__state",)),
        ("clinic", "visits by doctor, all clinics together", ("visit__doctor",)),
        ("clinic", "top 3 doctors by visits, all clinics overall", ("visit__doctor",)),
        ("parcels", "top 2 carriers by parcels across all the hubs", ("parcel__carrier",)),
        ("library", "fines of all genres combined by month", ()),
        ("complaints", "top 5 wards by complaints, all channels together", ("complaint__ward_id",)),
    ],
)
def test_all_together_are_not_split(subject: str, question: str, groups: tuple[str, ...]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.group_by == groups


@pytest.mark.parametrize(
    ("subject", "question"), [("shops", "revenue for all channels"), ("parcels", "parcels over all carriers")]
)
def test_for_all_and_over_all_are_asked_back(subject: str, question: str) -> None:
    assert isinstance(planner(subject).plan(question, TODAY), Clarify)
