"""What planning a question can come to: a plan, a question back, or a refusal.

Belongs here: the three outcomes. Does not belong here: how they are reached (``planner``).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from nlq.plan import Plan


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Because(_Frozen):
    """One decision: the words of the question and what they were taken for."""

    words: str
    meaning: str


class Planned(_Frozen):
    """The question is understood."""

    plan: Plan
    confidence: float = Field(ge=0, le=1)
    because: tuple[Because, ...] = ()


class Choice(_Frozen):
    """One concrete reading the asker may pick."""

    question: str
    plan: Plan


class Clarify(_Frozen):
    """The question has several readings: two to four to choose from."""

    question: str
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=4)


class Refused(_Frozen):
    """The question cannot be answered: why, the words at fault, and the nearest that exists."""

    reason: str
    words: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


Outcome = Planned | Clarify | Refused
