"""What the rows are that a metric is computed from: their columns, what tells one from another, their time.

Belongs here: reading that out of the manifest. Does not belong here: other facts about metrics (``catalog``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COUNTS = ("count", "count_distinct", "sum_boolean")
_CONDITIONS = ("Case", "If", "Cast")


@dataclass(frozen=True)
class Rows:
    """The rows of a metric; dimensions by qualified name, in the order of the model.

    ``keys`` are those that are marked as identifiers, or are what the model calls its primary entity; ``entity``
    is that entity, by which rows can be told apart whether a dimension shows it or not. ``counts`` is true where a
    row counts as one, ``zero_is_none`` where a row of which the figure is zero is none of those that are meant, as of
    what is summed under a condition.
    """

    columns: tuple[str, ...]
    keys: tuple[str, ...]
    time: str
    counts: bool
    zero_is_none: bool
    entity: str | None = None


def rows_of(model: Mapping[str, Any], measure: Mapping[str, Any], entity: str, time: str) -> Rows:
    """The rows of a measure of a model, whose dimensions are called by an entity and which is summed by a time."""
    primary = {one.get("expr") or one["name"] for one in model.get("entities") or [] if one["type"] == "primary"}
    dimensions = model.get("dimensions") or []
    keys = [one for one in dimensions if _meta(one).get("identifier") or (one.get("expr") or one["name"]) in primary]
    kind = _kind_of(str(measure.get("expr") or measure["name"]))
    counts = measure["agg"] in _COUNTS or kind == "Literal"
    return Rows(
        columns=tuple(f"{entity}__{one['name']}" for one in dimensions),
        keys=tuple(f"{entity}__{one['name']}" for one in keys),
        time=f"{entity}__{time}",
        counts=counts,
        zero_is_none=counts or kind in _CONDITIONS,
        entity=entity if primary else None,
    )


def _kind_of(expr: str) -> str:
    """What an expression is at its top, by sqlglot's name."""
    import sqlglot

    return type(sqlglot.parse_one(expr).unnest()).__name__


def _meta(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return (raw.get("config") or {}).get("meta") or {}
