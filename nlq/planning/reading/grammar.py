"""Grammar: what each mention of a cover adds to the draft of a plan.

Belongs here: the order in which a cover is read, and what is implied. Every mention must end up with a part in the
plan; one that does not is a problem (``leftovers``). Does not belong here: one kind of mentions (``reading_metrics``,
``reading_dimensions``, ``reading_values``, ``reading_operators``), finding mentions (``finding``), choosing terms
(``resolve``), putting the plan together (``finishing``).
"""

from __future__ import annotations

from dataclasses import replace

from nlq.core.outcome import Problem
from nlq.core.periods import BEYOND_CALENDAR
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError, Reading
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.drafts.sharing import wider
from nlq.planning.drafts.units import check_units
from nlq.planning.reading.columns import ColumnReader
from nlq.planning.reading.dimensions import DimensionReader
from nlq.planning.reading.finishing import Finisher
from nlq.planning.reading.leftovers import Leftovers
from nlq.planning.reading.limits import Limits
from nlq.planning.reading.metrics import MetricReader
from nlq.planning.reading.moments import MomentReader
from nlq.planning.reading.operators import OperatorReader
from nlq.planning.reading.seconds import Seconds
from nlq.planning.reading.sentence import Sentence
from nlq.planning.reading.values import EITHER, ValueReader
from nlq.planning.reading.wants import Wants
from nlq.planning.times.words import TimeSpan

_EACH = "I do not put the two sides of this “or” together; each can be asked by itself."


class Reader:
    """Reads one cover under one assignment."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary
        self._metrics = MetricReader(sentence)
        self._moments = MomentReader(sentence)
        self._dimensions = DimensionReader(sentence, self._metrics, self._moments)
        self._values, self._operators = ValueReader(sentence), OperatorReader(sentence)
        self._columns, self._leftovers, self._wants = ColumnReader(sentence), Leftovers(sentence), Wants(sentence)
        self._seconds = Seconds(sentence)

    def read(self) -> list[Reading] | Problem:
        """The readings (several only where a word leaves something open), or the problem."""
        try:
            self._leftovers.forbid_unknown()
            self._limit_things()
            for position, mention in enumerate(self._sentence.mentions):
                if position not in self._sentence.used:
                    self._take(position, mention)
            self._dimensions.leave_out_unknown()
            self._wants.drop_doers()
            self._metrics.drop_nouns()
            self._operators.averages()
            self._operators.runnings()
            self._operators.difference()
            self._imply_metric()
            self._imply_count()
            self._columns.read()
            self._moments.settle()
            self._imply_from_before()
            self._move_to_event()
            self._leftovers.check()
            mentions = self._sentence.as_read()
            found = [
                reading
                for one in self._each_of_either()
                for both in self._seconds.drafts(one)
                for wanted in self._wants.drafts(both)
                for draft in self._licensed(wanted)
                for reading in self._finished(draft)
            ]
            return [replace(reading, mentions=mentions) for reading in found]
        except NotReadableError as refusal:
            return refusal.problem
        except OverflowError:
            return Problem(2, BEYOND_CALENDAR, final=True)

    def _limit_things(self) -> None:
        """Limits on the very things that are spoken of, which name no figure."""
        for limit in Limits(self._sentence).find():
            self._sentence.limited.add(limit.noun)
            self._sentence.used.update({limit.bound, *limit.figures})
            self._draft.limits.append((limit.dimension, limit.value))
            label = self._vocabulary.dimensions[limit.dimension].label
            for at in limit.figures:
                self._sentence.believe(self._sentence.mentions[at], f"names the dimension {label}", 1.0)
            text = f"{label} {limit.value.comparator.sql} {limit.value.value:g}"
            self._sentence.believe(self._sentence.mentions[limit.bound], text, 1.0)

    def _each_of_either(self) -> list[Draft]:
        """The draft; where values of two dimensions are joined by "or", one with those of each."""
        draft = self._draft
        if not (draft.either or draft.either_time):
            return [draft]
        if len(draft.either) + draft.either_time > 1 or (draft.either_time and len(draft.times) != 2):
            raise NotReadableError(2, EITHER, "or")
        if draft.either_time:
            return [replace(draft, times=[one], doubtful=True, doubt=_EACH) for one in draft.times]
        pair = draft.either[0]
        return [
            replace(
                draft, chosen=[c for c in draft.chosen if c.dimension not in pair or c.dimension == name],
                doubtful=True, doubt=_EACH,
            )
            for name in pair
        ]  # fmt: skip

    def _licensed(self, draft: Draft) -> list[Draft]:
        """The draft, and what it may mean as well: which is meant is to be asked.

        It may be without the groups that nothing licenses, the part of a wider figure, or the rows themselves.
        """
        metrics = [self._vocabulary.metrics[name] for name in draft.metrics]
        draft.because = [*draft.because, *check_units(self._sentence.all, metrics)]
        spare = set(draft.unlicensed)
        found = [draft, replace(draft, groups=[g for g in draft.groups if g not in spare])] if spare else [draft]
        for whole in wider(draft, self._sentence.all, self._vocabulary.metrics.values()):
            names = [*draft.metrics, whole.name]
            found.append(replace(draft, metrics=names, share=None, ratio=True, percent=True))
        return [*found, replace(draft, records=True)] if self._columns.may_list_all() else found

    def _finished(self, draft: Draft) -> list[Reading]:
        return Finisher(
            self._vocabulary, self._sentence.all, self._sentence.assignment, draft, self._sentence.event
        ).readings()

    def _take(self, position: int, mention: Mention) -> None:
        handler = {
            Kind.METRIC: self._metrics.read,
            Kind.DIMENSION: self._dimensions.read,
            Kind.VALUE: self._values.read,
            Kind.TIME: self._operators.time,
            Kind.GRAIN: self._operators.grain,
            Kind.TREND: self._operators.trend,
            Kind.TOP: self._operators.top,
            Kind.SUPERLATIVE: self._operators.superlative,
            Kind.THRESHOLD: self._operators.threshold,
            Kind.ORDER: self._operators.order,
            Kind.SHARE: self._operators.share,
            Kind.RATIO: self._operators.ratio,
            Kind.GROWTH: self._operators.growth,
            Kind.VERSUS: self._operators.versus,
        }.get(mention.kind)
        if handler:
            handler(position, mention)

    def _imply_metric(self) -> None:
        draft, implied = self._draft, self._sentence.assignment.implied
        if not implied or draft.metrics:
            return
        draft.metrics.extend(implied)
        draft.metric_at.extend((-1, name) for name in implied)
        labels = " and ".join(self._vocabulary.metrics[name].label for name in implied)
        draft.because.append(Decision("", f"metric {labels}, because none was named"))
        draft.confidence *= 0.8

    def _imply_count(self) -> None:
        """Things that a limit is on are counted, where no other figure of them is asked for."""
        if self._draft.metrics or not self._sentence.limited:
            return
        limited = self._draft.limits[0][0]
        counting = self._sentence.lexicon.counting(self._vocabulary.dimensions[limited].thing)
        if len(counting) != 1:
            raise NotReadableError(1, "I found no metric in the question.")
        self._draft.metrics.append(counting[0])
        self._draft.metric_at.append((-1, counting[0]))

    def _imply_from_before(self) -> None:
        """Take what is ranked, shared or limited, or one side of a comparison, from the question before."""
        draft, before = self._draft, self._sentence.before
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
        event, draft = self._sentence.event, self._draft
        if event is None or event.metric is None:
            return
        if len(draft.metrics) != 1 or draft.own_steps:
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
