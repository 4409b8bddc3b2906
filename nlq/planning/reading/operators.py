"""Operators in a cover: times, steps, ranks, limits, shares, changes and totals along time.

Does not belong here: finding them (``operators``), lists of things (``columns``), what they mean
together (``finishing``).
"""

from __future__ import annotations

from nlq.core.plan import Grain
from nlq.core.vocabulary import TIME_DIMENSION
from nlq.english.general import EXTREMES, PER_WORDS, PIECES
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import NotReadableError, Rank
from nlq.planning.drafts.mentions import GrainWord, Growth, Kind, Mention, Top
from nlq.planning.reading.sentence import GROUPING, Sentence

_WHOLE = frozenset({"all", "total", "overall", "entire", "whole"})
"""What says that a figure is of all, not of a part."""

_OF_EACH = frozenset({"older", "younger", "aged"})
"""What is said of each thing, never of a number of them."""


class OperatorReader:
    """Reads what a question asks for in general English."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def time(self, position: int, mention: Mention) -> None:
        """A time, which is asked for; none can be left out."""
        if self._sentence.kind(position - 1) is Kind.NOT:
            reason = f"A time cannot be left out ({mention.text}); say which time to include."
            raise NotReadableError(2, reason, mention.text)
        if self._sentence.kind(position - 1) is Kind.OR and self._sentence.kind(position - 2) is Kind.TIME:
            self._sentence.used.add(position - 1)
            self._draft.either_time = True
        self._draft.times.append((position, mention.payload, mention.text))

    def grain(self, position: int, mention: Mention) -> None:
        """A step of time, where something asks for one."""
        draft, word = self._draft, mention.payload
        assert isinstance(word, GrainWord)
        before = self._sentence.kind(position - 1)
        if self._sentence.is_moment(position - 1):
            before = self._sentence.kind(position - 2)  # "by birth year"
        ranked = Kind.SUPERLATIVE in (before, self._sentence.kind(position + 1)) or (
            word.bare and self._is_ranked_by(position)
        )
        numbered = word.plural and self._sentence.is_numbered(position) and draft.counted is None
        following = [self._sentence.kind(at) for at in (position + 1, position + 2)]
        # "days with over 100 visits", "months with revenue over 70,000"
        limited = word.plural and (following[0] is Kind.THRESHOLD or following == [Kind.METRIC, Kind.THRESHOLD])
        allowed = (
            ranked
            or numbered
            or limited
            or before in GROUPING | {Kind.DIMENSION}
            or (before is Kind.AND and draft.groups)
        )
        if word.bare and not allowed:
            raise NotReadableError(1, f"It is not clear what “{mention.text}” asks for.", mention.text)
        if self._sentence.kind(position - 1) is Kind.TIME and mention.text.lower().startswith(("a ", "one ")):
            said = f"{self._sentence.mentions[position - 1].text} {mention.text}"
            raise NotReadableError(2, f"“{said}” may be one to come, or all years together; name days.", mention.text)
        if draft.grain and draft.grain is not word.grain:
            raise NotReadableError(2, f"One step of time at a time: {draft.grain} or {word.grain}?", mention.text)
        draft.grain = word.grain
        if word.bare and word.plural and self._sentence.is_numbered(position):
            draft.counted = TIME_DIMENSION
        draft.per |= mention.text.split()[0].lower() in PER_WORDS or self._sentence.is_averaged(mention)
        draft.ranks_time |= ranked or word.which or before in (Kind.TOP, Kind.WHICH)
        if not word.plural and (word.which or before is Kind.WHICH or ranked):
            draft.singular_rank = True
        self._sentence.believe(mention, f"one row per {word.grain}", 1.0)

    def _is_ranked_by(self, position: int) -> bool:
        """Whether the figure that ranks the steps stands right before them: "5 best sales days"."""
        ends = self._sentence.kind(position - 2) in (Kind.SUPERLATIVE, Kind.TOP)
        beside = not self._sentence.between(position - 1, position)
        return ends and beside and self._sentence.kind(position - 1) is Kind.METRIC

    def trend(self, position: int, mention: Mention) -> None:
        """The course over time."""
        self._draft.trend = True

    def top(self, position: int, mention: Mention) -> None:
        """A number of ranks."""
        top: Top = mention.payload
        if top.count > 1000:
            raise NotReadableError(2, "An answer has at most 1,000 rows.", mention.text, final=True)
        if top.end is None:
            self._draft.first_rows = top.count
            self._sentence.believe(mention, f"the first {top.count}", 1.0)
        elif top.end == "asked":
            self._draft.asked = (top.count, mention.text)
        else:
            self._draft.ranks.append(Rank(top.end, top.count, position, mention.text, top.skip))

    def superlative(self, position: int, mention: Mention) -> None:
        """An end of a ranking."""
        if mention.text.lower() in EXTREMES and self._sentence.kind(position + 1) is Kind.AND:
            raise NotReadableError(1, f"I do not know the {mention.text} of what.", mention.text)
        self._draft.ranks.append(Rank(mention.payload, None, position, mention.text))

    def threshold(self, position: int, mention: Mention) -> None:
        """A limit on a figure; how old or heavy things are is none of how many there are."""
        if own := _OF_EACH & {*words_of(mention.text.lower())}:
            raise NotReadableError(1, f"I do not know of what “{mention.text}” is.", *own)
        after = self._sentence.all[self._sentence.all.index(mention) + 1 :][:1]
        named = [self._vocabulary.metrics[hit.ref] for hit in self._sentence.assignment.metrics.values()]
        pieces = [m.text for m in after if m.text.lower() in PIECES]
        if pieces and (not named or any(metric.is_money or metric.is_ratio for metric in named)):
            raise NotReadableError(1, f"I do not know what the “{pieces[0]}” are of.", pieces[0])
        self._draft.bounds.append((position, mention.payload))

    def order(self, position: int, mention: Mention) -> None:
        """The order of the rows."""
        self._draft.sort = mention.payload
        self._sentence.believe(mention, f"sorted, {mention.payload} first", 1.0)

    def share(self, position: int, mention: Mention) -> None:
        """A part of a whole, or a figure in percent of another."""
        if self._draft.share is not None:
            raise NotReadableError(2, "One share at a time, please.", mention.text)
        after = self._sentence.all[self._sentence.all.index(mention) + 1 :]
        if self._draft.metrics and after and after[0].text.lower() == "of":
            # "late deliveries in percent of deliveries" is one figure by another
            if self._sentence.kind(position + 1) is not Kind.METRIC:
                raise NotReadableError(2, f"“{mention.text}” of what? Ask for “A per B”.", mention.text)
            if self._sentence.kind(position - 1) is Kind.AND:
                reason = f"“{mention.text}” of what? It stands beside another figure; ask for “A in percent of B”."
                raise NotReadableError(2, reason, mention.text)
            self._draft.ratio = self._draft.percent = True
            self._sentence.believe(mention, "the first in percent of the second", 1.0)
            return
        ranked = any(m.kind in (Kind.SUPERLATIVE, Kind.TOP) for m in self._sentence.mentions)
        if ranked and mention.text == "%" and self._sentence.kind(position - 1) is Kind.METRIC:
            raise NotReadableError(1, f"“{mention.text}” of what? Ask for “A in percent of B”.", mention.text)
        self._draft.share = mention.first

    def ratio(self, position: int, mention: Mention) -> None:
        """One figure by another, "the ratio of orders to visits", or a part by its whole, "… to all orders".

        Raises:
            NotReadableError: it is not plain which two figures are meant, or what belongs to one of them only.
        """
        sentence, draft = self._sentence, self._draft
        figures = [at for at in range(position + 1, len(sentence.mentions)) if sentence.kind(at) is Kind.METRIC][:2]
        inside = sentence.mentions[position + 1 : figures[-1]] if figures else []
        kinds = {m.kind for m in inside}
        if len(figures) < 2 or kinds - {Kind.METRIC, Kind.VALUE, Kind.BY, Kind.DIMENSION, Kind.AND}:
            raise NotReadableError(2, f"“{mention.text}” which two figures? Ask for “A per B”.", mention.text)
        part, whole = (sentence.mentions[at] for at in figures)
        between = {m.text.lower() for m in sentence.all[sentence.all.index(part) + 1 : sentence.all.index(whole)]}
        joint = "and" if "between" in mention.text.lower() else "to"
        hits = [sentence.assignment.metrics[m.first].ref for m in (part, whole)]
        if hits[0] == hits[1] and between & _WHOLE and between & {"to", "out", "over"} and draft.share is None:
            draft.share, draft.whole = mention.first, whole.first
            return
        if hits[0] == hits[1] or joint not in between or len(inside) > 1 + (joint == "and"):
            raise NotReadableError(2, f"“{mention.text}” which two figures? Ask for “A per B”.", mention.text)
        draft.ratio = True
        sentence.believe(mention, "the first by the second", 1.0)

    def growth(self, position: int, mention: Mention) -> None:
        """A change of the figures."""
        growth: Growth = mention.payload
        if self._draft.growth and self._draft.growth.comparison and growth.comparison:
            raise NotReadableError(2, "One comparison at a time, please.", mention.text)
        if self._draft.growth is None or growth.comparison:
            self._draft.growth = growth
        self._sentence.believe(mention, "the change of the figures", 1.0)

    def versus(self, position: int, mention: Mention) -> None:
        """A comparison, of values, figures or times; "how much more … than" asks for the difference."""
        draft = self._draft
        draft.versus = mention.text
        draft.among_values |= self._sentence.kind(position - 1) is self._sentence.kind(position + 1) is Kind.VALUE
        if any(self._sentence.is_extent(said) for said in self._sentence.all):
            two = [m for m in self._sentence.all if m.kind is Kind.TIME]
            draft.difference, draft.apart = len(two) == 2, len(two) < 2

    def averages(self) -> None:
        """Means over groups or steps of time."""
        for at, mention in enumerate(self._sentence.all):
            if mention.kind is not Kind.AVERAGE:
                continue
            said = [m for m in self._sentence.all[at + 1 :] if m.kind is not Kind.FILLER]
            if at == 0 and said and said[0].text == ",":
                said = said[1:]  # "on average, how long …" is of what comes
            following = next(iter(said), None)
            if following and following.kind in (Kind.AND, Kind.OR):
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” is of.", mention.text)
            self._draft.averages.append(mention.text)

    def runnings(self) -> None:
        """Totals and averages along time."""
        for mention in self._sentence.all:
            if mention.kind is not Kind.RUNNING:
                continue
            said = mention.payload if isinstance(mention.payload, tuple) else (mention.payload, None)
            if self._draft.running:
                raise NotReadableError(2, "One total or average along time at a time, please.", mention.text)
            self._draft.running, step = said
            self._draft.grain = self._draft.grain or step or Grain.MONTH
            self._sentence.believe(mention, f"the {said[0].of} along time, by {self._draft.grain}", 1.0)

    def difference(self) -> None:
        """The difference of a figure in two times: "the difference in sales between 2024 and 2025".

        Of two values both figures are offered, for a plan takes none from the other.
        """
        said = next((m for m in self._sentence.all if m.kind is Kind.DIFFERENCE), None)
        if said is None:
            return
        times = [span for _, span, _ in self._draft.times]
        compared = [one for one in self._draft.values(wanted=True).values() if len(one) == 2]
        if len(compared) == 1 and len(self._draft.metrics) == 1 and len(times) < 2:
            self._draft.versus, self._draft.apart = said.text, True
            self._sentence.believe(said, "both beside each other", 1.0)
            return
        if len(self._draft.metrics) > 1 or not (len(times) == 2 or (len(times) == 1 and times[0].ends)):
            reason = f"I can tell the “{said.text}” of one figure in two times; name both, as in “2024 and 2025”."
            raise NotReadableError(2, reason, said.text)
        self._draft.versus, self._draft.difference = said.text, True
        self._sentence.believe(said, "the later time less the earlier one", 1.0)
