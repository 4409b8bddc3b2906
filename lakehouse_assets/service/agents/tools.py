"""The tools of agents: what each takes, does and gives. They ask as any caller does, by the same handlers.

Belongs here: their words, bounds and results. Does not belong here: the protocol (server), answering (questions).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.questions.handlers import Handlers
from lakehouse_assets.service.questions.models import Ask, Query, Words
from nlq.core.plan import MAX_COLUMNS, DimensionFilter, Name, OrderBy, Plan, TimeRange, problem_of

MOST_ROWS, MOST_VALUES = 200, 20
"""Rows of an answer, and values of a dimension, that are given: an agent reads all that it is given."""
_OF_AN_ANSWER = (
    "answer_id", "question", "outcome", "sentence", "columns", "rows", "truncated", "plan", "definitions", "notes",
    "partial", "freshness", "choices", "nearest", "error",
)  # fmt: skip
_OF_A_COLUMN = ("name", "label", "kind", "format", "unit")


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Search(_Input):
    """What to look for in the catalog."""

    search: str = Field(
        default="", max_length=200, description="Words, e.g. “complaints”; all figures, named, if empty."
    )


class Asking(_Input):
    """A question."""

    question: Words
    previous: Plan | None = Field(
        default=None, description="The `plan` of the answer before, for follow-ups such as “and by ward?”."
    )


class Figures(Query):
    """Figures by name."""


class Listing(_Input):
    """Which records."""

    metric: Name = Field(description="The figure whose records are meant.")
    columns: tuple[Name, ...] = Field(
        default=(), max_length=MAX_COLUMNS, description="Dimensions; those that tell most if empty."
    )
    filters: tuple[DimensionFilter, ...] = Field(default=(), max_length=20)
    time_range: TimeRange | None = None
    order_by: tuple[OrderBy, ...] = Field(default=(), max_length=4, description="The newest come first if empty.")
    limit: int = Field(default=20, ge=1, le=MOST_ROWS)
    skip: int = Field(default=0, ge=0, lt=1_000_000)


class AnswerGiven(_Input):
    """An answer given before."""

    answer_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


@dataclass(frozen=True)
class Tool:
    """A tool: what an agent is told of it, what it takes, and what it does for a caller."""

    name: str
    title: str
    says: str
    takes: type[BaseModel]
    does: Callable[[Handlers, Asker, Any], dict[str, Any]]

    def run(self, handlers: Handlers, asker: Asker, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do it. It waits for the engine: call it in a worker thread.

        Raises:
            ApiError: what it was given cannot be read, or as the handlers.
        """
        try:
            given = self.takes.model_validate(dict(arguments))
        except ValidationError as error:
            raise ApiError(422, "invalid_request", f"{problem_of(error)}.") from None
        return self.does(handlers, asker, given)


def _catalog(handlers: Handlers, asker: Asker, given: Search) -> dict[str, Any]:
    found = handlers.catalog(asker, given.search)
    if not given.search.strip():
        named = [{"name": metric.name, "label": metric.label} for metric in found.metrics]
        starters = [starter.question for starter in found.starters]
        return {"domains": list(found.domains), "metrics": named, "starters": starters}
    parts = {"name", "label", "description", "domain", "unit", "dimensions"}
    metrics = [metric.model_dump(mode="json", include=parts) for metric in found.metrics]
    reached = {name for metric in found.metrics for name in metric.dimensions}
    matching = {dimension.name for dimension in found.dimensions}
    every = handlers.catalog(asker, "").dimensions if reached - matching else found.dimensions
    dimensions = [
        one.model_dump(mode="json", include={"name", "label", "type", "all_values"})
        | {"values": list(one.values[:MOST_VALUES]), "all_values": one.all_values and len(one.values) <= MOST_VALUES}
        for one in every
        if one.name in reached | matching
    ]
    return {"metrics": metrics, "dimensions": dimensions}


def _ask(handlers: Handlers, asker: Asker, given: Asking) -> dict[str, Any]:
    return _shown(json.loads(handlers.ask(asker, Ask(question=given.question, previous=given.previous))))


def _query(handlers: Handlers, asker: Asker, given: Query) -> dict[str, Any]:
    return _shown(json.loads(handlers.query(asker, given)))


def _records(handlers: Handlers, asker: Asker, given: Listing) -> dict[str, Any]:
    plan = {**dict(given), "metrics": (given.metric,), "group_by": given.columns, "records": True}
    del plan["metric"], plan["columns"]
    return _shown(json.loads(handlers.query(asker, Query.model_validate(plan))))


def _replay(handlers: Handlers, asker: Asker, given: AnswerGiven) -> dict[str, Any]:
    again = handlers.replay(asker, given.answer_id)
    return {"same_rows": again.same_rows, "answer": _shown(again.answer.model_dump(mode="json"))}


def _shown(answer: dict[str, Any]) -> dict[str, Any]:
    """What an agent needs of an answer; how many of its rows are left out is said."""
    found = {name: answer[name] for name in _OF_AN_ANSWER if answer.get(name) not in (None, [], {}, ())}
    if "columns" in found:
        found["columns"] = [
            {name: column[name] for name in _OF_A_COLUMN if column.get(name) is not None} for column in found["columns"]
        ]
    found["rows"] = answer["rows"][:MOST_ROWS]
    if len(answer["rows"]) > MOST_ROWS:
        found["rows_left_out"] = len(answer["rows"]) - MOST_ROWS
    return found


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "catalog", "What can be asked",
            "Lists the figures (metrics) there are. With `search`, those that contain the words, in detail: what they "
            "mean, the dimensions they can be split and filtered by, and values of these. Call it before query.",
            Search, _catalog,
        ),
        Tool(
            "ask", "Ask in words",
            "Answers a question in plain English over the data. `outcome` is answered (sentence, columns, rows), "
            "found (no figures: rows are passages of text with their source), clarify (take one of `choices`: each has "
            "a plan for query), refused (`nearest` names what there is) or failed. `partial` and `notes` say what to "
            "tell beside the figures.",
            Asking, _ask,
        ),
        Tool(
            "query", "Figures by name",
            "Gives figures by the names of the catalog: metrics, group_by, filters, time_range (days, both included), "
            "grain, comparison, order_by, limit. Exact, where a question may be misread.",
            Figures, _query,
        ),
        Tool(
            "records", "The records behind a figure",
            "Lists the records that a figure is counted from, a page at a time. Personal columns may be masked.",
            Listing, _records,
        ),
        Tool(
            "replay", "An answer again",
            "Reads an earlier answer again, from the very snapshots it was read from, and says whether the rows are "
            "the same.",
            AnswerGiven, _replay,
        ),
    )
}  # fmt: skip
