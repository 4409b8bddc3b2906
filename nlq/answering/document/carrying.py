"""What an answer took over from the question before, in words, and the question without each of it.

Belongs here: showing what was carried. Does not belong here: carrying (``planning.followups``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict

from nlq.core.outcome import Carried, Choice
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.planning.followups import without_part
from nlq.wording.explain import say_filter, say_threshold, say_time


class CarriedOver(BaseModel):
    """A part of an answer's plan that stays from the question before; ``without`` asks the same without it."""

    model_config = ConfigDict(frozen=True)

    says: str
    without: Choice | None = None


def carried_over(
    plan: Plan, carried: Iterable[Carried], vocabulary: Vocabulary, say: Callable[[Plan], str]
) -> tuple[CarriedOver, ...]:
    """The parts that were carried, each with the question without it, where there is one; ``say`` puts it in words."""
    found = []
    for part in carried:
        rest = without_part(plan, part)
        choice = Choice(question=say(rest), plan=rest) if rest else None
        found.append(CarriedOver(says=_said(part, plan, vocabulary), without=choice))
    return tuple(found)


def _said(part: Carried, plan: Plan, vocabulary: Vocabulary) -> str:
    if part.part == "filter":
        return " and ".join(say_filter(f, vocabulary, named=True) for f in plan.filters if f.dimension == part.name)
    if part.part == "time" and plan.time_range:
        return say_time(plan.time_range)
    if part.part == "group":
        return f"by {vocabulary.dimensions[part.name or ''].label}"
    if part.part == "having":
        return " and ".join(say_threshold(bound, plan, vocabulary) for bound in plan.having)
    words = {"grain": f"by {plan.grain}", "share": "as a share", "average": "on average"}
    return words.get(part.part) or " and ".join(vocabulary.metrics[name].label for name in plan.metrics)
