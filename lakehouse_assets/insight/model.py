"""What an insight is: something in the figures that is not chance, in a sentence, with what it was judged by.

Belongs here: the document. Does not belong here: finding one (finding), its table (contracts).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from nlq.core.plan import Grain, Plan


class Kind(StrEnum):
    """What was found."""

    MISSING = "missing"
    POINT = "point"
    SHIFT = "shift"
    TREND = "trend"
    CHANGE = "change"
    FORECAST = "forecast"
    RECOMMENDATION = "recommendation"


class Severity(StrEnum):
    """How much it matters: by how large it is, and whether it is for the worse."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Part(_Frozen):
    """What a value of the dimension contributes to a change; `rate` and `mix` of a ratio add up to `part`."""

    value: str
    before: float | None
    after: float | None
    part: float
    rate: float | None = None
    mix: float | None = None


class Step(_Frozen):
    """A coming step, between `low` and `high` in four cases of five."""

    start: date
    expected: float
    low: float
    high: float


class Insight(_Frozen):
    """Something worth saying about a metric, of all of it or of one value of a dimension."""

    insight_id: str
    domain: str
    kind: Kind
    severity: Severity
    metric: str
    label: str
    format: str | None = None
    unit: str | None = None
    dimension: str | None = None
    value: str | None = None
    grain: Grain
    start: date = Field(description="First day it is about.")
    end: date = Field(description="Last day it is about.")
    actual: float | None = Field(
        default=None,
        description="The figure, or that of the later time; of sums over times that differ in length, a day's.",
    )
    expected: float | None = Field(default=None, description="What was expected, or the figure of the time before.")
    low: float | None = Field(default=None, description="From where on it would not have been told.")
    high: float | None = None
    change: float | None = Field(default=None, description="Relative to what was expected: 0.1 is a tenth more.")
    p: float | None = Field(default=None, description="How probable it is where there is nothing but chance.")
    good: bool | None = Field(default=None, description="Whether it is for the better; null where nobody said.")
    sentence: str
    method: str = Field(description="How it was judged, and what that takes for granted.")
    parts: tuple[Part, ...] = Field(default=(), description="Of a change, by value; they add up to it.")
    steps: tuple[Step, ...] = Field(default=(), description="Of a forecast.")
    also: tuple[str, ...] = Field(default=(), description="What people call metrics that did likewise.")
    because: tuple[str, ...] = Field(default=(), description="Of a recommendation: the insights it follows from.")
    plan: Plan = Field(description="The figures behind it, for POST /query.")


class Insights(_Frozen):
    """What was found in a domain, the most important first.

    `tested` is how many tests there were: of what is told at most one in twenty is chance.
    """

    domain: str
    title: str
    until: date | None = Field(description="The last day that was judged; later ones are not over.")
    tested: int
    metrics: tuple[str, ...]
    insights: tuple[Insight, ...]
    left_out: int = Field(default=0, description="Found and not told, being of less weight than all these.")
    elapsed_ms: float = 0.0
