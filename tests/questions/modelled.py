"""The question sets with a language model beside the rules: what it adds, and how often it is right itself.

Belongs here: keeping a model's replies, and judging them. Does not belong here: judging answers (``asking``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.llm.client import ModelClient, ModelUnavailableError
from nlq.llm.planner import BothPlanners, ModelPlanner
from nlq.llm.prompt import Reply
from nlq.planning.planner import Planner
from tests.questions.expected import meant, written
from tests.questions.worlds import World


class Kept:
    """Plans with a model beside the rules, and keeps what the model was asked and said."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client
        self.replies: dict[str, Reply | str] = {}
        """By question the reply, or why there is none."""
        self.seconds: list[float] = []

    def planner(self, vocabulary: Vocabulary) -> BothPlanners:
        """Both over a vocabulary."""
        return BothPlanners(Planner(vocabulary), _KeepingPlanner(vocabulary, self._client, self))

    def said(self, world: World) -> Mapping[str, int]:
        """How many of the model's plans are right, how many are others, and how often there was none."""
        cases = {case["ask"]: case for case in world.cases}
        return Counter(_verdict(reply, cases[asked]) for asked, reply in self.replies.items() if asked in cases)


class _KeepingPlanner(ModelPlanner):
    def __init__(self, vocabulary: Vocabulary, client: ModelClient, kept: Kept) -> None:
        super().__init__(vocabulary, client)
        self._kept = kept

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Reply:
        begun = time.perf_counter()
        try:
            reply = self._kept.replies[question] = super().plan(question, now, previous)
        except ModelUnavailableError as error:
            self._kept.replies[question] = str(error)
            raise
        finally:
            self._kept.seconds.append(time.perf_counter() - begun)
        return reply


def _verdict(reply: Reply | str, case: Mapping[str, Any]) -> str:
    if isinstance(reply, str):
        return "unusable or late"
    if reply.plan is None:
        return "none"
    plans = [meant(case[what]) for what in ("plan", "or") if what in case]
    return "right" if written(reply.plan) in plans else "another plan"
