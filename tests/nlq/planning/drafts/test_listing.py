"""Values that are listed, each with its own "by" or "how many", are a figure of each; with "or" they are one."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


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
        ("shops", "revenue of web orders and of phone orders", ("order__channel",)),
        ("parcels", "express parcels and economy parcels in May", ("parcel__service_level",)),
        ("clinic", "Alpina visits and Helvia visits by month", ("visit__insurer",)),
        ("gyms", "check-ins at Harbour and at Station", ("member__gym_name",)),
    ],
)
def test_each_value_has_its_own_row(subject: str, question: str, groups: tuple[str, ...]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.group_by == groups


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("parcels", "number of parcels and share of late ones by hub"),
        ("clinic", "visits and share of no-shows by doctor"),
        ("gyms", "members and percentage of cancellations by gym"),
    ],
)
def test_a_share_beside_a_figure_is_none_of_that_figure_by_it(subject: str, question: str) -> None:
    assert not isinstance(planner(subject).plan(question, TODAY), Planned)
