"""Units of the answer: they fit the metric, or the question is refused with the unit that the metric has."""

from __future__ import annotations

from functools import cache

import pytest

from nlq.core.dateparts import DATE_PARTS
from nlq.core.outcome import Outcome, Planned, Refused
from nlq.core.plan import Grain
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner
from tests.nlq import vocabularies
from tests.nlq.planning.times.test_as_typed import TODAY

FITS = """
complaints | average turnaround in hours                        | pgr_avg_turnaround_hours
complaints | average turnaround by ward in hours                | pgr_avg_turnaround_hours
complaints | median turnaround (hours)                          | pgr_median_turnaround_hours
complaints | average resolution time in hrs last month          | pgr_avg_turnaround_hours
complaints | resolution rate as a percentage                    | pgr_resolution_rate
complaints | resolution rate by month in percent                | pgr_resolution_rate
complaints | complaints in thousands                            | pgr_complaints
complaints | net sales by month in dollars                      | sales_net_amount
complaints | net sales (USD)                                    | sales_net_amount
complaints | USD revenue by country                             | sales_net_amount
complaints | revenue, in US dollars                             | sales_net_amount
complaints | net sales by region in thousands of euros          | sales_net_amount
complaints | average order value in €                           | sales_average_order_value
complaints | net sales expressed in pounds                      | sales_net_amount
complaints | return rate (%)                                    | sales_return_rate
hotels     | average daily rate in euros by room class          | adr
hotels     | average length of stay in days                     | stay_length_days
hotels     | cancellation rate as a percentage by hotel         | cancel_rate
hotels     | bookings in millions                               | bookings
freight    | freight cost in euros                              | freight_cost
freight    | freight cost by carrier, in EUR                    | freight_cost
freight    | fuel spend in dollars                              | fuel
freight    | fuel spend in millions of Canadian dollars         | fuel
freight    | shipped weight in kg                               | weight
freight    | shipped weight in kilograms by carrier             | weight
freight    | how many days is the average transit time          | transit
"""
REFUSED = """
complaints | turnaround time in days              | is in hours, not in days
complaints | median turnaround (minutes)          | is in hours, not in minutes
complaints | resolution rate in dollars           | is a percentage, not in dollars
complaints | complaints in dollars                | is a number, not in dollars
complaints | complaints in hours                  | is a number, not in hours
complaints | complaints by ward in kg             | is a number, not in kg
complaints | net sales in tons                    | is money, not in tons
complaints | net sales in hours                   | is money, not in hours
complaints | resolution rate in thousands         | is a percentage, not in thousands
hotels     | room nights in euros                 | is a number, not in euros
hotels     | stay length in hours                 | is in days, not in hours
hotels     | cancellation rate in dollars         | is a percentage, not in dollars
freight    | freight cost in dollars              | is in EUR, not in dollars
freight    | freight cost (USD)                   | is in EUR, not in USD
freight    | fuel spend in US dollars             | is in CAD, not in US dollars
freight    | freight cost in cents                | is in EUR, not in cents
freight    | shipped weight in miles              | is in kg, not in miles
freight    | shipped weight in euros              | is in kg, not in euros
freight    | average transit time in minutes      | is in days, not in minutes
"""


def freight() -> Vocabulary:
    """A catalog that says its units in different ways."""
    names = frozenset({"load__carrier", "load__currency", *DATE_PARTS})
    metrics = [
        Metric("freight_cost", "Freight cost", "What carriers were paid.", unit="EUR", format="currency",
               dimensions=names),
        Metric("fuel", "Fuel spend (CAD)", "Fuel for own trucks.", dimensions=names),
        Metric("weight", "Shipped weight", "Weight on board.", unit="kg", dimensions=names),
        Metric("transit", "Average transit time", "From pickup to drop.", unit="days", dimensions=names),
    ]  # fmt: skip
    carrier = Dimension("load__carrier", "Carrier", values=Values(("Acme", "Bolt")))
    currency = Dimension("load__currency", "Currency", values=Values(("GBP", "SEK")))
    return Vocabulary.of(metrics, [carrier, currency, *DATE_PARTS.values()])


@cache
def planner(subject: str) -> Planner:
    return Planner(freight() if subject == "freight" else getattr(vocabularies, subject)())


def asked(subject: str, question: str) -> Outcome:
    return planner(subject).plan(question, TODAY)


def table(text: str) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("subject", "question", "metric"), table(FITS))
def test_a_unit_that_fits_changes_nothing(subject: str, question: str, metric: str) -> None:
    outcome = asked(subject, question)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)
    assert not outcome.plan.filters and outcome.plan.share is None


@pytest.mark.parametrize(("subject", "question", "told"), table(REFUSED))
def test_a_unit_that_does_not_fit_is_refused_with_the_one_there_is(subject: str, question: str, told: str) -> None:
    outcome = asked(subject, question)
    assert isinstance(outcome, Refused), outcome
    assert told in outcome.reason
    assert outcome.nearest


def test_what_the_unit_means_is_told() -> None:
    for question, told in (
        ("freight cost in thousands of euros", "Freight cost is in EUR; not scaled"),
        ("fuel spend in dollars", "Fuel spend (CAD) is in CAD"),
    ):
        outcome = asked("freight", question)
        assert isinstance(outcome, Planned), outcome
        assert told in [because.meaning for because in outcome.because]


def test_a_value_of_the_layer_is_meant_before_a_unit() -> None:
    outcome = asked("freight", "shipped weight in SEK")
    assert isinstance(outcome, Planned), outcome
    assert [(item.dimension, item.values) for item in outcome.plan.filters] == [("load__currency", ("SEK",))]


def test_a_percentage_of_an_amount_is_its_share() -> None:
    outcome = asked("complaints", "complaints by channel as a percentage")
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.share is not None


def test_a_step_of_time_is_no_unit() -> None:
    outcome = asked("complaints", "average turnaround in hours by week")
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.grain is Grain.WEEK
