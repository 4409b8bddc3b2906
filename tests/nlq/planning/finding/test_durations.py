"""How long something takes is the average that speaks of it; what no figure speaks of is not guessed."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner
from nlq.wording.explain import as_question

TODAY = date(2026, 7, 15)


def _planner(*metrics: Metric) -> Planner:
    places = {name for metric in metrics for name in metric.dimensions}
    return Planner(
        Vocabulary.of(metrics, [Dimension(name, "City", values=Values(("Bern", "Chur"))) for name in places])
    )


def _metric(name: str, label: str, description: str = "", *, of: str, unit: str | None = None) -> Metric:
    return Metric(
        name, label, description, unit=unit, domain=of, dimensions=frozenset({f"{of}__city"}), subjects=frozenset({of})
    )


SUBJECTS = {
    "fires": _planner(
        _metric("fires", "Fires", of="fire"),
        _metric("avg_containment", "Average containment time", of="fire", unit="hours"),
        _metric("max_containment", "Longest containment time", of="fire", unit="hours"),
        _metric("avg_travel", "Average travel time", "Mean minutes until the crew arrives.", of="fire", unit="minutes"),
    ),
    "tickets": _planner(
        _metric("tickets", "Tickets", of="ticket"),
        _metric("avg_resolution_days", "Average days to resolution", of="ticket", unit="days"),
        _metric("avg_age", "Average age", "Mean days open.", of="ticket", unit="days"),
    ),
    "parcels": _planner(
        _metric("parcels", "Parcels", of="parcel"),
        _metric("avg_delivery_hours", "Average delivery time", of="parcel", unit="hours"),
        _metric("avg_weight", "Average weight", of="parcel", unit="kg"),
    ),
}


@pytest.mark.parametrize(
    ("subject", "question", "says"),
    [
        ("fires", "how long does it take to contain a fire", "Average containment time"),
        ("fires", "How long does it take to contain fires on average by city?", "Average containment time by City"),
        (
            "tickets",
            "how long did it take to resolve a ticket in Bern",
            "Average days to resolution where City is Bern",
        ),
        ("tickets", "how long does it take us to resolve tickets", "Average days to resolution"),
        ("parcels", "how long does it take to deliver a parcel", "Average delivery time"),
        ("parcels", "how long does it take to be delivered, by city", "Average delivery time by City"),
    ],
)
def test_the_average_that_speaks_of_it(subject: str, question: str, says: str) -> None:
    outcome = SUBJECTS[subject].plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert as_question(outcome.plan, SUBJECTS[subject].vocabulary) == says


def test_what_only_a_description_speaks_of_is_asked() -> None:
    outcome = SUBJECTS["fires"].plan("how long does it take to arrive", TODAY)
    assert isinstance(outcome, Clarify), outcome
    assert outcome.choices[0].plan.metrics == ("avg_travel",)


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("fires", "how long does it take to investigate a fire"),
        ("tickets", "how long does it take to translate a ticket"),
        ("parcels", "how long does it take to weigh a parcel"),
        ("parcels", "how long is a parcel"),
    ],
)
def test_what_no_figure_speaks_of_is_not_guessed(subject: str, question: str) -> None:
    assert isinstance(SUBJECTS[subject].plan(question, TODAY), Clarify | Refused)
