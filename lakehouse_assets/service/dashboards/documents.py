"""The bodies of requests and responses about dashboards.

Belongs here: their fields, bounds and examples. Does not belong here: what is done with them (handlers).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.dashboards.model import MOST_TILES, Dashboard, PartId, Place, TileChart
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.service.questions.models import Now
from nlq.answering.document.chart import Chart
from nlq.answering.document.drawing import Drawing
from nlq.answering.document.model import Answer
from nlq.answering.tables.states import TableState
from nlq.core.plan import DimensionFilter, Grain, TimeRange
from nlq.core.utc import Moment

VersionNumber = Annotated[int, Field(ge=1, le=2_000_000_000)]


class PageName(BaseModel):
    """A page by name."""

    id: str
    title: str


class DashboardSummary(BaseModel):
    """A dashboard, without its tiles."""

    id: str = Field(examples=["pgr.complaints"])
    title: str
    description: str
    domain: str
    pages: tuple[PageName, ...]
    built_in: bool = Field(description="Whether it is one of the project's files.")
    editable: bool = Field(default=False, description="Whether the caller may change it.")
    version: int = 0
    owner: str | None = Field(default=None, description="Who made it; null where it is built in.")
    changed_at: Moment | None = None


class Dashboards(BaseModel):
    """The dashboards a caller may see."""

    dashboards: tuple[DashboardSummary, ...]


class FilterDocument(BaseModel):
    """A filter that the tiles share, with the values that the caller may know of."""

    dimension: str
    label: str
    default: tuple[Any, ...]
    choices: tuple[Any, ...]
    names: dict[str, str] = Field(default={}, description="What codes among the choices are called.")
    all_choices: bool = Field(description="Whether these are all there are.")


class PeriodDocument(BaseModel):
    """A period to choose, with the days it has today; null: since ever, or without end."""

    name: PeriodName
    label: str
    start: date | None
    end: date | None


class TileDocument(BaseModel):
    """A tile as it is declared: a plan and its chart, or a text."""

    id: str
    title: str
    description: str
    at: Place
    plan: dict[str, Any] | None
    chart: TileChart | None
    period: PeriodName | None = Field(description="A period of its own, which does not follow the dashboard's.")
    text: str | None


class PageDocument(PageName):
    """A page with its tiles."""

    description: str
    tiles: tuple[TileDocument, ...]


class DashboardDocument(DashboardSummary):
    """A dashboard as it is declared."""

    filters: tuple[FilterDocument, ...]
    period: PeriodName
    periods: tuple[PeriodDocument, ...]
    pages: tuple[PageDocument, ...]  # type: ignore[assignment]  # pages with more to them
    definition: Dashboard | None = Field(
        default=None, description="What was made, to be changed and sent back; null where it is built in."
    )
    undoable: bool = Field(default=False, description="Whether the last change can be undone.")


class TilesWanted(BaseModel):
    """Which tiles to compute, and what of."""

    page: PartId | None = Field(default=None, description="The first page if missing.")
    version: VersionNumber | None = Field(default=None, description="Of one's own dashboard; the newest if missing.")
    tiles: tuple[PartId, ...] | None = Field(default=None, max_length=MOST_TILES, description="All if missing.")
    period: PeriodName | None = Field(default=None, description="The dashboard's own if missing.")
    time_range: TimeRange | None = Field(default=None, description="Days instead of a period.")
    filters: tuple[DimensionFilter, ...] | None = Field(
        default=None, max_length=20, description="Instead of the defaults of the dashboard; [] for none."
    )
    now: Now | None = Field(
        default=None, description="The moment that periods are relative to, UTC; the service's clock if missing."
    )

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"page": "backlog", "filters": [{"dimension": "ward_id", "values": ["WARD_03"]}]}]
        },
    )


class Trend(BaseModel):
    """The course of a figure, one value for each step; null where it is not known as a whole."""

    grain: Grain
    steps: tuple[date, ...]
    values: tuple[Any, ...]


class TileAnswer(BaseModel):
    """A tile's answer and how to draw it; the outcome of the answer says whether there is anything to draw."""

    id: str
    answer: Answer
    chart: Chart
    drawing: Drawing | None = Field(default=None, description="The picture; null where the chart is none.")
    trend: Trend | None = None
    unfiltered: tuple[str, ...] = Field(description="The shared filters that its figures do not know.")


class TilesAnswered(BaseModel):
    """The tiles of a page, in its order, all of one state of the lake."""

    id: str
    page: str
    period: PeriodName | None = Field(description="Null where days were given.")
    time_range: TimeRange | None = Field(description="Null: all time.")
    tiles: tuple[TileAnswer, ...]
    freshness: tuple[TableState, ...] = Field(description="Of all tables that were read.")
    elapsed_ms: float
