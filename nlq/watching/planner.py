"""A planner that knows a wish from a question: who asks to be told when something happens is told where that is done.

Belongs here: what is said to a wish where questions are asked. Does not belong here: taking wishes apart (``frames``),
keeping them (``lakehouse_assets.alerts``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from nlq.answering.parts import BesideRules
from nlq.core.outcome import Outcome, Planned, Refused
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.watching.frames import Sent, Told, frame_of

if TYPE_CHECKING:
    from nlq.answering.parts import PlansQuestions

_WHERE = "make it on the page Alerts, or with `asklake alert add` and the same words."
_SHOW = re.compile(r"\b(?:show|give|report)\b", re.IGNORECASE)
"""Verbs of questions too: "show me complaints every Monday" may be about all Mondays."""


@dataclass(frozen=True)
class WishesTold:
    """Plans questions as another planner does; a wish that the other does not plan is refused with the way to it."""

    questions: PlansQuestions

    @classmethod
    def around(cls, make: Callable[[Vocabulary], PlansQuestions]) -> Callable[[Vocabulary], WishesTold]:
        """What makes such a planner over a vocabulary, from what makes the other."""
        return lambda vocabulary: cls(make(vocabulary))

    @property
    def vocabulary(self) -> Vocabulary:
        """What may be asked about."""
        return self.questions.vocabulary

    @property
    def rules(self) -> PlansQuestions:
        """The rules of the other planner alone."""
        return self.questions.rules if isinstance(self.questions, BesideRules) else self.questions

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """The other planner's outcome; for a wish the refusal, with the question about its figure as the nearest."""
        outcome = self.questions.plan(question, now, previous)
        wish = None if isinstance(outcome, Planned) else _wish(question)
        if wish is None:
            return outcome
        return Refused(reason=_said_to(wish), nearest=self._figure(wish, now), planner=outcome.planner)

    def _figure(self, wish: Told | Sent, now: date | datetime) -> tuple[str, ...]:
        """The question about the figure of a wish, if it can be answered at once."""
        about = wish.question
        return (about,) if about and isinstance(self.questions.plan(about, now), Planned) else ()


def _wish(question: str) -> Told | Sent | None:
    """The wish that a question surely is; what is open whether it waits for something may be a question."""
    wish = frame_of(question)
    if isinstance(wish, Sent) and _SHOW.search(question):
        return None
    return wish if isinstance(wish, Told | Sent) else None


def _said_to(wish: Told | Sent) -> str:
    if isinstance(wish, Sent):
        return f"This asks to be sent a figure by the clock. That is a subscription: {_WHERE}"
    return f"This asks to be told when something happens. That is an alert: {_WHERE}"
