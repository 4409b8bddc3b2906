"""Values in a question: several of one dimension are any of them in a list only."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from nlq.core.plan import Plan
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

TODAY = date(2026, 7, 15)
PARCELS, COMPLAINTS = Planner(vocabularies.parcels()), Planner(vocabularies.complaints())


def planned(planner: Planner, question: str) -> Plan | None:
    outcome = planner.plan(question, TODAY)
    return outcome.plan if isinstance(outcome, Planned) else None


@pytest.mark.parametrize(
    "question",
    [
        "Express parcels and Economy parcels", "parcels of Norden, Bluefly and Rapido", "Norden or Rapido parcels",
        "parcels by carrier, Norden vs Bluefly",
    ],
)  # fmt: skip
def test_a_list_of_values_is_any_of_them(question: str) -> None:
    plan = planned(PARCELS, question)
    assert plan and len(plan.filters[0].values) > 1


@pytest.mark.parametrize(
    "question", ["Norden parcels that were carried by Rapido", "parcels of Norden shipped with Bluefly in May"]
)
def test_values_apart_from_each_other_are_not_taken_together(question: str) -> None:
    plan = planned(PARCELS, question)
    assert plan is None or all(len(item.values) < 2 for item in plan.filters)


def test_a_step_of_time_that_is_taken_whole_parts_nothing() -> None:
    plan = planned(COMPLAINTS, "which ward has the most complaints across all years")
    assert plan and plan.grain is None and plan.group_by == ("complaint__ward_id",) and plan.limit == 1
    plan = planned(COMPLAINTS, "complaints over the years")
    assert plan and plan.grain == "year"


def test_a_ratio_is_no_rating() -> None:
    plan = planned(Planner(vocabularies.shops()), "what is the ratio of orders out of all orders")
    assert plan is None or not plan.group_by
