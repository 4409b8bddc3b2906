"""Which figure is meant where readings differ in their figure alone: the one that stands for what was said.

"Sales" may be store sales, store sales before discounts and hourly sales. Nobody who says no more means the narrower or
the more technical one; it is taken where what sets it apart is said. Close calls stay several, and are asked back.

Belongs here: which figure is a variant of which, and the kind of figure that a word asks for. Does not belong here:
which terms words may mean (``finding``), what is said of the others (``asking``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nlq.core.plan import Plan
from nlq.core.vocabulary import Metric
from nlq.english.forms import singular, stem
from nlq.english.general import AVERAGE_WORDS, COUNTING, GENERIC, GLUE, NUMBERING, PREPOSITIONS, RATES, SHARE_WORDS
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.measures import duration_unit, is_amount
from nlq.planning.drafts.mentions import Kind
from nlq.planning.finding.lexicon import Lexicon

_SURE = 0.5
"""A figure in the place of others is as sure as this at least."""
_MONEY = set_of("amount amounts value money much worth")
_RATES = RATES | SHARE_WORDS
_MEANS = _RATES | AVERAGE_WORDS | {"per", "each", "every", "median"}
"""Words that ask for a figure over another, or for a mean."""
_UNTELLING = GENERIC | {stem(word) for word in COUNTING | GLUE | PREPOSITIONS}
_ELSEWHERE = frozenset({Kind.DIMENSION, Kind.VALUE, Kind.TIME, Kind.GRAIN, Kind.BY})
"""Words of these tell nothing of the figure."""


class Preferring:
    """Chooses among the readings of questions over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon, self._metrics = lexicon, lexicon.vocabulary.metrics

    def meant(self, readings: Sequence[Reading], words: set[str]) -> list[Reading]:
        """The readings that are meant; one that stands for others has them in ``others``.

        Args:
            readings: What the question may ask, all as likely as each other by its grammar.
            words: The words of the question.
        """
        if any(self._names_rate(reading) for reading in readings):
            readings = [reading for reading in readings if reading.plan.share is None]
        alike: dict[str, list[Reading]] = {}
        for reading in self._guessed_by_kind(readings, words) or self._of_kind(readings, words):
            alike.setdefault(self._shape(reading.plan), []).append(reading)
        return [reading for several in alike.values() for reading in self._standing(several)]

    def _of_kind(self, readings: Sequence[Reading], words: set[str]) -> Sequence[Reading]:
        """Those of the kind that a word asks for, where there are any: money, a number, a rate."""
        kinds: tuple[tuple[frozenset[str], Callable[[Reading], bool]], ...] = (
            (_RATES, self._is_rate),
            (NUMBERING, lambda reading: reading.plan.count or self._kind(reading) == "number"),
            (_MONEY, lambda reading: self._kind(reading) == "money"),
        )
        if any(len(reading.plan.metrics) > 1 for reading in readings):
            return readings  # each of several may be of a kind of its own
        for asking, fits in kinds:
            if asking & words and len(readings) > 1:
                readings = [reading for reading in readings if fits(reading)] or readings
        return readings

    def _guessed_by_kind(self, readings: Sequence[Reading], words: set[str]) -> list[Reading]:
        """The one figure that a word asks for where none is named: the amount of "cash on delivery amount"."""
        if not all(reading.guessed for reading in readings):
            return []
        if len(readings) == 1 and len(readings[0].plan.metrics) > 1 and not readings[0].plan.ratio:
            return [replace(readings[0], sure=True)]  # of nothing else there are both figures that are asked for
        if len(readings) < 2:
            return []
        found = self._of_kind(readings, words)
        if len(found) != 1 or len({self._shape(reading.plan) for reading in readings}) > 1:
            return []
        others = tuple(reading for reading in readings if reading is not found[0])
        return [replace(found[0], sure=True, others=others)]

    def _names_rate(self, reading: Reading) -> bool:
        """Whether a word for a share ends the name of a rate: the late share is the late rate, no part of the late."""
        named = [m for m in reading.mentions if m.kind is Kind.METRIC]
        ends = any(words_of(m.text.lower())[-1:] and words_of(m.text.lower())[-1] in SHARE_WORDS for m in named)
        return ends and self._kind(reading) == "rate" and len(reading.plan.metrics) == 1

    def _is_rate(self, reading: Reading) -> bool:
        plan = reading.plan
        return plan.share is not None or plan.ratio or self._kind(reading) == "rate"

    def _kind(self, reading: Reading) -> str:
        return _kind_of(self._metrics[reading.plan.metrics[0]])

    def _shape(self, plan: Plan) -> str:
        """A plan without its figures and which end of them is good; dimensions alike in two models are one."""
        names = {metric: f"${place}" for place, metric in enumerate(plan.metrics)}
        names |= {f"{metric}__difference": f"{place}__difference" for metric, place in names.items()}
        names |= {name: dimension.label.lower() for name, dimension in self._lexicon.vocabulary.dimensions.items()}
        told = plan.model_dump(mode="json")
        told["order_by"] = [{**key, "descending": None} for key in told["order_by"]]
        return json.dumps(_renamed(told, names), sort_keys=True)

    def _standing(self, alike: Sequence[Reading]) -> Sequence[Reading]:
        """Those of readings with one shape of which none is a variant of another; the likeliest first."""
        if len(alike) == 1:
            return alike
        ordered = sorted(alike, key=lambda reading: self._standing_of(reading.plan))
        sure = [reading for reading in ordered if reading.sure and reading.confidence >= _SURE]
        kept = [one for one in ordered if not any(self._stands_for(other, one) for other in sure)]
        rest = tuple(one for one in ordered if one not in kept)
        return [replace(kept[0], others=rest)] if len(kept) == 1 and kept[0] in sure else [*kept, *rest]

    def _standing_of(self, plan: Plan) -> tuple[bool, int, bool]:
        """How early a figure is named: what stands for a domain first, variants last."""
        first = self._metrics[plan.metrics[0]]
        return not first.headline, first.headline, bool(first.variant_of)

    def _stands_for(self, one: Reading, other: Reading) -> bool:
        """Whether every figure of another reading is that of this one, or a variant of it that nothing asks for."""
        mine, theirs = one.plan.metrics, other.plan.metrics
        if mine == theirs or len(mine) != len(theirs) or not (_names_its_own(one) and _names_its_own(other)):
            return False
        told = {w for m in one.mentions if m.kind not in _ELSEWHERE for w in words_of(m.text.lower())}
        named = {w for m in one.mentions if m.kind is Kind.METRIC for w in words_of(m.text.lower())}
        pairs = [(self._metrics[b], self._metrics[a]) for a, b in zip(mine, theirs, strict=True) if a != b]
        return all(
            self._is_variant(metric, of, told) or self._is_said_otherwise(metric, of, named) for metric, of in pairs
        )

    def _is_said_otherwise(self, metric: Metric, of: Metric, named: set[str]) -> bool:
        """Whether what was said is a word of one figure, and of another in other forms alone: sales, units sold."""
        said = {singular(word) for word in named} - GLUE
        return metric.domain == of.domain and bool(said) and said <= _words(of) and not said & _words(metric)

    def _is_variant(self, metric: Metric, of: Metric, told: set[str]) -> bool:
        """Whether a figure is a narrower or more technical one of another, and nothing said asks for it."""
        apart = self._sets_apart(metric, of) & {stem(word) for word in told}
        if metric.domain != of.domain or of.variant_of == metric.name or apart:
            return False
        if metric.variant_of == of.name:
            return True
        if is_amount(of) and not is_amount(metric):
            known = of.name in metric.parts or (of.headline and not duration_unit(metric))
            return bool(known) and not told & _MEANS
        if _kind_of(metric) != _kind_of(of) or is_amount(metric) != is_amount(of):
            return False
        if metric.headline or of.headline:
            return bool(of.headline) and not metric.headline
        if _is_along_time(metric) != _is_along_time(of):
            return _is_along_time(metric)
        return self._label(of) < self._label(metric)

    def _sets_apart(self, metric: Metric, of: Metric) -> set[str]:
        """The words of a figure's names that another has none of."""
        spoken_of = self._lexicon.name_words(of.name) | self._lexicon.subjects
        return {*self._lexicon.name_words(metric.name)} - spoken_of - _UNTELLING

    @staticmethod
    def _label(metric: Metric) -> set[str]:
        return {stem(word) for word in words_of(metric.label)}


def _names_its_own(reading: Reading) -> bool:
    """Whether words name its figures, none of which comes in by a verb or from the question before."""
    return {*reading.plan.metrics} <= {m.payload.ref for m in reading.mentions if m.kind is Kind.METRIC}


def _words(metric: Metric) -> set[str]:
    """The words that people have for a figure, in the singular."""
    return {singular(word) for text in (metric.label, *metric.synonyms) for word in words_of(text.lower())}


def _is_along_time(metric: Metric) -> bool:
    """Whether it is a total along time, or a change in time."""
    return metric.cumulative or metric.needs_time


def _kind_of(metric: Metric) -> str:
    if metric.is_ratio:
        return "rate"
    return "money" if metric.is_money else "duration" if duration_unit(metric) else "number"


def _renamed(given: Any, names: Mapping[str, str]) -> Any:
    if isinstance(given, dict):
        return {key: _renamed(value, names) for key, value in given.items()}
    if isinstance(given, list):
        return [_renamed(value, names) for value in given]
    return names.get(given, given) if isinstance(given, str) else given
