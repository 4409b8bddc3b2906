"""Which metrics are sums, whose figures of groups and of days add up, and which are one metric by another.

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


def parts_of(metric: Mapping[str, Any]) -> tuple[str, ...]:
    """The two metrics of which one is the first by the second, where it is no more than that."""
    params = metric["type_params"]
    if metric["type"] == "ratio":
        inputs = params["numerator"], params["denominator"]
    elif metric["type"] == "derived":
        inputs = tuple(params.get("metrics") or ())
    else:
        return ()
    if len(inputs) != 2 or any(i.get("offset_window") or i.get("offset_to_grain") or i.get("filter") for i in inputs):
        return ()
    if metric["type"] == "ratio":
        return tuple(str(one["name"]) for one in inputs)
    named = {str(one.get("alias") or one["name"]): str(one["name"]) for one in inputs}
    return tuple(named[name] for name in _by_one_another(str(params["expr"])) if name in named)


def _by_one_another(expr: str) -> tuple[str, ...]:
    """Two columns of which the first is divided by the second: `a * 1.0 / nullif(b, 0)`, `a / b`."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(expr).unnest()
    if not isinstance(tree, exp.Div):
        return ()
    above, below = tree.left.unnest(), tree.right.unnest()
    if isinstance(above, exp.Mul) and above.right.sql() in ("1", "1.0"):
        above = above.left.unnest()
    if isinstance(below, exp.Nullif) and below.expression.sql() == "0":
        below = below.this.unnest()
    plain = isinstance(above, exp.Column) and isinstance(below, exp.Column) and above.name != below.name
    return (above.name, below.name) if plain else ()
