"""An alert or a subscription, as it is asked for, kept, and shown.

Belongs here: their fields and what must hold of them alone. Does not belong here: whether the figures exist or the
target may be used (``wishes``), keeping them (``store``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from nlq.core.guard import Caller
from nlq.core.plan import Name, Plan, Text
from nlq.watching import times
from nlq.watching.conditions import Condition, FailedLoad, FailedRun, Quarantined, Unusual
from nlq.watching.states import Standing, State

MOST_TARGETS = 10
"""Targets that one alert is sent to."""


def _a_time(text: str) -> str:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo:
        raise ValueError(f"'{text}' is no time of a day, such as 22:00")
    return found.strftime("%H:%M")


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("a name is one line of text that is not blank")
    return text.strip()


Clock = Annotated[str, AfterValidator(_a_time)]
"""A time of the day, as 22:00."""
Title = Annotated[Text, Field(max_length=120), AfterValidator(_one_line)]


class QuietHours(BaseModel):
    """Hours in which nothing is sent; what there is goes out together when they end. In the tenant's time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: Clock
    end: Clock

    @model_validator(mode="after")
    def _have_a_length(self) -> Self:
        if self.begin == self.end:
            raise ValueError("quiet hours end at another time than they begin: mute an alert of which nothing is sent")
        return self

    def ending(self, moment: datetime, zone: str) -> datetime | None:
        """When the quiet hours end in which a moment, UTC without zone, lies; None where it lies in none."""
        local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        begin, end = time.fromisoformat(self.begin), time.fromisoformat(self.end)
        at = local.time()
        quiet = begin <= at < end if begin <= end else at >= begin or at < end
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if begin > end and at >= begin else 0)
        return datetime.combine(day, end, ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


class Draft(BaseModel):
    """What is asked for: to be told when something is so (``condition``), or to be sent something (``cron``).

    ``question`` is that of the figure in words; a plan with days of its own is made from it anew each time, so that
    "last week" stays the last week. Without it the days stay as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Title
    sentence: Text = Field(default="", max_length=1_000, description="The words it was asked for in, if any.")
    question: Text = Field(default="", max_length=1_000)
    plan: Plan | None = None
    condition: Condition | None = None
    cron: str | None = Field(default=None, max_length=100, description="When it is sent, in the tenant's time zone.")
    dashboard: Name | None = Field(default=None, description="Id of the dashboard that is sent instead of a figure.")
    targets: tuple[Name, ...] = Field(default=(), max_length=MOST_TARGETS)
    quiet: QuietHours | None = None
    meaning: Text = Field(default="", max_length=2_000, description="It in plain words; written when it is kept.")
    tell_end: bool = Field(default=True, description="Whether it is told, too, when it is well again.")

    @field_validator("cron")
    @classmethod
    def _comes_seldom(cls, cron: str | None) -> str | None:
        return cron if cron is None else times.check(cron)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.condition is None) == (self.cron is None):
            raise ValueError("either a condition to be told of, or a time to be sent at")
        if self.cron is not None and (self.plan is None) == (self.dashboard is None):
            raise ValueError("what is sent by the clock is the answer to a plan, or a dashboard")
        if self.condition is not None and self.dashboard is not None:
            raise ValueError("a condition is on a figure, not on a dashboard")
        if isinstance(self.condition, Unusual):
            if self.plan is not None and self.condition.domain is not None:
                raise ValueError("what is unusual is looked for in a figure or in a domain, not in both")
            return self
        if self.condition is not None and (self.plan is None) != self.of_platform:
            raise ValueError("a condition on a figure has a plan, one on runs and loads has none")
        return self

    @property
    def of_platform(self) -> bool:
        """Whether it is of the platform, which is all tenants'."""
        return isinstance(self.condition, FailedRun | FailedLoad | Quarantined)

    @property
    def ends_are_told(self) -> bool:
        """Whether it is told when it is well again; what was unusual once was so, and nothing is well again."""
        return self.tell_end and not isinstance(self.condition, Unusual)

    @property
    def kind(self) -> Literal["alert", "subscription"]:
        """What it is."""
        return "alert" if self.condition is not None else "subscription"

    @property
    def hold(self) -> timedelta:
        """How long its figure has to be beyond its bound."""
        return getattr(self.condition, "hold", timedelta(0))


@dataclass(frozen=True)
class Kept:
    """An alert or subscription that was made. Times are UTC without zone.

    Attributes:
        id: Its id.
        draft: What was asked for.
        caller: For whom it is judged: the tenant and role of who made it, for good.
        key_id: The key it was made with; empty on one's own machine without keys.
        made_by: Name of who made it.
        created_at: When.
        muted_until: Until when nothing is sent of it.
        version: Grows with each judgement.
        tables: The tables it was read from last, with the state each had.
        day: The day it was judged for last.
        due_at: When it is due whatever the tables do.
        judged_at: When it was judged last.
        says: What was last seen of it, or why it could not be judged.
        standings: Its groups that are not ok.
    """

    id: str
    draft: Draft
    caller: Caller
    key_id: str
    made_by: str
    created_at: datetime
    muted_until: datetime | None
    version: int
    tables: dict[str, str]
    day: str
    due_at: datetime | None
    judged_at: datetime | None
    says: str
    standings: dict[str, Standing]

    @property
    def state(self) -> State:
        """The worst of its groups."""
        found = {standing.state for standing in self.standings.values()}
        return next((s for s in (State.FIRING, State.UNKNOWN, State.PENDING) if s in found), State.OK)

    def muted(self, now: datetime) -> bool:
        """Whether nothing is to be sent of it now."""
        return self.muted_until is not None and now < self.muted_until


@dataclass(frozen=True)
class Entry:
    """A state that was entered, as the history has it."""

    alert_id: str
    at: datetime
    group: str
    state: State
    before: State
    says: str
    value: float | None
    silent: str
    """Why nothing was sent of it; empty where it was."""
