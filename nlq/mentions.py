"""Spans of a question: what each stretch of words may be, and the best ways to cover the whole question.

Belongs here: recognising metrics, dimensions, values, times and operators as spans with a score, and the search
for covers in which every word has a part. Does not belong here: what a cover asks (``reading``).

A word that nothing recognises becomes an UNKNOWN mention; it is never dropped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from nlq import words as w
from nlq.lexicon import Hit, Lexicon, ValueHit
from nlq.plan import Comparator, Comparison, Grain
from nlq.timewords import TimeReader
from nlq.words import Token

BEAM = 12
"""How many ways to cover a question are kept."""

_UNKNOWN, _FILLER = -6.0, 0.05
_METRIC_GLUE = w.GLUE | {"in", "for", "to"} | w.COUNTING
_DIMENSION_GLUE = frozenset({"of", "the", "a", "an"})


class Kind(StrEnum):
    """What a span is."""

    METRIC = "metric"
    DIMENSION = "dimension"
    VALUE = "value"
    TIME = "time"
    GRAIN = "grain"
    TREND = "trend"
    TOP = "top"
    SUPERLATIVE = "superlative"
    THRESHOLD = "threshold"
    ORDER = "order"
    BY = "by"
    WHICH = "which"
    NOT = "not"
    AND = "and"
    OR = "or"
    VERSUS = "versus"
    MORE = "more"
    SHARE = "share"
    AVERAGE = "average"
    GROWTH = "growth"
    COUNT = "count"
    DOMAIN = "domain"
    FILLER = "filler"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Mention:
    """Tokens [first, last) and what they may mean; ``payload`` depends on the kind."""

    kind: Kind
    first: int
    last: int
    score: float
    text: str
    payload: Any = None
    contested: bool = False
    """Whether the same words name a metric and a dimension in full."""


@dataclass(frozen=True)
class Top:
    """A number of ranks; the end is None for a number of rows ("first 10"), "asked" if named elsewhere."""

    count: int
    end: str | None
    skip: int = 0


@dataclass(frozen=True)
class Bound:
    """A number a metric is compared with, as said: perhaps in percent, perhaps in a unit of time."""

    comparator: Comparator
    value: float
    percent: bool = False
    unit: str | None = None
    until: float | None = None
    """The upper end of a range, which belongs to it."""


@dataclass(frozen=True)
class Growth:
    """A change asked for: on the year before, on the period before, or not said on what."""

    comparison: Comparison | None = None
    grain: Grain | None = None


@dataclass(frozen=True)
class GrainWord:
    """A step of time; ``bare`` where only the unit was said ("top 3 months"), which needs a companion."""

    grain: Grain
    bare: bool = False
    which: bool = False
    plural: bool = False


@dataclass(frozen=True)
class Cover:
    """One way to take every word of the question, left to right."""

    score: float
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Slip:
    """A spelling slip: what was written, what it was read as (None when unclear), what it might have been."""

    written: str
    read_as: str | None
    near: tuple[str, ...]


def mend(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[list[Token], list[Slip]]:
    """The tokens with clear spelling slips put right, and every unknown word with what comes near it."""
    mended, slips = [], []
    for token in tokens:
        if token.kind != "word" or lexicon.knows(token.norm):
            mended.append(token)
            continue
        near = lexicon.spelling(token.norm)
        clear = near[0] if len(near) == 1 else None
        if near:
            slips.append(Slip(token.text, clear, tuple(near)))
        mended.append(replace(token, norm=clear) if clear else token)
    return mended, slips


class MentionFinder:
    """Finds the mentions of one question."""

    def __init__(
        self, question: str, tokens: Sequence[Token], lexicon: Lexicon, today: date, fiscal_start: int = 1
    ) -> None:
        self._question, self._tokens, self._lexicon = question, tokens, lexicon
        self._times = TimeReader(tokens, today, fiscal_start)
        self._stems = [w.stem(t.norm) if t.kind == "word" else t.norm for t in tokens]

    def covers(self) -> list[Cover]:
        """The best covers, best first; at most BEAM."""
        count = len(self._tokens)
        by_first: list[list[Mention]] = [[] for _ in range(count)]
        for mention in self._mentions():
            by_first[mention.first].append(mention)
        best: list[list[tuple[float, tuple[Mention, ...]]]] = [[] for _ in range(count + 1)]
        best[0] = [(0.0, ())]
        for at in range(count):
            kept = heapq.nlargest(BEAM, best[at], key=lambda item: item[0])
            for mention in by_first[at]:
                best[mention.last].extend((score + mention.score, (*path, mention)) for score, path in kept)
        final = heapq.nlargest(BEAM, best[count], key=lambda item: item[0])
        return [Cover(score, path) for score, path in final]

    def _mentions(self) -> Iterator[Mention]:
        for span in self._times.spans():
            yield self._mention(Kind.TIME, span.first, span.last, 3.0 * (span.last - span.first), span)
        for at in range(len(self._tokens)):
            yield from self._metrics(at)
            yield from self._shared_noun(at)
            yield from self._dimensions(at)
            yield from self._values(at)
            yield from self._operators(at)
            yield from self._single(at)

    def _mention(self, kind: Kind, first: int, last: int, score: float, payload: Any = None) -> Mention:
        text = self._question[self._tokens[first].start : self._tokens[last - 1].end]
        return Mention(kind, first, last, score, text, payload)

    # --- terms of the layer

    def _windows(self, first: int, glue: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
        """Ends and content stems of the windows that start at a content word and end with one."""
        if self._norm(first) in glue:
            return
        content: list[str] = []
        for at in range(first, len(self._tokens)):
            token = self._tokens[at]
            if token.kind in ("quoted", "date") or (token.kind == "symbol" and token.norm != "%"):
                return
            if token.norm in glue:
                continue
            content.append(self._stems[at])
            if len(content) > self._lexicon.longest:
                return
            yield at + 1, content

    def _metrics(self, first: int) -> Iterator[Mention]:
        by = self._norm(first) in w.BY_WORDS
        for last, stems in self._windows(first, _METRIC_GLUE):
            hits, absorbed = self._metric_hits(stems)
            if hits and (not by or hits[0].full):
                score = self._term_score(len(stems) - absorbed, hits, 0.2) + 3.0 * absorbed
                mention = self._mention(Kind.METRIC, first, last, score, tuple(hits))
                yield replace(mention, contested=self._lexicon.is_contested(stems))

    def _shared_noun(self, at: int) -> Iterator[Mention]:
        """A metric whose noun comes later: the average of "average and median turnaround"."""
        if self._norm(at + 1) not in w.AND_WORDS:
            return
        second = at + 3 if self._norm(at + 2) in w.GLUE else at + 2
        for _, stems in self._windows(second, _METRIC_GLUE) if second < len(self._tokens) else ():
            if len(stems) > 1 and self._lexicon.metrics_in_full(stems):
                if hits := self._lexicon.metrics_in_full([self._stems[at], *stems[1:]]):
                    yield self._mention(Kind.METRIC, at, at + 1, 2.2, tuple(hits))
                return

    def _metric_hits(self, stems: list[str]) -> tuple[list[Hit], int]:
        """Metrics of these words; words that only name what the metric is about may be said besides."""
        if full := self._lexicon.metrics_in_full(stems):
            return full, 0
        rest = [word for word in stems if word not in self._lexicon.subjects]
        removed = set(stems) - set(rest)
        if rest and removed:
            hits = [h for h in self._lexicon.metrics(rest) if removed <= self._lexicon.subject_words(h.ref)]
            if hits:
                return hits, len(stems) - len(rest)
        return self._lexicon.metrics(stems), 0

    def _dimensions(self, first: int) -> Iterator[Mention]:
        for last, stems in self._windows(first, _DIMENSION_GLUE):
            if hits := self._lexicon.dimensions(stems):
                score = self._term_score(len(stems), hits, 0.15)
                mention = self._mention(Kind.DIMENSION, first, last, score, tuple(hits))
                yield replace(mention, contested=self._lexicon.is_contested(stems))

    @staticmethod
    def _term_score(count: int, hits: Sequence[Hit | ValueHit], bonus: float) -> float:
        if any(hit.full for hit in hits):
            return 3.0 * count - 1.0 + bonus
        return 3.0 * count * max(hit.coverage for hit in hits) - 1.5 + bonus

    def _values(self, first: int) -> Iterator[Mention]:
        if self._tokens[first].kind == "quoted":
            norms = w.words_of(self._tokens[first].norm)
            if hits := [hit for hit in self._lexicon.values(norms) if hit.full]:
                yield self._mention(Kind.VALUE, first, first + 1, 6.0, tuple(hits))
            return
        said: list[str] = []
        for at in range(first, min(first + self._lexicon.longest_value, len(self._tokens))):
            if self._tokens[at].kind not in ("word", "number"):
                return
            said.append(self._tokens[at].norm)
            if hits := self._lexicon.values(said):
                score = self._term_score(len(said), hits, 0.1)
                yield self._mention(Kind.VALUE, first, at + 1, score, tuple(hits))
        if hits := self._numbered(first):
            yield self._mention(Kind.VALUE, first, first + 1, 3.0, tuple(hits))

    def _numbered(self, at: int) -> list[ValueHit]:
        """Values that a number in a list names by the word before the list: the 2 in "wards 1, 2 and 3"."""
        head = at - 1
        while self._number(head) is not None or self._norm(head) in w.AND_WORDS | w.OR_WORDS:
            head -= 1
        listed = self._norm(at - 1) in w.AND_WORDS | w.OR_WORDS and self._number(head + 1) is not None
        if self._number(at) is None or head < 0 or not listed:
            return []
        return [hit for hit in self._lexicon.values([self._norm(head), self._norm(at)]) if hit.full]

    # --- operators

    def _operators(self, at: int) -> Iterator[Mention]:
        for rule in (self._threshold, self._range, self._top, self._ordinal, self._growth, self._grain, self._phrase):
            if mention := rule(at):
                yield mention

    def _threshold(self, at: int) -> Mention | None:
        for phrase, comparator in w.COMPARATORS:
            end = at + len(phrase)
            if self._norms(at, len(phrase)) == phrase and self._number(end) is not None:
                return self._bound(at, end, Comparator(comparator))
        if self._number(at) is not None and self._norm(at + 1) == "or":
            word = {"more": "ge", "less": "le", "fewer": "le", "above": "ge"}.get(self._norm(at + 2))
            if word:
                bound = Bound(Comparator(word), self._number(at) or 0.0)
                return self._mention(Kind.THRESHOLD, at, at + 3, 9.0, bound)
        return None

    def _range(self, at: int) -> Mention | None:
        """Reads "between 100 and 200"."""
        joint = at + 2 if self._norm(at + 2) in {"and", "to"} else at + 3
        low, high = self._number(at + 1), self._number(joint + 1)
        if self._norm(at) != "between" or self._norm(joint) not in {"and", "to"} or low is None or high is None:
            return None
        mention = self._bound(at, joint + 1, Comparator.GE)
        if joint == at + 3 and self._norm(at + 2) != self._norm(joint + 2):
            return None  # two units, or a word that means something else
        return replace(mention, payload=replace(mention.payload, value=low, until=high))

    def _ordinal(self, at: int) -> Mention | None:
        """Reads "second highest", "2nd largest"."""
        place, last = w.ORDINALS.get(self._norm(at)), at + 1
        if place is None and self._norm(at + 1) in {"nd", "rd", "th"}:
            place, last = self._count(at), at + 2
        if place and place > 1 and (end := self._end(self._norm(last))):
            return self._mention(Kind.TOP, at, last + 1, 3.0 * (last + 1 - at), Top(1, end, place - 1))
        return None

    def _growth(self, at: int) -> Mention | None:
        """Reads "year over year growth", "MoM change"."""
        unit, last = w.GROWTH_SHORT.get(self._norm(at)), at + 1
        if unit is None and self._norm(at + 1) in {"over", "on"} and self._norm(at) == self._norm(at + 2):
            unit, last = w.GRAIN_UNITS.get(self._norm(at)), at + 3
        if unit is None:
            return None
        last += 1 if self._norm(last) in w.GROWTH_WORDS else 0
        which = Comparison.PREVIOUS_YEAR if unit == "year" else Comparison.PREVIOUS_PERIOD
        # A metric that is this very change, by name, is better than computing it.
        return self._mention(Kind.GROWTH, at, last, 2.8 * (last - at), Growth(which, Grain(unit)))

    def _bound(self, first: int, number_at: int, comparator: Comparator) -> Mention:
        value, last = self._number(number_at) or 0.0, number_at + 1
        percent = self._norm(last) in {"%", "percent", "pct"}
        unit = w.singular(self._norm(last)) if w.singular(self._norm(last)) in w.UNITS else None
        last += 1 if percent or unit else 0
        bound = Bound(comparator, value, percent, unit)
        return self._mention(Kind.THRESHOLD, first, last, 3.0 * (last - first), bound)

    def _top(self, at: int) -> Mention | None:
        """Reads "top 5", "worst three", "5 highest", "first 10"."""
        one, two = self._norm(at), self._norm(at + 1)
        if (count := self._count(at + 1)) and (one in {"first", "limit"} or self._end(one)):
            return self._mention(Kind.TOP, at, at + 2, 6.0, Top(count, self._end(one)))
        if one in w.WHICH_WORDS | {"the"} and (count := self._count(at + 1)):
            return self._mention(Kind.TOP, at, at + 2, 3.0, Top(count, "asked"))
        if (count := self._count(at)) and two != "more" and self._end(two):
            return self._mention(Kind.TOP, at, at + 2, 5.5, Top(count, self._end(two)))
        return None

    @staticmethod
    def _end(norm: str) -> str | None:
        ends = {"highest": w.HIGHEST, "lowest": w.LOWEST, "longest": w.LONGEST, "shortest": w.SHORTEST}
        ends |= {"best": w.BEST, "worst": w.WORST}
        return next((end for end, members in ends.items() if norm in members), None)

    def _grain(self, at: int) -> Mention | None:
        one, unit = self._norm(at), self._grain_unit(at)
        if one in w.GRAIN_ADJECTIVES:
            return self._mention(Kind.GRAIN, at, at + 1, 2.5, GrainWord(Grain(w.GRAIN_ADJECTIVES[one])))
        if unit and self._norm(at + 1) == "wise":
            return self._mention(Kind.GRAIN, at, at + 2, 5.0, GrainWord(unit))
        if unit and self._norm(at + 1) in {"by", "after"} and self._grain_unit(at + 2) == unit:
            return self._mention(Kind.GRAIN, at, at + 3, 7.5, GrainWord(unit))
        if one in {"over", "across", "through"} and (stepped := self._over_units(at + 1)):
            return stepped
        if unit:
            plural = w.is_plural(one)
            return self._mention(Kind.GRAIN, at, at + 1, 0.5, GrainWord(unit, bare=True, plural=plural))
        return self._grain_after_word(at)

    def _over_units(self, at: int) -> Mention | None:
        """Reads "over the quarters"."""
        last = at + 1 if self._norm(at) == "the" else at
        unit = self._grain_unit(last)
        if unit is None or not w.is_plural(self._norm(last)):
            return None
        return self._mention(Kind.GRAIN, at - 1, last + 1, 2.5 * (last + 2 - at), GrainWord(unit))

    def _grain_after_word(self, at: int) -> Mention | None:
        one, unit = self._norm(at), self._grain_unit(at + 1)
        if unit and one in (w.BY_WORDS | w.WHICH_WORDS) - {"wise"} | {"a"}:
            plural = w.is_plural(self._norm(at + 1))
            word = GrainWord(unit, which=one in w.WHICH_WORDS, plural=plural)
            return self._mention(Kind.GRAIN, at, at + 2, 5.0, word)
        return None

    def _phrase(self, at: int) -> Mention | None:
        """Operators of two words."""
        two = self._norms(at, 2)
        if two in {
            ("other", "than"),
            ("rather", "than"),
            ("apart", "from"),
            ("leaving", "out"),
            ("but", "not"),
        }:
            return self._mention(Kind.NOT, at, at + 2, 2.0)
        if two[1] == "first" and (end := self._end(two[0])) in ("highest", "lowest"):
            return self._mention(Kind.ORDER, at, at + 2, 6.5, end)
        if two[0] in w.DESCENDING | w.ASCENDING and two[1] == "order":
            return self._mention(Kind.ORDER, at, at + 2, 6.5, "highest" if two[0] in w.DESCENDING else "lowest")
        if two[1] in w.FREQUENT and (end := self._end(two[0])) in ("highest", "lowest"):
            return self._mention(Kind.SUPERLATIVE, at, at + 2, 6.0, end)
        if two == ("part", "of"):
            return self._mention(Kind.SHARE, at, at + 2, 2.0)
        if two == ("over", "time"):
            return self._mention(Kind.TREND, at, at + 2, 5.0)
        if two in {("compared", "to"), ("compared", "with"), ("compare", "with"), ("compare", "to"), ("as", "against")}:
            return self._mention(Kind.VERSUS, at, at + 2, 2.0)
        if two[0] == "than" and self._number(at + 1) is None:
            return self._mention(Kind.VERSUS, at, at + 1, 0.5)
        if two == ("on", "average"):
            return self._mention(Kind.AVERAGE, at, at + 2, 1.5)
        if two[0] in w.MORE_WORDS and self._compares_with_than(at):
            return self._mention(Kind.MORE, at, at + 1, 3.1)
        return None

    def _compares_with_than(self, at: int) -> bool:
        """Whether a "than" follows that no number stands after."""
        than = next((n for n in range(at + 1, len(self._tokens)) if self._norm(n) == "than"), None)
        return than is not None and self._number(than + 1) is None

    def _single(self, at: int) -> Iterator[Mention]:
        token = self._tokens[at]
        if token.kind == "word" or token.norm in w.AND_WORDS | {"%"}:
            kinds = _single_kinds(token.norm)
            if (token.norm == "who" and at) or self._names_owner(at):
                kinds = [*kinds, (Kind.FILLER, _FILLER, None)]
            for kind, score, payload in kinds:
                yield self._mention(kind, at, at + 1, score, payload)
            if domain := self._lexicon.domain(token.norm):
                yield self._mention(Kind.DOMAIN, at, at + 1, 0.6, domain)
            if kinds:
                return
        yield self._mention(Kind.UNKNOWN, at, at + 1, _UNKNOWN)

    def _names_owner(self, at: int) -> bool:
        """Whether the word only says whose something is, as in "orders from customers in Rio"; a "number of" asks."""
        whose = self._norm(at - 1) in {"from", "of", "for", "to", "among"}
        asked = self._norm(at - 2) in w.COUNTING | w.BY_WORDS | w.SHARE_WORDS | w.AVERAGE_WORDS
        return whose and not asked and self._stems[at] in self._lexicon.subjects

    # --- tokens

    def _norm(self, at: int) -> str:
        if 0 <= at < len(self._tokens) and self._tokens[at].kind != "quoted":
            return self._tokens[at].norm
        return ""

    def _norms(self, at: int, count: int) -> tuple[str, ...]:
        return tuple(self._norm(at + step) for step in range(count))

    def _number(self, at: int) -> float | None:
        return self._tokens[at].number if 0 <= at < len(self._tokens) else None

    def _count(self, at: int) -> int | None:
        number = self._number(at)
        return int(number) if number and number.is_integer() and number >= 1 else None

    def _grain_unit(self, at: int) -> Grain | None:
        unit = w.GRAIN_UNITS.get(w.singular(self._norm(at)))
        return Grain(unit) if unit else None


_SINGLES: tuple[tuple[frozenset[str], Kind, float, Any], ...] = (
    (w.BY_WORDS, Kind.BY, 0.5, None),
    (w.WHICH_WORDS, Kind.WHICH, 0.2, None),
    (w.NOT_WORDS, Kind.NOT, 1.0, None),
    (w.AND_WORDS, Kind.AND, 0.1, None),
    (w.OR_WORDS, Kind.OR, 0.1, None),
    (w.VERSUS_WORDS, Kind.VERSUS, 0.2, None),
    (w.TREND_WORDS, Kind.TREND, 2.0, None),
    (w.COUNTING, Kind.COUNT, 0.3, None),
    (w.SHARE_WORDS, Kind.SHARE, 1.0, None),
    (w.AVERAGE_WORDS, Kind.AVERAGE, 0.5, None),
    (w.GROWTH_WORDS, Kind.GROWTH, 0.5, Growth()),
    (w.DESCENDING, Kind.ORDER, 1.0, "highest"),
    (w.ASCENDING, Kind.ORDER, 1.0, "lowest"),
    (w.HIGHEST, Kind.SUPERLATIVE, 3.0, "highest"),
    (w.LOWEST, Kind.SUPERLATIVE, 3.0, "lowest"),
    (w.LONGEST, Kind.SUPERLATIVE, 3.0, "longest"),
    (w.SHORTEST, Kind.SUPERLATIVE, 3.0, "shortest"),
    (w.BEST, Kind.SUPERLATIVE, 3.0, "best"),
    (w.WORST, Kind.SUPERLATIVE, 3.0, "worst"),
    (w.FILLER, Kind.FILLER, _FILLER, None),
)


def _single_kinds(norm: str) -> list[tuple[Kind, float, Any]]:
    """What one general English word may be: an operator, else a filler word, else nothing."""
    kinds = [(kind, score, payload) for members, kind, score, payload in _SINGLES if norm in members]
    return kinds if not kinds or kinds[0][0] is Kind.FILLER else [k for k in kinds if k[0] is not Kind.FILLER]
