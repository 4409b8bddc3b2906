"""What is ranked, sorted and limited by is the ratio or the share that was asked for, not one of its figures."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.plan import Plan
from nlq.planning.planner import Planner
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)
HIGHEST, LOWEST = True, False


def planned(planner: Planner, question: str, previous: Plan | None = None) -> Plan:
    outcome = planner.plan(question, TODAY, previous)
    assert isinstance(outcome, Planned), outcome
    return outcome.plan


@pytest.mark.parametrize(
    ("subject", "question", "ratio", "descending", "limit"),
    [
        ("clinic", "top 3 doctors by visits per patient", "visits__per__patients", HIGHEST, 3),
        ("clinic", "2 doctors with the fewest visits per patient", "visits__per__patients", LOWEST, 2),
        ("clinic", "which clinic has the most no-shows per patient", "no_shows__per__patients", HIGHEST, 1),
        ("clinic", "bottom 2 specialties by amount billed per patient", "billed_amount__per__patients", LOWEST, 2),
        ("parcels", "3 hubs with the lowest fees per parcel", "fees__per__parcels", LOWEST, 3),
        ("parcels", "carrier with the highest shipping cost per parcel", "shipping_cost__per__parcels", HIGHEST, 1),
        ("parcels", "which hub has the worst shipping cost per parcel", "shipping_cost__per__parcels", HIGHEST, 1),
        ("parcels", "5 carriers with the lowest ratio of fees to parcels", "fees__per__parcels", LOWEST, 5),
        ("shops", "state with the best revenue per buyer", "revenue__per__buyers", HIGHEST, 1),
        ("shops", "states sorted by revenue per buyer", "revenue__per__buyers", HIGHEST, 1000),
        ("shops", "orders per buyer by state, lowest first", "orders__per__buyers", LOWEST, 1000),
        ("shops", "revenue per buyer by channel", "revenue__per__buyers", HIGHEST, 1000),
        ("library", "which town has the most fines per reader", "fines__per__readers", HIGHEST, 1),
        ("gyms", "top 2 gyms by check-ins per member", "checkins__per__members", HIGHEST, 2),
    ],
)
def test_ratios_are_ranked_by_themselves(subject: str, question: str, ratio: str, descending: bool, limit: int) -> None:
    plan = planned(planner(subject), question)
    assert plan.derived == (ratio,)
    assert (plan.order_by[0].field, plan.order_by[0].descending, plan.limit) == (ratio, descending, limit)


@pytest.mark.parametrize(
    ("subject", "question", "limited", "value"),
    [
        ("clinic", "doctors with more than 2 visits per patient", "visits__per__patients", 2),
        ("clinic", "doctors with visits per patient over 2", "visits__per__patients", 2),
        ("parcels", "hubs with fees per parcel above 12", "fees__per__parcels", 12),
        ("parcels", "fees per parcel by hub with more than 100 parcels", "parcels", 100),
        ("shops", "states with at least 50 revenue per buyer", "revenue__per__buyers", 50),
        ("gyms", "gyms with fewer than 8 check-ins per member", "checkins__per__members", 8),
    ],
)
def test_limits_beside_a_ratio_are_on_it(subject: str, question: str, limited: str, value: float) -> None:
    plan = planned(planner(subject), question)
    assert [(bound.metric, bound.value) for bound in plan.having] == [(limited, value)]
    assert plan.ratio


def test_a_figure_said_beside_a_ratio_ranks_and_stays_what_it_is_over() -> None:
    plan = planned(planner("parcels"), "top 2 hubs by parcels with fees per parcel")
    assert (plan.metrics, plan.order_by[0].field) == (("fees", "parcels"), "parcels")


@pytest.mark.parametrize(
    ("subject", "question", "column"),
    [
        ("parcels", "which carrier has the highest share of lost parcels", "parcels__share"),
        ("clinic", "2 doctors with the biggest share of emergency visits", "visits__share"),
        ("shops", "state with the lowest share of phone orders", "orders__share"),
    ],
)
def test_parts_of_each_group_are_ranked_by_the_part(subject: str, question: str, column: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify)
    parts = [choice.plan for choice in outcome.choices if choice.plan.share and choice.plan.share.part]
    assert parts
    assert all(plan.order_by[0].field == column for plan in parts)


@pytest.mark.parametrize(
    ("subject", "first", "then", "ratio"),
    [
        ("clinic", "visits per patient by doctor", "top 2", "visits__per__patients"),
        ("parcels", "fees per parcel by hub", "only the lowest 3", "fees__per__parcels"),
        ("shops", "revenue per buyer by state", "top 3", "revenue__per__buyers"),
        ("shops", "revenue per buyer by state", "and in June?", "revenue__per__buyers"),
    ],
)
def test_what_follows_a_ratio_is_ranked_by_it(subject: str, first: str, then: str, ratio: str) -> None:
    before = planned(planner(subject), first)
    outcome = planner(subject).plan(then, TODAY, before)
    assert not isinstance(outcome, Planned) or (outcome.plan.ratio and outcome.plan.order_by[0].field == ratio)
