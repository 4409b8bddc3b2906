"""What people say beside a question is passed over and told; whatever may pick rows out is asked back or refused."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "like", "passed"),
    [
        ("clinic", "Hello team, quick one: visits in May?", "visits in May", ["Hello team, quick one"]),
        ("parcels", "would you mind showing parcels by carrier", "parcels by carrier", ["would you mind showing"]),
        ("library", "sorry if this is silly, loans by genre", "loans by genre", ["sorry if this is silly,"]),
        ("shops", "my boss wants to know the revenue by state", "revenue by state", ["my boss wants to know the"]),
        ("gyms", "i've to make a chart of check-ins by month", "check-ins by month", ["i've to make a chart of"]),
        ("parcels", "I believe parcels by hub would be useful", "parcels by hub", ["I believe", "would be useful"]),
        ("hotels", "bookings by month because years are long", "bookings by month", ["because years are long"]),
        ("complaints", "is it any better?? complaints by month", "complaints by month", ["is it any better"]),
        ("gyms", "are we growing or not? members by plan", "members by plan", ["are we growing or not"]),
        (
            "clinic",
            "I have to check whether people come more often now, so how many visits by month this year",
            "how many visits by month this year",
            ["I have to check whether people come more often now,"],
        ),
        ("complaints", "Good day, may I know complaints by ward", "complaints by ward", ["Good day, may I know"]),
    ],
)  # fmt: skip
def test_what_is_said_beside_is_passed_over_and_told(subject: str, question: str, like: str, passed: list[str]) -> None:
    outcome, expected = planner(subject).plan(question, TODAY), planner(subject).plan(like, TODAY)
    assert isinstance(expected, Planned), expected
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan == expected.plan
    beside = [one for one in outcome.because if one.meaning == "said beside the question"]
    assert [one.words for one in beside] == passed
    assert all(question[one.start : one.end] == one.words for one in beside)
    assert all(any(f"“{words}”" in note for note in outcome.notes) for words in passed), outcome.notes


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("parcels", "parcels in Lyon, the leaky ones"),
        ("complaints", "Ward 3 is awful! Complaints by channel"),
        ("library", "in May we had a party, so how many loans by genre"),
        ("clinic", "My mentor says visits fall, so how many of them in May"),
        ("clinic", "I only want the ones at Northgate, so how many zorgles by doctor"),
        ("complaints", "I need the worst wards, so how many complaints by channel"),
        ("parcels", "we lost 40 of them! parcels by hub"),
        ("clinic", "visits before June (May)"),
        ("clinic", "how many visits did Dr. Li Chen bill"),
        ("gyms", "no guests please, check-ins by gym"),
        ("parcels", "is Rapido any good? parcels by hub"),
        ("complaints", "did the water supply ones get better? complaints by month"),
    ],
)
def test_what_may_pick_rows_out_is_never_passed_over(subject: str, question: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    beside = [one.words for one in outcome.because if one.meaning == "said beside the question"]
    assert not isinstance(outcome, Planned) or not beside, outcome
