"""Limits on the very things that are spoken of: "fires larger than 100 acres", "countries whose area is over 3000".

A limit that follows a noun is on each of the things it names, where these have such a number. Elsewhere it is on the
figure of a group: "counties with more than 10 fires", "which countries have a population over a million".

Belongs here: telling the two apart. Does not belong here: limits on numbers that are no figures (``dimensions``),
thresholds of figures (``finishing``).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from nlq.core.vocabulary import Dimension, Metric
from nlq.english.forms import stem
from nlq.english.general import DIMENSIONAL, GENERIC, GLUE, MEASURES, PREPOSITIONS
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import NotReadableError
from nlq.planning.drafts.measures import in_units_of
from nlq.planning.drafts.mentions import Bound, Kind, Mention
from nlq.planning.reading.sentence import GROUPING, Sentence

_OWN_MEASURES = frozenset({"age", "weight", "height"})
"""What a comparative compares that is no size of a number: "larger than average" may be of any figure."""
_BETWEEN = {Kind.VALUE, Kind.TIME, Kind.NOT, Kind.AND}
"""What may stand between a noun and its limit: "countries in Asia with an area over 3000"."""


@dataclass(frozen=True)
class OwnLimit:
    """A limit on a number of what a noun names: the places of the noun, of the limit and of the figure's words."""

    noun: int
    bound: int
    figures: tuple[int, ...]
    dimension: str
    value: Bound


