"""What a dashboard is: pages of tiles in a grid, with filters and a period that all of them share.

Belongs here: its shape, with the bounds of every field. Does not belong here: whether its plans name what there is
(fitting), reading it from a file (files).
"""

from __future__ import annotations

import json
from collections.abc import Container
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lakehouse_assets.dashboards.periods import PeriodName
from nlq.core.plan import Grain, Name, Scalar, storable

COLUMNS = 12
"""How many columns the grid of a page has."""
MOST_PAGES, MOST_TILES, MOST_FILTERS = 12, 24, 8
"""Pages of a dashboard, tiles of a page, filters that are shared."""
MOST_TOP = 50
"""Lines, parts or rows of a chart that may be chosen as the greatest."""
_LOWEST, _TALLEST = 400, 20

Title = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S"), AfterValidator(storable)]
Words = Annotated[str, Field(max_length=2_000), AfterValidator(storable)]
PartId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""What a page or a tile is called in addresses."""


class ChartKind(StrEnum):
    """How a tile is drawn."""

    NUMBER = "number"
    LINE = "line"
    AREA = "area"
    BAR = "bar"
    STACKED = "stacked"
    DONUT = "donut"
    HEAT_MAP = "heat_map"
    HISTOGRAM = "histogram"
    SCATTER = "scatter"
    FUNNEL = "funnel"
    TABLE = "table"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Part):
    """Where a tile is in the grid, in columns and rows from 0."""

    x: int = Field(ge=0, lt=COLUMNS)
    y: int = Field(ge=0, le=_LOWEST)
    w: int = Field(ge=1, le=COLUMNS)
    h: int = Field(ge=1, le=_TALLEST)

    @model_validator(mode="after")
    def _inside(self) -> Place:
        if self.x + self.w > COLUMNS:
            raise ValueError(f"it reaches beyond the {COLUMNS} columns: x + w is at most {COLUMNS}")
        return self

    def overlaps(self, other: Place) -> bool:
        """Whether two tiles share a cell."""
        across = self.x < other.x + other.w and other.x < self.x + self.w
        return across and self.y < other.y + other.h and other.y < self.y + self.h


class TileChart(_Part):
    """How a tile is drawn; which column is which follows from the plan.

    ``trend`` gives a number the course of its figure beside it, in steps of this length. ``horizontal`` bars are read
    from top to bottom. ``across`` is the dimension along the axis, where a plan has two groups; of the other, ``top``
    is how many values are drawn, the greatest first. ``order`` are the values along the axis in the order that they
    have, such as bands; by default they come as the plan gives them.
    """

    kind: ChartKind
    trend: Grain | None = None
    horizontal: bool = False
    across: Name | None = None
    top: int | None = Field(default=None, ge=1, le=MOST_TOP)
    order: tuple[Scalar, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _fits_the_kind(self) -> TileChart:
        if self.trend and self.kind is not ChartKind.NUMBER:
            raise ValueError("only a number has a trend beside it; give the plan a grain to draw its course")
        if self.horizontal and self.kind not in (ChartKind.BAR, ChartKind.STACKED):
            raise ValueError("only bars can be horizontal")
        return self


def _writable(plan: dict[str, Any]) -> dict[str, Any]:
    storable(json.dumps(plan, ensure_ascii=False, skipkeys=True, default=str))
    return plan


class Tile(_Part):
    """A figure, drawn, or a text.

    ``plan`` is what POST /query takes; dimensions may be named in short. A time range of its own stays as it is, and so
    does a ``period`` of its own; otherwise the tile goes by the period of the dashboard. One that is ``optional`` is
    left out where its figures cannot be asked for: what a model predicts, as long as there is none.
    """

    id: PartId
    title: Annotated[str, Field(max_length=120), AfterValidator(storable)] = ""
    description: Words = ""
    plan: Annotated[dict[str, Any], AfterValidator(_writable)] | None = None
    chart: TileChart | None = None
    text: Annotated[str, Field(min_length=1, max_length=5_000), AfterValidator(storable)] | None = None
    period: PeriodName | None = None
    optional: bool = False
    at: Place

    @property
    def metrics(self) -> tuple[str, ...]:
        """What its plan names as metrics, whatever else it has; none of a text."""
        named = self.plan.get("metrics") if self.plan else None
        return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list | tuple) else ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Tile:
        if (self.plan is None) == (self.text is None):
            raise ValueError("a tile has a plan or a text, and not both")
        if self.plan is None and (self.chart or self.period):
            raise ValueError("a text has no chart and no period")
        if self.plan is not None and self.chart is None:
            raise ValueError("say how it is drawn: chart: {kind: table}, for example")
        if self.plan is not None and not self.title.strip():
            raise ValueError("a figure needs a title")
        if self.period and self.plan and self.plan.get("time_range"):
            raise ValueError("its plan has a time_range already: take out one of both")
        return self


class Page(_Part):
    """Tiles that are seen together."""

    id: PartId
    title: Title
    description: Words = ""
    tiles: tuple[Tile, ...] = Field(default=(), max_length=MOST_TILES)


def _once(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float | bool) else value


class SharedFilter(_Part):
    """A dimension that all tiles which know it can be narrowed by.

    ``default`` are the values chosen at first, none for all; ``choices`` those to choose from, if not all there are.
    """

    dimension: Name
    label: Title | None = None
    default: Annotated[tuple[Scalar, ...], BeforeValidator(_once)] = Field(default=(), max_length=100)
    choices: tuple[Scalar, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> SharedFilter:
        if self.choices and (missing := [value for value in self.default if value not in self.choices]):
            raise ValueError(f"its default {missing[0]!r} is none of its choices")
        return self


class Dashboard(_Part):
    """Pages of figures about one domain, or several.

    ``roles`` are those that it is for; any that may see its figures if there are none.
    """

    title: Title
    description: Words = ""
    domain: Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")] | Literal[""] = ""
    roles: tuple[Literal["admin", "analyst", "viewer"], ...] = ()
    filters: tuple[SharedFilter, ...] = Field(default=(), max_length=MOST_FILTERS)
    period: PeriodName = PeriodName.LAST_90_DAYS
    pages: tuple[Page, ...] = Field(min_length=1, max_length=MOST_PAGES)

    def page(self, page_id: str | None) -> Page | None:
        """The page of a name, the first without one; None where there is none of that name."""
        return next((page for page in self.pages if page_id in (None, page.id)), None)

    def with_figures_of(self, known: Container[str]) -> Dashboard:
        """The dashboard without its optional tiles of metrics that are not known."""

        def shown(tile: Tile) -> bool:
            return not tile.optional or all(name in known for name in tile.metrics)

        pages = (page.model_copy(update={"tiles": tuple(filter(shown, page.tiles))}) for page in self.pages)
        return self.model_copy(update={"pages": tuple(pages)})
