"""The plan: what a question asks, in names of the semantic layer.

Belongs here: the typed plan, its validation that needs no catalog, its JSON schema and its canonical form.
Does not belong here: whether the names exist or the caller may use them (``guard``), how a plan is found
(``planner``), how it runs (``answer``).
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_ROWS = 1000
"""The most rows an answer may have."""

Scalar = bool | int | float | date | str


class Operator(StrEnum):
    """How a filter compares a dimension with its values."""

    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"


class Comparator(StrEnum):
    """How a metric is compared with a threshold."""

    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    EQ = "eq"

    @property
    def sql(self) -> str:
        """The comparison sign."""
        return {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "="}[self.value]


class Grain(StrEnum):
    """The step of a time series."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Comparison(StrEnum):
    """A second period to compare with. Part of the schema; the rule planner does not produce it."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DimensionFilter(_Frozen):
    """Rows to keep, by the value of one dimension."""

    dimension: str = Field(min_length=1, description="Name of the dimension, e.g. complaint__ward_id")
    operator: Operator = Operator.IN
    values: tuple[Scalar, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _values_fit_operator(self) -> DimensionFilter:
        unary = self.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL)
        single = self.operator in (Operator.GT, Operator.GE, Operator.LT, Operator.LE)
        if unary and self.values:
            raise ValueError(f"{self.operator} takes no value")
        if not unary and not self.values:
            raise ValueError(f"{self.operator} needs at least one value")
        if single and len(self.values) != 1:
            raise ValueError(f"{self.operator} takes exactly one value")
        return self


class Threshold(_Frozen):
    """Groups to keep, by the value of one metric (SQL: having)."""

    metric: str = Field(min_length=1)
    comparator: Comparator
    value: float = Field(allow_inf_nan=False)


class TimeRange(_Frozen):
    """Days of the metric's time, both ends included; an open end is None."""

    start: date | None = None
    end: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> TimeRange:
        if self.start is None and self.end is None:
            raise ValueError("a time range needs a start or an end")
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"the time range ends ({self.end}) before it starts ({self.start})")
        return self


class OrderBy(_Frozen):
    """One sort key: a metric or a grouped dimension of the plan, or ``metric_time``."""

    field: str = Field(min_length=1)
    descending: bool = False


class Plan(_Frozen):
    """A question in names of the semantic layer: the only thing that is ever turned into SQL.

    ``limit`` counts ranks where ``ties`` is true: rows that tie with the last one are kept as well.
    """

    metrics: tuple[str, ...] = Field(min_length=1, max_length=10)
    group_by: tuple[str, ...] = Field(default=(), max_length=6)
    filters: tuple[DimensionFilter, ...] = Field(default=(), max_length=20)
    having: tuple[Threshold, ...] = Field(default=(), max_length=10)
    time_range: TimeRange | None = None
    grain: Grain | None = None
    comparison: Comparison | None = None
    order_by: tuple[OrderBy, ...] = Field(default=(), max_length=4)
    limit: int = Field(default=MAX_ROWS, ge=1, le=MAX_ROWS)
    ties: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        for what, names in (("metric", self.metrics), ("dimension", self.group_by)):
            if len(set(names)) != len(names):
                raise ValueError(f"a {what} is named twice: {', '.join(names)}")
        known = {*self.metrics, *self.group_by, *(["metric_time"] if self.grain else [])}
        for key in self.order_by:
            if key.field not in known:
                raise ValueError(f"order_by names {key.field!r}, which the plan does not select")
        for bound in self.having:
            if bound.metric not in self.metrics:
                raise ValueError(f"having names {bound.metric!r}, which the plan does not select")
        if self.ties and not self.order_by:
            raise ValueError("ties need an order")
        return self

    def canonical(self) -> str:
        """JSON that is equal for plans that mean the same: order-free parts sorted, defaults left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        if "filters" in data:
            for item in data["filters"]:
                item["values"] = sorted(item.get("values", ()), key=lambda v: (type(v).__name__, str(v)))
            data["filters"] = sorted(data["filters"], key=_dump)
        if "having" in data:
            data["having"] = sorted(data["having"], key=_dump)
        return _dump(data)

    @property
    def fingerprint(self) -> str:
        """A stable 16-digit hex hash of the canonical form: the key of caches and of answers."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:16]


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a plan, for APIs and for language models."""
    return Plan.model_json_schema()


def _dump(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
