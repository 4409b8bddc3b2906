"""The plans that a question may ask for, put together from what its words are near to; words may stay unexplained.

Belongs here: which parts there are, and which of them go together in the layer. Does not belong here: how well a plan
fits (``features``), which is offered (``ranker``).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from nlq.core.plan import Comparator, DimensionFilter, Grain, Operator, Threshold, TimeRange
from nlq.core.vocabulary import Vocabulary
from nlq.english import general as w
from nlq.english.tokens import set_of
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Bound, Kind
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.literals import Piece
from nlq.planning.ranked.features import Features, Part
from nlq.planning.ranked.near import Fit
from nlq.planning.ranked.signals import Signals, Span, Value
from nlq.planning.ranked.sketch import Rank, Sketch

_MOST_GROUPS, _MOST_GROUP_SETS, _MOST_FILTER_SETS = 8, 9, 6
_MOST_PAIRS = 8
_MOST_BASES = 220
_MOST_FLAGS = 2
_MOST_YEARS = 1
_WORD = 0.6
_STRONG = 0.75
_FAIR = 0.45
"""Of a pair of figures the one must be named as well as this, the other strongly."""
_BESIDE = 3
_LISTED = w.LISTING | w.SHOWING | w.WHICH_WORDS | {"name", "names", "find", "who", "all"}
Filters = tuple[DimensionFilter, ...]
Worth = Callable[[Part], float]


class Candidates:
    """The sketches of one question. ``worth`` tells how much a part is worth by itself, to keep the best of many."""

    def __init__(self, signals: Signals, lexicon: Lexicon, parts: Features, worth: Worth) -> None:
        self._signals, self._lexicon = signals, lexicon
        self._vocabulary: Vocabulary = lexicon.vocabulary
        self._parts, self._worth = parts, worth
        words = signals.words
        self._says_share = bool(words & w.SHARE_WORDS)
        self._says_ratio = self._says_share or bool(words & (set_of("ratio ratios divided") | w.RATES | {"per"}))

    def all(self) -> Iterator[Sketch]:
        """Every sketch, some more than once."""
        bases: list[tuple[float, int, Sketch]] = []
        grain = self._grain()
        for metrics in self._metric_sets():
            reachable = self._vocabulary.shared_dimensions(metrics)
            groups = self._group_sets(reachable)
            filters = self._filter_sets(reachable)
            times = list(self._times(reachable))
            bounds = list(self._bounds(metrics, reachable))
            parts = self._parts
            own = [parts.metric(name, further=at > 0) for at, name in enumerate(metrics)]
            steps = [((), grain), *self._years(reachable, grain)]
            chosen = itertools.product(groups, filters, times, bounds, steps)
            for group, some, (time, years), (having, limits), (year, step) in chosen:
                filtered, split = (*some, *years, *limits), (*group, *(name for name in year if name not in group))
                kept = [*own, *map(parts.group, split), *map(parts.filter, filtered)]
                worth = self._quick(kept)
                bases.append((worth, len(bases), Sketch(metrics, split, filtered, having, time, step)))
        for _, _, base in heapq.nlargest(_MOST_BASES, bases):
            yield from self._shapes(base)

    def _quick(self, parts: Sequence[Part]) -> float:
        """About how much parts are worth together: what each is, and the words that they explain."""
        at, worth = 0, 0.0
        for part in parts:
            at |= part.at
            worth += self._worth(part)
        return worth + _WORD * (at & self._parts.telling).bit_count()

    # --- metrics

    def _metric_sets(self) -> list[tuple[str, ...]]:
        fits = list(self._signals.metrics)
        names = [fit.ref for fit in fits]
        if not fits or max(fit.coverage for fit in fits) < _STRONG:
            named = [fit.ref for fit in self._signals.dimensions[:3]]
            named += [option.dimension for span in self._signals.spans for option in span.options[:1]]
            about = {self._vocabulary.dimensions[name].thing for name in named}
            names += [name for thing in sorted(about) if thing for name in self._lexicon.counting(thing)]
            names += [metric.name for metric in self._vocabulary.plain_metrics()[:2]]
        single = [(name,) for name in dict.fromkeys(names)]
        known = [(fit, fit.coverage * fit.likeness) for fit in fits]
        pairs = [
            (-(a.said + b.said) - (well + fairly) / 2, a.ref, b.ref)
            for (a, well), (b, fairly) in itertools.combinations(known, 2)
            if max(well, fairly) >= _STRONG and min(well, fairly) >= _FAIR and not (a.at <= b.at or b.at <= a.at)
        ]
        chosen = [(a, b) for _, a, b in sorted(pairs)[:_MOST_PAIRS]]
        turned = [(b, a) for a, b in chosen] if self._signals.rank or self._says_ratio else []
        return [*single, *chosen, *turned[: _MOST_PAIRS // 2]]

    # --- groups

    def _group_sets(self, reachable: frozenset[str]) -> list[tuple[str, ...]]:
        fits = [fit for fit in self._signals.dimensions if fit.ref in reachable]
        fits.sort(key=lambda f: self._worth(self._parts.group(f.ref)), reverse=True)
        fits = fits[:_MOST_GROUPS]
        found: dict[tuple[str, ...], float] = {(): 0.0}
        for fit in fits:
            found[(fit.ref,)] = self._worth(self._parts.group(fit.ref))
        for a, b in itertools.combinations(fits[:6], 2):
            if not (a.at <= b.at and b.at <= a.at) or (a.coverage == b.coverage == 1 and a.source != "entity"):
                found[(a.ref, b.ref)] = found[(a.ref,)] + found[(b.ref,)]
        listed = self._listed(fits)
        ranked = sorted(found, key=lambda one: -found[one])
        kept = [(), *(one for one in ranked if one)][:_MOST_GROUP_SETS]
        return [*kept, *([listed] if len(listed) > 1 and listed not in kept else [])]

    def _listed(self, fits: Sequence[Fit]) -> tuple[str, ...]:
        """All that is named in full, each word by the best of what it names."""
        taken: set[int] = set()
        found: list[Fit] = []
        for fit in sorted(fits, key=lambda f: (-f.coverage * f.likeness, -len(f.at))):
            if fit.coverage * fit.likeness >= _STRONG and not fit.at & taken and fit.source != "entity":
                taken |= fit.at
                found.append(fit)
        found = [fit for fit in found if any(self._signals.licensed.get(at) for at in fit.at)]
        return tuple(fit.ref for fit in sorted(found, key=lambda f: min(f.at)))[:5]

    # --- filters

    def _filter_sets(self, reachable: frozenset[str]) -> list[Filters]:
        options = [self._span_options(span, reachable) for span in self._signals.spans]
        options += [found for found in self._numbered(reachable) if found]
        options += list(self._flags(reachable))
        scored: list[tuple[float, Filters]] = []
        for chosen in itertools.islice(itertools.product(*options), 200):
            filters = _together([one for one in chosen if one])
            spent = sum(one is None for one in chosen)
            worth = sum(self._worth(self._parts.filter(f)) for f in filters) - 1.5 * spent
            scored.append((worth, filters))
        scored.sort(key=lambda item: -item[0])
        kept = list(dict.fromkeys(filters for _, filters in scored))[:_MOST_FILTER_SETS]
        return kept or [()]

    def _span_options(self, span: Span, reachable: frozenset[str]) -> list[DimensionFilter | None]:
        found: list[DimensionFilter | None] = []
        for option in [one for one in span.options if one.dimension in reachable][:3]:
            if isinstance(option.value, Piece):
                found.append(_filter(option.dimension, Operator.CONTAINS, (str(option.value),)))
                continue
            values = option.value if isinstance(option.value, tuple) else (option.value,)
            found.append(_filter(option.dimension, Operator.NOT_IN if span.negated else Operator.IN, values))
            if option.coverage < 1 and self._is_piece(option):
                found.append(_filter(option.dimension, Operator.CONTAINS, (option.text,)))
        return [*(one for one in found if one), None]

    def _flags(self, reachable: frozenset[str]) -> Iterator[list[DimensionFilter | None]]:
        """Yes or no, of flags that are named in other words: those who went through treatments are treated."""
        known = {option.dimension for span in self._signals.spans for option in span.options}
        flags = [fit for fit in self._signals.dimensions if fit.ref in reachable and fit.ref not in known]
        for fit in [one for one in flags if one.coverage * one.likeness >= _FAIR][:_MOST_FLAGS]:
            if meant := self._vocabulary.dimensions[fit.ref].yes_no:
                before = {self._signals.tokens[at].norm for at in range(max(0, max(fit.at) - _BESIDE), max(fit.at))}
                value = meant[bool(before & (w.NOT_WORDS | {"never"}))]
                yield [DimensionFilter(dimension=fit.ref, values=(value,)), None]

    @staticmethod
    def _is_piece(option: Value) -> bool:
        return option.text.lower() in str(option.value).lower() and not isinstance(option.value, bool)

    def _numbered(self, reachable: frozenset[str]) -> Iterator[list[DimensionFilter | None]]:
        """Numbers right after the name of a dimension of numbers: customer 6."""
        taken = {at for span in self._signals.spans for at in span.at}
        taken |= self._signals.places(Kind.TOP)
        for at, kind in self._signals.classes.items():
            token = self._signals.tokens[at]
            if kind != "number" or at in taken or (number := token.number) is None:
                continue
            near = range(at - _BESIDE, at)
            fits = [f for f in self._signals.dimensions if f.ref in reachable and any(n in f.at for n in near)]
            known = [f for f in fits if self._vocabulary.dimensions[f.ref].is_numeric]
            value = int(number) if number.is_integer() else number
            yield [*(DimensionFilter(dimension=f.ref, values=(value,)) for f in known[:2]), None] if known else []

    # --- times and limits

    def _years(self, reachable: frozenset[str], grain: Grain | None) -> list[tuple[tuple[str, ...], None]]:
        """A year that things have themselves, instead of steps of years by the metric's own time."""
        if grain is not Grain.YEAR:
            return []
        known = (self._vocabulary.dimensions.get(name) for name in sorted(reachable))
        return [((one.name,), None) for one in known if one and one.is_year][:_MOST_YEARS]

    def _times(self, reachable: frozenset[str]) -> Iterator[tuple[TimeRange | None, Filters]]:
        """The days said, by the metric's own time, or by a year or a date of its own."""
        if not self._signals.times:
            yield None, ()
            return
        span = self._signals.times[0].payload
        days: TimeRange = span.range
        yield days, ()
        yearly = span.unit == "year" or _whole_years(days)
        for name in sorted(reachable):
            dimension = self._vocabulary.dimensions.get(name)
            if dimension and dimension.is_year and yearly:
                yield None, tuple(_bounded(name, days.start and days.start.year, days.end and days.end.year))
        near = [f for f in self._signals.dimensions if f.ref in reachable and f.coverage * f.likeness > 0.4]
        for fit in [f for f in near if self._vocabulary.dimensions[f.ref].is_time][:2]:
            yield None, tuple(_bounded(fit.ref, days.start, days.end))

    def _grain(self) -> Grain | None:
        said = self._signals.grain
        if said is None or (self._signals.rank and said.payload.bare and not said.payload.which):
            return None
        if said.payload.bare and not self._signals.words & (w.BY_WORDS | w.WHICH_WORDS):
            return None
        return said.payload.grain

    def _bounds(
        self, metrics: Sequence[str], reachable: frozenset[str]
    ) -> Iterator[tuple[tuple[Threshold, ...], Filters]]:
        """The limits said, on the figure or on a number that things have."""
        if not self._signals.bounds:
            yield (), ()
            return
        mention = self._signals.bounds[0]
        bound: Bound = mention.payload
        for name in metrics[:2]:
            yield tuple(_thresholds(name, bound)), ()
        if bound.of is None:
            fits = [f for f in self._signals.dimensions if f.ref in reachable]
            fits = [f for f in fits if self._vocabulary.dimensions[f.ref].is_numeric][:3]
            for fit in fits:
                yield (), tuple(_limits(fit.ref, bound))

    # --- shapes

    def _shapes(self, base: Sketch) -> Iterator[Sketch]:
        said = self._signals
        keyed = bool(base.groups or base.grain)
        if base.having and not keyed:
            return
        rank = self._rank(base) if keyed else None
        if rank:
            ranked = base._replace(grain=None) if base.groups and base.grain else base
            if len(ranked.groups) + bool(ranked.grain) > 0:
                yield ranked._replace(rank=rank)
        yield base
        yield from self._parts_of_wholes(base)
        if len(base.metrics) > 1 or not base.groups or base.grain or said.rank:
            return
        if said.words & _LISTED and self._lists(base):
            yield base._replace(records=True)
        if said.words & (w.NUMBERING | w.DIFFERENT) and len(base.groups) == 1:
            yield base._replace(count=True)

    def _parts_of_wholes(self, base: Sketch) -> Iterator[Sketch]:
        """One figure by the other, and shares, where something asks for them."""
        metrics = [self._vocabulary.metrics[name] for name in base.metrics]
        if base.having or not all(is_amount(metric) for metric in metrics):
            return
        if len(metrics) == 2 and self._says_ratio:
            yield base._replace(ratio=True)
        if len(metrics) == 1 and self._says_share and not base.grain:
            for item in base.filters:
                rest = tuple(one for one in base.filters if one != item)
                if item.operator in (Operator.IN, Operator.CONTAINS):
                    yield base._replace(filters=rest, share=(item,))
            if base.groups:
                yield base._replace(share=())

    def _lists(self, base: Sketch) -> bool:
        """Whether the things themselves can be listed that are counted."""
        rows = self._vocabulary.metrics[base.metrics[0]].rows
        return rows is not None and rows.counts and not base.having

    def _rank(self, base: Sketch) -> Rank | None:
        said = self._signals.rank
        if said is None:
            return None
        payload = said.payload
        end = payload.end if said.kind is Kind.TOP else payload
        count = payload.count if said.kind is Kind.TOP and payload.count else 1
        if end in (None, "asked"):
            end = "lowest" if self._signals.words & w.LOWEST else "highest"
        if end in ("best", "worst"):
            good = self._vocabulary.metrics[base.metrics[0]].direction != "down"
            return Rank(good is (end == "best"), count)
        skip = payload.skip if said.kind is Kind.TOP else 0
        return Rank(end in ("highest", "longest"), count, skip)


