"""Verbs that name a time of the layer: "opened" its opening date, "hired" its hire date, "born" its date of birth.

Belongs here: which times and years of a layer a verb may be of, by the forms of the word and its family. Does not
belong here: which time of a question belongs to them (``reading.moments``), participles within names of metrics
(``events``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from nlq.core.vocabulary import TIME_DIMENSION, Dimension, Vocabulary
from nlq.english.forms import OCCURRENCE, singular
from nlq.english.general import GLUE, IRREGULAR_PARTICIPLES
from nlq.english.tokens import set_of, words_of
from nlq.english.words import base_of, family, synonyms

_TIMES = GLUE | set_of(
    "date datetime timestamp day time at on in of by year month week quarter since when moment was were has been "
    "first snapshot"
)
_NOUNS = {"born": "birth"}
"""Verbs whose noun is not derived from them."""
_AUXILIARIES = set_of("do does did to was were been be being is are got get")
SAME_FAMILY, _SYNONYM, DESCRIBED, _GUESSED = 0.85, 0.7, 0.6, 0.5
"""How near a word comes to a term by one of its family, a synonym, the description, or by nothing but its place."""
_SHORTEST, _PREFIX = 3, 4


def is_verb(word: str, before: str) -> bool:
    """Whether a word may be a verb that tells of an event: a participle, a past form, or one after "did" or "was"."""
    told = word in OCCURRENCE or word in IRREGULAR_PARTICIPLES or base_of(word) != word
    return told or (word.endswith(("ed", "ing")) and len(word) >= 5) or before in _AUXILIARIES


class Happenings:
    """The times and years of one layer by the forms of the words that name their events."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Index every time and year that has a name of its own."""
        self._named: dict[str, dict[str, float]] = defaultdict(dict)
        self._described: dict[str, dict[str, float]] = defaultdict(dict)
        named: dict[str, set[str]] = defaultdict(set)
        for dimension in vocabulary.dimensions.values():
            if dimension.name == TIME_DIMENSION or not (dimension.is_time or dimension.is_year):
                continue
            for word in _event_words(dimension):
                for form in forms(word):
                    self._named[form][dimension.name] = 1.0
                    named[dimension.entity].add(dimension.name)
            for word in words_of(dimension.description):
                if is_verb(word, ""):
                    for form in forms(word):
                        self._described[form][dimension.name] = DESCRIBED

        own = {metric.time_names[:2] for metric in vocabulary.metrics.values()}
        only = (vocabulary.dimensions[name] for names in named.values() if len(names) == 1 for name in names)
        self._only = {d.name: _GUESSED for d in only if (d.column, d.label) not in own}

    def guessed(self, verb: str) -> dict[str, float]:
        """The times that a participle of which nothing is known may be of: the only named one of each thing.

        Not those that some figures go by anyway.
        """
        told = verb in IRREGULAR_PARTICIPLES or (verb.endswith("ed") and len(verb) >= 5)
        return self._only if told else {}

    def of(self, verb: str, *, related: bool) -> dict[str, float]:
        """The times that a verb may be of, by how near it is (0..1]: in its own forms, or in those of its kin."""
        said = forms(verb)
        found = _together(self._named.get(form, {}) for form in said)
        if not found and related:
            found = _together(dict.fromkeys(self._named.get(form, {}), likeness) for form, likeness in kin(said))
            found = found or _together(self._described.get(form, {}) for form in said)
        return found


def _together(found: Iterator[Mapping[str, float]]) -> dict[str, float]:
    """Times by how near they are, the nearest alone."""
    best: dict[str, float] = {}
    for group in found:
        for name, likeness in group.items():
            best[name] = max(likeness, best.get(name, 0.0))
    return {name: likeness for name, likeness in best.items() if likeness == max(best.values())}


def _event_words(dimension: Dimension) -> Iterator[str]:
    """The words that alone tell what a time is of: the hire of "Hire date", the shipped of "shipped_at"."""
    thing = words_of(dimension.entity)
    for phrase in (dimension.label, dimension.column, *dimension.synonyms):
        telling = [word for word in words_of(phrase) if word not in _TIMES and singular(word) not in thing]
        if len(telling) == 1:
            yield telling[0]


def kin(said: Iterable[str]) -> Iterator[tuple[str, float]]:
    """The forms of words that belong to some, by how near; synonyms that begin alike are family: resolution."""
    for one in said:
        for word in family(one) | synonyms(one):
            likeness = SAME_FAMILY if word in family(one) or word[:_PREFIX] == one[:_PREFIX] else _SYNONYM
            yield from ((form, likeness) for form in forms(word))


def forms(word: str) -> frozenset[str]:
    """A word and what it may be a form of: hired, hire; shipped, ship; carried, carry."""
    found = {word, base_of(word), *([_NOUNS[word]] if word in _NOUNS else [])}
    for ending in ("ed", "ing", "ment", "d", "s"):
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < _SHORTEST:
            continue
        found |= {rest, f"{rest}e"}
        if rest[-1] == rest[-2]:
            found.add(rest[:-1])
        if rest.endswith("i"):
            found.add(f"{rest[:-1]}y")
    return frozenset(found)
