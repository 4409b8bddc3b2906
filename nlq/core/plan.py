"""The plan: what a question asks, in names of the semantic layer.

Belongs here: the typed plan, its validation that needs no catalog, its JSON schema and its canonical form.
Does not belong here: whether the names exist or the caller may use them (``guard``), how a plan is found
(``planning``), how it runs (``answering``).
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)

from nlq.core.analysis import Analysis, AnalysisKind
from nlq.core.dateparts import first_date_part
from nlq.core.utc import Day

MAX_ROWS = 1000
"""The most rows an answer may have."""
MAX_GROUPS = 6
"""The most dimensions that figures are grouped by."""
MAX_COLUMNS = 16
"""The most columns that records have."""
MAX_SKIPPED = 1_000_000
"""How many records may be left out before a page of them."""
MAX_NAME = 200
"""The most characters that a name may have."""


def storable(text: str) -> str:
    """A text that every database and every document keeps as it is.

    Raises:
        ValueError: it has the character NUL or half of a surrogate pair.
    """
    if "\0" in text:
        raise ValueError("a text cannot have the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text cannot have half of a surrogate pair") from None
    return text


def _number(value: Any) -> Any:
    """What JSON calls a number: pydantic would take true for 1 and "5" for 5."""
    if isinstance(value, bool | str | bytes):
        raise ValueError("a number is needed here")
    return value


Text = Annotated[str, AfterValidator(storable)]
"""Any text that can be kept."""
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(storable)]
"""The name of a metric or dimension; which there are, the guard knows."""
Scalar = bool | int | Annotated[float, Field(allow_inf_nan=False)] | Day | Text


class Operator(StrEnum):
    """How a filter compares a dimension with its values.

    The order comparisons are of days and numbers. ``contains`` finds a piece of a text, whatever its case.
    """

    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    CONTAINS = "contains"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"


_ONE_VALUE = (Operator.GT, Operator.GE, Operator.LT, Operator.LE, Operator.CONTAINS)


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
    """A second period to compare with: the one before, or the same a year earlier.

    With a grain every row is compared with its own predecessor; without one the whole time range is.
    """

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DimensionFilter(_Frozen):
    """Rows to keep, by the value of one dimension."""

    dimension: Name = Field(description="Name of the dimension, e.g. complaint__ward_id")
    operator: Operator = Operator.IN
    values: tuple[Scalar, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _values_fit_operator(self) -> DimensionFilter:
        unary = self.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL)
        single = self.operator in _ONE_VALUE
        if unary and self.values:
            raise ValueError(f"{self.operator} takes no value")
        if not unary and not self.values:
            raise ValueError(f"{self.operator} needs at least one value")
        if single and len(self.values) != 1:
            raise ValueError(f"{self.operator} takes exactly one value")
        if self.operator is Operator.CONTAINS and not str(self.values[0]).strip():
            raise ValueError("contains needs a text that is not blank")
        return self


class Reference(StrEnum):
    """What a threshold is a multiple of: the mean over the rows of the answer, or the figure of all groups together."""

    MEAN = "mean"
    OVERALL = "overall"


class Threshold(_Frozen):
    """Groups to keep, by the value of one metric, or of one column computed from it (SQL: having).

    With ``of``, ``value`` is a factor: ``gt`` 1 of the mean is above the average, ``ge`` 2 at least twice of it.
    """

    metric: Name
    comparator: Comparator
    value: Annotated[float, BeforeValidator(_number)] = Field(allow_inf_nan=False)
    of: Reference | None = None


class TimeRange(_Frozen):
    """Days of the plan's time, both ends included; an open end is None."""

    start: Day | None = None
    end: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> TimeRange:
        if self.start is None and self.end is None:
            raise ValueError("a time range needs a start or an end")
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"the time range ends ({self.end}) before it starts ({self.start})")
        return self


