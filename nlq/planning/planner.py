"""The built-in planner: from a question to an outcome, by rules that can be explained, without a model.

Belongs here: the course of planning (tokens, covers, readings) and the choice among readings.
Does not belong here: grammar (``reading``), words (``lexicon``), permission (``core.guard``), what a follow-up takes
from the question before (``followups``).

Safety: every word of a question has a part in the plan, or the question is refused or asked back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from nlq.core.outcome import RULES, Because, Choice, Clarify, Outcome, Planned, Problem, Refused
from nlq.core.plan import Operator, Plan
from nlq.core.spelling import same_form
from nlq.core.vocabulary import Vocabulary
from nlq.core.words import GLUE, OCCURRENCE, PREDICATES, tokenize
from nlq.planning.draft import Reading
from nlq.planning.events import events
from nlq.planning.finding import MentionFinder, mend
from nlq.planning.followups import follow_up, without_lead
from nlq.planning.lexicon import Lexicon
from nlq.planning.mentions import Cover, Kind, Slip
from nlq.planning.reading import Reader
from nlq.planning.resolve import Resolver
from nlq.wording.explain import as_question

MAX_CHARACTERS = 1000
MAX_WORDS = 80
CONFIDENT = 0.5
"""Readings below this confidence are asked back."""
_SECOND_BEST = 3.0
"""A cover may stand in for the best one, which cannot be read, if its score is at most this much lower."""
_GUESS_COST = 2.5
_CLOSE = 0.4
"""Covers whose scores differ by less are equally good."""
_SLIP_FACTOR = 0.9
_VOID = GLUE | PREDICATES | OCCURRENCE | {"in", "for", "to", "from", "on", "at", "by", "with"}
_PLAIN = {"having": (), "order_by": (), "ties": False, "skip": 0, "ratio": False, "share": None, "average": False}
_PLAIN |= {"count": False, "within": ()}


class Planner:
    """Plans questions over one vocabulary. Thread-safe; planning does no input or output."""

    name = RULES

    def __init__(self, vocabulary: Vocabulary, *, fiscal_start: int | None = None) -> None:
        self.vocabulary, self._fiscal_start = vocabulary, fiscal_start
        self.lexicon = Lexicon(vocabulary)
        self._resolver = Resolver(self.lexicon)

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """The outcome for a question; relative times are relative to ``now``. Never raises on any text.

        ``previous`` is the plan of the question before in the same conversation, for "and by ward?".
        """
        if len(question) > MAX_CHARACTERS:
            return Refused(reason=f"The question is too long: at most {MAX_CHARACTERS:,} characters, please.")
        question = same_form(question)
        tokens = tokenize(question)
        if not tokens:
            return Refused(reason="There is no question.", nearest=self._examples())
        if len(tokens) > MAX_WORDS:
            return Refused(reason=f"The question is too long: at most {MAX_WORDS} words, please.")
        today = now.date() if isinstance(now, datetime) else now
        tokens, slips = mend(tokens, self.lexicon)
        tokens, follows = without_lead(tokens) if previous else (tokens, False)
        if not tokens:
            return Refused(reason="There is no question.", nearest=self._examples())
        covers = MentionFinder(question, tokens, self.lexicon, today, self._fiscal_start).covers()
        return self._choose(covers, slips, question, today, previous, follows)

    def _read(self, cover: Cover, today: date, previous: Plan | None, follows: bool) -> list[Reading] | Problem:
        carried = self._carried(cover, previous)
        before = previous if follows or carried else None
        assignments = self._resolver.assignments(cover, carried)
        if isinstance(assignments, Problem):
            unknown = _unknown_words(cover)
            return Problem(1, f"I do not know what {_quoted(unknown)} means here.", unknown) if unknown else assignments
        readings: list[Reading] = []
        problems: list[Problem] = []
        for assignment in assignments:
            for event in events(cover.mentions, assignment, self.lexicon):
                found = Reader(self.lexicon, cover.mentions, assignment, event, before).read()
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    readings.extend(found)
        if before:
            readings = [r for r in (follow_up(r, before, self.vocabulary) for r in readings) if r]
        if readings and all(_is_ahead(reading.plan, today) for reading in readings):
            return Problem(2, "That time has not come yet; I know only what was.")
        if not readings and not problems:
            return Problem(2, "That does not go with the question before; ask it whole.")
        return readings or min(problems, key=lambda p: p.rank)

    @staticmethod
    def _carried(cover: Cover, previous: Plan | None) -> tuple[str, ...]:
        """The metrics of the question before, where this one names none."""
        named = any(mention.kind is Kind.METRIC for mention in cover.mentions)
        return previous.metrics if previous and not named else ()

    def _choose(
        self,
        covers: list[Cover],
        slips: list[Slip],
        question: str,
        today: date,
        previous: Plan | None,
        follows: bool,
    ) -> Outcome:
        """The readings of the best covers that can be read; where none can, the problem of the best one."""
        scored: list[tuple[float, Reading]] = []
        problem: Problem | None = None
        for cover in covers:
            best = max((score for score, _ in scored), default=None)
            if cover.score < covers[0].score - _SECOND_BEST or (best is not None and cover.score < best - _CLOSE):
                break
            if _leaves_out(cover, covers[0]):
                continue
            found = self._read(cover, today, previous, follows)
            if isinstance(found, Problem):
                problem = problem or found
                continue
            scored += [(cover.score - (0.0 if reading.sure else _GUESS_COST), reading) for reading in found]
        if not scored:
            assert problem is not None, "the best cover was read"
            return self._refuse(problem, slips, question, covers[0])
        best = max(score for score, _ in scored)
        return self._settle(_distinct(reading for score, reading in scored if best - score < _CLOSE), slips)

    def _settle(self, readings: list[Reading], slips: list[Slip]) -> Outcome:
        if len(readings) > 1:
            return self._ask_back("This can be read in several ways. Which do you mean?", readings)
        reading = readings[0]
        mended = [slip for slip in slips if slip.read_as]
        confidence = reading.confidence * _SLIP_FACTOR ** len(mended)
        because = [Because(words=slip.written, meaning=f"read as “{slip.read_as}”") for slip in mended]
        because += [Because(words=item.words, meaning=item.meaning) for item in reading.because]
        if not reading.sure or confidence < CONFIDENT:
            return self._unsure(reading)
        return Planned(
            plan=reading.plan, confidence=round(confidence, 3), because=tuple(because), carried=reading.carried
        )

    def _unsure(self, reading: Reading) -> Outcome:
        """One doubtful reading: offer it beside the same question about the nearest other metrics."""
        plan = reading.plan
        needed = {*plan.group_by, *(item.dimension for item in plan.filters)}
        label = self.vocabulary.metrics[plan.metrics[0]].label
        others = [
            name
            for near in self.lexicon.nearest(label, 12, metrics=self.vocabulary.metrics)
            for name, metric in self.vocabulary.metrics.items()
            if metric.label == near and name not in plan.metrics and needed <= metric.dimensions
        ]
        plain = [plan.model_copy(update={**_PLAIN, "metrics": (name,)}) for name in others]
        candidates = [plan, *plain][:4]
        if len(candidates) < 2:
            return Refused(
                reason="I am not sure enough of what is asked.", nearest=(as_question(plan, self.vocabulary),)
            )
        choices = tuple(Choice(question=as_question(p, self.vocabulary), plan=p) for p in candidates)
        return Clarify(question="I am not sure enough. Which do you mean?", choices=choices)

    def _ask_back(self, question: str, readings: list[Reading]) -> Clarify:
        choices = tuple(Choice(question=as_question(r.plan, self.vocabulary), plan=r.plan) for r in readings[:4])
        return Clarify(question=question, choices=choices)

    def _refuse(self, problem: Problem, slips: list[Slip], question: str, cover: Cover) -> Refused:
        nearest = list(problem.nearest)
        unclear = [slip for slip in slips if slip.written in problem.words and not slip.read_as]
        nearest += [word for slip in unclear for word in slip.near]
        text = " ".join(problem.words) if problem.words else question
        if not nearest:
            nearest = self.lexicon.nearest(text) or self._around(cover)
        return Refused(reason=problem.reason, words=problem.words, nearest=tuple(nearest[:6]))

    def _around(self, cover: Cover) -> list[str]:
        """What the recognised metric can be split by; without one, the first metrics there are."""
        names = [m.payload[0].ref for m in cover.mentions if m.kind is Kind.METRIC]
        if not names:
            return list(self._examples())
        shared = self.vocabulary.shared_dimensions(names[:1])
        known = [self.vocabulary.dimensions[n].label for n in sorted(shared) if n in self.vocabulary.dimensions]
        return list(dict.fromkeys(known))

    def _examples(self) -> tuple[str, ...]:
        return tuple(metric.label for metric in self.vocabulary.plain_metrics()[:3])


def _leaves_out(cover: Cover, best: Cover) -> bool:
    """Whether a cover passes over words that mean something in the best one: none is dropped to make a reading fit."""
    passed = {m.first for m in cover.mentions if m.kind in (Kind.FILLER, Kind.DOMAIN) and m.text.lower() not in _VOID}
    terms = (Kind.METRIC, Kind.DIMENSION, Kind.VALUE)
    return any(m.first <= at < m.last for m in best.mentions if m.kind in terms for at in passed)


def _is_ahead(plan: Plan, today: date) -> bool:
    """Whether the plan asks only for days that are still to come."""
    days = [item.values[0] for item in plan.filters if item.operator is Operator.GE]
    starts = [plan.time_range.start if plan.time_range else None, *days]
    return any(isinstance(start, date) and start > today for start in starts)


def _distinct(readings: Iterable[Reading]) -> list[Reading]:
    """One reading per plan, the surest first."""
    best: dict[str, Reading] = {}
    for reading in readings:
        key = reading.plan.fingerprint
        if key not in best or reading.confidence > best[key].confidence:
            best[key] = reading
    return sorted(best.values(), key=lambda reading: -reading.confidence)


def _unknown_words(cover: Cover) -> tuple[str, ...]:
    return tuple(mention.text for mention in cover.mentions if mention.kind.value == "unknown")


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
