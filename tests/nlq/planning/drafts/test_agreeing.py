"""A time said twice is one time, and what is said of it stays: since, after, before, until."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.core.outcome import Planned, Refused
from nlq.planning.planner import Planner
from tests.nlq import vocabularies
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "start", "end"),
    [
        ("parcels", "fees since Easter (5 April)", date(2026, 4, 5), TODAY),
        ("parcels", "fees since 5 April (Easter)", date(2026, 4, 5), TODAY),
        ("parcels", "parcels since Easter Sunday, 5 April, by hub", date(2026, 4, 5), TODAY),
        ("clinic", "visits before Christmas (25 December)", None, date(2025, 12, 24)),
        ("clinic", "visits until yesterday (14 July)", None, date(2026, 7, 14)),
        ("clinic", "visits after June (last month)", date(2026, 7, 1), TODAY),
        ("clinic", "visits up to last week (6 July - 12 July)", None, date(2026, 7, 12)),
        ("shops", "orders before Q2 (April)", None, date(2026, 3, 31)),
        ("shops", "orders since the start of the quarter (1 July)", date(2026, 7, 1), TODAY),
        ("library", "fines before Christmas (Nov + Dec)", date(2025, 11, 1), date(2025, 12, 31)),
        ("library", "loans since last year (2025)", date(2025, 1, 1), TODAY),
        ("library", "loans on or before yesterday (14 July)", None, date(2026, 7, 14)),
        ("library", "loans in the last month (June)", date(2026, 6, 1), date(2026, 6, 30)),
    ],
)
def test_what_is_said_of_a_time_stays(subject: str, question: str, start: date | None, end: date | None) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.time_range
    assert (outcome.plan.time_range.start, outcome.plan.time_range.end) == (start, end)


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("parcels", "fees since 1 April (Easter)"),
        ("clinic", "visits before June (May)"),
        ("library", "loans after 2025 (June 2026)"),
    ],
)
def test_another_time_in_brackets_is_told(subject: str, question: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Refused)
    assert "not the same time" in outcome.reason


@given(
    day=st.dates(date(2025, 1, 1), TODAY), word=st.sampled_from(["since", "after", "before", "until", "on or after"])
)
def test_saying_a_day_again_changes_nothing(day: date, word: str) -> None:
    once, twice = (
        _PLANNER.plan(f"fees {word} {said}", TODAY) for said in (day.isoformat(), f"{day.isoformat()} ({day:%d.%m.%Y})")
    )
    assert isinstance(once, Planned) is isinstance(twice, Planned)
    if isinstance(once, Planned) and isinstance(twice, Planned):
        assert once.plan == twice.plan


_PLANNER = Planner(vocabularies.parcels())
