"""Grammar: what each mention of a cover adds to the draft of a plan.

Belongs here: which dimension groups and which names a filter, times, ranks, shares, and what is implied. Every mention
must end up with a part in the plan; one that does not is a problem (``leftovers``). Does not belong here: metrics and
values (``reading_metrics``, ``reading_values``), finding mentions (``finding``), choosing terms (``resolve``), putting
the plan together (``finishing``).
"""

from __future__ import annotations

from dataclasses import replace

from nlq.core.outcome import Problem
from nlq.core.periods import BEYOND_CALENDAR
from nlq.core.plan import Grain
from nlq.core.vocabulary import Dimension
from nlq.core.words import (
    CUMULATIVE,
    DIFFERENT,
    GLUE,
    NUMBERING,
    OCCURRENCE,
    PER_WORDS,
    PREPOSITIONS,
    ROLLING,
    TOTALLING,
    words_of,
)
from nlq.planning.draft import Decision, Draft, NotReadableError, Rank, Reading
from nlq.planning.events import is_participle
from nlq.planning.finishing import Finisher
from nlq.planning.leftovers import Leftovers
from nlq.planning.lexicon import Hit
from nlq.planning.mentions import Bound, GrainWord, Growth, Kind, Mention, Top
from nlq.planning.reading_metrics import MetricReader
from nlq.planning.reading_values import ValueReader
from nlq.planning.timewords import TimeSpan
from nlq.planning.units import check_units

