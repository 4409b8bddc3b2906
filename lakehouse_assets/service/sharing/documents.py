"""The bodies of requests and responses about links, and what a link shows.

Belongs here: their fields, bounds and examples, and what is left out of documents for strangers. Does not belong here:
what is done with them (handlers).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from lakehouse_assets.dashboards.model import PartId, Title
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.service.dashboards.documents import DashboardDocument, TilesAnswered
from nlq.answering.document.drawing import Drawing
from nlq.answering.document.model import Answer
from nlq.core.plan import DimensionFilter, Text, TimeRange
from nlq.core.utc import Moment
from nlq.storage.links import Link

MOST_DAYS, MOST_ORIGINS = 366, 10
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")


def _origin(text: str) -> str:
    found = text.strip().rstrip("/").lower()
    if not _ORIGIN.fullmatch(found):
        raise ValueError("a site is named like https://intranet.example.org, without a path")
    return found


class Chosen(BaseModel):
    """What is shown of a dashboard, fixed: a page or all, and for what time and filters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: PartId | None = Field(default=None, description="All pages if missing.")
    period: PeriodName | None = Field(default=None, description="The dashboard's own if missing.")
    time_range: TimeRange | None = Field(default=None, description="Days instead of a period.")
    filters: tuple[DimensionFilter, ...] | None = Field(
        default=None, max_length=20, description="Instead of the defaults of the dashboard; [] for none."
    )


class NewLink(BaseModel):
    """A dashboard or an answer to show."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"dashboard": "pgr.complaints", "days": 30}]}
    )

    dashboard: Text | None = Field(default=None, min_length=1, max_length=128)
    answer: Text | None = Field(default=None, min_length=1, max_length=64)
    chosen: Chosen = Chosen()
    title: Title | None = Field(default=None, description="That of what is shown if missing.")
    days: int = Field(default=30, ge=1, le=MOST_DAYS, description="After which the link ends.")
    origins: tuple[Annotated[str, Field(max_length=300), AfterValidator(_origin)], ...] = Field(
        default=(), max_length=MOST_ORIGINS, description="Sites whose pages may show it in a frame.",
        examples=[["https://intranet.example.org"]],
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_of_both(self) -> NewLink:
        if (self.dashboard is None) == (self.answer is None):
            raise ValueError("name a dashboard or an answer, and not both")
        if self.answer is not None and self.chosen != Chosen():
            raise ValueError("an answer is shown as it was given: choose nothing of it")
        return self


class LinkDocument(BaseModel):
    """A link of one's own; never its secret."""

    id: str
    kind: Literal["dashboard", "answer"]
    target: str = Field(description="The id of the dashboard or the answer.")
    title: str
    state: Literal["open", "expired", "revoked"]
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    opened: int = Field(description="How often it was opened.")
    opened_at: Moment | None
    origins: tuple[str, ...]

    @classmethod
    def of(cls, link: Link) -> LinkDocument:
        """The document of a link."""
        plain = {"id", "expires_at", "created_at", "revoked_at", "opened", "opened_at", "origins", "state"}
        shown = {name: getattr(link.shown, name) for name in ("kind", "target", "title")}
        return cls(**shown, **{name: getattr(link, name) for name in plain})


class LinkMade(LinkDocument):
    """A link and its address, which is told this once."""

    address: str = Field(description="Below the service's own address. What follows # is the secret.")


class Links(BaseModel):
    """One's own links, the newest first."""

    links: tuple[LinkDocument, ...]


class SharedDocument(BaseModel):
    """What a link shows."""

    kind: Literal["dashboard", "answer"]
    title: str
    expires_at: Moment
    only: tuple[str, ...] = Field(description="What it is narrowed to, in words.")
    dashboard: DashboardDocument | None = None
    answer: Answer | None = None
    drawing: Drawing | None = None


class SharedTiles(BaseModel):
    """Which page of what a link shows."""

    model_config = ConfigDict(extra="forbid")

    page: PartId | None = Field(default=None, description="The first page if missing.")


def without_means(answer: Answer) -> Answer:
    """An answer to be looked at, without what one would ask further by, or learn of the lake and of who asked."""
    nothing = {"sql": None, "plan": None, "because": (), "carried": (), "choices": (), "nearest": (), "asked_by": None}
    # How far the data reach is told, and of no table by its name.
    freshness = tuple(state.model_copy(update={"table": "", "snapshot_id": 0}) for state in answer.freshness)
    unsaid = {"tenant": None, "snapshots": {}, "stale_layer": None, "freshness": freshness}
    return answer.model_copy(update={**nothing, **unsaid})


def tiles_without_means(found: TilesAnswered) -> TilesAnswered:
    """Tiles to be looked at; see ``without_means``."""
    tiles = (tile.model_copy(update={"answer": without_means(tile.answer)}) for tile in found.tiles)
    return found.model_copy(update={"tiles": tuple(tiles)})


def board_without_means(found: DashboardDocument, page: str | None) -> DashboardDocument:
    """A dashboard to be looked at, or one page of it: no plans, no filters to choose, nothing of who made it."""
    pages = tuple(
        one.model_copy(
            update={"tiles": tuple(tile.model_copy(update={"plan": tile.plan and {}}) for tile in one.tiles)}
        )
        for one in found.pages
        if page in (None, one.id)
    )
    nothing = {"filters": (), "periods": (), "definition": None, "editable": False, "undoable": False, "owner": None}
    return found.model_copy(update={**nothing, "pages": pages})
