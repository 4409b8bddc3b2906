"""One question under way: who asked what, when, and the answer that it comes to.

Belongs here: filling an answer in. Does not belong here: finding out what is in it (``answer``).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from nlq.answering.document.model import Answer, OutcomeName
from nlq.core.guard import Caller
from nlq.core.outcome import Carried, ErrorCode, Planned
from nlq.core.plan import Plan
from nlq.core.utc import utc_now
from nlq.core.vocabulary import Vocabulary


class Run:
    """One question under way: who asked what, when, and the state of the lake it is answered at."""

    heads: Mapping[str, str]
    vocabulary: Vocabulary
    says: Callable[[Plan], str]
    """Puts a plan into a question that its asker can ask."""
    carried: tuple[Carried, ...] = ()
    key = ""
    """What its answer is kept under, once that is known."""

    def __init__(self, question: str, caller: Caller, answer_id: str | None, asked_by: str | None) -> None:
        self.question, self.caller = question, caller
        self.asked_at = utc_now()
        self.today = self.asked_at.date()
        self.id, self._asked_by = answer_id or str(uuid.uuid4()), asked_by
        self._started = time.perf_counter()

    def again(self, known: Answer, planned: Planned) -> Answer:
        """An answer given before, as the answer to this question."""
        again = self.answer("answered", known.sentence, plan=known.plan, confidence=planned.confidence)
        own = ("answer_id", "question", "asked_by", "asked_at", "answered_at", "elapsed_ms", "confidence")
        update = {name: getattr(again, name) for name in own}
        return known.model_copy(update={**update, "cached": True})

    def failed(self, told_as: str = "", **details: Any) -> Answer:
        """The answer where something of ours went wrong; see ``failed_answer``."""
        sentence = f"Something went wrong here. The log has it under {told_as or self.id}: ask again, then report it."
        return self.answer("failed", sentence, error=ErrorCode.INTERNAL, **details)

    def answer(self, outcome: OutcomeName, sentence: str, **details: Any) -> Answer:
        """The answer that the question came to; ``details`` are fields of Answer."""
        plan: Plan | None = details.get("plan")
        return Answer(
            answer_id=self.id,
            question=self.question or (self.says(plan) if plan else ""),
            outcome=outcome,
            sentence=sentence,
            tenant=self.caller.tenant,
            role=self.caller.role,
            asked_by=self._asked_by,
            asked_at=self.asked_at,
            answered_at=utc_now(),
            elapsed_ms=round((time.perf_counter() - self._started) * 1000, 3),
            **details,
        )


def failed_answer(
    question: str, caller: Caller, answer_id: str | None = None, asked_by: str | None = None, *, told_as: str = ""
) -> Answer:
    """The answer to a question that could not be answered for an error of ours, of which only the log tells.

    ``told_as`` is what the log knows it by; the id of the answer if there is nothing else.
    """
    return Run(question, caller, answer_id, asked_by).failed(told_as)
