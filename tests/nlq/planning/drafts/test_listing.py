"""Values that are listed, each with its own "by" or "how many", are a figure of each; with "or" they are one."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

TODAY = date(2026, 7, 15)


@pytest.fixture(scope="module")
def planners() -> dict[str, Planner]:
    return {subject: Planner(getattr(vocabularies, subject)()) for subject in ("parcels", "clinic", "shops", "gyms")}


@pytest.mark.parametrize(
    ("subject", "question", "groups"),
    [
        ("parcels", "number of parcels by Norden and by Bluefly", ("parcel__carrier",)),
        ("parcels", "how many parcels were sent by Norden and how many by Bluefly", ("parcel__carrier",)),
        ("parcels", "fees by Norden, by Bluefly and by Rapido in May", ("parcel__carrier",)),
        ("parcels", "fees by Norden or by Bluefly", ()),
        ("parcels", "parcels by Norden and by Bluefly together", ()),
        ("clinic", "visits for Alpina and for Helvia", ("visit__insurer",)),
        ("clinic", "visits at Northgate and at clinic Riverside", ("visit__clinic",)),
        ("shops", "orders by phone and by web by month", ("order__channel",)),
        ("shops", "orders by web and by state", ("order__state",)),
        ("gyms", "check-ins at Harbour and at Station", ("member__gym_name",)),
    ],
)
def test_each_value_has_its_own_row(
    planners: dict[str, Planner], subject: str, question: str, groups: tuple[str, ...]
) -> None:
    outcome = planners[subject].plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.group_by == groups
