"""A month and two digits: the month of a year or a day of it; both are offered where nothing tells which."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.plan import Plan
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


def _days(plan: Plan) -> tuple[str, str]:
    assert plan.time_range
    return str(plan.time_range.start), str(plan.time_range.end)


@pytest.mark.parametrize(
    ("subject", "question", "offered"),
    [
        ("clinic", "visits may 26", [("2026-05-01", "2026-05-31"), ("2026-05-26", "2026-05-26")]),
        ("parcels", "fees oct 19 total", [("2019-10-01", "2019-10-31"), ("2025-10-19", "2025-10-19")]),
        ("library", "loans in Feb 24", [("2024-02-01", "2024-02-29"), ("2026-02-24", "2026-02-24")]),
        ("hotels", "bookings March-25", [("2025-03-01", "2025-03-31"), ("2026-03-25", "2026-03-25")]),
        ("shops", "revenue since june 25", [("2025-06-01", "2026-07-15"), ("2026-06-25", "2026-07-15")]),
        ("shops", "revenue may 25 vs may 26", [("2026-05-01", "2026-05-31"), ("2026-05-26", "2026-05-26")]),
    ],
)
def test_both_are_offered(subject: str, question: str, offered: list[tuple[str, str]]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify), outcome
    assert [_days(choice.plan) for choice in outcome.choices] == offered
    assert all(choice.question for choice in outcome.choices)


@pytest.mark.parametrize(
    ("subject", "question", "days"),
    [
        ("clinic", "visits on may 26", ("2026-05-26", "2026-05-26")),
        ("parcels", "fees 19 oct", ("2025-10-19", "2025-10-19")),
        ("library", "loans may 26th", ("2026-05-26", "2026-05-26")),
        ("hotels", "bookings May 26, 2026", ("2026-05-26", "2026-05-26")),
        ("hotels", "bookings Tue, may 26", ("2026-05-26", "2026-05-26")),
        ("shops", "revenue 26 May 2026", ("2026-05-26", "2026-05-26")),
        ("shops", "revenue may 12", ("2026-05-12", "2026-05-12")),
        ("shops", "revenue may 27", ("2026-05-27", "2026-05-27")),
        ("shops", "revenue may '26", ("2026-05-01", "2026-05-31")),
        ("clinic", "visits from may 20 to may 26", ("2026-05-20", "2026-05-26")),
        ("parcels", "fees between may 20 and 26", ("2026-05-20", "2026-05-26")),
        ("library", "loans may 20-26", ("2026-05-20", "2026-05-26")),
    ],
)
def test_what_tells_is_heeded(subject: str, question: str, days: tuple[str, str]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert _days(outcome.plan) == days
