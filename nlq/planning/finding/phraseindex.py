"""Phrases of metrics and dimensions, indexed: which words may mean which term, wholly, in part or by related words.

Belongs here: keeping phrases and looking them up. Does not belong here: which phrases a term has (``lexicon``), values
(``valueindex``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlq.english.forms import stem
from nlq.english.general import COUNTING, GENERIC, GLUE, UNITS
from nlq.planning.finding.valueindex import Key

_MEASURE_STEMS = frozenset(stem(word) for word in (*COUNTING, *UNITS))
_MIN_COVERAGE = 0.3
_RELATED = 0.95
"""The most coverage of a term that is said in related words."""
SURELY = 0.8
"""How near a word must be to one of a term to mean it without asking."""


@dataclass(frozen=True)
class Hit:
    """A term that words may mean. ``coverage`` is the part of the term's phrase the words make up (0..1]."""

    ref: str
    coverage: float
    source: str
    likeness: float = 1.0
    """How near the words are to the term's own (0..1]; 1 where they are forms of them."""

    @property
    def sure(self) -> bool:
        """Whether the words mean the term; those that only mean much the same are asked about."""
        return self.likeness >= SURELY

    @property
    def full(self) -> bool:
        """Whether the whole phrase was said."""
        return self.coverage >= 1


@dataclass(frozen=True)
class _Phrase:
    ref: str
    words: frozenset[str]
    source: str
    owner: frozenset[str] = frozenset()
    """The words that say only whose it is: they alone name nothing."""


class PhraseIndex:
    """Phrases by their bag of stems, whole or in part."""

    def __init__(self) -> None:
        self._whole: dict[Key, dict[str, str]] = defaultdict(dict)
        self._phrases: list[_Phrase] = []
        self._by_word: dict[str, set[int]] = defaultdict(set)
        self.longest = 1

    def add(
        self,
        ref: str,
        words: Iterable[str],
        source: str,
        *,
        partial: bool = True,
        measured: bool = True,
        owner: Iterable[str] = (),
    ) -> None:
        """Add a phrase; one that is ``measured`` goes without "total", "count" and units as well.

        The words of its ``owner`` say only whose it is: no part of them alone names it.
        """
        bag, whose = content(words), frozenset(stem(word) for word in owner)
        for key in {tuple(sorted(bag)), tuple(sorted(without_measure_words(bag) if measured else bag))}:
            reduced = len(key) < len(bag)
            if not key or ((source == "name" or reduced) and set(key) <= GENERIC):
                continue
            self._whole[key].setdefault(ref, source)
            self.longest = max(self.longest, len(key))
            if partial and len(key) > 1:
                self._add_partial(_Phrase(ref, frozenset(key), source, whose))

    def _add_partial(self, phrase: _Phrase) -> None:
        self._phrases.append(phrase)
        for word in phrase.words:
            self._by_word[word].add(len(self._phrases) - 1)

    def whole(self, stems: Sequence[str]) -> list[Hit]:
        """Terms of whose phrases one has these words and no others."""
        found = self._whole.get(tuple(sorted(stems)), {})
        return [Hit(ref, 1.0, source) for ref, source in found.items()]

    def partial(self, stems: Sequence[str]) -> list[Hit]:
        """Terms of whose phrase these words are enough."""
        wanted = set(stems)
        if len(wanted) != len(stems):
            return []
        ids = set.intersection(*(self._by_word.get(word, set()) for word in wanted))
        best: dict[str, Hit] = {}
        for phrase in (self._phrases[i] for i in ids):
            if "per" in phrase.words - wanted or wanted <= phrase.owner:
                continue  # what one spends is not what is spent per customer; of a sale there is more than its city
            coverage = len(wanted) / len(phrase.words)
            if _MIN_COVERAGE <= coverage < 1 and coverage > (best[phrase.ref].coverage if phrase.ref in best else 0):
                best[phrase.ref] = Hit(phrase.ref, coverage, phrase.source)
        return sorted(best.values(), key=lambda hit: (-hit.coverage, hit.ref))

    def related(self, options: Sequence[Mapping[str, float]]) -> list[Hit]:
        """Terms of which every word is related to a word of one phrase; ``options`` has the stems related to each.

        The coverage is below 1 however much is covered: what was said is not what the term is called.
        """
        ids = set.intersection(*(self._having(stems) for stems in options))
        best: dict[str, Hit] = {}
        for ref, words, source in self._candidates(ids, options):
            likeness = min(
                max((weight for one, weight in near.items() if one in words), default=0.0) for near in options
            )
            coverage = len(options) / max(len(words), len(options)) * likeness
            if coverage > (best[ref].coverage if ref in best else _MIN_COVERAGE):
                best[ref] = Hit(ref, min(coverage, _RELATED), source, min(likeness, _RELATED))
        return sorted(best.values(), key=lambda hit: (-hit.coverage, hit.ref))

    def _having(self, words: Iterable[str]) -> set[int]:
        return set().union(*(self._by_word.get(word, ()) for word in words))

    def _candidates(
        self, ids: Iterable[int], options: Sequence[Mapping[str, float]]
    ) -> Iterator[tuple[str, frozenset[str], str]]:
        """The phrases of several words among these, and those of a single one."""
        for phrase in (self._phrases[i] for i in sorted(ids)):
            yield phrase.ref, phrase.words, phrase.source
        for word in options[0] if len(options) == 1 else ():
            for ref, source in self._whole.get((word,), {}).items():
                yield ref, frozenset({word}), source

    def words(self) -> Iterator[str]:
        """The stems of all phrases, some more than once."""
        yield from self._by_word
        for key in self._whole:
            yield from key


def content(words: Iterable[str]) -> list[str]:
    """The stems of words that have a meaning of their own; of all words if none has."""
    stems = [stem(word) for word in words if word not in GLUE]
    return stems or [stem(word) for word in words]


def without_measure_words(stems: list[str]) -> list[str]:
    """The words that remain when units and counting words are left out; all of them if none would remain."""
    return [word for word in stems if word not in _MEASURE_STEMS] or stems
