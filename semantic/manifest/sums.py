"""Which metrics are sums: those whose figures of groups and of days add up, or are zero where there is nothing.

Belongs here: telling them by the manifest. Does not belong here: other facts about metrics (``catalog``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SUMS = frozenset({"sum", "count", "sum_boolean"})
COUNTS = SUMS | {"count_distinct"}
_LINEAR = ("Add", "Sub", "Neg", "Paren", "Column", "Identifier")


def sums_up(name: str, metrics: Mapping[str, Any], measures: Mapping[str, Any], aggregations: Collection[str]) -> bool:
    """Whether a metric is one measure aggregated so, or several such metrics added and subtracted, all of one time.

    Args:
        name: Of the metric.
        metrics: The manifest's metrics by name.
        measures: The manifest's measures by name.
        aggregations: ``SUMS`` or ``COUNTS``.
    """
    params = metrics[name]["type_params"]
    if metrics[name]["type"] == "simple":
        used = [measures[one["name"]] for one in params.get("input_measures") or [] if one["name"] in measures]
        summed = all(m["agg"] in aggregations and not m.get("non_additive_dimension") for m in used)
        return bool(used) and summed
    if metrics[name]["type"] != "derived" or not _is_linear(params["expr"]):
        return False
    inputs = params.get("metrics") or []
    moved = any(one.get("offset_window") or one.get("offset_to_grain") for one in inputs)
    return not moved and all(
        one["name"] in metrics and sums_up(one["name"], metrics, measures, aggregations) for one in inputs
    )


def _is_linear(expr: str) -> bool:
    """Whether an expression only adds and subtracts columns."""
    import sqlglot

    return all(type(node).__name__ in _LINEAR for node in sqlglot.parse_one(expr).walk())
