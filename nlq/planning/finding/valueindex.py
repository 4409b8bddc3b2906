"""The values of dimensions, indexed: which words may mean which value.

Belongs here: what values are called (in full, in part, by initials, as places, as flags), and looking words up.
Does not belong here: names of metrics and dimensions (``lexicon``), what a value does in a question (``reading``).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nlq.core.spelling import plain_form, same_form
from nlq.core.vocabulary import BOOLEAN_PREFIXES, Dimension
from nlq.english.forms import singular, stem
from nlq.english.general import ENGLISH
from nlq.english.letters import letters_of
from nlq.english.places import Place, places_of
from nlq.english.tokens import words_of
from nlq.english.words import family

_OPPOSITE = ("un", "in", "non")
"""What turns an adjective round: unpaid, inactive."""
_MIN_PARTIAL = 3
_MOST_PER_WORD = 4
_MOST_RUN = 6
"""Of longer values no words in a row are known apart."""
_LOOSELY = 0.9
"""The coverage of a value whose words are said in other forms or in another order: flooded streets."""
INITIALS = 0.85
"""The coverage of a value that is said by its initials."""
Key = tuple[str, ...]


@dataclass(frozen=True)
class ValueHit:
    """A value of a dimension that words may mean."""

    dimension: str
    value: Any
    coverage: float
    said: str = ""
    """What the value is called in English, where that was said and not the value: Texas, of TX."""

    @property
    def full(self) -> bool:
        """Whether the whole value was said."""
        return self.coverage >= 1

    @property
    def shown(self) -> str:
        """The value for people, with what was said for it."""
        differs = self.said and plain_form(self.said) != plain_form(self.value)
        return f"{self.value} ({self.said})" if differs else str(self.value)


class ValueIndex:
    """Values by what they are called.

    ``surface`` has their words, for spelling slips; ``longest`` is the most words of one, and one more.
    """

    def __init__(self) -> None:
        self._whole: dict[Key, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._joined: dict[str, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._parts: dict[str, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._runs: dict[Key, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._bags: dict[Key, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._initials: dict[str, dict[tuple[str, str], ValueHit]] = defaultdict(dict)
        self._absent: dict[Key, tuple[Dimension, Place]] = {}
        self.surface: set[str] = set()
        self.longest = 1

    # --- look-ups

    def find(self, norms: Sequence[str]) -> list[ValueHit]:
        """Values these words, in this order, may mean: in full, run together, or by a telling part."""
        key = _forms(norms)
        whole = self._whole.get(key, {})
        parts = self._parts.get(key[0], {}) if len(key) == 1 else {} if whole else self._runs.get(key, {})
        # "ward 1-5" is not ward 15.
        run_together = any(a.isdigit() and b.isdigit() for a, b in itertools.pairwise(key))
        joined = {} if run_together else self._joined.get("".join(key), {})
        loose = {} if whole or len(key) == 1 else self._bags.get(bag(key), {})
        return list((parts | joined | loose | whole).values())

    def related(self, norm: str) -> list[ValueHit]:
        """Values of one word of the same family: African, where Africa is one."""
        hits = [hit for word in sorted(family(norm)) for hit in self._whole.get(_forms([word]), {}).values()]
        return [replace(hit, coverage=_LOOSELY) for hit in hits if not isinstance(hit.value, bool)]

    def initials(self, norm: str) -> list[ValueHit]:
        """Values of several words whose first letters these are: the UAE."""
        found = list(self._initials.get(norm, {}).values())
        return found if len(found) <= _MOST_PER_WORD else []

    def absent(self, norms: Sequence[str]) -> tuple[Dimension, Place] | None:
        """The place that these words name and the dimension that has places of its kind, but not this one."""
        return self._absent.get(tuple(norms))

    # --- construction

    def add(self, dimension: Dimension) -> None:
        """Add the values of a dimension."""
        if dimension.yes_no:
            self._add_flag(dimension, *dimension.yes_no)
            return
        for value in dimension.values.items:
            self._add_value(dimension.name, value)
            if name := dimension.names.of(value):
                self._put_whole(words_of(name), ValueHit(dimension.name, value, 1.0, name))
        self._add_places(dimension)
        for value, names in letters_of(dimension.values.items, words_of(dimension.label)).items():
            for name in names:
                self._put_whole(words_of(name), ValueHit(dimension.name, value, 1.0, names[0]))

    def drop_common_parts(self, named: Iterable[str]) -> None:
        """Forget parts that tell no value from another, such as "ward" in WARD_01 and WARD_02."""
        names = set(named)
        for word in [w for w, hits in self._parts.items() if len(hits) > _MOST_PER_WORD or stem(w) in names]:
            del self._parts[word]
        for words in [words for words, hits in self._runs.items() if len(hits) > _MOST_PER_WORD]:
            del self._runs[words]

    def _add_flag(self, dimension: Dimension, yes: Any, no: Any) -> None:
        """A yes/no dimension is asked by its name: "overdue ones" is is_overdue = true."""
        for phrase in (dimension.column, dimension.label, *dimension.synonyms):
            words = [word for word in words_of(phrase) if word not in BOOLEAN_PREFIXES]
            self._put_whole(words, ValueHit(dimension.name, yes, 1.0))
            for prefix in _OPPOSITE if len(words) == 1 else ():
                self._put_whole([prefix + words[0]], ValueHit(dimension.name, no, 1.0))

    def _add_value(self, dimension: str, value: Any) -> None:
        words = _forms(words_of(str(value)))
        if not words:
            return
        self.surface.update(singular(word) for word in words if word.isalpha())
        whole = ValueHit(dimension, value, 1.0)
        self._put_whole(words, whole)
        self._put(self._joined, "".join(words), whole)
        if len(words) == 1:
            return
        self._put(self._bags, bag(words), replace(whole, coverage=_LOOSELY))
        if all(word.isalpha() for word in words):
            self._put(self._initials, "".join(word[0] for word in words), replace(whole, coverage=INITIALS))
        for first, last in itertools.combinations(range(len(words) + 1), 2) if len(words) <= _MOST_RUN else ():
            if 1 < last - first < len(words) and not {words[first], words[last - 1]} & ENGLISH:
                run = replace(whole, coverage=(last - first) / len(words))
                self._put(self._runs, words[first:last], run)
        for word in words:
            if word.isalpha() and len(word) >= _MIN_PARTIAL and word not in ENGLISH:
                self._put(self._parts, word, replace(whole, coverage=1 / len(words)))

    def _add_places(self, dimension: Dimension) -> None:
        """Countries and states are asked for by their names, whatever the values are: Texas, Texan, of TX."""
        called = (*words_of(dimension.column), *words_of(dimension.label))
        if (places := places_of(dimension.values.items, called)) is None:
            return
        for value, place in places.named.items():
            named = ValueHit(dimension.name, value, 1.0, place.name)
            for words in _words_of_names(place.names):
                self.surface.update(singular(word) for word in words)
                self._put_whole(words, named)
            for code in place.letters:
                self._put_whole([code.lower()], replace(named, said=code))
            for adjective in place.adjectives:
                self._put_whole([adjective], replace(named, coverage=_LOOSELY))
        for place in places.others if dimension.values.complete else ():
            for words in _words_of_names((*place.names, *place.letters)):
                self._absent.setdefault(words, (dimension, place))

    def _put_whole(self, words: Sequence[str], hit: ValueHit) -> None:
        self._put(self._whole, _forms(words), hit)
        self.longest = max(self.longest, len(words) + 1)

    @staticmethod
    def _put(index: Any, key: Any, hit: ValueHit) -> None:
        if key:
            index[key].setdefault((hit.dimension, same_form(hit.value)), hit)


def bag(words: Iterable[str]) -> Key:
    """Words in any order and form."""
    return tuple(sorted(stem(word) for word in words))


def _forms(words: Iterable[str]) -> Key:
    """One form for each word of a value in singular and plural, short ones as well: walk-ins."""
    return tuple(_form(word) for word in words)


def _form(word: str) -> str:
    short = len(word) == 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if short else singular(word)


def _words_of_names(names: Iterable[str]) -> Iterator[Key]:
    """The words of names, with their accents and without."""
    for name in names:
        yield from dict.fromkeys((words_of(name), words_of(plain_form(name))))
