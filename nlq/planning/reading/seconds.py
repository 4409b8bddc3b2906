"""A second figure that is asked for without its name: "how many invoices, and the total amount".

The figure of that kind which the layer has of the same things stands beside the first; of several each is offered.
None is ever left out. Belongs here: finding such words and those figures. Does not belong here: figures that are named
(``metrics``), totals of rows (``drafts.listing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nlq.core.vocabulary import Metric
from nlq.english.general import NUMBERING, TOTALLING
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.reading.sentence import Sentence

_PASSED = (Kind.FILLER, Kind.DOMAIN, Kind.ASKS)
_ENDS = (None, Kind.TIME, Kind.BY)
"""What stands after words of a figure that name none."""


class Seconds:
    """Reads the second figure of one sentence."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence, self._vocabulary = sentence, sentence.vocabulary
        self._said = [m for m in sentence.all if m.kind not in _PASSED]

    def drafts(self, draft: Draft) -> list[Draft]:
        """The draft with the second figure, one for each that may be meant; as it is where none is asked for.

        Raises:
            NotReadableError: the layer has no such figure of these things.
        """
        found = [draft]
        for said in self._asked():
            found = [each for one in found for each in self._with(one, said)]
        return found

    def _with(self, draft: Draft, said: Sequence[Mention]) -> list[Draft]:
        """The draft with a figure of the kind that words ask for, if it has none yet."""
        words = {m.text.lower() for m in said}
        keyed = draft.groups or draft.grain
        if draft.records or (keyed and words <= TOTALLING):
            return [draft]
        numbers = bool(words & NUMBERING)
        first, *others = (self._vocabulary.metrics[name] for name in draft.metrics)
        text, leads = " ".join(m.text for m in said), said[0] is self._said[0]
        if any(self._is_of_kind(one, numbers=numbers) for one in others):
            return [draft]
        if self._is_of_kind(first, numbers=numbers) or (numbers and first.tally and not first.additive):
            if self._sentence.assignment.implied and not leads:
                raise NotReadableError(3, f"“{text}” is read as the second figure.", text)
            return [draft]
        found = self._beside(draft, first, numbers=numbers)
        if not found:
            raise NotReadableError(2, f"I do not know the “{text}” of {first.label}; name the figure.", text)
        return [
            replace(
                draft,
                metrics=[one.name, *draft.metrics] if leads else [*draft.metrics, one.name],
                because=[*draft.because, Decision(text, f"metric {one.label}")],
            )
            for one in found
        ]

    def _asked(self) -> list[list[Mention]]:
        """The words beside an "and" that ask for a figure and name none: after it, or of both sides, before it."""
        for at in range(len(self._said)):
            last = self._end_of_count(at)
            if last == at:
                continue
            before, after = self._kind(at - 1), self._kind(last)
            first = any(m.kind in (Kind.COUNT, Kind.METRIC) for m in self._said[: max(0, at - 1)])
            if first and before is Kind.AND and after in _ENDS:
                return [self._said[at:last]]
            if at == 0 and after is Kind.AND and self._kind(last + 1) is Kind.COUNT:
                return [self._said[at:last], self._said[last + 1 : self._end_of_count(last + 1)]]
        return []

    def _end_of_count(self, at: int) -> int:
        while self._kind(at) is Kind.COUNT:
            at += 1
        return at

    def _kind(self, at: int) -> Kind | None:
        return self._said[at].kind if 0 <= at < len(self._said) else None

    def _beside(self, draft: Draft, first: Metric, *, numbers: bool) -> list[Metric]:
        """The figures of a kind that the layer has of the same things, without narrower ones."""
        needed = {*draft.groups, *(item.dimension for item in draft.chosen)}
        found = [
            one
            for one in self._vocabulary.metrics.values()
            if one.entities == first.entities
            and one.domain == first.domain
            and needed <= one.dimensions
            and one.name not in draft.metrics
            and self._is_of_kind(one, numbers=numbers)
        ]
        names = {one.name for one in found}
        return [one for one in found if one.variant_of not in names]

    def _is_of_kind(self, metric: Metric, *, numbers: bool) -> bool:
        if numbers:
            return metric.name in self._sentence.lexicon.counts
        return metric.is_money and is_amount(metric) and not metric.cumulative and not metric.needs_time
