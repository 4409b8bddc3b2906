"""A second figure said with "and" is in the answer or in the question back; it is never left out."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("subject", "question", "metrics"),
    [
        ("shops", "how many orders from TX, and the total amount", ("orders", "revenue")),
        ("shops", "how many orders came in May and how much were they", ("orders", "revenue")),
        ("shops", "the number and the amount of orders by state", ("orders", "revenue")),
        ("shops", "total amount and number of orders in TX", ("revenue", "orders")),
        ("shops", "revenue by channel and number", ("revenue", "orders")),
        ("clinic", "how many visits in May and the total amount billed", ("visits", "billed_amount")),
        ("library", "how many loans and the total fines", ("loans", "fines")),
        ("gyms", "number of sign-ups and total revenue", ("signups", "membership_revenue")),
        ("gyms", "sign-ups in May and in June in total", ("signups",)),
        ("clinic", "patients in June, how many different ones", ("patients",)),
        ("gyms", "members of Harbour, how many", ("members",)),
        ("complaints", "complaints in ward 3 and ward 5 in total", ("pgr_complaints",)),
    ],
)
def test_both_figures_are_answered(subject: str, question: str, metrics: tuple[str, ...]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == metrics


@pytest.mark.parametrize(
    ("subject", "question", "offered"),
    [
        ("clinic", "how many visits in May, and the total amount", {"billed_amount", "unpaid_amount"}),
        ("clinic", "number of visits and the amount", {"billed_amount", "unpaid_amount"}),
        ("parcels", "how many parcels did Norden have, and the total", {"fees", "shipping_cost"}),
        ("complaints", "how many orders and the total amount", {"sales_net_amount", "sales_gross_amount"}),
    ],
)
def test_of_several_figures_each_is_offered(subject: str, question: str, offered: set[str]) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify)
    assert all(len(choice.plan.metrics) == 2 for choice in outcome.choices)
    assert offered <= {name for choice in outcome.choices for name in choice.plan.metrics}


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("library", "number of books and the amount"),
        ("gyms", "how many classes and the total amount"),
        ("complaints", "how many complaints and the total amount"),
    ],
)
def test_a_figure_that_nobody_has_is_told(subject: str, question: str) -> None:
    assert isinstance(planner(subject).plan(question, TODAY), Clarify | Refused)
