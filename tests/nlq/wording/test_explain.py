"""The sentence of values that were listed: a figure of each, and of all together where they add up."""

from __future__ import annotations

from typing import Any

import pytest

from nlq.core.plan import Plan
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.wording.explain import as_question
from nlq.wording.sentence import sentence

SHOPS = tuple(f"Shop {letter}" for letter in "ABCDEFG")
VOCABULARY = Vocabulary.of(
    [
        Metric("units", "Units", format="integer", additive=True, dimensions=frozenset({"sale__shop"})),
        Metric("buyers", "Buyers", format="integer", tally=True, dimensions=frozenset({"sale__shop"})),
    ],
    [Dimension("sale__shop", "Shop", values=Values(SHOPS))],
)


def said(metric: str, shops: tuple[str, ...], **more: Any) -> str:
    parts = {"metrics": [metric], "filters": [{"dimension": "sale__shop", "values": list(shops)}]}
    plan = Plan.model_validate(parts | {"group_by": ["sale__shop"]} | more)
    rows = [{"sale__shop": shop, metric: 10 * (n + 1)} for n, shop in enumerate(shops)]
    return sentence(plan, rows if plan.group_by else [{metric: 30}], VOCABULARY)


def test_figures_of_listed_values_are_told_with_their_sum() -> None:
    assert said("units", SHOPS[:2]) == "Units: Shop A 10, Shop B 20; together 30."


def test_what_does_not_add_up_has_no_sum() -> None:
    assert said("buyers", SHOPS[:2]) == "Buyers: Shop A 10, Shop B 20."


@pytest.mark.parametrize(
    "told", [said("units", SHOPS), said("units", SHOPS[:2], group_by=[]), said("units", SHOPS[:1])]
)
def test_many_values_one_and_all_in_one_are_told_as_ever(told: str) -> None:
    assert "together" not in told
    assert told.startswith("Units")


def test_an_order_by_a_ratio_is_told() -> None:
    parts: dict[str, Any] = {"metrics": ["units", "buyers"], "group_by": ["sale__shop"], "ratio": True}
    ends = [{"order_by": [{"field": "units__per__buyers", "descending": end}]} for end in (True, False)]
    highest, lowest = (as_question(Plan.model_validate(parts | end), VOCABULARY) for end in ends)
    assert (highest, lowest) == ("Units per Buyers by Shop", "Units per Buyers by Shop lowest first")


def test_a_rank_by_a_part_says_which_part() -> None:
    plan = Plan.model_validate(
        {
            "metrics": ["units"],
            "group_by": ["sale__shop"],
            "share": {"part": [{"dimension": "sale__shop", "values": ["Shop A"]}], "within": ["sale__shop"]},
            "order_by": [{"field": "units__share", "descending": True}],
            "limit": 1,
            "ties": True,
        }
    )
    assert as_question(plan, VOCABULARY) == "Shop with the highest Share of Units where Shop is Shop A"
