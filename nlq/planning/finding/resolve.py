"""Which metric, dimension and value each mention of a cover stands for.

Belongs here: choosing among the terms that words may mean, by what goes together in the layer; where several
remain, each is an assignment of its own (the planner asks back). Does not belong here: grammar (``reading``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nlq.core.dateparts import DATE_PARTS, first_date_part
from nlq.core.outcome import Problem
from nlq.core.spelling import same_form
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.english.forms import OCCURRENCE, stem
from nlq.english.general import DIFFERENT, FREQUENT, GLUE, HIGHEST, LOWEST, NUMBERING, PENDING, TOTALLING
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Cover, Kind, Mention
from nlq.planning.finding.assignments import (
    DIRECTNESS,
    Assignment,
    best,
    prefer_alike,
    prefer_few,
    prefer_full,
    prefer_label,
    prefer_named,
    prefer_together,
)
from nlq.planning.finding.events import is_participle
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit

MOST_ASSIGNMENTS = 24
MOST_CHOICES = 4
_PLACES = {stem(word) for word in ("rank", "ranking", "place", "position")}
_OPPOSITE = {"maximum": "minimum", "minimum": "maximum"}
_DIRECTED = {
    "from": set_of("origin source sender departure from pickup"),
    "to": set_of("destination target recipient receiver arrival to dropoff"),
    "into": set_of("destination target arrival to"),
}
"""What a preposition says of the name of a dimension."""


class Resolver:
    """Finds the assignments of covers over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._vocabulary: Vocabulary = lexicon.vocabulary

    def assignments(self, cover: Cover, carried: Sequence[str] = ()) -> list[Assignment] | Problem:
        """All ways to assign terms, or the problem that forbids any; ``carried`` are metrics where none is said."""
        metrics = _of(cover, Kind.METRIC)
        dimensions, values = _of(cover, Kind.DIMENSION), _of(cover, Kind.VALUE)
        domains = {mention.payload for mention in _of(cover, Kind.DOMAIN)}
        if not metrics and carried:
            kept = list(self._with_metrics(carried, {}, dimensions, values, implied=tuple(carried)))
            return kept or self._cannot_split(carried, dimensions, values)
        if not metrics:
            counted = _asks_how_frequent(cover) or _asks_for_things(cover)
            return self._without_metric(dimensions, values, domains, counted=counted)
        options = [self._in_domain(self._countable(mention, cover), domains) for mention in metrics]
        if not all(options):
            return Problem(3, f"No metric of {' and '.join(sorted(domains))} is called like that.")
        stocks = [self._at_moment(mention, cover) or hits for mention, hits in zip(metrics, options, strict=True)]
        found = self._assigned(metrics, stocks, dimensions, values) if stocks != options else []
        found = found or self._assigned(metrics, options, dimensions, values)
        if not found:
            wider = [self._in_domain(self._partly(mention), domains) for mention in metrics]
            found = self._assigned(metrics, wider, dimensions, values)
        first = [mention.payload[0].ref for mention in metrics]
        found = self._prefer_flags(prefer_alike(prefer_named(prefer_few(found), cover), cover))
        found = prefer_full(found)
        found = prefer_label(self._prefer_directed(self._prefer_mentioned(found, cover), cover))
        found = prefer_together(found, cover)
        return found[:MOST_ASSIGNMENTS] or self._cannot_split(first, dimensions, values)

    def _prefer_directed(self, found: list[Assignment], cover: Cover) -> list[Assignment]:
        """From where, and to where: "parcels from Germany to France" are from an origin, to a destination."""
        preceded = {m.first: before.text.lower() for before, m in itertools.pairwise(cover.mentions)}

        def directed(one: Assignment) -> int:
            score = 0
            for first, hit in one.values.items():
                dimension = self._vocabulary.dimensions[hit.dimension]
                called = {*words_of(dimension.label), *words_of(dimension.column)}
                score += bool(called & _DIRECTED.get(preceded.get(first, ""), frozenset()))
            return score

        return best(found, directed)

    def _prefer_flags(self, found: list[Assignment]) -> list[Assignment]:
        """What is said of a thing is its flag, not one of its stages: open cases are all that are not closed yet."""

        def flags(one: Assignment) -> int:
            hits = one.values.values()
            return sum(hit.full and self._vocabulary.dimensions[hit.dimension].is_boolean for hit in hits)

        return best(found, flags)

    def _partly(self, mention: Mention) -> list[Hit]:
        """What the words may mean as a part of a name: where "sales" have no province, "store sales" may."""
        partly = self._lexicon.metrics_with(_stems(mention.text))
        return list({hit.ref: hit for hit in (*partly, *mention.payload)}.values())

    def _assigned(
        self,
        metrics: Sequence[Mention],
        options: Sequence[Sequence[Hit]],
        dimensions: Sequence[Mention],
        values: Sequence[Mention],
    ) -> list[Assignment]:
        """The assignments of metrics, each one of its options, with the dimensions and values that they share."""
        found: list[Assignment] = []
        for combination in itertools.islice(itertools.product(*options), 64):
            chosen = {m.first: hit for m, hit in zip(metrics, combination, strict=True)}
            names = tuple(dict.fromkeys(hit.ref for hit in combination))
            found.extend(self._with_metrics(names, chosen, dimensions, values))
        return found

    def _countable(self, mention: Mention, cover: Cover) -> Sequence[Hit]:
        """What the words may mean; "how many pens did we sell" asks for no money, so for what else sells.

        Of "payments" and "total payments" the total is the one that is called so.
        """
        said = [*_counting_before(mention, cover), *words_of(mention.text)]
        called = [hit for hit in mention.payload if self._lexicon.is_called(hit.ref, said)]
        if self._is_either_total(mention, cover, said):
            called = []
        beside = {*said, *_counting_after(mention, cover)} & {"amount", "amounts"}
        if money := [h for h in mention.payload if self._vocabulary.metrics[h.ref].is_money] if beside else []:
            return money
        if rates := self._rate_of(mention, cover):
            return rates
        if theirs := self._of_theirs(mention, cover) or self._of_different(mention, cover):
            return theirs
        if _is_bounded(mention, cover):
            called = [h for h in mention.payload if self._is_number(self._vocabulary.metrics[h.ref])]
        numbers = [h for h in mention.payload if self._is_number(self._vocabulary.metrics[h.ref])]
        if numbers and not called and NUMBERING & {*said}:
            return numbers
        if not _asks_how_many(cover) or not all(self._vocabulary.metrics[h.ref].is_money for h in mention.payload):
            return [*(called or mention.payload), *self._other_end(mention)]
        parts = self._lexicon.metrics_with(_stems(mention.text))
        return [hit for hit in parts if self._is_number(self._vocabulary.metrics[hit.ref])] or mention.payload

    def _rate_of(self, mention: Mention, cover: Cover) -> list[Hit]:
        """The rates of which words name the first part, where it is asked how well that is done: "converts best"."""
        after = next((m for m in cover.mentions if m.first == mention.last), None)
        verb = mention.text.lower().endswith("s") and len(words_of(mention.text)) == 1
        if not verb or after is None or after.kind is not Kind.SUPERLATIVE or after.payload not in ("best", "worst"):
            return []
        counted = {hit.ref for hit in mention.payload}
        rates = [m for m in self._vocabulary.metrics.values() if m.is_ratio and {*m.parts[:1]} & counted]
        return [Hit(rate.name, 1.0, "synonym") for rate in rates]

    def _at_moment(self, mention: Mention, cover: Cover) -> list[Hit]:
        """The stocks that the words name, where a moment is asked for: what was pending at the end of a year.

        A flow tells what became of what came on that day. Not where a participle says what happened then.
        """
        others = {word for m in cover.mentions if m is not mention for word in words_of(m.text.lower())}
        if not any(m.kind is Kind.TIME and _is_moment(m) for m in cover.mentions):
            return []
        if any(word in OCCURRENCE or is_participle(word) for word in others):
            return []
        known = self._vocabulary.metrics
        if any(known[hit.ref].moment for hit in mention.payload):
            return []
        said = [word for word in words_of(mention.text.lower()) if word not in GLUE and not is_participle(word)]
        states = {stem(word) for word in (PENDING if PENDING & {*said} else said)} - self._lexicon.subjects
        hits = [hit for one in sorted(states) for hit in self._lexicon.metrics_with([one])]
        stocks = {hit.ref: hit for hit in hits if known[hit.ref].moment and is_amount(known[hit.ref])}
        domains = {known[hit.ref].domain for hit in mention.payload}
        return [hit for hit in stocks.values() if known[hit.ref].domain in domains]

    def _of_theirs(self, mention: Mention, cover: Cover) -> list[Hit]:
        """Figures of the things that "their" points to: the population of the cities, where countries have one too."""
        before = [m for m in cover.mentions if m.last <= mention.first and m.kind is not Kind.COUNT]
        pointed = next((m for m in reversed(before) if m.kind is Kind.METRIC), None)
        if pointed is None or before[-1].text.lower() not in ("their", "its"):
            return []
        return self._lexicon.metrics_in_full([*_stems(mention.text), *_stems(pointed.text)])

    def _of_different(self, mention: Mention, cover: Cover) -> list[Hit]:
        """Figures that count each thing once, where that is said: "unique parts" are Different parts, not all Parts."""
        before = next((m for m in reversed(cover.mentions) if m.last == mention.first), None)
        if before is None or before.text.lower() not in DIFFERENT:
            return []
        stems = _stems(mention.text)
        named = [hit for word in sorted(DIFFERENT) for hit in self._lexicon.metrics_in_full([stem(word), *stems])]
        return list({hit.ref: hit for hit in named}.values())

    def _other_end(self, mention: Mention) -> list[Hit]:
        """The other end of places in an order: the highest rank may be the first as well as the largest number."""
        said, name = _stems(mention.text), _stems(self._vocabulary.metrics[mention.payload[0].ref].label)
        if name[-1] not in _PLACES or not {*words_of(mention.text.lower())} & (HIGHEST | LOWEST):
            return []
        return self._lexicon.metrics_in_full([_OPPOSITE.get(word, word) for word in said if word not in GLUE])

    @staticmethod
    def _is_number(metric: Metric) -> bool:
        return is_amount(metric) and not metric.is_money

    def _in_domain(self, hits: Sequence[Hit], domains: set[Any]) -> list[Hit]:
        return [h for h in hits if not domains or self._vocabulary.metrics[h.ref].domain in domains]

    def _with_metrics(
        self,
        names: Sequence[str],
        chosen: dict[int, Hit],
        dimensions: Sequence[Mention],
        values: Sequence[Mention],
        **extra: Any,
    ) -> Iterator[Assignment]:
        shared = self._vocabulary.shared_dimensions(names)
        dimension_options = [self._dimension_options(m, shared) for m in dimensions]
        value_options = [self._value_options(m.payload, shared) for m in values]
        if math.prod(map(len, (*dimension_options, *value_options))) > MOST_ASSIGNMENTS:
            said = {stem(word) for mention in (*dimensions, *values) for word in words_of(mention.text)}
            dimension_options = [self._spoken_of(options, said) for options in dimension_options]
        pairs = itertools.product(itertools.product(*dimension_options), itertools.product(*value_options))
        for heads, tails in itertools.islice(pairs, MOST_ASSIGNMENTS):
            yield Assignment(
                chosen,
                {m.first: hit for m, hit in zip(dimensions, heads, strict=True)},
                {m.first: hit for m, hit in zip(values, tails, strict=True)},
                **extra,
            )

    def _is_either_total(self, mention: Mention, cover: Cover, said: Sequence[str]) -> bool:
        """Whether a total said elsewhere may be of what is counted or of its amount: "card payments june total"."""
        asked = {m.text.lower() for m in cover.mentions if m.kind is Kind.COUNT}
        kinds = {self._vocabulary.metrics[hit.ref].is_money for hit in mention.payload}
        return bool(asked & TOTALLING) and not asked & TOTALLING & {*said} and not asked & NUMBERING and len(kinds) > 1

    def _spoken_of(self, options: list[Hit], said: set[str]) -> list[Hit]:
        """Those that are of something spoken of, where there are any."""
        return [hit for hit in options if "__" in hit.ref and self._is_said(hit.ref, said)] or options

    def _dimension_options(self, mention: Mention, shared: frozenset[str]) -> list[Hit]:
        """The dimensions meant; of several paths to one label the shortest; the layer's own before the calendar's."""
        by_label: dict[str, Hit] = {}
        hits = [hit for hit in mention.payload if hit.ref in shared]
        hits = [hit for hit in hits if self._lexicon.is_called(hit.ref, words_of(mention.text))] or hits
        for hit in sorted(hits, key=lambda h: _path(h.ref)):
            by_label.setdefault(self._vocabulary.dimensions[hit.ref].label.lower(), hit)
        found = sorted(by_label.values(), key=lambda hit: (not hit.full, -DIRECTNESS[hit.source]))
        own = [hit for hit in found if hit.ref not in DATE_PARTS]
        return own if any(hit.full for hit in own) else found

    def _value_options(self, hits: Sequence[ValueHit], shared: frozenset[str]) -> list[ValueHit]:
        by_label: dict[tuple[str, str], ValueHit] = {}
        for hit in sorted((h for h in hits if h.dimension in shared), key=lambda h: _path(h.dimension)):
            label = self._vocabulary.dimensions[hit.dimension].label.lower()
            by_label.setdefault((label, same_form(hit.value)), hit)
        found = list(by_label.values())
        own = [hit for hit in found if hit.dimension in self._lexicon.weekdays]
        return own or found

    def _without_metric(
        self, dimensions: Sequence[Mention], values: Sequence[Mention], domains: set[Any], *, counted: bool
    ) -> list[Assignment] | Problem:
        """No metric was said: the one that the words of a dimension name ("complaint type"), else any that fits.

        What is most common is counted: the complaints of a type, the fires of a cause. So is what has some of the
        values that are counted or listed.
        """
        if not dimensions and not values:
            return Problem(5, "I found no metric in the question.")
        metrics = [m for m in self._vocabulary.plain_metrics() if not domains or m.domain in domains]
        owners = [self._vocabulary.metrics[name] for name in self._owners(dimensions, values)]
        if len(found := self._fitting(owners, dimensions, values)) == 1:
            return found
        said = {stem(word) for mention in dimensions for word in words_of(mention.text)}
        named = {hit.ref for word in said for hit in self._lexicon.metrics_in_full([word])}
        # Grouped by what it counts, a metric is one everywhere: "top customers" are not by number of customers.
        named -= {hit.ref for m in dimensions if m.contested for hit in self._lexicon.metrics_in_full(_stems(m.text))}
        fitting = self._fitting([m for m in metrics if m.name in named], dimensions, values)
        if len(fitting) == 1:
            return fitting
        if counted:
            about = [
                {stem(word) for word in words_of(hit.ref.split("__")[-2])}
                for mention in dimensions
                for hit in mention.payload
                if "__" in hit.ref
            ]
            counts = [m for m in metrics if m.name in self._lexicon.counts and self._counts_one_of(m, about)]
            fitting = self._fitting(counts, dimensions, values)
            if len(fitting) == 1:
                return fitting
        split = _refs_of(dimensions)
        metrics = [metric for metric in metrics if not self._lexicon.is_one_each(metric.name, split)]
        metrics.sort(key=lambda metric: metric.name not in self._lexicon.counts)
        guesses = self._fitting(metrics, dimensions, values)
        return [replace(guess, guessed=True) for guess in guesses] or Problem(4, "I found no metric in the question.")

    def _owners(self, dimensions: Sequence[Mention], values: Sequence[Mention]) -> list[str]:
        """The metrics that count what attributes are asked of: "district of cities", "the position of Jane Miller"."""
        said = [stem(word) for m in dimensions for word in words_of(m.text.lower().partition(" of ")[2])]
        if owners := [hit.ref for word in said for hit in self._lexicon.metrics_in_full([word])]:
            return [name for name in dict.fromkeys(owners) if name in self._lexicon.counts]
        known = self._vocabulary.dimensions
        named = [[known[hit.dimension] for hit in m.payload if hit.dimension in known] for m in values]
        called = [{dimension.thing for dimension in several if dimension.is_name} for several in named]
        owned = [{known[hit.ref].thing for hit in m.payload if hit.ref in known} for m in dimensions]
        things = set.intersection(*called, *owned) if called and owned else set()
        counting = [name for thing in things for name in self._lexicon.counting(thing)]
        return [name for name in counting if (rows := self._vocabulary.metrics[name].rows) and rows.counts]

    def _counts_one_of(self, metric: Metric, entities: Sequence[set[str]]) -> bool:
        """Whether a metric counts the things of one of these entities, by its name."""
        return any(entity <= self._lexicon.name_words(metric.name) for entity in entities)

    def _fitting(
        self, metrics: Sequence[Metric], dimensions: Sequence[Mention], values: Sequence[Mention]
    ) -> list[Assignment]:
        """An assignment of each of the first metrics that have these dimensions and values."""
        found = (
            next(self._with_metrics((metric.name,), {}, dimensions, values, implied=(metric.name,)), None)
            for metric in metrics
        )
        return list(itertools.islice((assignment for assignment in found if assignment), MOST_CHOICES))

    def _prefer_mentioned(self, found: list[Assignment], cover: Cover) -> list[Assignment]:
        """Attributes of what is spoken of: the first name of the salesperson, where the customer has one as well."""
        said = {stem(word) for mention in cover.mentions for word in words_of(mention.text)}

        def spoken_of(one: Assignment) -> int:
            names = [*(hit.ref for hit in one.dimensions.values()), *(hit.dimension for hit in one.values.values())]
            return sum(name in DATE_PARTS or self._is_said(name, said) for name in names if "__" in name)

        return best(found, spoken_of)

    def _is_said(self, dimension: str, said: set[str]) -> bool:
        """Whether what a dimension is of is spoken of, by its own name or by what counts it: students are members."""
        thing = dimension.split("__")[-2]
        return {stem(word) for word in words_of(thing)} <= said or bool(self._lexicon.things(thing) & said)

    def _cannot_split(
        self, metrics: Sequence[str], dimensions: Sequence[Mention], values: Sequence[Mention]
    ) -> Problem:
        labels = self._vocabulary.metrics[metrics[0]].label
        if problem := self._without_calendar(metrics, (*dimensions, *values)):
            return problem
        names = self._vocabulary.shared_dimensions(metrics)
        known = tuple(self._vocabulary.dimensions[n].label for n in sorted(names) if n in self._vocabulary.dimensions)
        said = tuple(m.text for m in (*dimensions, *values) if not self._reachable(m, names))
        others = "" if len(metrics) == 1 else " together with the other metrics"
        what = " and ".join(f"“{text}”" for text in said) or "that combination"
        return Problem(2, f"{labels}{others} cannot be split or filtered by {what}.", said, known[:6])

    def _without_calendar(self, metrics: Sequence[str], said: Sequence[Mention]) -> Problem | None:
        """Why a metric has no such part of the calendar, where that is what was asked for."""
        for mention in said:
            part = first_date_part(_refs(mention))
            lacking = [self._vocabulary.metrics[name] for name in metrics]
            lacking = [metric for metric in lacking if not _refs(mention) & metric.dimensions]
            if part and lacking:
                metric, of = lacking[0], DATE_PARTS[part].label.lower()
                reason = f"{metric.label} has no {of} (“{mention.text}”): it is no sum over single days."
                return Problem(2, reason, (mention.text,), (f"{metric.label} by {metric.min_grain}",), final=True)
        return None

    @staticmethod
    def _reachable(mention: Mention, names: frozenset[str]) -> bool:
        return bool(_refs(mention) & names)


