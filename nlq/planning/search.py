"""The search for readings: covers of a question, the terms they stand for, and the plans they ask for.

A question is read in rounds, each reaching further: by the exact words of the layer, by related words, and at last with
words left out, which is only ever offered. A round that finds a reading ends the search.

Belongs here: which covers are read, and which of their readings are kept. Does not belong here: grammar (``reading``),
what is answered or asked back (``asking``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from nlq.core.outcome import NOT_TOGETHER, Problem
from nlq.core.plan import Operator, Plan
from nlq.english.forms import OCCURRENCE, stem
from nlq.english.general import ENGLISH, GLUE, PREDICATES, RELATIVES
from nlq.english.tokens import Token, words_of
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Bound, Cover, Kind, Mention, Reach
from nlq.planning.finding.events import events
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.resolve import Resolver
from nlq.planning.finding.spans import MentionFinder
from nlq.planning.followups import follow_up
from nlq.planning.preferring import Preferring
from nlq.planning.reading.grammar import Reader
from nlq.planning.reading.sentence import Sentence
from nlq.planning.times.coming import to_come
from nlq.planning.times.words import TimeReader, TimeSpan

_SECOND_BEST = 3.0
"""A cover may stand in for the best one, which cannot be read, if its score is at most this much lower."""
_GUESS_COST = 2.5
_CLOSE = 0.4
"""Covers whose scores differ by less are equally good."""
_VOID = GLUE | PREDICATES | OCCURRENCE | {"in", "for", "to", "from", "on", "at", "by", "with"}
_MOST_LEFT_OUT = 2
"""The most words with a meaning that an offer leaves out."""
_LEAVABLE_COVERS = 4
_MOST_SWAPPED = 4
"""How many words of a cover may be taken for a dimension instead of a metric, or the other way."""


@dataclass(frozen=True)
class Asked:
    """A question as it comes to be read."""

    question: str
    tokens: Sequence[Token]
    today: date
    fiscal_start: int | None = None
    previous: Plan | None = None
    follows: bool = False
    """Whether the question says itself that it follows up the one before."""
    ahead: bool = False
    """Whether it is about times to come."""

    @cached_property
    def times(self) -> list[TimeSpan]:
        """The times that are said."""
        return list(to_come(self._times, self.tokens, self.today)) if self.ahead else self._times

    @property
    def _times(self) -> list[TimeSpan]:
        return TimeReader(self.question, self.tokens, self.today, self.fiscal_start).spans()


@dataclass(frozen=True)
class Offer:
    """Readings of a question without some of its words, which can only be offered."""

    readings: tuple[Reading, ...]
    left_out: tuple[str, ...]
    reason: str
    """Why the first of them has no part in any reading."""


class Search:
    """Finds the readings of questions over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon, self._resolver, self._preferring = lexicon, Resolver(lexicon), Preferring(lexicon)

    def covers(self, asked: Asked, reach: Reach = Reach.EXACT) -> list[Cover]:
        """The best covers of a question within reach, best first."""
        return self.finder(asked, reach).covers()

    def finder(self, asked: Asked, reach: Reach) -> MentionFinder:
        """What finds the mentions of a question within reach."""
        return MentionFinder(asked.question, asked.tokens, self._lexicon, asked.today, asked.times, reach)

    def readings(self, asked: Asked, covers: Sequence[Cover]) -> list[Reading] | Problem:
        """The readings of the best covers that can be read; where none can, the problem of the best one."""
        scored: list[tuple[float, Reading]] = []
        problem: Problem | None = None
        for cover in covers:
            best = max((score for score, _ in scored), default=None)
            if cover.score < covers[0].score - _SECOND_BEST or (best is not None and cover.score < best - _CLOSE):
                break
            if _leaves_out(cover, covers[0]):
                continue
            found = self._read(cover, asked)
            if isinstance(found, Problem):
                problem = problem or found
                continue
            scored += [(cover.score - (0.0 if reading.sure else _GUESS_COST), reading) for reading in found]
        if not scored:
            scored = self._otherwise(covers, asked)
        if not scored:
            assert problem is not None, "the best cover was read"
            return problem
        best = max(score for score, _ in scored)
        close = [reading for score, reading in scored if best - score < _CLOSE]
        named = {reading.plan.metrics for reading in close if "metrics" in reading.says}
        for meant in (
            lambda reading: not self._is_one_each(reading.plan),
            lambda reading: not self._takes_years_for_counts(reading),
            lambda reading: not named or reading.plan.metrics in named,
        ):
            close = [reading for reading in close if meant(reading)] or close
        return self._preferring.meant(_distinct(close), {token.norm for token in asked.tokens})

    def _is_one_each(self, plan: Plan) -> bool:
        """Whether the first figure is one in every group: "the most common cause" has not the most causes."""
        return not plan.count and self._lexicon.is_one_each(plan.metrics[0], plan.group_by)

    def _takes_years_for_counts(self, reading: Reading) -> bool:
        """Whether a limit that nothing names the figure of may be years: "the most common cause between 2000 and 2005".

        "Causes with between 2000 and 2005 fires" says what it limits.
        """
        counted = all(item.metric in self._lexicon.counts for item in reading.plan.having)
        said = [None, *(m for m in reading.mentions if m.kind is not Kind.FILLER or m.text.lower() in RELATIVES), None]
        return counted and any(
            m
            and m.kind is Kind.THRESHOLD
            and _are_years(m.payload)
            and not (then and then.kind is Kind.METRIC)
            and not (before and before.text.lower() in RELATIVES)
            for before, m, then in zip(said, said[1:], said[2:], strict=False)
        )

    def _otherwise(self, covers: Sequence[Cover], asked: Asked) -> list[tuple[float, Reading]]:
        """The readings of the best covers, with words that name a metric and a dimension taken for the other."""
        for best in covers[:_LEAVABLE_COVERS]:
            cover = best
            if best.score < covers[0].score - _SECOND_BEST or _leaves_out(best, covers[0]):
                continue
            for _ in range(_MOST_SWAPPED):
                found = self._read(cover, asked)
                if not isinstance(found, Problem):
                    return [(cover.score, reading) for reading in found]
                swapped = self._swapped(cover, found)
                if swapped is None:
                    break
                cover = swapped
        return []

    def _swapped(self, cover: Cover, problem: Problem) -> Cover | None:
        """A cover in which the metric or dimension that is a problem is the other one that is called so as well."""
        terms = (Kind.METRIC, Kind.DIMENSION)
        at = next((n for n, m in enumerate(cover.mentions) if m.kind in terms and m.text in problem.words), None)
        if problem.rank != NOT_TOGETHER or at is None:
            return None
        mention = cover.mentions[at]
        said = [stem(word) for word in words_of(mention.text) if word not in GLUE]
        if mention.kind is Kind.METRIC:
            other, hits = Kind.DIMENSION, self._lexicon.dimensions(said)
        else:
            other, hits = Kind.METRIC, self._lexicon.metrics_in_full(said) if mention.contested else []
        if not hits:
            return None
        instead = replace(mention, kind=other, payload=tuple(hits))
        return replace(cover, mentions=(*cover.mentions[:at], instead, *cover.mentions[at + 1 :]))

    def offer(self, asked: Asked, covers: Sequence[Cover]) -> Offer | None:
        """The readings that leave out the fewest words and still name a metric; None where there are none."""
        offers = (self._without_unclear(cover, asked) for cover in covers[:_LEAVABLE_COVERS])
        return min((offer for offer in offers if offer), key=lambda offer: len(offer.left_out), default=None)

    def _without_unclear(self, cover: Cover, asked: Asked) -> Offer | None:
        """The readings of a cover without the words that stand in the way, one after another."""
        left: list[Mention] = []
        reason = ""
        while any(m.kind is Kind.METRIC for m in cover.mentions):
            found = self._read(cover, asked)
            if not isinstance(found, Problem):
                words = tuple(m.text for m in sorted(left, key=lambda m: m.first))
                return Offer(tuple(_distinct(found)), words, reason) if left else None
            reason = reason or found.reason
            meant = (m for m in cover.mentions if m.kind is not Kind.FILLER or m.payload)
            unclear = [m for m in meant if m.text in found.words]
            if any(m.kind is Kind.ASKS for m in unclear):
                return None  # another kind of answer is none
            left.extend(unclear)
            said = [w for m in left for w in words_of(m.text) if w not in ENGLISH]
            if not unclear or len(said) > _MOST_LEFT_OUT or len(left) > 2 * _MOST_LEFT_OUT:
                return None
            kept = (replace(m, kind=Kind.FILLER, payload=None) if m in unclear else m for m in cover.mentions)
            cover = replace(cover, mentions=tuple(kept))
        return None

    def _read(self, cover: Cover, asked: Asked) -> list[Reading] | Problem:
        carried = _carried(cover, asked.previous)
        before = asked.previous if asked.follows or carried else None
        assignments = self._resolver.assignments(cover, carried)
        if isinstance(assignments, Problem):
            unknown = _unknown_words(cover)
            return Problem(1, f"I do not know what {quoted(unknown)} means here.", unknown) if unknown else assignments
        readings: list[Reading] = []
        problems: list[Problem] = []
        for assignment in assignments:
            for event in events(cover.mentions, assignment, self._lexicon):
                sentence = Sentence(self._lexicon, cover.mentions, assignment, event, before)
                found = Reader(sentence).read()
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    readings.extend(found)
        if before:
            readings = [r for r in (follow_up(r, before, self._lexicon.vocabulary) for r in readings) if r]
        if readings and not asked.ahead and all(_is_ahead(reading.plan, asked.today) for reading in readings):
            return Problem(2, "That time has not come yet; I know only what was.", final=True)
        if not readings and not problems:
            return Problem(2, "That does not go with the question before; ask it whole.", final=True)
        return readings or min(problems, key=lambda p: p.rank)


