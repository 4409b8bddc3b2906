"""What is remembered of questions: their plans as long as the words mean the same, answers as long as tables stay.

Belongs here: what makes a remembered thing valid, and the store in this process. Does not belong here: Redis
(``service.redis``), planning, answering.

Nothing here can be stale: an answer is given again only while every table it read has the head it was read at.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from cachetools import FIFOCache, LRUCache, TTLCache

from nlq.answering.parts import BesideRules
from nlq.answering.readback import name_choices, say_plan

if TYPE_CHECKING:
    from nlq.answering.document.model import Answer
    from nlq.answering.parts import PlansQuestions
    from nlq.core.guard import Caller
    from nlq.core.outcome import Outcome, Planned
    from nlq.core.plan import Plan
    from nlq.core.vocabulary import Vocabulary

TTL_S = 300.0
MOST_ANSWERS = 512
_MOST_PLANS = 2_000
_LONGEST_QUESTION = 1_000


@dataclass(frozen=True)
class Kept:
    """An answer, and the heads of the tables it was read from."""

    answer: Answer
    heads: Mapping[str, str]


class AnswerStore(Protocol):
    """Keeps answers by key for a while; it may forget any of them at any time."""

    def get(self, key: str) -> Kept | None:
        """What is kept under a key."""
        ...

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer."""
        ...


class AnswersInProcess:
    """The answers used last, each for at most five minutes. Thread-safe."""

    def __init__(
        self, most: int = MOST_ANSWERS, ttl_s: float = TTL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """An empty store for ``most`` answers."""
        # LRU; whether the tables are as they were is for KeptAnswers to say.
        self._answers: TTLCache[str, Kept] = TTLCache(most, ttl_s, timer=clock)
        self._lock = threading.Lock()

    def get(self, key: str) -> Kept | None:
        """See AnswerStore."""
        with self._lock:
            return self._answers.get(key)

    def put(self, key: str, kept: Kept) -> None:
        """See AnswerStore."""
        with self._lock:
            self._answers[key] = kept


class KeptAnswers:
    """Answers by plan, caller and meaning, valid while the tables are as they were."""

    def __init__(self, store: AnswerStore) -> None:
        """Keep them in a store."""
        self._store = store

    @staticmethod
    def key(plan: Plan, caller: Caller, vocabulary: Vocabulary, today: date) -> str:
        """The key of a guarded plan on a day, which is part of what an answer says of it.

        Empty where nobody can tell whether its meaning stays.
        """
        if not vocabulary.fingerprint:
            return ""
        parts = (plan.canonical(), caller.tenant, caller.role, vocabulary.fingerprint, today)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def find(self, key: str, heads: Mapping[str, str]) -> Answer | None:
        """The answer under a key, if every table it read still has the head it was read at."""
        kept = self._store.get(key)
        if kept is None or any(heads.get(table) != head for table, head in kept.heads.items()):
            return None
        return kept.answer

    def keep(self, key: str, answer: Answer, heads: Mapping[str, str]) -> None:
        """Keep an answer that was read at these heads; one of a table without a head cannot be kept."""
        if answer.snapshots and all(table in heads for table in answer.snapshots):
            self._store.put(key, Kept(answer, {table: heads[table] for table in answer.snapshots}))


@dataclass(frozen=True)
class Course:
    """What a question came to when it was answered: how it was understood, and the key of its answer."""

    outcome: Planned
    key: str


class Courses:
    """What questions came to, as long as the words mean the same, on the same day. Thread-safe."""

    def __init__(self, most: int = _MOST_PLANS) -> None:
        """Nothing is remembered."""
        # FIFO; the fingerprint of the vocabulary is part of the key, so another one invalidates it.
        self._courses: FIFOCache[tuple[Any, ...], Course] = FIFOCache(most)
        self._lock = threading.Lock()

    def find(self, question: str, caller: Caller, today: date, meaning: str) -> Course | None:
        """What a caller's question came to on a day; `meaning` is the fingerprint of the vocabulary."""
        with self._lock:
            return self._courses.get((question, caller, today, meaning))

    def remember(self, question: str, caller: Caller, today: date, meaning: str, course: Course) -> None:
        """Remember what a question came to, if it would come to the same again."""
        if not meaning or not course.outcome.lasting or len(question) > _LONGEST_QUESTION:
            return
        with self._lock:
            self._courses[question, caller, today, meaning] = course


class Outcomes:
    """What planners found, of all callers together: many take no more room than one. Thread-safe."""

    def __init__(self, most: int = _MOST_PLANS) -> None:
        """Nothing is remembered."""
        # LRU; the number of the planner, whose vocabulary never changes, is part of the key.
        self._outcomes: LRUCache[tuple[Any, ...], Outcome] = LRUCache(most)
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def of(self, planner: PlansQuestions) -> RememberingPlanner:
        """A planner that remembers here what it finds."""
        return RememberingPlanner(planner, self, next(self._numbers))

    def find(self, key: tuple[Any, ...]) -> Outcome | None:
        """What is remembered."""
        with self._lock:
            return self._outcomes.get(key)

    def remember(self, key: tuple[Any, ...], outcome: Outcome) -> None:
        """Remember an outcome."""
        with self._lock:
            self._outcomes[key] = outcome


class RememberingPlanner:
    """A planner that plans the same words on the same day once. Thread-safe."""

    def __init__(self, planner: PlansQuestions, outcomes: Outcomes, number: int) -> None:
        """Use `Outcomes.of`."""
        self._planner, self._outcomes, self._number = planner, outcomes, number
        # What a question is understood by is tried often, and no language model is to be asked for that.
        self._rules = planner.rules if isinstance(planner, BesideRules) else planner

    @property
    def vocabulary(self) -> Vocabulary:
        """What the planner can be asked about."""
        return self._planner.vocabulary

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """See PlansQuestions; an outcome that says of itself that it may differ next time is not remembered."""
        today = now.date() if isinstance(now, datetime) else now
        key = (self._number, question, today, previous.model_dump_json() if previous else "")
        if (known := self._outcomes.find(key)) is not None:
            return known
        outcome = self._planner.plan(question, now, previous)
        outcome = name_choices(outcome, self.vocabulary, lambda text: self._rules.plan(text, now))
        if outcome.lasting and len(question) <= _LONGEST_QUESTION:
            self._outcomes.remember(key, outcome)
        return outcome

    def say(self, plan: Plan, vocabulary: Vocabulary, now: date | datetime) -> str:
        """A plan as a question that is understood, see ``readback``; the vocabulary has all of its words."""
        return say_plan(plan, vocabulary, lambda text: self._rules.plan(text, now))