def _is_moment(time: Mention) -> bool:
    """Whether a time is one day, or says how things stood on one: "as of 31 December"."""
    bound = time.payload.bound
    stood = bound is not None and bound.kind == "until" and bound.named.start == bound.named.end
    return time.payload.is_day or (stood and words_of(time.text.lower())[:1] == ("as",))


def _refs(mention: Mention) -> set[str]:
    """The dimensions that a mention of a dimension or a value may be of."""
    return {hit.ref if isinstance(hit, Hit) else hit.dimension for hit in mention.payload}


def _refs_of(mentions: Sequence[Mention]) -> set[str]:
    return set().union(*(_refs(mention) for mention in mentions))


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words_of(text)]


def _of(cover: Cover, kind: Kind) -> list[Mention]:
    return [mention for mention in cover.mentions if mention.kind is kind]


def _path(name: str) -> tuple[bool, int, str]:
    return name in DATE_PARTS, name.count("__"), name


def _asks_how_frequent(cover: Cover) -> bool:
    """Whether the most or least common is asked for; what is popular may be counted in more than one way."""
    often = FREQUENT - {"popular"}
    return any(m.kind is Kind.SUPERLATIVE and often & set(words_of(m.text.lower())) for m in cover.mentions)


def _asks_for_things(cover: Cover) -> bool:
    """Whether values are counted or listed: "how many different types", "list the cities"."""
    said = [m for m in cover.mentions if m.kind is not Kind.FILLER]
    counted = any(
        a.kind is Kind.COUNT and a.text.lower() in NUMBERING and b.kind is Kind.DIMENSION
        for a, b in itertools.pairwise(said)
    )
    return counted or any(m.kind is Kind.LIST for m in said)