_KEYS = (("id",), ("key",), ("code",), ("number",), ("no",))
"""What columns end with whose numbers only name something: none is larger than another."""
_HALF = 0.4
_DOUBT = 0.45
"""What is left of the confidence where so little of a metric's name was said: too little to answer."""
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
            self._runnings()
            self._listing()
            self._imply_metric()
            self._imply_from_before()
            self._move_to_event()
            self._check_leftovers()
            metrics = [self._vocabulary.metrics[name] for name in self._draft.metrics]
            self._draft.because.extend(check_units(self._all, metrics))
            return [reading for draft in self._licensed() for reading in self._finished(draft)]
        except NotReadableError as refusal:
            return refusal.problem
        except OverflowError:
            return Problem(2, BEYOND_CALENDAR)

    def _licensed(self) -> list[Draft]:
        """The draft with the groups that nothing licenses, and without: which is meant is to be asked."""
        draft = self._draft
        spare = set(draft.unlicensed)
        return [draft, replace(draft, groups=[g for g in draft.groups if g not in spare])] if spare else [draft]

    def _finished(self, draft: Draft) -> list[Reading]:
        return Finisher(self._vocabulary, self._all, self._assignment, draft, self._event).readings()

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
        if self._asks_for_names(position):
            raise NotReadableError(3, f"“{mention.text}” are the names here, not how many there are.", mention.text)
        if metric.cumulative and any(m.kind is Kind.TIME for m in self._all):
            self._draft.doubtful |= self._kind_of_words(mention) is Kind.RUNNING
        ratio = self._is_ratio(position) or (self._draft.percent and self._kind(position - 1) is Kind.SHARE)
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
        averaged = any(m.kind is Kind.AVERAGE for m in self._all)  # said beside, it is a part of the name as well
        partly = 0.6 + 0.3 * hit.coverage if averaged or hit.coverage >= _HALF else _DOUBT
        self._believe(mention, f"metric {metric.label}", 1.0 if hit.full else partly)

    def _dimension(self, position: int, mention: Mention) -> None:
        hit = self._assignment.dimensions[mention.first]
        dimension = self._vocabulary.dimensions[hit.ref]
        if dimension.is_time:
            self._own_time(position, mention, dimension)
            return
        if self._names_value(position, hit):
            self._believe(mention, f"names the dimension {dimension.label}", 1.0)
            return
        if mention.contested and (self._is_ratio(position) or not self._stands_for_dimension(position)):
            raise NotReadableError(3, f"“{mention.text}” is read as a metric here.", mention.text)
        if self._limits(position, mention, hit) or self._lacks(position, mention, hit):
            return
        self._group(position, mention, hit)

    def _group(self, position: int, mention: Mention, hit: Hit) -> None:
        """A dimension that says neither what a value is of, nor what is limited, is split by or counted."""
        draft, dimension = self._draft, self._vocabulary.dimensions[hit.ref]
        if hit.likeness < 1 and self._kind(position - 1) not in _GROUPING:
            raise NotReadableError(1, f"I do not know what “{mention.text}” means here.", mention.text)
        before = self._kind(position - 1)
        if self._is_of_value_beside(position, mention, dimension):
            self._believe(mention, "what the value beside is of", 1.0)
            return
        if self._is_counted(position) and not dimension.is_boolean:
            self._count_values(position, mention, hit)
            return
        if dimension.is_boolean and before not in _GROUPING:
            raise NotReadableError(3, f"It is not clear whether to split by {dimension.label}.", mention.text)
        strong = before in _GROUPING or (before in (Kind.AND, Kind.DIMENSION) and bool(draft.groups))
        if self._is_agent(position) or (not strong and self._is_only_spoken_of(position)):
            draft.unlicensed.append(hit.ref)
        self._place(position, hit.ref)
        if hit.ref not in draft.groups:
            draft.groups.append(hit.ref)
        if self._is_singular(mention) and self._asks_for_one(position):
            draft.singular_rank = True
        draft.doubtful |= not (hit.full or strong)
        draft.per |= self._is_per(position)
        factor = (1.0 if strong else 0.9) * (1.0 if hit.full else 0.85)
        self._believe(mention, f"by {dimension.label}", factor)

    def _is_of_value_beside(self, position: int, mention: Mention, dimension: Dimension) -> bool:
        """Whether it says what has the value beside it: "Sutlej products", "the car maker American Motor Company"."""
        if not dimension.entity:
            return False
        at = self._all.index(mention)
        beside = [(position - 1, self._all[at - 1])] if at else []
        if self._is_singular(mention) and at + 1 < len(self._all):
            beside.append((position + 1, self._all[at + 1]))
        values = [self._value_dimension(where) for where, one in beside if one.kind is Kind.VALUE]
        return any(value and value.rsplit("__", 1)[0] == dimension.entity for value in values)

    def _is_agent(self, position: int) -> bool:
        """Whether it may be who does something, not what is split by: "trips booked by members"."""
        if self._kind(position - 1) is not Kind.BY or self._is_singular(self._mentions[position]):
            return False
        by = self._all.index(self._mentions[position - 1])
        said = words_of(self._all[by - 1].text.lower()) if by and self._all[by].text.lower() == "by" else ()
        return bool(said) and (said[-1] in OCCURRENCE or is_participle(said[-1]))

    def _is_only_spoken_of(self, position: int) -> bool:
        """Whether the dimension may say only what the figure is of: "fees from parcels", "late Express parcels".

        By, each, which, a ranking or a share license a group; so does a figure that is asked for beside it.
        """
        kinds = {m.kind for m in self._mentions}
        if not self._assignment.metrics or kinds & {Kind.SUPERLATIVE, Kind.TOP, Kind.VERSUS, Kind.TREND}:
            return False
        if self._kind(position + 1) is Kind.AND and self._kind(position + 2) is Kind.METRIC:
            return False
        before = self._all[: self._all.index(self._mentions[position])]
        telling = next((m for m in reversed(before) if m.text.lower() not in GLUE), None)
        return telling is not None and (telling.kind is Kind.VALUE or telling.text.lower() in PREPOSITIONS)

    def _limits(self, position: int, mention: Mention, hit: Hit) -> bool:
        """Whether the dimension's own values are compared with a number: "countries with an area over 3000"."""
        dimension = self._vocabulary.dimensions[hit.ref]
        if self._kind(position + 1) is not Kind.THRESHOLD or not dimension.is_numeric:
            return False
        if self._kind(position - 1) in (Kind.BY, Kind.WHICH, Kind.TOP) or self._kind(position + 2) is Kind.METRIC:
            return False
        if words_of(dimension.column)[-1:] in _KEYS:
            return False
        bound: Bound = self._mentions[position + 1].payload
        if bound.percent or bound.unit:
            reason = (
                f"{dimension.label} is a plain number; leave out the unit in “{self._mentions[position + 1].text}”."
            )
            raise NotReadableError(2, reason, self._mentions[position + 1].text)
        self._used.add(position + 1)
        self._draft.limits.append((hit.ref, bound))
        self._believe(mention, f"{dimension.label} {bound.comparator.sql} {bound.value:g}", 1.0 if hit.full else 0.8)
        return True

    def _own_time(self, position: int, mention: Mention, dimension: Dimension) -> None:
        """Rows by the very time that the metrics go by: "for each order date"."""
        names = [self._vocabulary.metrics[hit.ref].time_names for hit in self._assignment.metrics.values()]
        own = all(dimension.label in known or dimension.column in known for known in names)
        if not (self._kind(position - 1) is Kind.BY and names and own):
            raise NotReadableError(2, f"{dimension.label} is a time; metrics go by their own time.", mention.text)
        self._draft.grain = self._draft.grain or Grain.DAY
        self._believe(mention, "one row per day", 1.0)

    def _lacks(self, position: int, mention: Mention, hit: Hit) -> bool:
        """Whether the dimension is said to have no value, or to have one: "excluding unknown channels"."""
        at = position - 1 if self._kind(position - 1) is Kind.MISSING else position + 1
        if self._kind(at) is not Kind.MISSING:
            return False
        first = min(at, position)
        negated = self._kind(first - 1) is Kind.NOT
        self._used.update({at, first - 1} if negated else {at})
        self._draft.missing.append((hit.ref, not negated))
        label = self._vocabulary.dimensions[hit.ref].label
        self._believe(mention, f"{label} is {'known' if negated else 'missing'}", 1.0)
        return True

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
        if self._kind(position - 1) is Kind.THRESHOLD or self._draft.counted:
            reason = f"I cannot tell how many of {label} there are; only how many have some of a figure."
            raise NotReadableError(2, reason, mention.text)
        # Without a figure named, "how many wards are there" may mean those without any as well.
        said = {m.text.lower() for m in self._all}
        self._draft.doubtful |= bool(self._assignment.implied) and not said & DIFFERENT
        self._draft.counted = hit.ref
        self._draft.groups.append(hit.ref)
        self._believe(mention, f"how many of {label}", 1.0)

    def _is_counted(self, position: int) -> bool:
        """Whether a number of the dimension's values is asked for: "how many products", "more than 3 items"."""
        if self._kind(position - 1) is Kind.THRESHOLD:
            return True
        said = self._all[: self._all.index(self._mentions[position])]
        last = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        if last is None or last.kind is not Kind.COUNT or last.text.lower() not in NUMBERING:
            return False
        return not self._is_label_number(last)

    def _asks_for_one(self, position: int) -> bool:
        """Whether one of the dimension is asked for: "which ward", "best ward", "best selling category"."""
        before = self._kind(position - 1)
        if before is Kind.METRIC:
            return self._kind(position - 2) is Kind.SUPERLATIVE
        return before in (Kind.WHICH, None, Kind.SUPERLATIVE) or self._kind(position + 1) is Kind.SUPERLATIVE

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
        if position in self._used:
            return
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
            if self._kind(position + 1) is not Kind.METRIC:
                raise NotReadableError(2, f"“{mention.text}” of what? Ask for “A per B”.", mention.text)
            self._draft.ratio = self._draft.percent = True
            self._believe(mention, "the first in percent of the second", 1.0)
            return
        self._draft.share = mention.first

    @staticmethod
    def _kind_of_words(mention: Mention) -> Kind | None:
        """Whether the words ask for a total along time: within the time asked for, or since the beginning?"""
        said = set(words_of(mention.text.lower()))
        return Kind.RUNNING if said & CUMULATIVE or (said & ROLLING and said & TOTALLING) else None

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

    def _runnings(self) -> None:
        for mention in self._all:
            if mention.kind is not Kind.RUNNING:
                continue
            said = mention.payload if isinstance(mention.payload, tuple) else (mention.payload, None)
            if self._draft.running:
                raise NotReadableError(2, "One total or average along time at a time, please.", mention.text)
            self._draft.running, step = said
            self._draft.grain = self._draft.grain or step or Grain.MONTH
            self._believe(mention, f"the {said[0].of} along time, by {self._draft.grain}", 1.0)

    def _listing(self) -> None:
        """Whether the things themselves are asked for: "list the complaints in ward 5", "names of cities in Asia"."""
        draft = self._draft
        said = next((m for m in self._all if m.kind is Kind.LIST), None)
        if said is None:
            return
        if self._asks_for_figures() or not all(self._is_own_name(name) for name in draft.groups):
            draft.because.append(Decision(said.text, "shown as a table"))
            return
        if other := next((name for name in draft.metrics if name not in self._lexicon.counts), None):
            label = self._vocabulary.metrics[other].label
            raise NotReadableError(1, f"{label} cannot be listed one by one.", said.text)
        draft.records = True
        self._believe(said, "the rows themselves", 1.0)

    def _is_own_name(self, name: str) -> bool:
        """Whether a dimension tells things apart, as a name does; of others there is one row for each value."""
        dimension = self._vocabulary.dimensions[name]
        ending = words_of(dimension.column)[-1:]
        return ending in _KEYS or ending in (("name",), ("title",)) or dimension.column == dimension.entity

    def _asks_for_figures(self) -> bool:
        """Whether something is counted, split, ranked or computed."""
        figures = {Kind.BY, Kind.SUPERLATIVE, Kind.TOP, Kind.SHARE, Kind.GROWTH, Kind.TREND, Kind.GRAIN, Kind.RUNNING}
        counted = any(m.kind is Kind.COUNT and m.text.lower() in NUMBERING for m in self._all)
        return (
            counted or bool(figures & {m.kind for m in self._all}) or bool(self._draft.averages or self._draft.bounds)
        )

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
