"""The document of the first page.

Belongs here: its fields. Does not belong here: what is in them (handlers).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from lakehouse_assets.insight.model import Kind, Severity
from lakehouse_assets.service.dashboards.documents import Trend
from nlq.answering.catalog import Example
from nlq.core.plan import Grain, Plan
from nlq.core.utc import Moment


class HomePeriod(BaseModel):
    """The last whole step of time that there are data of."""

    label: str
    grain: Grain
    start: date
    end: date


class HomeFigure(BaseModel):
    """A figure of the period, beside the one before."""

    metric: str
    label: str
    description: str
    format: str | None
    unit: str | None
    value: Any = Field(description="Null where it is not known.")
    before: Any
    change: float | None = Field(description="Relative to before: 0.1 is a tenth more.")
    good: Literal["up", "down"] | None
    trend: Trend = Field(description="Step by step; the last one is the period's.")
    plan: Plan = Field(description="The course, for POST /query.")


class HomeUnusual(BaseModel):
    """Something unusual in the figures of a domain, as it was published; POST /insights tells all of it."""

    insight_id: str
    kind: Kind
    severity: Severity
    good: bool | None = Field(description="Whether it is for the better; null where nobody said.")
    label: str = Field(description="What people call the metric.")
    sentence: str
    until: date = Field(description="The last day that was judged.")
    plan: Plan = Field(description="The figures behind it, for POST /query.")


class HomeDomain(BaseModel):
    """What stands for a domain."""

    domain: str
    title: str
    dashboards: tuple[str, ...] = Field(description="Ids of its dashboards.")
    period: HomePeriod | None = Field(description="Null where no step is known as a whole.")
    figures: tuple[HomeFigure, ...]
    unusual: tuple[HomeUnusual, ...] = Field(default=(), description="The most important first.")
    starters: tuple[Example, ...] = Field(description="Questions to begin with, as people ask them.")
    newest_day: date | None = Field(description="The last day that there are data of.")
    published_at: Moment | None = Field(description="When the tables behind it were last written, UTC.")
    stale: bool
    stale_says: str
    problem: str = Field(default="", description="Why there are no figures, where there are none.")


class News(BaseModel):
    """Something that happened lately: records were loaded, or refused."""

    kind: Literal["loaded", "quarantine"]
    domain: str
    table: str
    says: str
    count: int
    at: Moment


class Home(BaseModel):
    """The first page."""

    domains: tuple[HomeDomain, ...]
    news: tuple[News, ...] = Field(description="The newest first.")
    elapsed_ms: float
