"""The bodies of requests that make dashboards and change them, and what is told of versions.

Belongs here: their fields, bounds and examples. Does not belong here: a dashboard's own fields (dashboards.model), what
is done with them (boards).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.dashboards.model import Dashboard, PartId, TileChart, Title, Words
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.service.dashboards.documents import VersionNumber
from nlq.core.plan import Text
from nlq.core.utc import Moment


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pin(_Body):
    """A figure to put on a dashboard, such as that of an answer: its plan, and how it was drawn."""

    plan: dict[str, Any] = Field(description="As POST /query takes it; an answer has one.")
    title: Title
    description: Words = ""
    chart: TileChart | None = Field(default=None, description="A table if missing, or if the plan cannot be drawn so.")
    period: PeriodName | None = Field(default=None, description="A period of its own.")
    follows: bool = Field(
        default=False,
        description="Whether it goes by the time that the dashboard is looked at, not by its plan's days.",
    )
    page: PartId | None = Field(default=None, description="The first page if missing.")


class NewBoard(_Body):
    """A dashboard to make: empty, with a first figure, or a copy of another."""

    title: Title
    description: Words = ""
    copy_of: Text | None = Field(default=None, max_length=128, description="The id of a dashboard the caller may see.")
    pin: Pin | None = None

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "My morning", "copy_of": "pgr.complaints"}]}
    )


class BoardWanted(_Body):
    """What a dashboard is to be, and the version that it was made from."""

    version: VersionNumber
    definition: Dashboard = Field(description="As `definition` of GET /dashboards/ID has it, changed.")
    what: Text = Field(default="Changed", min_length=1, max_length=120, description="What is changed, in words.")


class Undo(_Body):
    """The version whose last change is to be undone."""

    version: VersionNumber


class Restore(Undo):
    """The version that is to be the newest again, and the one that is it now."""

    to: VersionNumber


class VersionDocument(BaseModel):
    """A version, by what it changed."""

    version: int
    what: str
    changed_at: Moment


class Versions(BaseModel):
    """The versions that are kept, the newest first."""

    versions: tuple[VersionDocument, ...]