class Limits:
    """Finds the limits of one sentence that are on things."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence, self._vocabulary = sentence, sentence.vocabulary

    def find(self) -> list[OwnLimit]:
        """The limits on things, in order."""
        found: list[OwnLimit] = []
        for position, mention in enumerate(self._sentence.mentions):
            if mention.kind is Kind.THRESHOLD and mention.payload.of:
                self._check_compared(mention)
            if mention.kind is Kind.THRESHOLD and (limit := self._own(position, mention.payload, found)):
                found.append(limit)
            elif mention.kind is Kind.THRESHOLD and (named := _measures(mention)):
                reason = f"I do not know of what “{mention.text}” is the {' or '.join(sorted(named))}."
                raise NotReadableError(2, reason, mention.text)
        return found

    def _own(self, position: int, bound: Bound, before: list[OwnLimit]) -> OwnLimit | None:
        beside = [at for at in (position + 1, position - 1) if self._sentence.kind(at) is Kind.METRIC]
        if bound.of:
            self._check_average(position, beside)
        if bound.of or bound.percent:
            return None
        for figure in beside:
            noun = self._noun(min(figure, position), before)
            number = self._number(noun, figure) if noun is not None and noun != figure else None
            if noun is not None and number:
                figures = tuple(at for at in beside if at != noun and self._number(noun, at) == number)
                value = self._in_its_unit(bound, figure)
                return OwnLimit(noun, position, figures, number.name, value)
        return None if position + 1 in beside else self._compared(position, bound, before)

    def _check_compared(self, mention: Mention) -> None:
        """Who is older than average has a higher age: no number of them tells it."""
        told = DIMENSIONAL.get(words_of(mention.text.lower())[0], frozenset())
        if not told & _OWN_MEASURES:
            return
        names = {*(hit.ref for hit in self._sentence.assignment.metrics.values()), *self._sentence.assignment.implied}
        labels = [self._vocabulary.metrics[name].label for name in names]
        if not any({stem(word) for word in words_of(label)} & {stem(word) for word in told} for label in labels):
            raise NotReadableError(2, f"No figure here tells what is “{mention.text}”.", mention.text, final=True)

    def _check_average(self, position: int, figures: Sequence[int]) -> None:
        """Things that are counted are not compared with their average: "how many cities are larger than average"."""
        counted = [at for at in range(position) if self._sentence.kind(at) is Kind.METRIC and at not in figures]
        for at in counted:
            if self._sentence.is_numbered(at) and any(self._number(at, figure) for figure in figures):
                said, noun = self._sentence.mentions[position].text, self._sentence.mentions[at].text
                raise NotReadableError(2, f"I cannot compare each of the {noun} with all (“{said}”).", said)

    def _compared(self, position: int, bound: Bound, before: list[OwnLimit]) -> OwnLimit | None:
        """A limit that says itself what is compared: "patients older than 65", "patients over age 65"."""
        mention = self._sentence.mentions[position]
        said = words_of(mention.text.lower())
        told = {stem(word) for word in _measures(mention) or _size_compared(said)}
        noun = self._noun(position, before) if told and not bound.unit else None
        if noun is None:
            return None
        spare = {*GENERIC, self._thing(noun)}
        found = [one for one in self._numbers(noun) if (own := _telling(one.label, one, spare)) and own <= told]
        return OwnLimit(noun, position, (), found[0].name, bound) if len(found) == 1 else None

    def _noun(self, position: int, before: list[OwnLimit]) -> int | None:
        """The nearest noun to the left that is no group."""
        taken = {at for limit in before for at in (limit.bound, *limit.figures)}
        for at in range(position - 1, -1, -1):
            kind = self._sentence.kind(at)
            relative = kind is Kind.WHICH and at > 0
            if at in taken or relative or kind in _BETWEEN or self._names_value(at):
                continue
            noun = kind in (Kind.METRIC, Kind.DIMENSION) and self._sentence.kind(at - 1) not in GROUPING
            return at if noun else None
        return None

    def _names_value(self, position: int) -> bool:
        """Whether a dimension only says of what a value beside is: the continent of "on the continent of Asia"."""
        beside = {self._sentence.value_dimension(position - 1), self._sentence.value_dimension(position + 1)}
        return any(name and self._sentence.names(position, name) for name in beside)

    def _number(self, noun: int, figure: int) -> Dimension | None:
        """The one number of the things a noun names that the words of a figure tell of."""
        said = self._metric(figure)
        spare = {*GENERIC, *(stem(word) for word in words_of(said.unit or "")), self._thing(noun)}
        found = [
            dimension
            for dimension in self._numbers(noun)
            if (own := _telling(dimension.label, dimension, spare))
            and any(_telling(phrase, dimension, spare) == own for phrase in (said.label, *said.synonyms))
        ]
        return found[0] if len(found) == 1 else None

    def _numbers(self, noun: int) -> Iterator[Dimension]:
        """The numbers of the things that a noun names."""
        thing = self._thing(noun)
        hit = self._sentence.assignment.metrics.get(self._sentence.mentions[noun].first)
        names = self._vocabulary.metrics[hit.ref].dimensions if hit else self._vocabulary.dimensions
        for dimension in (self._vocabulary.dimensions.get(name) for name in names):
            if dimension is None or not dimension.is_numeric:
                continue
            if thing in self._sentence.lexicon.things(dimension.thing) or thing in map(stem, words_of(dimension.label)):
                yield dimension

    def _thing(self, noun: int) -> str:
        """What a noun names: the last word of "population of the countries"."""
        words = words_of(self._sentence.mentions[noun].text.lower())
        return stem(words[-1]) if words else ""

    def _metric(self, position: int) -> Metric:
        return self._vocabulary.metrics[self._sentence.assignment.metrics[self._sentence.mentions[position].first].ref]

    def _in_its_unit(self, bound: Bound, figure: int) -> Bound:
        if not bound.unit:
            return bound
        metric = self._metric(figure)
        until = None if bound.until is None else in_units_of(bound, bound.until, metric)
        return replace(bound, value=in_units_of(bound, bound.value, metric), until=until, unit=None)


def _size_compared(said: Sequence[str]) -> frozenset[str]:
    """What a comparative of size compares: "older than 65", "65 or older"."""
    if "aged" in said[:1]:
        return DIMENSIONAL["older"]
    return next((DIMENSIONAL[word] for word in (*said[:1], *said[-1:]) if word in DIMENSIONAL), frozenset())


def _measures(mention: Mention) -> frozenset[str]:
    """What a limit names itself: the age of "over the age of 65"."""
    return MEASURES & set(words_of(mention.text.lower()))


def _telling(phrase: str, dimension: Dimension, spare: Container[str]) -> frozenset[str]:
    """The words of a name that tell the number: the size of "Total fire size" and of "Size of the fire"."""
    words = {stem(word) for word in words_of(phrase) if word not in GLUE | PREPOSITIONS}
    return frozenset(word for word in words - {stem(w) for w in words_of(dimension.thing)} if word not in spare)
