"""The bodies of requests and responses.

Belongs here: their fields, bounds and examples. Does not belong here: what is done with them (``routes``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nlq.answering.document.model import Answer
from nlq.core.plan import Plan, Text
from nlq.core.utc import Moment, WrittenMoment, as_utc
from nlq.storage.journal import MAX_COMMENT
from nlq.storage.queue import MAX_QUESTION, NO_ANSWER, Question, Status
from nlq.storage.verdict import VerdictName

Words = Annotated[
    Text, Field(min_length=1, max_length=MAX_QUESTION, pattern=r"\S", description="A question, in words.")
]


def _sensible(now: datetime) -> datetime:
    plain = as_utc(now)
    if not 1900 <= plain.year <= 2200:
        raise ValueError("the year is between 1900 and 2200")
    return plain


Now = Annotated[WrittenMoment, AfterValidator(_sensible)]
"""A moment in place of the service's clock, UTC without zone."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ask(_Request):
    """A question."""

    question: Words
    now: Now | None = Field(
        default=None, description="The moment that “last month” is relative to, UTC; the service's clock if missing."
    )
    previous: Plan | None = Field(
        default=None, description="The plan of the answer before, for follow-ups such as “and by ward?”."
    )

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": "Which ward has the most complaints?"}, {"question": "Complaints by channel"}]
        },
    )


class Query(Plan):
    """Figures by name: a plan. Dimensions may be named in short, as ``ward_id`` for ``complaint__ward_id``."""

    question: Text = Field(default="", max_length=MAX_QUESTION, description="The words it stands for, if any.")

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "metrics": ["pgr_complaints"],
                    "group_by": ["ward_id"],
                    "filters": [{"dimension": "channel", "values": ["WEB", "WHATSAPP"]}],
                    "order_by": [{"field": "pgr_complaints", "descending": True}],
                    "limit": 5,
                },
                {
                    "metrics": ["pgr_open_complaints"],
                    "records": True,
                    "filters": [{"dimension": "ward_id", "values": ["WARD_03"]}],
                    "limit": 20,
                },
            ]
        },
    )


class Enqueue(_Request):
    """A question for the queue."""

    question: Words
    idempotency_key: Text | None = Field(
        default=None, min_length=1, max_length=200, description="The same key again is the same question."
    )

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": "Complaints by ward", "idempotency_key": "w-47"}]}
    )


class Feedback(_Request):
    """What an asker thinks of an answer."""

    verdict: VerdictName
    comment: Text | None = Field(default=None, max_length=MAX_COMMENT)

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"verdict": "wrong", "comment": "I meant the ward of the office."}]},
    )


class FeedbackGiven(BaseModel):
    """A verdict, as it was written down."""

    id: str
    answer_id: str
    verdict: VerdictName
    given_at: Moment


class Replay(BaseModel):
    """A stored answer read again at its snapshots."""

    answer: Answer
    same_rows: bool = Field(description="Whether the rows are those of the first time but for the last digits of sums.")


class QuestionDocument(BaseModel):
    """A question of the queue, and its answer once there is one. Times are UTC."""

    id: str
    question: str
    status: Literal["queued", "running", "answered", "found", "clarify", "refused", "failed"]
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    error: str | None = Field(default=None, description="Why it failed or was refused, in words.")
    answer: Answer | None = None

    @classmethod
    def of(cls, question: Question, answer: Answer | None = None) -> QuestionDocument:
        """The document of a row of the queue."""
        fields: dict[str, Any] = {name: getattr(question, name) for name in cls.model_fields if name != "answer"}
        failed = question.status is Status.FAILED and (answer.sentence if answer else _failure(question))
        error = failed or question.error
        return cls(**{**fields, "status": question.status.value, "answer": answer, "error": error})


def _failure(question: Question) -> str:
    """Why a question has no answer, in words of ours: what went wrong inside is for the log alone."""
    if question.error == NO_ANSWER:
        return "The run that answered it ended without an answer, each time it was tried. Ask again, then report it."
    return f"Something went wrong here. The log has it under {question.id}: ask again, then report it."
