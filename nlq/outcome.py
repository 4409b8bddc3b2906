"""What planning a question can come to: a plan, a question back, or a refusal.

Belongs here: the three outcomes, and the problem that a refusal tells of.
Does not belong here: how they are reached (``planner``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nlq.plan import Plan

MOST_CHOICES = 4
"""The most readings that a question back offers."""


@dataclass(frozen=True)
class Problem:
    """Why a cover cannot be read. ``rank`` orders problems: the lower, the more telling."""

    rank: int
    reason: str
    words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Because(_Frozen):
    """One decision: the words of the question and what they were taken for."""

    words: str
    meaning: str


class Carried(_Frozen):
    """A part of a plan that was not said but stays from the question before; ``name`` is that of its dimension."""

    part: Literal["metrics", "group", "grain", "filter", "time", "having", "share", "average"]
    name: str | None = None


class _Outcome(_Frozen):
    """What every outcome carries: which planner it is from, and remarks for people.

    ``lasting`` is false where the same question may come to another outcome next time, e.g. after an outage.
    """

    planner: str = "rules"
    notes: tuple[str, ...] = ()
    lasting: bool = True


class Planned(_Outcome):
    """The question is understood."""

    plan: Plan
    confidence: float = Field(ge=0, le=1)
    because: tuple[Because, ...] = ()
    carried: tuple[Carried, ...] = ()


class Choice(_Frozen):
    """One concrete reading the asker may pick."""

    question: str
    plan: Plan


class Clarify(_Outcome):
    """The question has several readings: two to four to choose from."""

    question: str
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=MOST_CHOICES)


class Refused(_Outcome):
    """The question cannot be answered: why, the words at fault, and the nearest that exists."""

    reason: str
    words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


Outcome = Planned | Clarify | Refused