def _counting_before(mention: Mention, cover: Cover) -> tuple[str, ...]:
    """The counting word right before a mention: "total", "number"."""
    before = [m for m in cover.mentions if m.last <= mention.first and m.text.lower() not in GLUE]
    return words_of(before[-1].text) if before and before[-1].kind is Kind.COUNT else ()


def _counting_after(mention: Mention, cover: Cover) -> tuple[str, ...]:
    """The counting word right after a mention: the amount of "total sales amount"."""
    after = next((m for m in cover.mentions if m.first >= mention.last), None)
    return words_of(after.text) if after and after.kind is Kind.COUNT else ()


def _is_bounded(mention: Mention, cover: Cover) -> bool:
    """Whether a bare number of it is said right before: "more than 3 sales" are no money."""
    before = next((m for m in cover.mentions if m.last == mention.first), None)
    return before is not None and before.kind is Kind.THRESHOLD and before.payload == replace(before.payload, unit=None)


def _asks_how_many(cover: Cover) -> bool:
    """Whether a number of some value is asked for: "how many gel pens"."""
    said = [m for m in cover.mentions if m.kind is not Kind.FILLER]
    return any(
        a.kind is Kind.COUNT and a.text.lower() in NUMBERING and b.kind is Kind.VALUE
        for a, b in itertools.pairwise(said)
    )
