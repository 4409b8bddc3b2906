"""From the draft of a cover to its readings: times, steps, thresholds, shares, comparisons, averages.

Belongs here: what the parts of a question mean together. Does not belong here: which word is which part
(``reading``), the order of the rows (``ranking``), or the arithmetic of calendars (``core.periods``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pydantic import ValidationError

from nlq.core.dateparts import first_date_part, parts_of
from nlq.core.plan import (
    Comparator,
    DimensionFilter,
    Grain,
    Operator,
    Plan,
    Share,
    Threshold,
    TimeRange,
    problem_of,
)
from nlq.core.vocabulary import TIME_DIMENSION, Dimension, Metric, Vocabulary
from nlq.planning.drafts.agreeing import agree
from nlq.planning.drafts.comparing import Compared, compare
from nlq.planning.drafts.computed import changes_of, in_order_of_ratio, limits
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError, Reading
from nlq.planning.drafts.listing import are_together, group_listed
from nlq.planning.drafts.measures import check_age, good_end, is_amount
from nlq.planning.drafts.mentions import Bound, Kind, Mention
from nlq.planning.drafts.sharing import as_rate, shares
from nlq.planning.finding.assignments import Assignment
from nlq.planning.finding.events import Event
from nlq.planning.reading.ranking import Ranking

_STEPS = list(Grain)
_BESIDE = "I show both beside each other and take none from the other. Do you mean this?"


class Finisher:
    """Puts one draft together."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        mentions: Sequence[Mention],
        assignment: Assignment,
        draft: Draft,
        event: Event | None = None,
    ) -> None:
        self._vocabulary, self._mentions, self._assignment = vocabulary, mentions, assignment
        self._draft, self._event = draft, event
        self._ranking = Ranking(vocabulary, mentions, draft)
        self._significant = [m for m in mentions if m.kind not in (Kind.FILLER, Kind.COUNT, Kind.DOMAIN)]

    def readings(self) -> list[Reading]:
        """A reading of every meaning that the words leave open.

        Raises:
            NotReadableError: the parts do not go together.
        """
        in_order_of_ratio(self._draft)
        agree(self._draft, self._mentions)
        self._group_compared()
        group_listed(self._draft, self._mentions, self._vocabulary)
        self._check_average()
        self._check_which()
        as_rate(self._draft, self._mentions, self._vocabulary.metrics)
        whole = shares(self._draft, self._mentions, [self._metric(name) for name in self._draft.metrics])
        self._check_count()
        return [
            self._finish(end, share, within, change)
            for end in self._ends()
            for share in whole
            for within in self._withins()
            for change in self._changes()
        ]

    # --- what is left open

    def _ends(self) -> list[str | None]:
        """Both meanings of best and worst where the layer does not say which end is good."""
        rank = self._ranking.rank()
        if rank is None or rank.end not in ("best", "worst"):
            return [None]
        metric = self._metric(self._ranking.metric_of(rank))
        good = good_end(metric)
        if good is None:
            return ["highest", "lowest"]
        return [good if rank.end == "best" else "lowest" if good == "highest" else "highest"]

    def _changes(self) -> tuple[str, ...]:
        """Which changes may be ranked by: by the relative one, by the difference, or by either."""
        return changes_of(self._draft, self._mentions) if self._draft.ranks or self._draft.sort_by else ("",)

    def _withins(self) -> list[tuple[str, ...]]:
        """The groups that may be meant to be ranked within; several are to be asked back.

        "Top 2 channels in each ward" leaves no doubt; "top 2 channels by ward" may mean two pairs as well.
        """
        draft, rank = self._draft, self._ranking.rank()
        stepped = draft.grain is not None
        if rank is None or not (rank.count or draft.singular_rank) or len(draft.groups) + stepped < 2:
            return [()]
        keys = {*draft.groups, *([TIME_DIMENSION] if stepped else [])}
        said = [*draft.each, *([TIME_DIMENSION] if stepped and not draft.ranks_time else [])]
        for names, sure in ((said, True), (draft.by, False)):
            within = tuple(name for name in dict.fromkeys(names) if name in keys)
            if within and set(within) != keys:
                return [within] if sure or (stepped and draft.ranks_time) else [(), within]
        return [()]

    def _check_count(self) -> None:
        """Counting values goes with thresholds, filters and times alone."""
        draft = self._draft
        extra = draft.ranks or draft.trend or draft.share is not None or draft.averages or draft.growth
        if draft.counted and (extra or draft.versus or draft.ratio or len(draft.metrics) > 1):
            steps = draft.counted == TIME_DIMENSION
            label = f"{draft.grain}s" if steps else self._vocabulary.dimensions[draft.counted].label
            raise NotReadableError(2, f"I can count {label} by one figure and its limits only.", label)

    # --- the plan

    def _finish(self, end: str | None, share: Share | None, within: tuple[str, ...], change: str) -> Reading:
        draft = self._draft
        because = list(draft.because)
        compared = compare(draft, because)
        time_range, grain = self._time_range(compared, because)
        grain = self._possible_grain(grain, because)
        dates = [f for name, days in draft.dated for f in _date_filters(self._vocabulary.dimensions[name], days)]
        if event_dates := self._dated(time_range, grain, because):
            time_range, dates = None, [*dates, *event_dates]
        order, limit, ties, skip, known = self._ranking.ordering(
            end, grain, within, because, share, compared=compared.other is not None, change=change
        )
        keyed = bool(draft.groups) or grain is not None
        having = tuple(limits(draft, self._mentions, self._vocabulary.metrics, because, keyed=keyed))
        if draft.counted and not having:
            having = (Threshold(metric=draft.metrics[0], comparator=Comparator.GT, value=0),)
        if draft.counted:
            keys = (*draft.groups, *((TIME_DIMENSION,) if grain else ()))
            within = tuple(name for name in keys if name != draft.counted)
        part = {item.dimension: item for item in share.part} if share else {}
        try:
            filters = [f for f in self._filters() if part.get(f.dimension) != f]
        except ValidationError as error:
            raise NotReadableError(2, f"I cannot ask that: {problem_of(error)}.", final=True) from error
        self._check_day(time_range, filters)
        average = self._averages(grain)
        if share and grain and draft.groups and not share.part:
            share = share.model_copy(update={"within": (TIME_DIMENSION,)})
        if share and share.part:
            share = share.model_copy(update={"within": (*draft.groups, *((TIME_DIMENSION,) if grain else ()))})
        if share:
            because.append(Decision("", "as a share of the whole"))
        try:
            plan = Plan(
                metrics=tuple(draft.metrics),
                group_by=tuple(sorted(draft.groups, key=lambda name: name not in within)),
                filters=(*filters, *dates, *known),
                having=having,
                time_range=time_range,
                grain=grain,
                time_of=draft.time_of,
                comparison=compared.comparison,
                compare_with=compared.other,
                share=share,
                ratio=draft.ratio,
                percent=draft.percent,
                running=draft.running,
                records=draft.records,
                average=average,
                count=draft.counted is not None,
                within=within,
                order_by=self._ranking.sorted() if draft.records else () if average or draft.counted else order,
                limit=limit,
                ties=ties,
                skip=skip,
            )
        except ValidationError as error:
            raise NotReadableError(2, f"I cannot ask that: {problem_of(error)}.", final=True) from error
        clear = not draft.doubtful and (self._event is None or self._event.known)
        return Reading(
            plan, round(draft.confidence, 3), tuple(because), clear and self._assignment.sure, self._says(plan),
            doubt=draft.doubt, guessed=clear and self._assignment.guessed,
        )  # fmt: skip

    def _says(self, plan: Plan) -> frozenset[str]:
        said = {"metrics"} if not self._assignment.implied else set()
        said |= {"keys"} if (plan.group_by or plan.grain) and not self._draft.keeps_keys else set()
        said |= {"time"} if self._draft.times else set()
        return frozenset(
            said | ({"order"} if self._draft.ranks or self._draft.sort or self._draft.first_rows else set())
        )

    def _filters(self) -> list[DimensionFilter]:
        wanted, unwanted = self._draft.values(wanted=True), self._draft.values(wanted=False)
        return [
            *(DimensionFilter(dimension=name, values=tuple(v)) for name, v in wanted.items()),
            *(DimensionFilter(dimension=n, operator=Operator.NOT_IN, values=tuple(v)) for n, v in unwanted.items()),
            *(
                DimensionFilter(dimension=n, operator=Operator.IS_NULL if wanted else Operator.IS_NOT_NULL)
                for n, wanted in self._draft.missing
            ),
            *(
                DimensionFilter(dimension=n, operator=Operator.CONTAINS, values=(text,))
                for n, text in self._draft.pieces
            ),
            *(f for name, bound in self._draft.limits for f in _numeric_filters(name, bound)),
        ]

    # --- time

    def _time_range(self, compared: Compared, because: list[Decision]) -> tuple[TimeRange | None, Grain | None]:
        grain, times = compared.grain or self._draft.grain, self._draft.times
        if compared.now is not None:
            return compared.now, grain
        if len(times) > 1:
            return self._periods(because)
        if times and times[0][1].ends and grain is None and any(self._looks_back(n) for n in self._draft.metrics):
            raise NotReadableError(3, f"“{times[0][2]}” is read as two times here.", times[0][2])
        if times and times[0][1].age:
            check_age(times[0][2], [self._metric(name) for name in self._draft.metrics])
        chosen = times[0][1].range if times else None
        if times and chosen is None and compared.comparison is None:
            raise NotReadableError(2, f"“{times[0][2]}” of which time? Name it as well.", times[0][2])
        if chosen:
            because.append(Decision(times[0][2], say_range(chosen)))
        if self._draft.trend and grain is None:
            grain = _step_for(chosen)
            because.append(Decision("", f"one row per {grain}, to show the course"))
        return chosen, grain

    def _check_day(self, time_range: TimeRange | None, filters: Sequence[DimensionFilter]) -> None:
        """A day is of one weekday: "Monday 3 May" of a year in which it is a Sunday is a slip, not an empty answer."""
        if time_range is None or time_range.start is None or time_range.start != time_range.end:
            return
        day, own = time_range.start, parts_of(time_range.start)
        for item in filters:
            if item.dimension in own and (own[item.dimension] in item.values) != (item.operator is Operator.IN):
                label = self._vocabulary.dimensions[item.dimension].label
                reason = f"{label} of {day} is {own[item.dimension]}: leave one of them out, or put it right."
                raise NotReadableError(2, reason, *(str(value) for value in item.values), final=True)

    def _dated(
        self, time_range: TimeRange | None, grain: Grain | None, because: list[Decision]
    ) -> list[DimensionFilter]:
        """The time as a filter on the date of the event that a participle names, where it belongs to that.

        Steps of time go by that date as well.
        """
        event = self._event
        if event and event.dimension and (part := self._date_part()):
            label = self._vocabulary.dimensions[part].label.lower()
            raise NotReadableError(2, f"“{event.word}” by {label} is not known here.", event.word, final=True)
        if event is None or event.dimension is None or time_range is None:
            return []
        label = self._vocabulary.dimensions[event.dimension].label
        because.append(Decision(event.word, f"the time is that of {label}"))
        if grain or self._draft.time_of:
            self._draft.time_of = self._draft.time_of or event.dimension
            return []
        return list(_date_filters(self._vocabulary.dimensions[event.dimension], time_range))

    def _possible_grain(self, grain: Grain | None, because: list[Decision]) -> Grain | None:
        """A step of time where a metric needs one, and none finer than the data has."""
        metrics = [self._metric(name) for name in self._draft.metrics]
        finest = max((Grain(metric.min_grain) for metric in metrics), key=_STEPS.index)
        if self._draft.time_of:
            return grain
        if grain is not None:
            if _STEPS.index(grain) < _STEPS.index(finest):
                coarse = next(metric.label for metric in metrics if metric.min_grain == finest)
                raise NotReadableError(2, f"{coarse} exists by {finest} at the finest.", str(grain), final=True)
            return grain
        needy = next((metric.label for metric in metrics if metric.needs_time), None)
        if needy is None:
            return None
        step = max(Grain.MONTH, finest, key=_STEPS.index)
        because.append(Decision("", f"one row per {step}, because {needy} exists only per period"))
        return step

    def _periods(self, because: list[Decision]) -> tuple[TimeRange, Grain | None]:
        """Neighbouring periods of one kind become one range with a row each."""
        spans = [(span.range, span.unit) for _, span, _ in self._draft.times if span.range]
        spans.sort(key=lambda s: s[0].start or date.min)
        words = [text for _, _, text in self._draft.times]
        joined = len(spans) == len(words) and all(
            a.end and b.start and a.end + timedelta(days=1) == b.start for (a, _), (b, _) in itertools.pairwise(spans)
        )
        units = {unit for _, unit in spans}
        unit = units.pop() if len(units) == 1 else None
        if not joined or unit is None or self._draft.grain not in (None, Grain(unit)):
            raise NotReadableError(2, "Two times in one question: ask for each of them.", *words)
        whole = TimeRange(start=spans[0][0].start, end=spans[-1][0].end)
        if self._draft.grain is None and are_together(self._mentions, Kind.TIME):
            because.append(Decision(", ".join(words), say_range(whole)))
            return whole, None
        because.append(Decision(", ".join(words), f"{say_range(whole)}, one row per {unit}"))
        return whole, Grain(unit)

    # --- order

    def _date_part(self) -> str | None:
        """The part of the calendar that is split or filtered by."""
        return first_date_part((*self._draft.groups, *(chosen.dimension for chosen in self._draft.chosen)))

    # --- comparisons of values, averages

    def _group_compared(self) -> None:
        """A row for each of the values that are compared."""
        draft = self._draft
        if draft.versus is None or draft.difference:
            return
        self._check_compared_time()
        pairs = [name for name, values in draft.values(wanted=True).items() if len(values) > 1]
        for name in pairs if len(draft.times) < 2 or draft.among_values else []:
            if name not in draft.groups:
                draft.groups.append(name)
                draft.because.append(Decision(draft.versus, f"one row per {self._vocabulary.dimensions[name].label}"))
        if draft.apart:
            draft.doubtful, draft.doubt = True, _BESIDE
        several = len(draft.times) > 1 or len(draft.metrics) > 1
        if not (pairs or several or draft.groups or draft.grain):
            raise NotReadableError(2, "I cannot tell what to compare with what.", draft.versus)

    def _check_which(self) -> None:
        """What "which" asks for is a group or a step of time, no figure: "which event has the lowest cost"."""
        which = next((m for m, then in itertools.pairwise(self._mentions) if _asks_which(m, then)), None)
        if which and not (self._draft.groups or self._draft.grain or self._draft.keeps_keys):
            raise NotReadableError(2, f"“{which.text}” of what? Say which group is asked for.", which.text)

    def _check_compared_time(self) -> None:
        """A time right after "compared with" needs another one, or steps that each have their like a year before."""
        draft, said = self._draft, self._significant
        if len(draft.times) != 1 or draft.times[0][1].before or draft.keeps_keys:
            return
        at = next((n for n, m in enumerate(said) if m.kind is Kind.TIME), 0)
        yearly = draft.grain is not None and draft.times[0][1].unit == "year"
        if at and said[at - 1].kind is Kind.VERSUS and not yearly:
            text = said[at].text
            raise NotReadableError(2, f"What is to be compared with “{text}”? Name both times.", text)

    def _check_average(self) -> None:
        """Average must be over something, unless the metric is an average itself."""
        draft = self._draft
        if not draft.averages or not all(is_amount(self._metric(name)) for name in draft.metrics):
            return
        keys = len(draft.groups) + (1 if draft.grain else 0)
        said = draft.averages[0]
        if not draft.per or keys != 1 or draft.ratio:
            label = self._metric(draft.metrics[0]).label
            raise NotReadableError(
                2, f"An average of {label} over what? Say for example “average {label.lower()} per month”.", said
            )

    def _averages(self, grain: Grain | None) -> bool:
        draft = self._draft
        average = bool(draft.averages) and all(is_amount(self._metric(name)) for name in draft.metrics)
        if average and len(draft.metrics) > 1:
            raise NotReadableError(2, "One average at a time, please.", draft.averages[0])
        if average and (part := self._date_part()):
            label, of = self._metric(draft.metrics[0]).label, self._vocabulary.dimensions[part].label.lower()
            reason = f"I cannot tell an average of {label} by {of}: each {of} is all its days together."
            raise NotReadableError(2, reason, draft.averages[0], nearest=(f"{label} by {of}",))
        if average:
            draft.because.append(Decision(draft.averages[0], "the mean over all of them, as one figure"))
        return average

    def _looks_back(self, name: str) -> bool:
        """Whether the metric is itself a change on the period before."""
        metric = self._metric(name)
        return metric.needs_time and metric.type == "derived"

    def _metric(self, name: str) -> Metric:
        return self._vocabulary.metrics[name]


