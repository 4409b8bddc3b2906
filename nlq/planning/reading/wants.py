"""What a question word wants for an answer, matched with what the plan gives: how long, when, where, who, is it.

A figure of another kind is no answer: "how long" is not told by a number of visits, "when" not without a time. Where
the layer has figures or groups of the wanted kind they are offered; else the question is refused.

Belongs here: which metrics and groups are such an answer. Does not belong here: finding the words (``questionwords``),
units (``drafts.units``), percentages of what (``leftovers``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from nlq.core.plan import Grain
from nlq.core.vocabulary import Dimension, Metric
from nlq.english.forms import is_plural, singular
from nlq.english.frames import Frame
from nlq.english.general import NAMING
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.draft import Draft, NotReadableError, Rank
from nlq.planning.drafts.measures import duration_unit, is_amount
from nlq.planning.drafts.mentions import Kind, Mention, Want
from nlq.planning.drafts.units import measures_money
from nlq.planning.reading.sentence import NOT_SIGNIFICANT, Sentence

_MOST_OFFERED = 4
_STEPS = (Grain.MONTH, Grain.DAY, Grain.WEEK)
"""The steps that "when" may be answered by, the likeliest first."""
_NAMED = {
    Want.AGE: set_of("age aged old"),
    Want.LENGTH: set_of("distance length height width depth km kilometre kilometer mile metre meter foot feet"),
    Want.WEIGHT: set_of("weight kg kilogram gram tonne ton lb"),
}
"""Words in the names of figures that are such an answer."""
_FIGURES = {*_NAMED, Want.DURATION, Want.MONEY, Want.FREQUENCY}
_TELLING = (Kind.VERSUS, Kind.THRESHOLD, Kind.GROWTH, Kind.TREND, Kind.SHARE, Kind.SUPERLATIVE, Kind.TOP, Kind.MORE)
"""With these a figure says yes or no."""
_COURSE = (Kind.GROWTH, Kind.TREND, Kind.VERSUS, Kind.GRAIN, Kind.BY)
"""With these "how" asks for the course of a figure, or for it side by side."""
_PLACES = set_of("""
    country city town village state province region area district county ward locality zone territory location place
    address street site venue continent island postcode zip neighbourhood nation origin destination store shop branch
    office clinic hospital hotel gym school warehouse station airport
""")
_PEOPLE = set_of("""
    person customer client patient doctor member guest user employee agent seller salesperson representative buyer
    driver player student teacher author owner manager supplier vendor shipper carrier passenger reader worker officer
    visitor subscriber student winner candidate instructor professional individual citizen resident complainant