def _are_years(bound: Bound) -> bool:
    """Whether both ends of a limit may be years."""
    return bound.until is not None and all(
        1800 <= end <= 2200 and end == int(end) for end in (bound.value, bound.until)
    )


def quoted(words: Iterable[str]) -> str:
    """Words of a question, as they are told back."""
    return ", ".join(f"“{word}”" for word in words)


def _carried(cover: Cover, previous: Plan | None) -> tuple[str, ...]:
    """The metrics of the question before, where this one names none."""
    named = any(mention.kind is Kind.METRIC for mention in cover.mentions)
    return previous.metrics if previous and not named else ()


def _leaves_out(cover: Cover, best: Cover) -> bool:
    """Whether a cover passes over words that mean something in the best one: none is dropped to make a reading fit."""
    passed = {m.first for m in cover.mentions if m.kind in (Kind.FILLER, Kind.DOMAIN) and m.text.lower() not in _VOID}
    terms = (Kind.METRIC, Kind.DIMENSION, Kind.VALUE)
    # The amount of a "parcel amount" that each parcel has counts no parcels.
    counted = {m.first for m in cover.mentions if m.kind is Kind.COUNT}
    ended = any(m.first < at < m.last for m in best.mentions if m.kind is Kind.DIMENSION for at in counted)
    return ended or any(m.first <= at < m.last for m in best.mentions if m.kind in terms for at in passed)


def _is_ahead(plan: Plan, today: date) -> bool:
    """Whether the plan asks only for days that are still to come."""
    days = [item.values[0] for item in plan.filters if item.operator is Operator.GE]
    starts = [plan.time_range.start if plan.time_range else None, *days]
    return any(isinstance(start, date) and start > today for start in starts)


def _distinct(readings: Iterable[Reading]) -> list[Reading]:
    """One reading per plan, the surest first."""
    best: dict[str, Reading] = {}
    for reading in readings:
        # The order of columns makes no other figures.
        key = reading.plan.model_copy(update={"group_by": tuple(sorted(reading.plan.group_by))}).fingerprint
        if key not in best or (reading.sure, reading.confidence) > (best[key].sure, best[key].confidence):
            best[key] = reading
    return sorted(best.values(), key=lambda reading: -reading.confidence)


def _unknown_words(cover: Cover) -> tuple[str, ...]:
    return tuple(mention.text for mention in cover.mentions if mention.kind is Kind.UNKNOWN)
