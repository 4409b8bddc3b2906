"""What planning a question can come to: a plan, a question back, or a refusal.

Belongs here: the three outcomes, the problem that a refusal tells of, and the codes of what keeps a plan from running.
Does not belong here: how they are reached (``planning``, ``llm``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nlq.core.plan import Plan

RULES = "rules"
"""The name of the planner that needs no language model."""
UNCLEAR = 1
"""The rank of problems with words that mean nothing here; those above are of what cannot be asked."""
NOT_TOGETHER = 3
"""The rank of problems with words that were taken for what does not go with the others."""
MOST_CHOICES = 4
"""The most readings that a question back offers."""


class ErrorCode(StrEnum):
    """Why a plan was not run, or gave no answer, for programs."""

    AMBIGUOUS_VALUE = "ambiguous_value"
    BAD_COMPARISON = "bad_comparison"
    BAD_OPERATOR = "bad_operator"
    BAD_TIME = "bad_time"
    BAD_VALUE = "bad_value"
    INTERNAL = "internal"
    """Our fault: only the log tells more."""
    NEVER_PUBLISHED = "never_published"
    NOT_ANSWERABLE = "not_answerable"
    PERSONAL = "personal"
    OTHER_TENANT = "other_tenant"
    TENANT_MISSING = "tenant_missing"
    TENANT_UNSUPPORTED = "tenant_unsupported"
    TOOK_TOO_LONG = "took_too_long"
    TOO_COSTLY = "too_costly"
    UNKNOWN_DIMENSION = "unknown_dimension"
    UNKNOWN_METRIC = "unknown_metric"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_VALUE = "unknown_value"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Problem:
    """Why a cover cannot be read. ``rank`` orders problems: the lower, the more telling.

    ``final`` is true where no other plan can answer: a unit or a place that the layer lacks, a time to come.
    """

    rank: int
    reason: str
    words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    final: bool = False


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


Part = Literal["metric", "dimension", "value", "time", "operator", "left_out", "unknown", "corrected", "implied"]
"""What words became: a part of the plan, words that no answer takes into account (``left_out``), words that mean
nothing here, a spelling that was put right, or (``implied``) a part of the plan that no word asked for."""
Why = Literal["label", "synonym", "name", "description", "related", "value", "initials", "spelling"]
"""What words were known by: what the term is called, its description, a related word, a value, a mended spelling."""


class Because(_Frozen):
    """One decision: the words of the question and what they were taken for.

    Neither ``start`` nor ``end`` is there where nothing was said, where a language model planned, and in answers kept
    by earlier versions, which have no ``part`` either.
    """

    words: str = Field(description="The words, empty where the question did not say it.")
    meaning: str = Field(description="What they were taken for, in words.")
    part: Part | None = Field(default=None, description="What they became; null in answers of earlier versions.")
    start: int | None = Field(
        default=None, ge=0, description="Where they begin in the question as it was typed, in Unicode code points."
    )
    end: int | None = Field(default=None, ge=0, description="Where they end: the place after the last of them.")
    name: str | None = Field(
        default=None, description="The metric or dimension that they stand for; of a value, its dimension."
    )
    label: str | None = Field(
        default=None,
        description="What people call that; of an operator, what it adds to the plan, null where it only joins words.",
    )
    why: Why | None = Field(default=None, description="What they were known by; null for general English.")


class Carried(_Frozen):
    """A part of a plan that was not said but stays from the question before; ``name`` is that of its dimension."""

    part: Literal["metrics", "group", "grain", "filter", "time", "having", "share", "average"]
    name: str | None = None


class _Outcome(_Frozen):
    """What every outcome carries: which planner it is from, how the words were taken, and remarks for people.

    ``lasting`` is false where the same question may come to another outcome next time, e.g. after an outage.
    """

    planner: str = RULES
    because: tuple[Because, ...] = ()
    notes: tuple[str, ...] = ()
    lasting: bool = True


class Choice(_Frozen):
    """One concrete reading the asker may pick, and how it takes the words of the question that was asked."""

    question: str
    plan: Plan
    because: tuple[Because, ...] = ()


class Planned(_Outcome):
    """The question is understood."""

    plan: Plan
    confidence: float = Field(ge=0, le=1)
    carried: tuple[Carried, ...] = ()
    others: tuple[Choice, ...] = ()
    """The same with figures that may be called alike, in the place of which the likeliest was taken."""


class Clarify(_Outcome):
    """The question may be read in one to four ways; the asker is to choose, or to put it otherwise."""

    question: str
    words: tuple[str, ...] = ()
    """The words that no choice takes into account, or takes by a guess alone."""
    choices: tuple[Choice, ...] = Field(min_length=1, max_length=MOST_CHOICES)
    is_help: bool = False
    """Whether the question was what can be asked, and the choices are examples."""


class Refused(_Outcome):
    """The question cannot be answered: why, the words at fault, and the nearest that exists."""

    reason: str
    words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


Outcome = Planned | Clarify | Refused