def _asks_which(mention: Mention, following: Mention) -> bool:
    """Whether a "which" asks; one before a verb only tells more: "countries which are republics"."""
    return mention.kind is Kind.WHICH and mention.text.lower() == "which" and following.kind is not Kind.FILLER


def _numeric_filters(dimension: str, bound: Bound) -> Iterator[DimensionFilter]:
    """The filters of a number, or of both ends of a range."""
    operator = Operator.IN if bound.comparator is Comparator.EQ else Operator(bound.comparator.value)
    yield DimensionFilter(dimension=dimension, operator=operator, values=(_whole(bound.value),))
    if bound.until is not None:
        yield DimensionFilter(dimension=dimension, operator=Operator.LE, values=(_whole(bound.until),))


def _date_filters(dimension: Dimension, days: TimeRange) -> Iterator[DimensionFilter]:
    """The filters of days on a time, or of their years on a year."""
    for operator, day in ((Operator.GE, days.start), (Operator.LE, days.end)):
        if day:
            value = day.year if dimension.is_year else day
            yield DimensionFilter(dimension=dimension.name, operator=operator, values=(value,))


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def say_range(chosen: TimeRange) -> str:
    """The days of a range in words."""
    if chosen.start is None:
        return f"up to {chosen.end}"
    return f"from {chosen.start} to {chosen.end}" if chosen.end else f"from {chosen.start}"


def _step_for(chosen: TimeRange | None) -> Grain:
    if chosen is None or chosen.start is None or chosen.end is None:
        return Grain.MONTH
    days = (chosen.end - chosen.start).days + 1
    return Grain.DAY if days <= 31 else Grain.WEEK if days <= 120 else Grain.MONTH
