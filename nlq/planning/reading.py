"""Grammar: what each mention of a cover adds to the draft of a plan.

Belongs here: which dimension groups and which names a filter, times, ranks, shares, and what is implied. Every mention
must end up with a part in the plan; one that does not is a problem (``leftovers``). Does not belong here: metrics and
values (``reading_metrics``, ``reading_values``), finding mentions (``finding``), choosing terms (``resolve``), putting
the plan together (``finishing``).
"""

from __future__ import annotations

from nlq.core.outcome import Problem
from nlq.core.periods import BEYOND_CALENDAR
from nlq.core.words import NUMBERING, PER_WORDS
from nlq.planning.draft import Decision, NotReadableError, Rank, Reading
from nlq.planning.finishing import Finisher
from nlq.planning.leftovers import Leftovers
from nlq.planning.lexicon import Hit
from nlq.planning.mentions import GrainWord, Growth, Kind, Mention, Top
from nlq.planning.reading_metrics import MetricReader
from nlq.planning.reading_values import ValueReader
from nlq.planning.timewords import TimeSpan
from nlq.planning.units import check_units

_GROUPING = {Kind.BY, Kind.WHICH, Kind.TOP, Kind.SUPERLATIVE}


class Reader(MetricReader, ValueReader, Leftovers):
    """Reads one cover under one assignment."""

    def read(self) -> list[Reading] | Problem:
        """The readings (several only where a word leaves something open), or the problem."""
        try:
            self._forbid_unknown()
            for position, mention in enumerate(self._mentions):
                self._take(position, mention)
            self._drop_nouns()
            self._averages()
            self._imply_metric()
            self._imply_from_before()
            self._move_to_event()
            self._check_leftovers()
            metrics = [self._vocabulary.metrics[name] for name in self._draft.metrics]
            self._draft.because.extend(check_units(self._all, metrics))
            finisher = Finisher(self._vocabulary, self._all, self._assignment, self._draft, self._event)
            return finisher.readings()
        except NotReadableError as refusal:
            return refusal.problem
        except OverflowError:
            return Problem(2, BEYOND_CALENDAR)

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
            Kind.SHARE: self._share,
            Kind.GROWTH: self._growth,
            Kind.VERSUS: self._versus,
        }.get(mention.kind)
        if handler:
            handler(position, mention)

    def _metric(self, position: int, mention: Mention) -> None:
        draft, hit = self._draft, self._assignment.metrics[mention.first]
        metric = self._vocabulary.metrics[hit.ref]
        ratio = self._is_ratio(position)
        if mention.contested and not ratio and self._stands_for_dimension(position):
            raise NotReadableError(3, f"“{mention.text}” is read as a dimension here.", mention.text)
        self._check_beside(position, mention, hit)
        if ratio:
            draft.ratio = True
        elif self._kind(position - 1) is Kind.BY and not (
            draft.ranks or draft.groups or draft.first_rows or draft.asked
        ):
            raise NotReadableError(2, f"{metric.label} is a figure; nothing can be split by it.", mention.text)
        if hit.ref not in draft.metrics:
            draft.metrics.append(hit.ref)
        draft.metric_at.append((position, hit.ref))
        self._believe(mention, f"metric {metric.label}", 1.0 if hit.full else 0.6 + 0.3 * hit.coverage)

    def _dimension(self, position: int, mention: Mention) -> None:
        draft, hit = self._draft, self._assignment.dimensions[mention.first]
        dimension = self._vocabulary.dimensions[hit.ref]
        if dimension.is_time:
            raise NotReadableError(2, f"{dimension.label} is a time; metrics go by their own time.", mention.text)
        if self._names_value(position, hit):
            self._believe(mention, f"names the dimension {dimension.label}", 1.0)
            return
        before = self._kind(position - 1)
        if mention.contested and (self._is_ratio(position) or not self._stands_for_dimension(position)):
            raise NotReadableError(3, f"“{mention.text}” is read as a metric here.", mention.text)
        if self._is_counted(position):
            self._count_values(position, mention, hit)
            return
        if dimension.is_boolean and before not in _GROUPING:
            raise NotReadableError(3, f"It is not clear whether to split by {dimension.label}.", mention.text)
        strong = before in _GROUPING or (before in (Kind.AND, Kind.DIMENSION) and bool(draft.groups))
        self._place(position, hit.ref)
        if hit.ref not in draft.groups:
            draft.groups.append(hit.ref)
        if self._is_singular(mention) and self._asks_for_one(position):
            draft.singular_rank = True
        draft.per |= self._is_per(position)
        factor = (1.0 if strong else 0.9) * (1.0 if hit.full else 0.85)
        self._believe(mention, f"by {dimension.label}", factor)

    def _place(self, position: int, name: str) -> None:
        """Keep whether a group was said with each or with by; one that goes on a list was said like the one before."""
        draft, before = self._draft, self._kind(position - 1)
        if self._is_per(position):
            draft.each.append(name)
        elif before is Kind.BY:
            draft.by.append(name)
        elif before in (Kind.AND, Kind.DIMENSION) and draft.groups:
            for said in (draft.each, draft.by):
                said.extend([name] if draft.groups[-1] in said else [])

    def _count_values(self, position: int, mention: Mention, hit: Hit) -> None:
        """How many values of a dimension there are with some of a metric: "how many wards have complaints"."""
        label = self._vocabulary.dimensions[hit.ref].label
        if self._kind(position - 1) is Kind.THRESHOLD or self._draft.counted or self._assignment.implied:
            reason = f"I cannot tell how many of {label} there are; only how many have some of a figure."
            raise NotReadableError(2, reason, mention.text)
        self._draft.counted = hit.ref
        self._draft.groups.append(hit.ref)
        self._believe(mention, f"how many of {label}", 1.0)

    def _is_counted(self, position: int) -> bool:
        """Whether a number of the dimension's values is asked for: "how many products", "more than 3 items"."""
        if self._kind(position - 1) is Kind.THRESHOLD:
            return True
        said = self._all[: self._all.index(self._mentions[position])]
        last = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        return last is not None and last.kind is Kind.COUNT and last.text.lower() in NUMBERING

    def _asks_for_one(self, position: int) -> bool:
        """Whether one of the dimension is asked for: "which ward", "best ward", "best selling category"."""
        before = self._kind(position - 1)
        if before is Kind.METRIC:
            return self._kind(position - 2) is Kind.SUPERLATIVE
        return before in (Kind.WHICH, None, Kind.SUPERLATIVE)

    def _names_value(self, position: int, hit: Hit) -> bool:
        """Whether the dimension only says what a value beside it is a value of."""
        before = self._kind(position - 1)
        after = position + 2 if self._kind(position + 1) is Kind.NOT else position + 1
        beside = self._value_dimension(after) == hit.ref or (
            self._value_dimension(position - 1) == hit.ref and before not in _GROUPING
        )
        return beside and before is not Kind.BY

    def _time(self, position: int, mention: Mention) -> None:
        if self._kind(position - 1) is Kind.NOT:
            reason = f"A time cannot be left out ({mention.text}); say which time to include."
            raise NotReadableError(2, reason, mention.text)
        self._draft.times.append((position, mention.payload, mention.text))

    def _grain(self, position: int, mention: Mention) -> None:
        draft, word = self._draft, mention.payload
        assert isinstance(word, GrainWord)
        before = self._kind(position - 1)
        ranked = Kind.SUPERLATIVE in (before, self._kind(position + 1))
        allowed = ranked or before in _GROUPING | {Kind.DIMENSION} or (before is Kind.AND and draft.groups)
        if word.bare and not allowed:
            raise NotReadableError(1, f"It is not clear what “{mention.text}” asks for.", mention.text)
        if draft.grain and draft.grain is not word.grain:
            raise NotReadableError(2, f"One step of time at a time: {draft.grain} or {word.grain}?", mention.text)
        draft.grain = word.grain
        draft.per |= mention.text.split()[0].lower() in PER_WORDS or self._is_averaged(mention)
        draft.ranks_time |= ranked or word.which or before in (Kind.TOP, Kind.WHICH)
        if not word.plural and (word.which or before is Kind.WHICH or ranked):
            draft.singular_rank = True
        self._believe(mention, f"one row per {word.grain}", 1.0)

    def _trend(self, position: int, mention: Mention) -> None:
        self._draft.trend = True

    def _top(self, position: int, mention: Mention) -> None:
        top: Top = mention.payload
        if top.count > 1000:
            raise NotReadableError(2, "An answer has at most 1,000 rows.", mention.text)
        if top.end is None:
            self._draft.first_rows = top.count
            self._believe(mention, f"the first {top.count}", 1.0)
        elif top.end == "asked":
            self._draft.asked = (top.count, mention.text)
        else:
            self._draft.ranks.append(Rank(top.end, top.count, position, mention.text, top.skip))

    def _superlative(self, position: int, mention: Mention) -> None:
        self._draft.ranks.append(Rank(mention.payload, None, position, mention.text))

    def _threshold(self, position: int, mention: Mention) -> None:
        self._draft.bounds.append((position, mention.payload))

    def _order(self, position: int, mention: Mention) -> None:
        self._draft.sort = mention.payload
        self._believe(mention, f"sorted, {mention.payload} first", 1.0)

    def _share(self, position: int, mention: Mention) -> None:
        if self._draft.share is not None:
            raise NotReadableError(2, "One share at a time, please.", mention.text)
        after = self._all[self._all.index(mention) + 1 :]
        if self._draft.metrics and after and after[0].text.lower() == "of":
            # "late deliveries in percent of deliveries" is one figure by another
            raise NotReadableError(2, f"“{mention.text}” of what? Ask for “A per B”.", mention.text)
        self._draft.share = mention.first

    def _growth(self, position: int, mention: Mention) -> None:
        growth: Growth = mention.payload
        if self._draft.growth and self._draft.growth.comparison and growth.comparison:
            raise NotReadableError(2, "One comparison at a time, please.", mention.text)
        if self._draft.growth is None or growth.comparison:
            self._draft.growth = growth
        self._believe(mention, "the change of the figures", 1.0)

    def _versus(self, position: int, mention: Mention) -> None:
        self._draft.versus = mention.text

    def _averages(self) -> None:
        for at, mention in enumerate(self._all):
            if mention.kind is not Kind.AVERAGE:
                continue
            following = next((m for m in self._all[at + 1 :] if m.kind is not Kind.FILLER), None)
            if following and following.kind in (Kind.AND, Kind.OR):
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” is of.", mention.text)
            self._draft.averages.append(mention.text)

    # --- what was not said

    def _imply_metric(self) -> None:
        draft, implied = self._draft, self._assignment.implied
        if not implied or draft.metrics:
            return
        draft.metrics.extend(implied)
        draft.metric_at.extend((-1, name) for name in implied)
        labels = " and ".join(self._vocabulary.metrics[name].label for name in implied)
        draft.because.append(Decision("", f"metric {labels}, because none was named"))
        draft.confidence *= 0.8

    def _imply_from_before(self) -> None:
        """Take what is ranked, shared or limited, or one side of a comparison, from the question before."""
        draft, before = self._draft, self._before
        if before is None:
            return
        needs_keys = bool(draft.ranks or draft.bounds or draft.share is not None)
        if needs_keys and not (draft.groups or draft.grain or draft.chosen):
            draft.groups, draft.grain, draft.keeps_keys = list(before.group_by), before.grain, True
        one_side = len(draft.times) == 1 and (draft.times[0][1].range or draft.times[0][1].before)
        if draft.versus and one_side and before.time_range:
            draft.times.append((-1, TimeSpan(0, 0, before.time_range), "the time asked for before"))

    def _move_to_event(self) -> None:
        """Count the event itself where a metric does, instead of what its time is not of."""
        event, draft = self._event, self._draft
        if event is None or event.metric is None:
            return
        if len(draft.metrics) != 1:
            raise NotReadableError(2, f"It is not clear which figure “{event.word}” belongs to.", event.word)
        label = self._vocabulary.metrics[event.metric].label
        if not self._vocabulary.metrics[event.metric].dimensions >= {
            *draft.groups,
            *(c.dimension for c in draft.chosen),
        }:
            raise NotReadableError(2, f"{label} cannot be split or filtered like that.", event.word)
        draft.metrics = [event.metric]
        draft.metric_at = [(at, event.metric) for at, _ in draft.metric_at]
        draft.because.append(Decision(event.word, f"{label}: the time is when they were {event.word}"))
