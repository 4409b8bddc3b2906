"""The answer: one document for programs, pages, the journal and the table of answers.

Belongs here: its shape, and what a replay needs of it. Does not belong here: how it comes about (``answer``), a row of
the table (``storage.store``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationInfo, computed_field, field_serializer, field_validator

from nlq.answering.document.carrying import CarriedOver
from nlq.answering.document.chart import Chart, chart_of
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.parts import StaleLayer
from nlq.answering.tables.coverage import Partial
from nlq.answering.tables.states import TableState
from nlq.core.guard import Caller
from nlq.core.outcome import RULES, Because, Choice, ErrorCode
from nlq.core.plan import Plan
from nlq.core.utc import Moment

OutcomeName = Literal["answered", "clarify", "refused", "failed"]
_CODES = frozenset(ErrorCode)


class Answer(BaseModel):
    """Everything about one question and its answer. Times are UTC without zone; durations are milliseconds.

    ``error`` is an ``ErrorCode``, or the reason in words where the question was not understood.
    """

    model_config = ConfigDict(frozen=True)

    answer_id: str
    question: str
    outcome: OutcomeName
    sentence: str
    summary: str | None = None
    tenant: str | None = None
    role: str = "analyst"
    asked_by: str | None = None
    planner: str = RULES
    confidence: float | None = None
    because: tuple[Because, ...] = ()
    carried: tuple[CarriedOver, ...] = ()
    plan: Plan | None = None
    columns: tuple[AnswerColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    truncated: bool = False
    definitions: dict[str, str] = {}
    filters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stale_layer: StaleLayer | None = None
    partial: tuple[Partial, ...] = ()
    sql: str | None = None
    snapshots: dict[str, int] = {}
    freshness: tuple[TableState, ...] = ()
    choices: tuple[Choice, ...] = ()
    nearest: tuple[str, ...] = ()
    error: str | None = None
    asked_at: Moment
    answered_at: Moment
    elapsed_ms: float
    cached: bool = False

    @field_validator("error")
    @classmethod
    def _told_by_a_code(cls, error: str | None, info: ValidationInfo) -> str | None:
        """What went wrong inside is for the log alone, whatever an earlier version has stored."""
        return error if info.data.get("outcome") != "failed" or error is None or error in _CODES else ErrorCode.INTERNAL

    @field_serializer("snapshots", when_used="json")
    def _snapshots_as_text(self, snapshots: dict[str, int]) -> dict[str, str]:
        return {table: str(snapshot) for table, snapshot in snapshots.items()}

    @computed_field
    @property
    def chart(self) -> Chart | None:
        """What to draw, where a picture helps."""
        is_list = self.plan is not None and self.plan.records
        return None if is_list else chart_of(self.columns, self.rows)

    @property
    def code(self) -> ErrorCode | None:
        """Why there is no answer, for programs; None where the question was not understood, as ``error`` tells."""
        return ErrorCode(self.error) if self.error in _CODES else None

    @property
    def whole(self) -> bool:
        """Whether the rows are all that the filters leave: none beyond them, and none left out for its figure."""
        return not self.truncated and not (self.plan and (self.plan.having or self.plan.skip))

    @property
    def row_count(self) -> int:
        """How many rows the answer has."""
        return len(self.rows)


class AnswerNotFoundError(LookupError):
    """There is no stored answer of this id that the caller may see."""


@dataclass(frozen=True)
class StoredPlan:
    """What replay needs of a stored answer."""

    question: str
    caller: Caller
    plan: Plan
    snapshots: dict[str, int]

    @classmethod
    def of(cls, answer: Answer) -> StoredPlan | None:
        """The same of an answer that is at hand, or None where it ran no plan."""
        if answer.plan is None or not answer.snapshots:
            return None
        return cls(answer.question, Caller(answer.tenant, answer.role), answer.plan, dict(answer.snapshots))
