"""What an alert waits for: a figure beyond a bound, a change, something unusual, missing or old data, failed runs.

Belongs here: the conditions as data, each with the words it is said back in. Does not belong here: judging them
(``judging``), reading them from words (``frames``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nlq.core.plan import Comparator, Grain, Name

LONGEST = timedelta(days=366)
"""The longest time that a condition may name."""
Hold = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=31))]
"""How long a figure has to stay beyond its bound before it is told."""
Age = Annotated[timedelta, Field(gt=timedelta(0), le=LONGEST)]
Direction = Literal["up", "down", "either"]
Number = Annotated[float, Field(allow_inf_nan=False)]
_SIGNS = {
    Comparator.GT: "above", Comparator.GE: "at or above", Comparator.LT: "below", Comparator.LE: "at or below",
    Comparator.EQ: "exactly",
}  # fmt: skip


class _Condition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AboveOrBelow(_Condition):
    """A figure is beyond a bound; of a plan with groups, that of any group.

    ``clear`` is where it is well again, so that a figure that swings about its bound is not told each time; the bound
    itself where it is None.
    """

    kind: Literal["threshold"] = "threshold"
    comparator: Comparator = Comparator.GT
    value: Number
    clear: Number | None = None
    hold: Hold = timedelta(0)

    @property
    def upward(self) -> bool:
        """Whether it is too much that is told, not too little."""
        return self.comparator in (Comparator.GT, Comparator.GE)

    @model_validator(mode="after")
    def _clears_on_the_good_side(self) -> AboveOrBelow:
        if self.comparator is Comparator.EQ and self.clear is not None:
            raise ValueError("a figure that is to be exactly something has no other value to clear at")
        if self.clear is not None and (self.clear > self.value if self.upward else self.clear < self.value):
            side = "above" if self.upward else "below"
            raise ValueError(f"an alert {side} {self.value:g} cannot clear {side} it, at {self.clear:g}")
        return self


class Changes(_Condition):
    """A figure of the last whole period moved by so much against the period before, or the same a year earlier.

    ``by`` is a part of the figure before where ``relative`` (0.2 is 20 %), else in the figure's own unit.
    """

    kind: Literal["change"] = "change"
    direction: Direction = "either"
    by: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    relative: bool = True
    period: Grain = Grain.WEEK
    against: Literal["previous_period", "previous_year"] = "previous_period"

    @model_validator(mode="after")
    def _days_fit(self) -> Changes:
        if self.period is Grain.WEEK and self.against == "previous_year":
            raise ValueError("weeks of two years do not begin on the same days: compare by day, month, quarter or year")
        return self


class NoData(_Condition):
    """No day of the last ones has any data of the figure."""

    kind: Literal["no_data"] = "no_data"
    days: Annotated[int, Field(ge=1, le=366)] = 1


class Stale(_Condition):
    """The tables of the figure were not published for so long."""

    kind: Literal["stale"] = "stale"
    older_than: Age = timedelta(days=1)


class FailedRun(_Condition):
    """A run of Dagster failed: of these jobs, or of any."""

    kind: Literal["failed_run"] = "failed_run"
    jobs: tuple[Name, ...] = Field(default=(), max_length=20)


class FailedLoad(_Condition):
    """A load failed: of this source, or of any."""

    kind: Literal["failed_load"] = "failed_load"
    source: Name | None = None


class Quarantined(_Condition):
    """Of the records of a source's last load, or of any source's, more than this part went to quarantine."""

    kind: Literal["quarantine"] = "quarantine"
    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    source: Name | None = None


class Unusual(_Condition):
    """Something unusual was found: in the figure of the plan, in a domain's figures, or in any where neither is named.

    What is unusual is judged after publications and kept (`semantic.insights`); each thing is told once.
    """

    kind: Literal["unusual"] = "unusual"
    domain: Name | None = None


OfFigures = AboveOrBelow | Changes | NoData | Stale
"""Conditions on a figure: there is a plan beside them."""
OfPlatform = FailedRun | FailedLoad | Quarantined
"""Conditions on the platform, which is all tenants': they have no plan."""
Condition = Annotated[OfFigures | OfPlatform | Unusual, Field(discriminator="kind")]


def said(condition: OfFigures | OfPlatform | Unusual, *, percent: bool = False) -> str:
    """A condition in words, to be said after the name of what it is about.

    Args:
        condition: Which.
        percent: Whether the figure is a share, which people read in percent.
    """
    if isinstance(condition, AboveOrBelow):
        lasting = f" for {duration(condition.hold)}" if condition.hold else ""
        clears = f", until it is back at {_number(condition.clear, percent)}" if condition.clear is not None else ""
        return f"is {_SIGNS[condition.comparator]} {_number(condition.value, percent)}{lasting}{clears}"
    if isinstance(condition, Changes):
        verb = {"up": "rises by", "down": "falls by", "either": "changes by"}[condition.direction]
        other = "a year earlier" if condition.against == "previous_year" else f"the {condition.period} before"
        amount = _number(condition.by, condition.relative or percent)
        return f"{verb} {amount} or more in a whole {condition.period}, against {other}"
    if isinstance(condition, NoData):
        return f"has no data for {'a day' if condition.days == 1 else f'{condition.days} days'}"
    if isinstance(condition, Stale):
        return f"is not published anew for {duration(condition.older_than)}"
    if isinstance(condition, Unusual):
        return "shows something unusual: days without anything, days far from what was expected, a new level, a trend"
    return _said_of_platform(condition)


def _said_of_platform(condition: OfPlatform) -> str:
    if isinstance(condition, FailedRun):
        return f"a run of {' or '.join(condition.jobs)} fails" if condition.jobs else "any run fails"
    whose = f"of {condition.source}" if condition.source else "of any source"
    if isinstance(condition, FailedLoad):
        return f"a load {whose} fails"
    part = f"more than {_number(condition.share, percent=True)} of the records" if condition.share else "any record"
    return f"{part} {whose} went to quarantine in its last load"


def duration(span: timedelta) -> str:
    """A time as people say it, in the largest unit that it is a whole number of."""
    seconds = int(span.total_seconds())
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def _number(value: float, percent: bool) -> str:
    shown = round(value * 100, 6) if percent else value
    text = f"{shown:,.0f}" if float(shown).is_integer() else f"{shown:,.6g}"
    return f"{text} %" if percent else text