""")


class Wants:
    """Matches one sentence with what its question words want."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary
        self._said = {m.payload: m for m in sentence.all if m.kind is Kind.ASKS}

    def drop_doers(self) -> None:
        """Forget the number of those who do it: patients, of "how long do patients wait"."""
        draft, figures = self._draft, [want for want in self._said if want in _FIGURES]
        fitting = [name for name in draft.metrics if all(self._fits(want, name) for want in figures)]
        if not figures or not fitting or any(m.kind in (Kind.AND, Kind.RATIO, Kind.SHARE) for m in self._sentence.all):
            return
        doers = [name for name in draft.metrics if name not in fitting and name in self._sentence.lexicon.counts]
        draft.metrics[:] = [name for name in draft.metrics if name not in doers]
        draft.metric_at[:] = [(at, name) for at, name in draft.metric_at if name not in doers]

    def drafts(self, draft: Draft) -> list[Draft]:
        """A draft itself where it is what is wanted, else those that may be meant and are.

        Raises:
            NotReadableError: the layer has nothing of the wanted kind.
        """
        found = [draft]
        for want, mention in self._said.items():
            found = [other for one in found for other in self._meant(want, mention, one)]
        return self._counted(found[:_MOST_OFFERED])

    def _meant(self, want: Want, mention: Mention, draft: Draft) -> list[Draft]:
        if want in _FIGURES:
            return self._figures(want, mention, draft)
        if want is Want.TIME:
            return self._times(mention, draft)
        if want in (Want.PLACE, Want.PERSON):
            return self._groups(want, mention, draft)
        return self._sayings(want, mention, draft)

    # --- figures

    def _figures(self, want: Want, mention: Mention, draft: Draft) -> list[Draft]:
        """The draft with figures of the wanted kind."""
        if any(self._fits(want, name) for name in draft.metrics):
            if want is Want.FREQUENCY and not (draft.grain or draft.averages or draft.ranks):
                return [replace(draft, doubtful=True, doubt=f"“{mention.text}” may ask for a number or a rate.")]
            return [draft]
        return self._instead(draft, mention, want, lambda metric: self._fits(want, metric.name))

    def _instead(self, draft: Draft, mention: Mention, what: str, fits: Callable[[Metric], bool]) -> list[Draft]:
        """The draft with each figure in the place of the one that was said that fits and is of the same things."""
        said = self._metric(draft.metrics[0])
        needed = {*draft.groups, *(item.dimension for item in draft.chosen), *(name for name, _ in draft.limits)}
        akin = [m for m in self._vocabulary.metrics.values() if fits(m) and self._is_akin(m, said)]
        others = [metric for metric in akin if needed <= metric.dimensions]
        reason = f"{said.label} does not tell {what} (“{mention.text}”)."
        if len(draft.metrics) > 1 or not others:
            near = [metric.label for metric in akin[:_MOST_OFFERED]]
            raise NotReadableError(2, reason, mention.text, nearest=near)
        return [self._with(draft, metric, reason) for metric in self._nearest(others, said)]

    def _with(self, draft: Draft, metric: Metric, reason: str) -> Draft:
        averages = draft.averages if is_amount(metric) else []
        at = [(place, metric.name) for place, _ in draft.metric_at]
        return replace(draft, metrics=[metric.name], metric_at=at, averages=averages, doubtful=True, doubt=reason)

    def _is_akin(self, metric: Metric, said: Metric) -> bool:
        """Whether a figure is of the things that another is of, as far as their dimensions tell."""
        own = {d for d in metric.dimensions if "__" in d and not d.endswith("tenant_id")}
        return bool(own & said.dimensions) and metric.name != said.name

    def _nearest(self, metrics: Iterable[Metric], said: Metric) -> list[Metric]:
        """The likeliest first: of the very same things, called more alike, averages before extremes."""
        about = self._sentence.lexicon.subject_words(said.name)
        stems = {one for m in self._sentence.all for one in map(singular, words_of(m.text.lower()))}

        def nearness(metric: Metric) -> tuple[bool, int, int]:
            names = {singular(word) for text in (metric.label, *metric.synonyms) for word in words_of(text)}
            same = bool(about & self._sentence.lexicon.subject_words(metric.name))
            return not same, -len(names & stems), len(metric.label)

        return sorted(metrics, key=nearness)

    def _fits(self, want: Want, name: str) -> bool:
        """Whether a metric is an answer of the wanted kind."""
        metric = self._metric(name)
        if want is Want.MONEY:
            return measures_money(metric)
        if want is Want.DURATION:
            plain = not metric.is_money and " per " not in f" {metric.label.lower()} "
            return plain and duration_unit(metric) is not None and name not in self._sentence.lexicon.counts
        if want is Want.FREQUENCY:
            return metric.is_ratio or (is_amount(metric) and not measures_money(metric))
        texts = (metric.unit or "", metric.label, metric.name, metric.format or "")
        return bool(_NAMED[want] & {singular(word) for text in texts for word in words_of(text)})

    def _counted(self, drafts: list[Draft]) -> list[Draft]:
        """How many, how much: of a number of things, and of what is no number of things.

        Sums of money are asked for by "how much"; how many sales there were is another figure.
        """
        for at, mention in enumerate(self._sentence.all):
            following = next((m for m in self._sentence.all[at + 1 :] if m.kind not in NOT_SIGNIFICANT), None)
            if mention.kind is not Kind.COUNT or following is None or following.kind is not Kind.METRIC:
                continue
            if self._sentence.is_extent(mention):
                continue  # "how much higher" counts nothing
            metric = self._metric(self._sentence.assignment.metrics[following.first].ref)
            if not is_amount(metric):
                return self._instead_of_each(drafts, mention, "how many there are", self._is_number)
            much = mention.text.lower() == "much" and not _FIGURES & {*self._said}
            if much and self._is_plain_count(metric, following):
                return self._instead_of_each(drafts, mention, "how much", measures_money)
        return drafts

    def _instead_of_each(
        self, drafts: list[Draft], mention: Mention, what: str, fits: Callable[[Metric], bool]
    ) -> list[Draft]:
        return [other for draft in drafts for other in self._instead(draft, mention, what, fits)][:_MOST_OFFERED]

    @staticmethod
    def _is_number(metric: Metric) -> bool:
        return is_amount(metric) and not measures_money(metric)

    def _is_plain_count(self, metric: Metric, mention: Mention) -> bool:
        return metric.name in self._sentence.lexicon.counts and is_plural(words_of(mention.text.lower())[-1])

    # --- times, places, people

    def _times(self, mention: Mention, draft: Draft) -> list[Draft]:
        """Steps of time, one of which "when" may be answered by: the month with the most, the day."""
        if draft.grain or draft.trend or any(self._vocabulary.dimensions[name].is_calendar for name in draft.groups):
            return [draft]
        if draft.groups or not draft.ranks:
            reason = f"“{mention.text}” asks for a time: say by which step, as in “which month has the most”."
            raise NotReadableError(1, reason, mention.text)
        reason = f"“{mention.text}” may be answered by the month, the day or the week."
        coarse = max((list(Grain).index(Grain(self._metric(name).min_grain)) for name in draft.metrics), default=0)
        return [
            replace(draft, grain=step, ranks_time=True, singular_rank=True, doubtful=True, doubt=reason)
            for step in _STEPS
            if list(Grain).index(step) >= coarse
        ]

    def _groups(self, want: Want, mention: Mention, draft: Draft) -> list[Draft]:
        """Groups of the wanted kind, where none was said."""
        if draft.groups or draft.grain or draft.keeps_keys or draft.records:
            return [draft]
        shared = self._vocabulary.shared_dimensions(draft.metrics)
        listed = [name for name, values in draft.values(wanted=True).items() if len(values) > 1]
        nouns = _PLACES if want is Want.PLACE else _PEOPLE
        known = [self._vocabulary.dimensions[name] for name in shared if name in self._vocabulary.dimensions]
        named = [d.name for d in sorted(known, key=_order) if _is_called(d, nouns)]
        names = listed or named
        if not names:
            raise NotReadableError(2, f"“{mention.text}” of what? Say which group is asked for.", mention.text)
        reason = f"I am not sure what “{mention.text}” asks for. Do you mean this?"
        ranks = draft.ranks or _named_end(self._metric(draft.metrics[0]), mention)
        return [
            replace(draft, groups=[name], ranks=ranks, singular_rank=bool(ranks), doubtful=not listed, doubt=reason)
            for name in names[:_MOST_OFFERED]
        ]

    # --- yes, no, and in what way

    def _sayings(self, want: Want, mention: Mention, draft: Draft) -> list[Draft]:
        """What no figure says by itself: in what way, how well, whether."""
        kinds = {m.kind for m in self._sentence.all}
        if want is Want.MANNER and not (kinds & {*_COURSE} or draft.groups) and self._ends_in_verb():
            raise NotReadableError(1, f"“{mention.text}” asks in what way, which no figure tells.", mention.text)
        if want is Want.STATE and self._sentence.assignment.metrics and not kinds & {*_COURSE}:
            raise NotReadableError(1, f"“{mention.text}” asks for no one figure.", mention.text)
        moves = any(m.payload is Frame.COURSE for m in self._sentence.all)
        if want is Want.TRUTH and not kinds & {*_TELLING} and not draft.averages and not moves:
            reason = f"“{mention.text}” asks for yes or no, which this figure may not tell. Do you mean it?"
            return [replace(draft, doubtful=True, doubt=reason)]
        return [draft]

    def _ends_in_verb(self) -> bool:
        last = words_of(self._sentence.all[-1].text.lower())[-1:]
        return bool(last) and last[0].endswith("ed")

    def _metric(self, name: str) -> Metric:
        return self._vocabulary.metrics[name]


def _is_called(dimension: Dimension, nouns: frozenset[str]) -> bool:
    """Whether a dimension is one of such things, by the last noun of its name: a guest's country is a country."""
    said = [singular(word) for word in words_of(dimension.column) if word not in NAMING]
    owner = words_of(dimension.thing) if dimension.is_name or not said else ()
    return bool({*said[-1:], *map(singular, owner[-1:])} & nouns)


def _named_end(metric: Metric, mention: Mention) -> list[Rank]:
    """The end that the name of a figure says: who has the lowest bill, of a "Lowest bill"."""
    said = {singular(word) for word in words_of(metric.label)}
    end = next((end for end, word in (("highest", "maximum"), ("lowest", "minimum")) if word in said), None)
    return [Rank(end, None, -1, mention.text)] if end else []


def _order(dimension: Dimension) -> tuple[bool, int, str]:
    """Names before keys, what is near before what is reached over others."""
    return not (dimension.is_name or dimension.column.endswith("name")), dimension.name.count("__"), dimension.name
