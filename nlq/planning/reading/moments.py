"""Times other than the metrics' own: which of them a time, a step of time or a column of the question belongs to.

"Schools opened in 1990", "orders by month shipped", "countries founded before 1930", "the birth dates of players". A
time belongs to the verb or the name right before it, or to the only verb where it opens the sentence. Steps that
nothing else claims go by the same time.

Belongs here: what belongs to what. Does not belong here: finding those verbs (``finding.happenings``), participles in
names of metrics (``finding.events``), what times mean together (``finishing``).
"""

from __future__ import annotations

from dataclasses import dataclass

from nlq.core.plan import Grain, TimeRange
from nlq.core.vocabulary import Dimension
from nlq.planning.drafts.draft import NotReadableError
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.reading.sentence import Sentence
from nlq.planning.times.words import TimeSpan

_LISTS = {Kind.AND, Kind.OR, Kind.VERSUS}
Said = tuple[int, TimeSpan, str]


@dataclass(frozen=True)
class _Moment:
    """A time or a year of the layer that was named, and where."""

    position: int
    mention: Mention
    dimension: Dimension
    hit: Hit


class MomentReader:
    """Reads times and years of the layer, once all else is read: what stands beside them tells what is theirs."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary
        self._moments: list[_Moment] = []

    def read(self, position: int, mention: Mention, hit: Hit) -> None:
        """Keep a time or a year that is named."""
        dimension = self._vocabulary.dimensions[hit.ref]
        self._moments.append(_Moment(position, mention, dimension, hit))

    def is_dated(self, position: int) -> bool:
        """Whether a time stands right after: "fire year 2010"."""
        return self._sentence.kind(position + 1) is Kind.TIME

    def settle(self) -> None:
        """Give every time and step of the question to what it belongs to.

        Raises:
            NotReadableError: a time is named, and nothing tells what for.
        """
        claims = self._claims()
        for moment in self._moments:
            self._sentence.believe(moment.mention, f"the time is that of {moment.dimension.label}", 1.0)
            if not (moment.position in claims or self._column(moment) or self._step(moment, claims)):
                when = f"say when, as in “{moment.mention.text} in 2024”, or by which step, as in “by month”"
                raise NotReadableError(2, f"{moment.dimension.label} is a time: {when}.", moment.mention.text)
        for moment in self._moments:
            if moment.position in claims and not self._is_own(moment):
                self._date(moment, claims[moment.position])

    # --- what belongs to what

    def _is_own(self, moment: _Moment) -> bool:
        """Whether every metric goes by this very time anyway."""
        dimension = moment.dimension
        metrics = [self._vocabulary.metrics[name] for name in self._draft.metrics]
        return bool(metrics) and all(m.time_names[:2] == (dimension.column, dimension.label) for m in metrics)

    def _is_of_rows(self, name: str) -> bool:
        """Whether a time is one of the things themselves: steps of sales do not go by when the customer joined."""
        rows = [self._vocabulary.metrics[metric].rows for metric in self._draft.metrics]
        return all(one is None or name in one.columns for one in rows)

    def _claims(self) -> dict[int, list[Said]]:
        """The times of each moment, by its position: those right after it, else one that nothing else claims."""
        claims: dict[int, list[Said]] = {}
        free = {said[0]: said for said in self._draft.times}
        for moment in self._moments:
            at = moment.position + 1
            while at in free:
                claims.setdefault(moment.position, []).append(free.pop(at))
                at += 2 if self._sentence.kind(at + 1) in _LISTS else 1
        rest = [m for m in self._moments if m.position not in claims and not self._has_steps(m)]
        if len(rest) == 1 and len(free) == 1 and not self._is_own(rest[0]) and not self._is_column(rest[0]):
            (said,) = free.values()
            claims[rest[0].position] = [said]
            # "How many in March were closed" may mean those of March, whenever they were closed.
            self._draft.doubtful |= said[0] != 0
        return claims

    def _has_steps(self, moment: _Moment) -> bool:
        """Whether a step of time stands right beside: "by month shipped", "opened each year"."""
        return Kind.GRAIN in (self._sentence.kind(moment.position - 1), self._sentence.kind(moment.position + 1))

    def _step(self, moment: _Moment, claims: dict[int, list[Said]]) -> bool:
        """Whether the steps of time go by the moment; days, where it is named after "by" alone."""
        draft = self._draft
        by_days = self._sentence.kind(moment.position - 1) is Kind.BY
        alone = len([m for m in self._moments if m.position not in claims]) == 1
        if not (by_days or (draft.grain and (self._has_steps(moment) or alone))):
            return False
        if moment.dimension.is_year:
            if draft.grain is not Grain.YEAR:
                return False
            draft.grain = None
            draft.groups.append(moment.hit.ref)
            return True
        draft.grain = draft.grain or Grain.DAY
        if draft.own_steps or draft.time_of:
            raise NotReadableError(2, "One step of time at a time, please.", moment.mention.text)
        if self._is_own(moment):
            draft.own_steps = True
        else:
            draft.time_of = moment.hit.ref
        return True

    # --- what is made of it

    def _date(self, moment: _Moment, times: list[Said]) -> None:
        """The times as a filter on the moment, or as the time of the plan, where steps or a comparison go by it."""
        draft, name = self._draft, moment.hit.ref
        if draft.share is not None:
            # What happened in that time is no part of what came in that time.
            said = moment.mention.text
            raise NotReadableError(2, f"A share of what was {said} in that time may be of either; say of what.", said)
        draft.times = [said for said in draft.times if said not in times]
        compared = draft.growth is not None or (draft.versus is not None and len(times) > 1)
        stepped = bool(draft.grain or draft.trend) and not draft.own_steps and self._is_of_rows(name)
        goes_by = draft.time_of in (None, name) and not draft.times and (compared or stepped)
        if goes_by and not moment.dimension.is_year:
            draft.time_of, draft.times = name, times
        else:
            draft.dated.append((name, self._one(times, moment)))

    @staticmethod
    def _one(times: list[Said], moment: _Moment) -> TimeRange:
        """The days of one time, or of several that follow each other."""
        spans = sorted((said[1].range for said in times if said[1].range), key=lambda r: str(r.start))
        texts = [said[2] for said in times]
        if len(spans) != len(times):
            raise NotReadableError(2, f"“{texts[0]}” of which time? Name it as well.", *texts)
        if len(spans) > 1:
            raise NotReadableError(2, "Two times in one question: ask for each of them.", *texts)
        if moment.dimension.is_year and not _is_whole_years(spans[0], times[0][1]):
            raise NotReadableError(2, f"{moment.dimension.label} is a year: name years.", *texts)
        return spans[0]

    def _is_column(self, moment: _Moment) -> bool:
        return self._draft.records

    def _column(self, moment: _Moment) -> bool:
        """Whether it is shown of each of the things that are listed, or these are in its order."""
        if not self._is_column(moment):
            return False
        if self._sentence.sorts_by(moment.mention):
            self._draft.sort_by.append(moment.hit.ref)
        elif moment.hit.ref not in self._draft.groups:
            self._draft.groups.append(moment.hit.ref)
        return True


def _is_whole_years(days: TimeRange, said: TimeSpan) -> bool:
    """Whether a time is of whole years, or of all since one."""
    begins = days.start is None or (days.start.month, days.start.day) == (1, 1)
    ends = said.open or days.end is None or (days.end.month, days.end.day) == (12, 31)
    return begins and ends
