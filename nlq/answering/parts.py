"""What answering is put together from: what plans questions, and what knows the data.

Belongs here: their protocols. Does not belong here: what implements them (``planning``, ``llm``, ``compiling``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from lakehouse_assets.lakehouse.engines.protocol import Rollup, Session
from nlq.answering.tables.coverage import TimeSource
from nlq.core.outcome import Outcome
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary

STATES_KEPT = 64
"""For how many tenants, or states of the lake, what can be asked is kept."""


class StaleLayer(BaseModel):
    """Why answers are by an earlier semantic layer than the project's files: what is wrong, and where.

    The file is named from the root of the project, the line begins at 1; either may be unknown.
    """

    model_config = ConfigDict(frozen=True)

    problem: str
    file: str | None = None
    line: int | None = None

    @property
    def says(self) -> str:
        """All of it, in a sentence."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file or "the project"
        return f"The semantic layer is an earlier one, for {place} cannot be read: {self.problem}"


class CompiledPlan(NamedTuple):
    """SQL of a plan, remarks for people, and parts of it that an engine may keep summed up."""

    sql: str
    notes: tuple[str, ...] = ()
    rollups: tuple[Rollup, ...] = ()


class PlansQuestions(Protocol):
    """What finds the plan of a question."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What it can be asked about."""
        ...

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """The outcome for a question; relative times are relative to ``now``, follow-ups to the plan before."""
        ...


@runtime_checkable
class BesideRules(Protocol):
    """A planner that may ask others than the rules, such as a language model."""

    @property
    def rules(self) -> PlansQuestions:
        """The rules alone."""
        ...


class Layer(Protocol):
    """What answering needs of the semantic layer."""

    def vocabulary(self, heads: Mapping[str, str], tenant: str | None = None, *, whole: bool = False) -> Vocabulary:
        """What may be asked about at a state of the lake, with a tenant's values alone if one is named.

        The whole of it has metrics whose tables were never published, too. The same object as long as nothing changed.
        """
        ...

    def fingerprint(self, heads: Mapping[str, str]) -> str:
        """The fingerprint of the vocabulary at a state of the lake, without reading it."""
        ...

    @property
    def stale(self) -> StaleLayer | None:
        """Why the layer is an earlier one than the project's files, if it is."""
        ...

    def unpublished(self, heads: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
        """The metrics that have no figures yet, with their tables that were never published."""
        ...

    def compile(self, plan: Plan) -> CompiledPlan:
        """SQL of the plan's metrics, groups, filters and times, without thresholds, order and limit.

        Raises:
            SemanticError: the combination has no answer.
        """
        ...

    def names_of(
        self, metric: str, codes: Mapping[str, Sequence[Any]], session: Session, tenant: str | None
    ) -> Mapping[str, Mapping[str, str]]:
        """What codes are called in the rows of a metric, by dimension and code, where another column has that."""
        ...

    def sources(self, metrics: Iterable[str]) -> tuple[TimeSource, ...]:
        """The times that metrics are counted by, and where they are."""
        ...
