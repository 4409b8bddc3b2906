"""Words of the frame are passed over and told; whatever may be content is asked back or refused."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "like", "unused"),
    [
        (
            "clinic",
            "which doctor earns us the highest amount billed",
            "doctor with the highest amount billed",
            ["earns"],
        ),
        ("clinic", "is our no-show rate getting worse? by month", "no-show rate by month", ["worse"]),
        ("clinic", "in how many visits did someone miss us in May", None, []),
        ("parcels", "parcels that hang in Lyon", "parcels in Lyon", ["hang"]),
        ("parcels", "on-time rate percentage by hub", "on-time rate by hub", []),
        ("parcels", "fees of our business by month", "fees by month", ["business"]),
        ("gyms", "check-ins of our company by month", "check-ins by month", ["company"]),
        ("gyms", "is churn improving? weekly please", "churn by week", ["improving"]),
        ("shops", "revenue by state from clients", None, []),
        ("shops", "how many orders did our firm get in May", "how many orders in May", ["firm"]),
        ("library", "how many loans did our site make by month", "loans by month", ["site"]),
        ("library", "how many loans hang in Arles", "how many loans in Arles", ["hang"]),
    ],
)
def test_words_of_the_frame_are_passed_over_and_told(
    subject: str, question: str, like: str | None, unused: list[str]
) -> None:
    outcome = planner(subject).plan(question, TODAY)
    if like is None:
        assert not isinstance(outcome, Planned)
        return
    expected = planner(subject).plan(like, TODAY)
    assert isinstance(expected, Planned), expected
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan == expected.plan
    told = [one.words for one in outcome.because if one.part == "left_out"]
    assert set(unused) <= set(told)
    assert all(any(f"“{word}”" in note for note in outcome.notes) for word in told), outcome.notes


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("clinic", "waterlogged visits by doctor"),
        ("clinic", "visits of female patients by doctor"),
        ("clinic", "visits that nobody attended by clinic"),
        ("parcels", "parcels never collected by hub"),
        ("parcels", "zorgle parcels by carrier"),
        ("parcels", "parcels from our app by carrier"),
        ("parcels", "parcels ordered again by carrier"),
        ("gyms", "sign-ups of redheads in May"),
        ("gyms", "check-ins by teachers in May"),
        ("gyms", "check-ins outside Wonderland"),
        ("shops", "orders by pupils in TX"),
        ("shops", "revenue without refunds by state"),
        ("library", "loans of torn books by town"),
        ("library", "readers in Atlantis"),
        ("hotels", "bookings from somebody by hotel"),
        ("complaints", "tickets filed twice by ward"),
    ],
)
def test_content_is_never_passed_over(subject: str, question: str) -> None:
    assert not isinstance(planner(subject).plan(question, TODAY), Planned)
