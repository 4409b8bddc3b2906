"""Grammar: from a cover whose terms are known to a plan.

Belongs here: which dimension groups and which names a filter, what is negated, what is ranked, which metric a
threshold or a superlative is about. Every mention must end up with a part in the plan; one that does not is a
problem. Does not belong here: finding mentions (``mentions``), choosing terms (``resolve``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from nlq.lexicon import Hit, ValueHit
from nlq.mentions import Bound, GrainWord, Kind, Mention, Top
from nlq.plan import DimensionFilter, Grain, Operator, OrderBy, Plan, Threshold, TimeRange
from nlq.resolve import Assignment, Problem
from nlq.timewords import TIME_WORDS, TimeSpan
from nlq.vocabulary import TIME_DIMENSION, Metric, Vocabulary
from nlq.words import ENGLISH, UNITS, is_plural, singular, stem, words_of

_NOT_SIGNIFICANT = {Kind.FILLER, Kind.COUNT, Kind.DOMAIN}
_NOT_AMOUNTS = {stem(word) for word in ("average", "rate", "median", "percentile", "mean", "growth", "change")}
_STEPS = list(Grain)
_GROUPING = {Kind.BY, Kind.WHICH, Kind.TOP, Kind.SUPERLATIVE}


class _RefusedError(Exception):
    def __init__(self, rank: int, reason: str, *words: str, nearest: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.problem = Problem(rank, reason, words, tuple(nearest))


@dataclass(frozen=True)
class Decision:
    """One thing understood: the words of the question and what they were taken for."""

    words: str
    meaning: str


@dataclass(frozen=True)
class Reading:
    """A plan that a cover asks for. ``sure`` is false where the metric was only guessed: then ask back."""

    plan: Plan
    confidence: float
    because: tuple[Decision, ...]
    sure: bool = True


@dataclass
class _Rank:
    end: str
    count: int | None
    position: int
    word: str


@dataclass
class _Draft:
    metrics: list[str] = field(default_factory=list)
    metric_at: list[tuple[int, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    wanted: dict[str, list[Any]] = field(default_factory=dict)
    unwanted: dict[str, list[Any]] = field(default_factory=dict)
    bounds: list[tuple[int, Bound]] = field(default_factory=list)
    ranks: list[_Rank] = field(default_factory=list)
    times: list[tuple[int, TimeSpan, str]] = field(default_factory=list)
    grain: Grain | None = None
    trend: bool = False
    singular_rank: bool = False
    sort: str | None = None
    first_rows: int | None = None
    asked: tuple[int, str] | None = None
    confidence: float = 1.0
    because: list[Decision] = field(default_factory=list)


class Reader:
    """Reads one cover under one assignment. ``good_end`` settles what best and worst mean, if asked back."""

    def __init__(self, vocabulary: Vocabulary, mentions: Iterable[Mention], assignment: Assignment) -> None:
        self._vocabulary = vocabulary
        self._all = tuple(mentions)
        self._mentions = [m for m in self._all if m.kind not in _NOT_SIGNIFICANT]
        self._assignment = assignment
        self._draft = _Draft()
        self._used: set[int] = set()
        self._negated: set[int] = set()

    def read(self) -> list[Reading] | Problem:
        """The readings (several only where best and worst are open), or the problem."""
        try:
            self._forbid_unknown()
            for position, mention in enumerate(self._mentions):
                self._take(position, mention)
            self._imply_metric()
            self._check_leftovers()
            return [self._finish(end) for end in self._ends()]
        except _RefusedError as refusal:
            return refusal.problem

    # --- one mention at a time

    def _take(self, position: int, mention: Mention) -> None:
        handler = {
            Kind.METRIC: self._metric,
            Kind.DIMENSION: self._dimension,
            Kind.VALUE: self._value,
            Kind.TIME: self._time,
            Kind.GRAIN: self._grain,
            Kind.TREND: self._trend,
            Kind.TOP: self._top,
            Kind.SUPERLATIVE: self._superlative,
            Kind.THRESHOLD: self._threshold,
            Kind.ORDER: self._order,
        }.get(mention.kind)
        if handler:
            handler(position, mention)

    def _metric(self, position: int, mention: Mention) -> None:
        hit = self._assignment.metrics[mention.first]
        metric = self._vocabulary.metrics[hit.ref]
        if mention.contested and self._stands_for_dimension(position):
            raise _RefusedError(3, f"“{mention.text}” is read as a dimension here.", mention.text)
        if hit.ref not in self._draft.metrics:
            self._draft.metrics.append(hit.ref)
        self._draft.metric_at.append((position, hit.ref))
        self._believe(mention, f"metric {metric.label}", 1.0 if hit.full else 0.6 + 0.3 * hit.coverage)

    def _dimension(self, position: int, mention: Mention) -> None:
        hit = self._assignment.dimensions[mention.first]
        dimension = self._vocabulary.dimensions[hit.ref]
        if dimension.is_time:
            raise _RefusedError(2, f"{dimension.label} is a time; metrics go by their own time.", mention.text)
        before = self._kind(position - 1)
        after = position + 2 if self._kind(position + 1) is Kind.NOT else position + 1
        names_value = self._value_dimension(after) == hit.ref or (
            self._value_dimension(position - 1) == hit.ref and before not in _GROUPING
        )
        if names_value and before is not Kind.BY:
            self._believe(mention, f"names the dimension {dimension.label}", 1.0)
            return
        if mention.contested and not self._stands_for_dimension(position):
            raise _RefusedError(3, f"“{mention.text}” is read as a metric here.", mention.text)
        if dimension.is_boolean and before not in _GROUPING:
            raise _RefusedError(3, f"It is not clear whether to split by {dimension.label}.", mention.text)
        strong = before in _GROUPING or (before in (Kind.AND, Kind.DIMENSION) and bool(self._draft.groups))
        if hit.ref not in self._draft.groups:
            self._draft.groups.append(hit.ref)
        if self._is_singular(mention) and before in (Kind.WHICH, None, Kind.SUPERLATIVE):
            self._draft.singular_rank = True
        factor = (1.0 if strong else 0.9) * (1.0 if hit.full else 0.85)
        self._believe(mention, f"by {dimension.label}", factor)

    def _value(self, position: int, mention: Mention) -> None:
        hit = self._assignment.values[mention.first]
        dimension = self._vocabulary.dimensions[hit.dimension]
        named = self._names(position - 1, hit.dimension) or self._names(position + 1, hit.dimension)
        if _is_weak(mention, hit) and not named:
            raise _RefusedError(1, f"It is not clear whether “{mention.text}” means a {dimension.label}.", mention.text)
        negated = self._is_negated(position, hit)
        if negated:
            self._negated.add(position)
        self._joined_by_or(position, hit)
        value, target = hit.value, self._draft.unwanted if negated else self._draft.wanted
        if isinstance(value, bool) and negated:
            value, target = False, self._draft.wanted
        chosen = target.setdefault(hit.dimension, [])
        if value not in chosen:
            chosen.append(value)
        sign = "not " if negated else ""
        self._believe(mention, f"{dimension.label} is {sign}{hit.value}", 1.0 if hit.full else 0.8)

    def _time(self, position: int, mention: Mention) -> None:
        if self._kind(position - 1) is Kind.NOT:
            raise _RefusedError(
                2, f"A time cannot be left out ({mention.text}); say which time to include.", mention.text
            )
        self._draft.times.append((position, mention.payload, mention.text))

    def _grain(self, position: int, mention: Mention) -> None:
        word: GrainWord = mention.payload
        before = self._kind(position - 1)
        ranked = Kind.SUPERLATIVE in (before, self._kind(position + 1))
        allowed = ranked or before in _GROUPING | {Kind.DIMENSION} or (before is Kind.AND and self._draft.groups)
        if word.bare and not allowed:
            raise _RefusedError(1, f"It is not clear what “{mention.text}” asks for.", mention.text)
        if self._draft.grain and self._draft.grain is not word.grain:
            raise _RefusedError(2, f"One step of time at a time: {self._draft.grain} or {word.grain}?", mention.text)
        self._draft.grain = word.grain
        if not word.plural and (word.which or before is Kind.WHICH or ranked):
            self._draft.singular_rank = True
        self._believe(mention, f"one row per {word.grain}", 1.0)

    def _trend(self, position: int, mention: Mention) -> None:
        self._draft.trend = True

    def _top(self, position: int, mention: Mention) -> None:
        top: Top = mention.payload
        if top.count > 1000:
            raise _RefusedError(2, "An answer has at most 1,000 rows.", mention.text)
        if top.end is None:
            self._draft.first_rows = top.count
            self._believe(mention, f"the first {top.count}", 1.0)
        elif top.end == "asked":
            self._draft.asked = (top.count, mention.text)
        else:
            self._draft.ranks.append(_Rank(top.end, top.count, position, mention.text))

    def _superlative(self, position: int, mention: Mention) -> None:
        self._draft.ranks.append(_Rank(mention.payload, None, position, mention.text))

    def _threshold(self, position: int, mention: Mention) -> None:
        self._draft.bounds.append((position, mention.payload))

    def _order(self, position: int, mention: Mention) -> None:
        self._draft.sort = mention.payload
        self._believe(mention, f"sorted, {mention.payload} first", 1.0)

    # --- values: negation and any-of

    def _is_negated(self, position: int, hit: ValueHit) -> bool:
        """Whether a "not" stands right before the value, or before a list of values of the same dimension."""
        at = self._before_value(position)
        if self._kind(at) is Kind.NOT:
            self._used.add(at)
            return True
        if self._kind(at) not in (Kind.AND, Kind.OR):
            return False
        previous = self._before_value(at)
        if previous not in self._negated:
            return False
        if self._value_dimension(previous) != hit.dimension:
            said = self._mentions[position].text
            raise _RefusedError(2, f"It is not clear whether “{said}” is left out as well; say it of each.", said)
        return True

    def _joined_by_or(self, position: int, hit: ValueHit) -> None:
        """An "or" may only stand between values of one dimension."""
        at = self._before_value(position)
        if self._kind(at) is not Kind.OR:
            return
        if self._value_dimension(self._before_value(at)) != hit.dimension:
            raise _RefusedError(2, "“or” works between values of one dimension only; ask two questions.", "or")
        self._used.add(at)

    def _before_value(self, position: int) -> int:
        """The nearest position to the left that is no dimension naming a value."""
        return position - 2 if self._kind(position - 1) is Kind.DIMENSION else position - 1

    # --- what must hold at the end

    def _forbid_unknown(self) -> None:
        unknown = [at for at, mention in enumerate(self._all) if mention.kind is Kind.UNKNOWN]
        if not unknown:
            return
        words = [self._all[at].text for at in unknown]
        before = self._all[unknown[0] - 1] if unknown[0] else None
        if len(unknown) == 1 and before and before.kind is Kind.DIMENSION:
            dimension = self._vocabulary.dimensions[self._assignment.dimensions[before.first].ref]
            if dimension.values.items:
                known = [str(value) for value in dimension.values.items[:5]]
                reason = f"There is no {dimension.label} called “{words[0]}”."
                raise _RefusedError(1, reason, *words, nearest=known)
        said = ", ".join(f"“{word}”" for word in words)
        raise _RefusedError(1, f"I do not know what {said} means here.", *words)

    def _imply_metric(self) -> None:
        implied = self._assignment.implied
        if implied is None or self._draft.metrics:
            return
        self._draft.metrics.append(implied)
        self._draft.metric_at.append((-1, implied))
        label = self._vocabulary.metrics[implied].label
        self._draft.because.append(Decision("", f"metric {label}, because none was named"))
        self._draft.confidence *= 0.8

    def _check_leftovers(self) -> None:
        for position, mention in enumerate(self._mentions):
            if mention.kind is Kind.NOT and position not in self._used:
                raise _RefusedError(2, f"I cannot tell what “{mention.text}” leaves out.", mention.text)
            if mention.kind is Kind.OR and position not in self._used:
                raise _RefusedError(2, "“or” works between values of one dimension only; ask two questions.", "or")
            if mention.kind is Kind.BY and self._kind(position + 1) not in (
                Kind.DIMENSION,
                Kind.METRIC,
                Kind.GRAIN,
                Kind.BY,
                Kind.SUPERLATIVE,
            ):
                self._dangling_by(position, mention)
        self._check_counts()
        self._check_versus()

    def _dangling_by(self, position: int, mention: Mention) -> None:
        said = mention.text.lower()
        if said == "wise" and self._kind(position - 1) is Kind.DIMENSION:
            return
        if said == "by" and self._kind(position + 1) is Kind.VALUE:
            following = self._mentions[position + 1].first
            if not isinstance(self._assignment.values[following].value, bool):
                return
        raise _RefusedError(2, f"I cannot tell what stands after “{mention.text}”.", mention.text)

    def _check_counts(self) -> None:
        """How many, number of, total: only of things that are amounts."""
        for at, mention in enumerate(self._all):
            if mention.kind is not Kind.COUNT:
                continue
            following = next((m for m in self._all[at + 1 :] if m.kind not in _NOT_SIGNIFICANT), None)
            if following and following.kind is Kind.METRIC:
                metric = self._vocabulary.metrics[self._assignment.metrics[following.first].ref]
                if not is_amount(metric):
                    raise _RefusedError(2, f"{metric.label} is not an amount (“{mention.text}”).", mention.text)

    def _check_versus(self) -> None:
        draft = self._draft
        versus = next((m for m in self._mentions if m.kind is Kind.VERSUS), None)
        if versus is None:
            return
        pairs = [name for name, values in draft.wanted.items() if len(values) > 1]
        for name in pairs:
            if name not in draft.groups:
                draft.groups.append(name)
                label = self._vocabulary.dimensions[name].label
                draft.because.append(Decision(versus.text, f"one row per {label}"))
        several = len(draft.times) > 1 or len(draft.metrics) > 1
        if not (pairs or several or draft.groups or draft.grain):
            raise _RefusedError(2, "I cannot tell what to compare with what.", versus.text)

    # --- finishing

    def _ends(self) -> list[str | None]:
        """Both meanings of best and worst where the layer does not say which end is good."""
        rank = self._rank()
        if rank is None or rank.end not in ("best", "worst"):
            return [None]
        metric = self._vocabulary.metrics[self._ranked_metric(rank)]
        if metric.direction in ("up", "down"):
            good = "highest" if metric.direction == "up" else "lowest"
            bad = "lowest" if good == "highest" else "highest"
            return [good if rank.end == "best" else bad]
        return ["highest", "lowest"]

    def _rank(self) -> _Rank | None:
        """The one rank asked for; "top 5 with the lowest …" is one rank."""
        ranks, asked = self._draft.ranks, self._draft.asked
        if not ranks:
            if asked:
                raise _RefusedError(2, f"“{asked[1]}” by which order? Say highest or lowest.", asked[1])
            return None
        if len(ranks) > 2 or len([r for r in ranks if r.count]) > 1:
            raise _RefusedError(2, "One ranking at a time, please.", *(r.word for r in ranks))
        last = ranks[-1]
        count = next((r.count for r in ranks if r.count), asked[0] if asked else None)
        return replace(last, count=count)

    def _ranked_metric(self, rank: _Rank) -> str:
        after = [name for position, name in self._draft.metric_at if position > rank.position]
        return after[0] if after else self._draft.metrics[0]

    def _finish(self, end: str | None) -> Reading:
        draft = self._draft
        because = list(draft.because)
        time_range, grain = self._time_range(because)
        grain = self._possible_grain(grain, because)
        order, limit, ties, filters = self._ordering(end, grain, because)
        having = tuple(self._having(position, bound, grain, because) for position, bound in draft.bounds)
        try:
            plan = Plan(
                metrics=tuple(draft.metrics),
                group_by=tuple(draft.groups),
                filters=(*self._filters(), *filters),
                having=having,
                time_range=time_range,
                grain=grain,
                order_by=order,
                limit=limit,
                ties=ties,
            )
        except ValueError as error:
            raise _RefusedError(2, f"That asks for too much at once: {_first_line(error)}") from error
        return Reading(plan, round(draft.confidence, 3), tuple(because), not self._assignment.guessed)

    def _filters(self) -> list[DimensionFilter]:
        draft = self._draft
        wanted = [DimensionFilter(dimension=name, values=tuple(v)) for name, v in draft.wanted.items()]
        unwanted = [
            DimensionFilter(dimension=name, operator=Operator.NOT_IN, values=tuple(v))
            for name, v in draft.unwanted.items()
        ]
        return [*wanted, *unwanted]

    def _time_range(self, because: list[Decision]) -> tuple[TimeRange | None, Grain | None]:
        grain, times = self._draft.grain, self._draft.times
        if len(times) > 1:
            return self._periods(because)
        chosen = times[0][1].range if times else None
        if chosen:
            because.append(Decision(times[0][2], say_range(chosen)))
        if self._draft.trend and grain is None:
            grain = _step_for(chosen)
            because.append(Decision("", f"one row per {grain}, to show the course"))
        return chosen, grain

    def _possible_grain(self, grain: Grain | None, because: list[Decision]) -> Grain | None:
        """A step of time where a metric needs one, and none finer than the data has."""
        metrics = [self._vocabulary.metrics[name] for name in self._draft.metrics]
        finest = max((Grain(metric.min_grain) for metric in metrics), key=_STEPS.index)
        if grain is not None:
            if _STEPS.index(grain) < _STEPS.index(finest):
                coarse = next(metric.label for metric in metrics if metric.min_grain == finest)
                raise _RefusedError(2, f"{coarse} exists by {finest} at the finest.", str(grain))
            return grain
        needy = next((metric.label for metric in metrics if metric.needs_time), None)
        if needy is None:
            return None
        step = max(Grain.MONTH, finest, key=_STEPS.index)
        because.append(Decision("", f"one row per {step}, because {needy} exists only per period"))
        return step

    def _periods(self, because: list[Decision]) -> tuple[TimeRange, Grain | None]:
        """Two neighbouring periods of one kind become one range with a row each."""
        spans = sorted((span for _, span, _ in self._draft.times), key=lambda s: s.range.start or date.min)
        units = {span.unit for span in spans}
        words = [text for _, _, text in self._draft.times]
        joined = all(
            a.range.end and b.range.start and a.range.end + timedelta(days=1) == b.range.start
            for a, b in itertools.pairwise(spans)
        )
        unit = units.pop() if len(units) == 1 else None
        if not joined or unit is None or self._draft.grain not in (None, Grain(unit)):
            raise _RefusedError(2, "Two times in one question: ask for each of them.", *words)
        whole = TimeRange(start=spans[0].range.start, end=spans[-1].range.end)
        because.append(Decision(", ".join(words), f"{say_range(whole)}, one row per {unit}"))
        return whole, Grain(unit)

    def _ordering(
        self, end: str | None, grain: Grain | None, because: list[Decision]
    ) -> tuple[tuple[OrderBy, ...], int, bool, list[DimensionFilter]]:
        draft, rank = self._draft, self._rank()
        limit = draft.first_rows or 1000
        if rank is None:
            return self._plain_order(grain), limit, False, []
        metric = self._ranked_metric(rank)
        descending = self._descending(end or rank.end, metric, rank.word)
        if not draft.groups and grain is None:
            raise _RefusedError(3, f"“{rank.word}” of what? Say by which dimension to rank.", rank.word)
        if draft.groups and grain is not None:
            raise _RefusedError(2, f"I cannot rank (“{rank.word}”) within each {grain}; ask for one period.", rank.word)
        order = (OrderBy(field=metric, descending=descending),)
        count = rank.count or (1 if draft.singular_rank else None)
        label = self._vocabulary.metrics[metric].label
        which = "highest" if descending else "lowest"
        because.append(Decision(rank.word, f"{which} {label} first" + (f", {count} of them" if count else "")))
        known = [DimensionFilter(dimension=name, operator=Operator.IS_NOT_NULL) for name in draft.groups]
        return order, count or limit, count is not None, known if count else []

    def _plain_order(self, grain: Grain | None) -> tuple[OrderBy, ...]:
        draft = self._draft
        descending = draft.sort != "lowest"
        by_metric = OrderBy(field=draft.metrics[0], descending=descending)
        if grain is not None:
            return (by_metric,) if draft.sort else (OrderBy(field=TIME_DIMENSION), by_metric)
        return (by_metric,) if draft.groups else ()

    def _descending(self, end: str, metric: str, word: str) -> bool:
        if end in ("longest", "shortest"):
            term = self._vocabulary.metrics[metric]
            if duration_unit(term) is None:
                raise _RefusedError(2, f"“{word}” needs a duration, and {term.label} is none.", word)
        return end in ("highest", "longest")

    def _having(self, position: int, bound: Bound, grain: Grain | None, because: list[Decision]) -> Threshold:
        draft = self._draft
        metric = self._bound_metric(position)
        if not draft.groups and grain is None:
            raise _RefusedError(
                2, "A limit on a metric needs groups: say by which dimension.", self._mentions[position].text
            )
        term = self._vocabulary.metrics[metric]
        value = _in_units_of(bound, term)
        threshold = Threshold(metric=metric, comparator=bound.comparator, value=value)
        text = self._mentions[position].text
        because.append(Decision(text, f"{term.label} {bound.comparator.sql} {value:g}"))
        return threshold

    def _bound_metric(self, position: int) -> str:
        placed = dict(self._draft.metric_at)
        if position + 1 in placed:
            return placed[position + 1]
        before = [name for at, name in self._draft.metric_at if at < position]
        return before[-1] if before else self._draft.metrics[0]

    # --- neighbours

    def _kind(self, position: int) -> Kind | None:
        return self._mentions[position].kind if 0 <= position < len(self._mentions) else None

    def _value_dimension(self, position: int) -> str | None:
        if self._kind(position) is not Kind.VALUE:
            return None
        return self._assignment.values[self._mentions[position].first].dimension

    def _names(self, position: int, dimension: str) -> bool:
        if self._kind(position) is not Kind.DIMENSION:
            return False
        hit: Hit = self._assignment.dimensions[self._mentions[position].first]
        return hit.ref == dimension

    def _stands_for_dimension(self, position: int) -> bool:
        """Whether words that name a metric and a dimension stand where a dimension does: "by order", "which order".

        After a ranking, "by" is followed by the metric to rank by.
        """
        before = self._kind(position - 1)
        if before is Kind.BY:
            return not (self._draft.ranks or self._draft.first_rows or self._draft.asked)
        if before is Kind.SUPERLATIVE:
            return singular(self._mentions[position - 1].text.lower()) in ("top", "bottom", "best", "worst")
        return before in (Kind.WHICH, Kind.TOP)

    @staticmethod
    def _is_singular(mention: Mention) -> bool:
        words = words_of(mention.text)
        return bool(words) and not is_plural(words[-1])

    def _believe(self, mention: Mention, meaning: str, factor: float) -> None:
        self._draft.because.append(Decision(mention.text, meaning))
        self._draft.confidence *= factor


def is_amount(metric: Metric) -> bool:
    """Whether the metric is a count or a sum, not an average or a rate."""
    said = {stem(word) for word in (*words_of(metric.label), *words_of(metric.name))}
    return not metric.is_ratio and not said & _NOT_AMOUNTS


def duration_unit(metric: Metric) -> str | None:
    """The unit of a duration metric: minute, hour, day or week; None for any other metric."""
    said = (metric.unit or "", metric.format or "", *words_of(metric.label), *words_of(metric.name))
    return next((singular(word.lower()) for word in said if singular(word.lower()) in UNITS), None)


def say_range(chosen: TimeRange) -> str:
    """The days of a range in words."""
    if chosen.start is None:
        return f"up to {chosen.end}"
    return f"from {chosen.start} to {chosen.end}" if chosen.end else f"from {chosen.start}"


def _in_units_of(bound: Bound, metric: Metric) -> float:
    if bound.unit:
        unit = duration_unit(metric)
        if unit is None:
            raise _RefusedError(2, f"{metric.label} is not counted in {bound.unit}s.", bound.unit)
        return bound.value * UNITS[bound.unit] / UNITS[unit]
    if bound.percent and not metric.is_ratio:
        raise _RefusedError(2, f"{metric.label} is not a percentage.", "%")
    in_percent = bound.percent or (metric.is_ratio and bound.value > 1)
    return bound.value / 100 if in_percent else bound.value


def _step_for(chosen: TimeRange | None) -> Grain:
    if chosen is None or chosen.start is None or chosen.end is None:
        return Grain.MONTH
    days = (chosen.end - chosen.start).days + 1
    return Grain.DAY if days <= 31 else Grain.WEEK if days <= 120 else Grain.MONTH


def _is_weak(mention: Mention, hit: ValueHit) -> bool:
    """Values that are also plain words or bare numbers need their dimension named, quotes or capitals."""
    if mention.text.startswith(('"', "'", "“")) or (len(mention.text) > 1 and mention.text == str(hit.value)):
        return mention.text.isdigit()
    return all(word.isdigit() or word in ENGLISH or word in TIME_WORDS for word in words_of(mention.text))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
