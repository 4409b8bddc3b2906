"""Questions by the kind of mistake they invite, over five vocabularies: answered, asked back or refused as is right.

Belongs here: the table ``kinds.yml``. Does not belong here: properties of any question (``test_planner``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets import bounded_yaml
from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.plan import Operator, Plan
from tests.nlq.planners import planner
from tests.questions.expected import meant, written

TODAY = date(2026, 7, 15)
TABLE: dict[str, list[dict[str, Any]]] = bounded_yaml.load((Path(__file__).parent / "kinds.yml").read_text())
ABOUT = {"of", "ask", "or", "may_ask", "asks_back", "among", "refuses", "xfail"}
NUMBERS = {Operator.GT, Operator.GE, Operator.LT, Operator.LE}


def cases() -> Iterator[Any]:
    for kind, listed in TABLE.items():
        for case in listed:
            marks = [pytest.mark.xfail(strict=True, reason=case["xfail"])] if "xfail" in case else []
            yield pytest.param(case, id=f"{kind}: {case['ask']}", marks=marks)


@pytest.mark.parametrize("case", list(cases()))
def test_question_of_a_kind(case: dict[str, Any]) -> None:
    outcome = planner(case["of"]).plan(case["ask"], TODAY)
    if isinstance(outcome, Clarify):
        assert 1 <= len({choice.question for choice in outcome.choices}) == len(outcome.choices) <= 4
    if "refuses" in case:
        assert isinstance(outcome, Refused | Clarify), outcome
        said = outcome.reason if isinstance(outcome, Refused) else outcome.question
        assert all(word in said.split() or word in " ".join(outcome.words) for word in case["refuses"]), outcome
    elif "asks_back" in case:
        assert isinstance(outcome, Clarify), outcome
        assert case["asks_back"] in (True, len(outcome.choices))
        assert "among" not in case or any(agrees(choice.plan, case["among"]) for choice in outcome.choices), outcome
    elif case.get("may_ask") and isinstance(outcome, Clarify):
        assert any(is_right(choice.plan, case) for choice in outcome.choices), outcome
    else:
        assert isinstance(outcome, Planned), outcome
        assert is_right(outcome.plan, case), outcome


def is_right(plan: Plan, case: dict[str, Any]) -> bool:
    return agrees(plan, case) or ("or" in case and agrees(plan, case["or"]))


def agrees(plan: Plan, case: dict[str, Any]) -> bool:
    """Whether a plan is the one that is written, in the order that is written, if any."""
    found = written(plan, [name for name in case.get("by", ()) if "__" in name])
    found["having"] = [f"{b.metric} {b.comparator} {b.value:g}" + (f" of {b.of}" if b.of else "") for b in plan.having]
    numbers: dict[str, list[str]] = {}
    for item in plan.filters:
        if item.operator in NUMBERS and isinstance(item.values[0], int | float):
            column = item.dimension.rsplit("__", 1)[-1]
            found.pop(column, None)
            numbers.setdefault(column, []).append(f"{item.operator} {item.values[0]:g}")
    found["numbers"] = numbers
    for name, operator in (("missing", Operator.IS_NULL), ("known", Operator.IS_NOT_NULL)):
        found[name] = [f.dimension.rsplit("__", 1)[-1] for f in plan.filters if f.operator is operator]
    if plan.ties and "known" not in case:
        found["known"] = []  # ranks leave out what has no name
    if plan.records:
        found["by"] = case.get("by", [])
    if "order" in case:
        first = plan.order_by[0] if plan.order_by else None
        found["order"] = ("-" if first and first.descending else "") + (first.field if first else "")
    expected = {key: value for key, value in case.items() if key not in ABOUT}
    return sort_free(found) == sort_free({"numbers": {}, "missing": [], "known": []} | meant(expected))


def sort_free(plan: dict[str, Any]) -> dict[str, Any]:
    return plan | {"where": {name: set(values) for name, values in plan["where"].items()}, "by": set(plan["by"])}


def test_every_kind_is_tried_in_several_fields() -> None:
    assert len(TABLE) >= 13
    for listed in TABLE.values():
        assert len(listed) >= 20
        assert len({case["of"] for case in listed}) >= 3
