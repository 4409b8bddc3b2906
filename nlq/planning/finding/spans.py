"""Spans of a question: what each stretch of words may be, and the best ways to cover the whole question.

Belongs here: recognising metrics, dimensions and times as spans with a score, and the search for covers in which every
word has a part. Does not belong here: values (``valuespans``), operators (``operators``, ``calendarwords``), what a
cover asks (``reading``).

A word that nothing recognises becomes an UNKNOWN mention; it is never dropped.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from nlq.english import general as w
from nlq.english.forms import OCCURRENCE, is_plural, singular, stem
from nlq.english.tokens import Token, set_of, words_of
from nlq.english.verbs import support_at
from nlq.planning.drafts.mentions import Cover, Kind, Mention, Reach
from nlq.planning.drafts.units import UnitFinder
from nlq.planning.finding.classnouns import restates
from nlq.planning.finding.framespans import Framing
from nlq.planning.finding.happenings import is_verb
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.listedspans import METRIC_GLUE, PLACING, ListedFinder
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.singles import FILLER_SCORE, single_kinds
from nlq.planning.finding.valuespans import UNKNOWN, term_score
from nlq.planning.times.words import TimeSpan

_TIMELY = OCCURRENCE | {stem(unit) for unit in w.GRAIN_UNITS}
"""Words that name no time of their own even where a date is called so: "received", "month"."""
BEAM = 12
"""How many ways to cover a question are kept."""

_BESIDE_STEP = 0.7
"""What a verb gains that a step of time stands beside."""
_RESTATED = 0.6
"""What a noun adds that says again what a dimension is: more than a part of another one's name, less than a name."""
_OF_RATES = set_of("conversion retention completion utilisation utilization churn attrition occupancy")
"""Nouns that alone name a rate, where there is one."""
_RATE = stem("%")
_PERCENTS = frozenset({"%", "percent", "percentage", "pct"})
_PARTING = PLACING | {"of"}
_DIMENSION_GLUE = frozenset({"of", "the", "a", "an"})


