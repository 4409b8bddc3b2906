"""Plans as the question files write them: short, without what is not said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nlq.core.plan import DimensionFilter, Operator, Plan

_EMPTY = {
    "by": [], "where": {}, "not": {}, "having": [], "time": None, "grain": None, "top": None, "skip": 0, "share": None,
    "compare": None, "comparison": None, "ratio": False, "average": False, "count": False,
    "within": [], "percent": False, "running": None, "records": False,
}  # fmt: skip


def written(plan: Plan, names: Sequence[str] = ()) -> dict[str, Any]:
    """A plan in the words of the question files; ``names`` are dimensions written in full there."""

    def short(name: str) -> str:
        return name if name in names else name.split("__")[-1]

    def chosen(filters: Sequence[DimensionFilter], operator: Operator) -> dict[str, list[Any]]:
        return {short(f.dimension): list(f.values) for f in filters if f.operator is operator}

    found = {
        "metrics": list(plan.metrics),
        "by": [short(name) for name in plan.group_by],
        "where": chosen(plan.filters, Operator.IN),
        "not": chosen(plan.filters, Operator.NOT_IN),
        "having": [f"{b.metric} {b.comparator} {b.value:g}" for b in plan.having],
        "time": [plan.time_range.start, plan.time_range.end] if plan.time_range else None,
        "grain": plan.grain.value if plan.grain else None,
        "top": plan.limit if plan.ties else None,
        "skip": plan.skip,
        "share": None if plan.share is None else {},
        "compare": [plan.compare_with.start, plan.compare_with.end] if plan.compare_with else None,
        "comparison": plan.comparison.value if plan.comparison else None,
        "ratio": plan.ratio,
        "average": plan.average,
        "count": plan.count,
        "within": [short(name) for name in plan.within],
        "percent": plan.percent,
        "running": plan.running.model_dump(exclude_none=True) if plan.running else None,
        "records": plan.records,
    }
    if plan.share and plan.share.part:
        part, rest = (chosen(plan.share.part, operator) for operator in (Operator.IN, Operator.NOT_IN))
        found["share"] = ({"part": part} if part else {}) | ({"not": rest} if rest else {})
    dates = [f for f in plan.filters if f.operator in (Operator.GE, Operator.LE)]
    return found | {short(f.dimension): [g.values[0] for g in dates if g.dimension == f.dimension] for f in dates}


def meant(case: dict[str, Any]) -> dict[str, Any]:
    """A case of a question file with what it does not say filled in."""
    return {**_EMPTY, **case}