def _filter(dimension: str, operator: Operator, values: tuple[Any, ...]) -> DimensionFilter | None:
    """A filter of words as they stand; none of those that no plan can keep, as with the character NUL."""
    try:
        return DimensionFilter(dimension=dimension, operator=operator, values=values)
    except ValidationError:
        return None


def _together(filters: Sequence[DimensionFilter]) -> Filters:
    """Values of one dimension in one filter."""
    merged: dict[tuple[str, Operator], DimensionFilter] = {}
    for one in filters:
        key = one.dimension, one.operator
        if key in merged and one.operator in (Operator.IN, Operator.NOT_IN):
            values = tuple(dict.fromkeys((*merged[key].values, *one.values)))
            merged[key] = one.model_copy(update={"values": values})
        else:
            merged.setdefault(key, one)
    return tuple(merged.values())


def _whole_years(days: TimeRange) -> bool:
    return days.end is None or (days.end.month, days.end.day) == (12, 31)


def _bounded(name: str, first: int | date | None, last: int | date | None) -> Iterator[DimensionFilter]:
    if first == last and isinstance(first, int):
        yield DimensionFilter(dimension=name, values=(first,))
        return
    for operator, end in ((Operator.GE, first), (Operator.LE, last)):
        if end is not None:
            yield DimensionFilter(dimension=name, operator=operator, values=(end,))


def _thresholds(metric: str, bound: Bound) -> Iterable[Threshold]:
    yield Threshold(metric=metric, comparator=bound.comparator, value=bound.value, of=bound.of)
    if bound.until is not None:
        yield Threshold(metric=metric, comparator=Comparator.LE, value=bound.until)


def _limits(name: str, bound: Bound) -> Iterable[DimensionFilter]:
    value = int(bound.value) if float(bound.value).is_integer() else bound.value
    operator = Operator.IN if bound.comparator is Comparator.EQ else Operator(bound.comparator.value)
    yield DimensionFilter(dimension=name, operator=operator, values=(value,))
    if bound.until is not None:
        until = int(bound.until) if float(bound.until).is_integer() else bound.until
        yield DimensionFilter(dimension=name, operator=Operator.LE, values=(until,))