class MentionFinder(ListedFinder):
    """Finds the mentions of one question."""

    def __init__(
        self,
        question: str,
        tokens: Sequence[Token],
        lexicon: Lexicon,
        today: date,
        times: Sequence[TimeSpan],
        reach: Reach = Reach.EXACT,
    ) -> None:
        super().__init__(question, tokens, lexicon, today, reach)
        self._units, self._framing = UnitFinder(question, tokens), Framing(tokens, lexicon, reach)
        self._spans = times
        self._begin = {span.first for span in self._spans}
        self._in_times = {at for span in self._spans for at in range(span.first, span.last)}
        steps = {*w.GRAIN_UNITS, *w.GRAIN_ADJECTIVES}
        self._tells_time = bool(self._spans) or any(singular(token.norm) in steps for token in tokens)
        self._supports = {at: found for at in range(len(tokens)) if (found := support_at(tokens, at))}

    def covers(self) -> list[Cover]:
        """The best covers, best first; at most BEAM."""
        count = len(self._tokens)
        by_first: list[list[Mention]] = [[] for _ in range(count)]
        for mention in self.mentions:
            by_first[mention.first].append(mention)
        best: list[list[tuple[float, tuple[Mention, ...]]]] = [[] for _ in range(count + 1)]
        best[0] = [(0.0, ())]
        for at in range(count):
            kept = heapq.nlargest(BEAM, best[at], key=lambda item: item[0])
            for mention in by_first[at]:
                best[mention.last].extend((score + mention.score, (*path, mention)) for score, path in kept)
        final = heapq.nlargest(BEAM, best[count], key=lambda item: item[0])
        return [Cover(score, path) for score, path in final]

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Everything that a stretch of words may be; they overlap."""
        return tuple(mention for mention in self._found() if not self._framing.takes(mention))

    def _found(self) -> Iterator[Mention]:
        for span in self._spans:
            yield self._mention(Kind.TIME, span.first, span.last, 3.0 * (span.last - span.first), span)
        for at in range(len(self._tokens)):
            yield from self._metrics(at)
            yield from self._shared_noun(at)
            yield from self._shared_name(at)
            yield from self._bare_name(at)
            yield from self._figure_of_each(at)
            yield from self._dimensions(at)
            yield from self._happened(at)
            yield from self._takes(at)
            yield from self._amounts(at)
            yield from self._values_at(at)
            yield from self._calendar_at(at)
            yield from self._units_at(at)
            yield from self._asks_at(at)
            yield from self._operators_at(at)
            yield from self._single(at)

    def _units_at(self, at: int) -> Iterator[Mention]:
        """Units of the answer; a value of the layer that is called so is meant instead: "revenue in EUR"."""
        if found := self._units.at(at):
            last, unit = found
            if not any(hit.full for hit in self._lexicon.values([self._norm(last - 1)])):
                yield self._mention(Kind.UNIT, at, last, 3.0 * (last - at), unit)

    def _metrics(self, first: int) -> Iterator[Mention]:
        for last, content in self._windows(first, METRIC_GLUE):
            stems = [self._stems[at] for at in content]
            if len(stems) > 1 and stems[-1] == "%":
                stems[-1] = _RATE  # the discount % is the discount rate
            if stems == ["who"]:
                continue  # it asks, even of "customers who trade"
            side_by_side, parted = content[-1] - content[0] == len(content) - 1, self._norm(first + 1) in _PARTING
            hits, absorbed = self._metric_hits(stems, side_by_side=side_by_side, parted=parted)
            hits = self._rate_of(first, content) or hits or self._related(content, self._lexicon.related_metrics)
            hits = self._without_steps(content, hits)
            if hits and (self._counts_instead(first, last, hits) or self._is_verb_of(content, hits)):
                continue
            if self._ranks_thing(content):
                continue
            by = w.BY_WORDS & {self._norm(first), self._norm(last - 1)}
            if hits and (not by or hits[0].full):
                score = term_score(len(stems) - absorbed, hits, 0.2) + 3.0 * absorbed
                mention = self._mention(Kind.METRIC, first, last, score, tuple(hits))
                rest = [word for word in stems if word not in self._lexicon.subjects] if absorbed else stems
                yield replace(mention, contested=self._lexicon.is_contested(rest))

    def _rate_of(self, first: int, content: Sequence[int]) -> list[Hit]:
        """The rates that a noun alone stands for: conversion is the conversion rate, not the number of conversions."""
        before = {self._norm(at) for at in range(max(0, first - 3), first)} - w.GLUE
        if self._norm(content[-1]) not in _OF_RATES or before & w.COUNTING or self._norm(content[-1] + 1) in w.RATES:
            return []
        metrics = self._lexicon.vocabulary.metrics
        found = self._lexicon.metrics([*(self._stems[at] for at in content), _RATE])
        return [hit for hit in found if metrics[hit.ref].is_ratio]

    def _without_steps(self, content: Sequence[int], hits: list[Hit]) -> list[Hit]:
        """Figures but for those that only an internal name calls so: "daily sales" are sales by day."""
        steps = [at for at in content if self._norm(at) in w.GRAIN_ADJECTIVES]
        others = [self._stems[at] for at in content if at not in steps]
        if not steps or not others or not self._lexicon.metrics(others):
            return hits
        return [hit for hit in hits if hit.source != "name"]

    def _figure_of_each(self, at: int) -> Iterator[Mention]:
        """A figure that is called like a number of each thing, but for a word: the total of "total parcel amount"."""
        if self._norm(at) not in w.TOTALLING | w.AVERAGE_WORDS | w.HIGHEST | w.LOWEST:
            return
        for last, content in self._windows(at + 1, w.GLUE):
            said = [self._norm(n) for n in (at, *content)]
            if not w.COUNTING & set(said[1:]) or not self._lexicon.dimensions_in_full([stem(one) for one in said[1:]]):
                continue
            hits = self._lexicon.metrics_in_full([stem(one) for one in said if one not in w.COUNTING])
            if called := [hit for hit in hits if self._lexicon.is_called(hit.ref, said)]:
                yield self._mention(Kind.METRIC, at, last, term_score(len(said), called, 0.2), tuple(called))

    def _is_numbering(self, hit: Hit) -> bool:
        """Whether a dimension is the number that each thing bears: "number of doctors" asks for none of those."""
        dimension = self._lexicon.vocabulary.dimensions[hit.ref]
        said = dimension.column if hit.source == "name" else dimension.label
        return words_of(said)[-1:] in (("number",), ("no",))

    def _metric_hits(self, stems: list[str], *, side_by_side: bool, parted: bool) -> tuple[list[Hit], int]:
        """Metrics of these words; words that only name what the metric is about may be said besides.

        Not where a figure has its own: neither "visits of patients" nor "fires in the state" counts the latter.
        """
        if full := self._lexicon.metrics_in_full(stems) or self._lexicon.metrics_renamed(stems):
            return full, 0
        rest = [word for word in stems if word not in self._lexicon.subjects]
        removed = set(stems) - set(rest)
        if rest and removed:
            hits = [h for h in self._lexicon.metrics(rest) if removed <= self._lexicon.subject_words(h.ref)]
            heads = {hit.ref for hit in self._lexicon.metrics_in_full(stems[:1])} if stems[0] in removed else set()
            headed = parted and bool(heads - {hit.ref for hit in hits})
            if hits and not headed and not (side_by_side and self._counts_more(stems, rest, removed, hits)):
                return hits, len(stems) - len(rest)
        return self._lexicon.metrics(stems), 0

    def _is_verb_of(self, content: Sequence[int], hits: Sequence[Hit]) -> bool:
        """Whether a name is said only in part, by a verb that says nothing: degrees offered are no offers."""
        return not hits[0].full and any(at in self._supports for at in content)

    def _ranks_thing(self, content: Sequence[int]) -> bool:
        """Whether a thing is ranked by what it does: the "best selling store" is no number of selling stores."""
        first, thing = content[0], [self._stems[content[-1]]]
        before = self._norm(first - 2) if self._number(first - 1) is not None else self._norm(first - 1)
        ranked = before in w.BEST | w.WORST | {"top", "bottom"} and self._norm(first).endswith("ing")
        return ranked and len(content) > 1 and bool(self._lexicon.dimensions_in_full(thing))

    def _counts_instead(self, first: int, last: int, hits: Sequence[Hit]) -> bool:
        """Whether a number of things is asked for, not the figure: "the largest number of fires" is no largest fire."""
        said = [self._norm(at) for at in range(first, last)]
        if not any(word in w.NUMBERING for word in said):
            return False
        extreme = any(word in w.HIGHEST | w.LOWEST for word in said)
        called = any(self._lexicon.is_called(hit.ref, said) for hit in hits)
        return not hits[0].full or (extreme and not called)

    def _counts_more(self, stems: list[str], rest: list[str], removed: set[str], hits: Sequence[Hit]) -> bool:
        """Whether the words that are said besides are the figure: packages, of "packages shipped"; "patient visits"."""
        if not self._lexicon.metrics_in_full(sorted(removed)):
            return False
        return stems[-1] in removed or (rest[-1] == stems[-1] and not any(hit.full for hit in hits))

    def _dimensions(self, first: int) -> Iterator[Mention]:
        for last, content in self._windows(first, _DIMENSION_GLUE):
            stems = [self._stems[at] for at in content]
            hits = self._lexicon.dimensions(stems)
            if not any(hit.full for hit in hits) and len(stems) > 1 and stems[-1] == "name":
                hits = self._lexicon.dimensions_in_full(stems[:-1]) or hits  # the name of a form is that form
            hits = hits or self._related(content, self._lexicon.related_dimensions)
            if self._norm(last - 1) in w.AND_WORDS and not any(hit.full for hit in hits):
                continue  # the "and" joins what follows
            if content[-1] - content[0] == len(content) - 1:
                hits = [hit for hit in hits if not self._is_figure_of(stems, hit)]
            if self._norm(first) in w.NUMBERING and self._norm(first + 1) == "of" and is_plural(self._norm(last - 1)):
                hits = [hit for hit in hits if not self._is_numbering(hit)]
            if hits and not (self._are_times(hits) and (set(stems) <= _TIMELY or self._counts_by(stems, first))):
                score = term_score(len(stems), hits, 0.15)
                mention = self._mention(Kind.DIMENSION, first, last, score, tuple(hits))
                yield replace(mention, contested=self._lexicon.is_contested(stems))
                yield from self._restated(first, last, content, hits, score)

    def _counts_by(self, stems: Sequence[str], first: int) -> bool:
        """Whether a figure stands before a step of time: the days of "best sales days" are those of all."""
        timed = bool(stems[1:]) and set(stems[1:]) <= _TIMELY
        return timed and is_plural(self._norm(first)) and bool(self._lexicon.metrics(stems[:1]))

    def _restated(
        self, first: int, last: int, content: Sequence[int], hits: Sequence[Hit], score: float
    ) -> Iterator[Mention]:
        """A dimension with a noun that says once more what it is: "hand type", "types of hand"."""
        terms = self._lexicon.vocabulary.dimensions
        before = first - 2 if self._norm(first - 1) == "of" else -1
        for noun, start, end in ((last, first, last + 1), (before, before, last)):
            named = [hit for hit in hits if hit.full and restates(self._norm(noun), terms[hit.ref])]
            stems = [stem(self._norm(noun)), *(self._stems[at] for at in content)]
            if named and not (self._lexicon.dimensions_in_full(stems) or self._lexicon.metrics_in_full(stems)):
                yield self._mention(Kind.DIMENSION, start, end, score + _RESTATED, tuple(named))

    def _is_figure_of(self, stems: Sequence[str], hit: Hit) -> bool:
        """Whether the last of several words is a figure that the others tell more of: "patient visits" are visits."""
        if len(stems) == 1 or not self._lexicon.metrics_in_full(stems[-1:]):
            return False
        dimension = self._lexicon.vocabulary.dimensions[hit.ref]
        return hit.source == "name" and stems[-1] not in {stem(word) for word in words_of(dimension.label)}

    def _happened(self, at: int) -> Iterator[Mention]:
        """A verb that names a time of the layer, where a time or a step of time is said at all.

        So does a noun beside the step ("birth year", "year of birth"), or right before the time ("due in May").
        """
        norm, stems = self._norm(at), [self._stems[at]]
        is_known = self._lexicon.metrics_in_full(stems) or self._lexicon.values([norm])
        beside = self._names_step(at) or (at + 1 in self._begin and not is_known)
        if not self._tells_time or not (is_verb(norm, self._norm(at - 1)) or beside):
            return
        is_related = self._reach is not Reach.EXACT
        found = self._lexicon.happenings.of(norm, related=is_related)
        if not found and is_related and at + 1 in self._begin and not self._lexicon.knows(norm):
            found = self._lexicon.happenings.guessed(norm)
        hits = tuple(Hit(name, 1.0, "event", likeness) for name, likeness in found.items())
        if hits:
            # Beside a step it is its time, though what is counted may be called alike: "orders by month ordered".
            bonus = _BESIDE_STEP if self._grain_unit(at - 1) or self._grain_unit(at + 1) else 0.1
            yield self._mention(Kind.DIMENSION, at, at + 1, term_score(1, hits, bonus), hits)

    def _takes(self, at: int) -> Iterator[Mention]:
        """How long something takes, as the average that tells it: "how long does it take to resolve one"."""
        for last, name, likeness in self._lexicon.durations.at(self._norm, at, self._lexicon.subject_words):
            hits = (Hit(name, 1.0, "synonym", likeness),)
            yield self._mention(Kind.METRIC, at, last, term_score(last - at, hits, 0.2), hits)

    def _amounts(self, at: int) -> Iterator[Mention]:
        """The amount of what was done: "the amount paid", "value refunded"."""
        found = list(self._lexicon.amounts.at(self._norm, at))
        last = found[0][0] if found else at
        if found and not self._lexicon.metrics_in_full([self._stems[n] for n in range(at, last)]):
            hits = tuple(Hit(name, 1.0, "synonym") for _, name in found)
            yield self._mention(Kind.METRIC, at, last, term_score(last - at, hits, 0.2), hits)

    def _names_step(self, at: int) -> bool:
        """Whether a step of time stands beside that the word tells more of: "birth year", "month of closure"."""
        before = self._grain_unit(at - 2) if self._norm(at - 1) == "of" else None
        figures = self._lexicon.metrics if is_plural(self._norm(at)) else self._lexicon.metrics_in_full
        return bool(self._grain_unit(at + 1) or before) and not figures([self._stems[at]])

    def _related(self, content: Sequence[int], related: Callable[[Sequence[str]], list[Hit]]) -> list[Hit]:
        """The terms that words may mean by what belongs to them, where that is within reach."""
        norms = [self._norm(at) for at in content]
        if self._reach is Reach.EXACT or any(norm in w.ENGLISH or norm in w.RATES for norm in norms):
            return []
        if all(self._lexicon.knows(norm) for norm in norms):
            return []  # what the layer calls so is meant, or nothing is
        return related(norms)

    def _are_times(self, hits: Sequence[Hit]) -> bool:
        return all(self._lexicon.vocabulary.dimensions[hit.ref].is_time for hit in hits)

    def _single(self, at: int) -> Iterator[Mention]:
        token = self._tokens[at]
        if self._asking(at):
            return  # what asks is no filling word
        if found := self._beside(at):
            yield self._mention(found[0], at, at + 1, found[1])
            return
        if token.kind == "word" or token.norm in w.AND_WORDS | {"%"}:
            kinds = self._kinds(at)
            for kind, score, payload in kinds:
                yield self._mention(kind, at, at + 1, score, payload)
            if domain := self._lexicon.domain(token.norm):
                yield self._mention(Kind.DOMAIN, at, at + 1, 0.6, domain)
            if kinds:
                return
        yield self._mention(Kind.UNKNOWN, at, at + 1, UNKNOWN)

    def _names_rate(self, at: int) -> bool:
        """Whether a percent ends the name of a figure: "which shop has the highest discount %"."""
        ends = self._norm(at + 1) not in {"of", "are", "is", "were", "was"} and self._number(at - 1) is None
        return ends and any(
            self._lexicon.vocabulary.metrics[hit.ref].is_ratio
            for n in (1, 2, 3) if at - n >= 0 for hit in self._lexicon.metrics([*self._stems[at - n : at], _RATE])
        )  # fmt: skip

    def _kinds(self, at: int) -> list[tuple[Kind, float, Any]]:
        """What a single word of general English may be here, and whether it may only frame the question."""
        kinds = single_kinds(self._norm(at))
        if self._norm(at) in _PERCENTS and self._names_rate(at):
            kinds = [(Kind.SHARE, 0.2, None)]
        if not kinds and (support := self._supports.get(at)):
            kinds = [(Kind.FILLER, FILLER_SCORE, support)]
        if (self._norm(at) == "who" and at) or self._names_owner(at) or self._is_done(at):
            kinds = [*kinds, (Kind.FILLER, FILLER_SCORE, None)]
        if not kinds and (frame := self._framing.at(at)):
            kinds = [(Kind.FILLER, 0.0, frame)]
        return kinds

    def _beside(self, at: int) -> tuple[Kind, float] | None:
        """What a word or sign is by what stands beside it alone: "A, or B"; "no. of fires"; "arson-related fires"."""
        norm, following = self._norm(at), self._norm(at + 1)
        if norm == "," and following in w.AND_WORDS | w.OR_WORDS:
            return Kind.FILLER, FILLER_SCORE
        counted = {self._norm(at - 1), self._norm(at - 2)} & w.NUMBERING
        if norm in ("combination", "combinations") and following == "of" and not counted:
            return Kind.FILLER, FILLER_SCORE
        if norm == "no" and following == "of":
            return Kind.COUNT, 1.0
        if norm == "between" and any(self._norm(before) == "difference" for before in range(at)):
            return Kind.FILLER, FILLER_SCORE
        if norm == "related" and self._norm(at - 1) and self._lexicon.values([self._norm(at - 1)]):
            return Kind.FILLER, FILLER_SCORE
        if norm in w.PIECES | {"times"} and self._number(at - 1) is not None:
            return Kind.FILLER, FILLER_SCORE
        if norm == "but" and self._excepts(at):
            return Kind.NOT, 1.0
        if norm == "=" and any(self._lexicon.dimensions_in_full(self._stems[max(0, at - n) : at]) for n in (1, 2, 3)):
            return Kind.FILLER, FILLER_SCORE
        return (Kind.OR, 0.1) if norm == "/" else None

    def _excepts(self, at: int) -> bool:
        """Whether "but" leaves out the value that follows: "all clinics but Northgate"; not in "not A but B"."""
        if any(self._norm(before) in w.NOT_WORDS for before in range(at)):
            return False
        first = next((n for n in range(at + 1, len(self._tokens)) if self._norm(n) not in w.GLUE | w.PREPOSITIONS), at)
        said = [[self._norm(n) for n in range(first, last)] for last in range(first + 1, first + 4)]
        return any(self._lexicon.values(norms) for norms in said if all(norms))

    def _names_owner(self, at: int) -> bool:
        """Whether the word only says whose something is, as in "orders from customers in Rio"; a "number of" asks.

        The same where it says who does something: "how much did customers pay".
        """
        if self._norm(at - 1) in {"do", "does", "did"}:
            return self._stems[at] in self._lexicon.subjects or self._norm(at) == "people"
        if self._belongs_to(at):
            return True
        whose = self._norm(at - 1) in {"from", "of", "for", "to", "among"}
        asked = self._norm(at - 2) in w.COUNTING | w.BY_WORDS | w.SHARE_WORDS | w.AVERAGE_WORDS
        return whose and not asked and self._stems[at] in self._lexicon.subjects

    def _belongs_to(self, at: int) -> bool:
        """Whether the word only says what a value before it is a value of: "health and beauty products"."""
        hits = self._lexicon.values([self._norm(at - 1)]) if self._norm(at - 1) else []
        return any(self._stems[at] in {stem(part) for part in words_of(hit.dimension)} for hit in hits)
