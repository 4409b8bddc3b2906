"""The answer: one document for programs, pages, the journal and the table of answers.

Belongs here: its shape, and what a replay needs of it. Does not belong here: how it comes about (``answer``), a row of
the table (``storage.store``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationInfo,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)

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

OutcomeName = Literal["answered", "found", "clarify", "refused", "failed"]
"""What became of a question: figures, text that is near it, a question back, a refusal, or a failure."""
_CODES = frozenset(ErrorCode)
_EXACT = 2**53 - 1
"""The greatest whole number that every reader of JSON has exactly (RFC 8259, section 6)."""
_DIGITS = re.compile(r"-?[0-9]{16,}")
_Rows = tuple[tuple[Any, ...], ...]


class Answer(BaseModel):
    """Everything about one question and its answer. Times are UTC without zone; durations are milliseconds.

    ``error`` is an ``ErrorCode``, or the reason in words where the question was not understood. In JSON, whole numbers
    beyond 2^53 are texts of their digits, in the columns that ``long_numbers`` names.
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
    rows: _Rows = ()
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

    @model_validator(mode="before")
    @classmethod
    def _numbers_from_text(cls, given: Any) -> Any:
        """Read long numbers as they were before they were written."""
        if not isinstance(given, dict) or not (named := given.get("long_numbers")):
            return given
        long = [column["name"] in named for column in given["columns"]]

        def read(value: Any, is_long: bool) -> Any:
            return int(value) if is_long and _DIGITS.fullmatch(str(value)) else value

        rows = [[read(*cell) for cell in zip(row, long, strict=True)] for row in given["rows"]]
        return {**given, "rows": rows}

    @field_validator("error")
    @classmethod
    def _told_by_a_code(cls, error: str | None, info: ValidationInfo) -> str | None:
        """What went wrong inside is for the log alone, whatever an earlier version has stored."""
        return error if info.data.get("outcome") != "failed" or error is None or error in _CODES else ErrorCode.INTERNAL

    @field_serializer("rows", when_used="json")
    def _long_numbers_as_text(self, rows: _Rows) -> _Rows:
        if not self.long_numbers:
            return rows
        return tuple(tuple(str(value) if _is_long(value) else value for value in row) for row in rows)

    @computed_field
    @property
    def long_numbers(self) -> tuple[str, ...]:
        """Names of the columns that have whole numbers beyond 2^53."""
        found = {at for row in self.rows for at, value in enumerate(row) if _is_long(value)}
        return tuple(column.name for at, column in enumerate(self.columns) if at in found)

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


def _is_long(value: Any) -> bool:
    return type(value) is int and abs(value) > _EXACT


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