class OrderBy(_Frozen):
    """One sort key: a metric or a grouped dimension of the plan, or ``metric_time``."""

    field: Name
    descending: StrictBool = False


class Share(_Frozen):
    """The metric as a part of a whole: the same metric without the filters ``part``, grouped by ``within`` alone.

    ``within`` names groups of the plan (or ``metric_time``) inside each of which the shares add up.
    """

    part: tuple[DimensionFilter, ...] = Field(default=(), max_length=10)
    within: tuple[Name, ...] = Field(default=(), max_length=6)


class Running(_Frozen):
    """A total or an average along the steps of time, beside each step.

    Of the last ``steps``, its own among them (a moving average); since the first step asked for, where there is no
    number (a running total).
    """

    of: Literal["total", "average"]
    steps: Annotated[int, BeforeValidator(_number)] | None = Field(default=None, ge=2, le=MAX_ROWS)


class Plan(_Frozen):
    """A question in names of the semantic layer: the only thing that is ever turned into SQL.

    ``time_range``, ``grain`` and what is compared go by the metrics' own time, or by the dimension ``time_of``; rows
    without a day there are left out.

    ``limit`` counts ranks where ``ties`` is true: rows that tie with the last one are kept as well; ``skip`` leaves
    out that many ranks first. At most one thing is computed from the metrics:

    - ``share``, of a whole;
    - a comparison: ``compare_with`` names the other days, ``comparison`` says how far back they lie. Its columns are
      ``METRIC__before``, ``METRIC__change``, which is relative, and ``METRIC__difference`` where the plan names it;
    - ``ratio``, the first of two metrics by the second, in percent with ``percent``;
    - ``average`` over the groups or steps of time, or ``count`` of those that pass the thresholds, or have any of the
      metric where there is no threshold;
    - ``running``, along the steps of time.

    ``within`` names groups (or ``metric_time``) inside each of which ranks are counted anew (the top two channels of
    every ward), or for each of which there is an average or a count (the number of channels of every ward). A count may
    be within its metric: how many members made one trip, two trips, and so on.

    ``analysis`` finds something out instead of listing figures, of ``time_range`` (the newest days without one).

    ``records`` lists the rows that the metric is computed from, a page of ``limit`` after the first ``skip``:
    ``group_by`` names columns, else there are those that tell most; ``order_by`` may name any dimension, else the
    newest come first.
    """

    metrics: tuple[Name, ...] = Field(min_length=1, max_length=10)
    group_by: tuple[Name, ...] = Field(default=(), max_length=MAX_COLUMNS)
    filters: tuple[DimensionFilter, ...] = Field(default=(), max_length=20)
    having: tuple[Threshold, ...] = Field(default=(), max_length=10)
    time_range: TimeRange | None = None
    grain: Grain | None = None
    time_of: Name | None = Field(default=None, description="A time dimension that time_range and grain go by instead")
    comparison: Comparison | None = None
    compare_with: TimeRange | None = None
    share: Share | None = None
    ratio: StrictBool = False
    percent: StrictBool = False
    average: StrictBool = False
    count: StrictBool = False
    running: Running | None = None
    records: StrictBool = False
    analysis: Analysis | None = None
    within: tuple[Name, ...] = Field(default=(), max_length=6)
    order_by: tuple[OrderBy, ...] = Field(default=(), max_length=4)
    limit: Annotated[int, BeforeValidator(_number)] = Field(default=MAX_ROWS, ge=1, le=MAX_ROWS)
    ties: StrictBool = False
    skip: Annotated[int, BeforeValidator(_number)] = Field(default=0, ge=0, lt=MAX_SKIPPED)

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        for what, names in (("metric", self.metrics), ("dimension", self.group_by)):
            if len(set(names)) != len(names):
                raise ValueError(f"a {what} is named twice: {', '.join(names)}")
        if self.analysis:
            self._check_analysis(self.analysis)
        else:
            self._check_figures({*self.group_by, *(["metric_time"] if self.grain else [])})
        return self

    def _check_figures(self, keys: set[str]) -> None:
        """What is computed from figures, ranked, limited and listed fits together."""
        self._check_computed(keys)
        self._check_within(keys)
        known = {*self.metrics, *self.derived, *keys}
        if self.count:
            known = {*self.within, *self.derived}
        for key in self.order_by:
            if key.field not in known and not self.records:
                raise ValueError(f"order_by names {key.field!r}, which the plan does not select")
        for bound in self.having:
            if bound.metric not in (*self.metrics, *(() if bound.of else self.derived)):
                raise ValueError(f"having names {bound.metric!r}, which the plan does not select")
        if self.ties and not self.order_by:
            raise ValueError("ties need an order")
        if self.skip and not (self.records or (self.ties and self.skip < MAX_ROWS)):
            raise ValueError(f"skip leaves out records, or ranks with ties, of these at most {MAX_ROWS - 1}")
        self._check_records()

    def _check_analysis(self, analysis: Analysis) -> None:
        """An analysis is of plain figures: of all rows that the filters leave, by days of the metrics' own time."""
        kind = analysis.kind
        computed = (self.share, self.ratio, self.average, self.count, self.running, self.records, self.having)
        wrong = {
            "goes by plain figures, not by shares, ranks, averages, counts or lists": any(computed)
            or self.within or self.order_by or self.ties,
            "goes by the metrics' own time": self.time_of,
            "is of one metric at a time": not kind.of_many and len(self.metrics) > 1,
            "is by one dimension at most": len(self.group_by) > 1,
            "is of all together or of chosen values, by no dimension": kind is AnalysisKind.FORECAST and self.group_by,
            "goes by no steps of time": kind is not AnalysisKind.FORECAST and self.grain,
            "claims nothing": analysis.claim
            and not (kind is AnalysisKind.WHY or (kind is AnalysisKind.DIFFERENCE and not self.group_by)),
            "compares nothing": not kind.of_two_times and self.compares,
            "is of two figures, or of one by two values of a dimension": kind is AnalysisKind.CORRELATION
            and len(self.metrics) + len(self.group_by) != 2,
            "compares two values of a dimension, or two times": kind is AnalysisKind.DIFFERENCE
            and self.group_by and self.compares,
            "names the two values of its dimension": kind.of_pairs and self.group_by and self.pair is None,
        }  # fmt: skip
        if any(wrong.values()):
            raise ValueError(f"an analysis ({kind}) {next(said for said, is_so in wrong.items() if is_so)}")
        self._check_comparison()

    def _check_records(self) -> None:
        if not self.records and len(self.group_by) > MAX_GROUPS:
            raise ValueError(f"figures are by at most {MAX_GROUPS} dimensions")
        others = self.grain or self.derived or self.average or self.ties or self.within
        if self.records and (others or len(self.metrics) > 1):
            raise ValueError("records are the rows of one metric, without grain, ranks, or anything computed from it")

    def _check_within(self, keys: set[str]) -> None:
        inside = set(self.within)
        if self.reduces and not (inside <= keys | set(self.metrics if self.count else ()) and keys - inside):
            raise ValueError("an average or a count is over at least one group, within others of the plan")
        if inside and not self.reduces and not (self.ties and inside < keys and not self.share):
            raise ValueError("ranks are counted within some of the groups of the plan, and of no shares")

    def _check_computed(self, keys: set[str]) -> None:
        """At most one thing is computed from the metrics, and it has what it needs."""
        computed = (self.share, self.compares, self.ratio, self.average, self.count, self.running)
        if sum(map(bool, computed)) > 1:
            raise ValueError("one of share, comparison, ratio, average, count and running at a time")
        if self.running and not self.grain:
            raise ValueError("a total or an average along time needs a grain")
        if self.reduces and not keys:
            raise ValueError("an average or a count needs groups or a grain to be over")
        if (self.share or self.average) and len(self.metrics) != 1:
            raise ValueError("a share or an average is of one metric")
        if self.ratio and len(self.metrics) != 2:
            raise ValueError("a ratio is of two metrics")
        if self.percent and not self.ratio:
            raise ValueError("percent says how a ratio is written: it needs one")
        if self.average and first_date_part((*self.group_by, *(item.dimension for item in self.filters))):
            raise ValueError("an average goes over groups or steps of time, not over parts of the calendar")
        if self.share and not set(self.share.within) <= keys:
            raise ValueError("a share is within groups of the plan")
        self._check_comparison()

    def _check_comparison(self) -> None:
        if self.time_of and not (self.grain or self.time_range):
            raise ValueError("time_of needs a grain or a time_range that goes by it")
        if self.compare_with and self.comparison:
            raise ValueError("a comparison is with days of its own or with a period before, not both")
        if self.compare_with and self.grain:
            raise ValueError("days of its own can be compared without a grain only")
        bounded = all(
            span and span.start and span.end for span in (self.time_range, self.compare_with or self.time_range)
        )
        if self.compares and not self.grain and not bounded:
            raise ValueError("a comparison without a grain needs a first and a last day")

    @property
    def pair(self) -> tuple[Scalar, Scalar] | None:
        """The two values that rows are kept of, of the one dimension that the plan is by."""
        for item in self.filters:
            if self.group_by == (item.dimension,) and item.operator is Operator.IN:
                found = tuple(dict.fromkeys(item.values))
                return (found[0], found[1]) if len(found) == 2 else None
        return None

    @property
    def compares(self) -> bool:
        """Whether the answer puts figures of another time beside the metrics."""
        return self.comparison is not None or self.compare_with is not None

    @property
    def reduces(self) -> bool:
        """Whether the groups are put together again: the answer has a row for each of ``within`` alone."""
        return self.average or self.count

    @property
    def over(self) -> tuple[str, ...]:
        """The groups (or ``metric_time``) that an average or a count is over."""
        keys = (*self.group_by, *(("metric_time",) if self.grain else ()))
        return tuple(name for name in keys if name not in self.within) if self.reduces else ()

    @property
    def derived(self) -> tuple[str, ...]:
        """Names of the columns that are computed from the metrics, in order."""
        if self.share:
            return (f"{self.metrics[0]}__share",)
        if self.count:
            return (f"{self.over[0]}__count",)
        if self.ratio:
            return (ratio_column(*self.metrics),)
        if self.running:
            return tuple(f"{metric}__running" for metric in self.metrics)
        if self.compares:
            named = {item.field for item in self.order_by} | {item.metric for item in self.having}
            return tuple(
                f"{metric}__{what}"
                for metric in self.metrics
                for what in ("before", "change", "difference")
                if what != "difference" or f"{metric}__difference" in named
            )
        return ()

    def canonical(self) -> str:
        """JSON that is equal for plans that mean the same: order-free parts sorted, defaults left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        if "filters" in data:
            for item in data["filters"]:
                item["values"] = sorted(item.get("values", ()), key=lambda v: (type(v).__name__, str(v)))
            data["filters"] = sorted(data["filters"], key=_dump)
        if "having" in data:
            data["having"] = sorted(data["having"], key=_dump)
        if "share" in data:
            data["share"] = {key: sorted(items, key=_dump) for key, items in data["share"].items()}
        return _dump(data)

    @property
    def fingerprint(self) -> str:
        """A stable 16-digit hex hash of the canonical form: the key of caches and of answers."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:16]


def ratio_column(metric: str, other: str) -> str:
    """The column of one metric divided by another."""
    return f"{metric}__per__{other}"


def problem_of(error: ValidationError) -> str:
    """What a plan that was refused has wrong with it, the first thing found."""
    return error.errors()[0]["msg"].removeprefix("Value error, ")


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a plan, for APIs and for language models."""
    return Plan.model_json_schema()


def _dump(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
