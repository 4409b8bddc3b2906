"""Which terms of a layer single words are near to: by its names, in other forms, related, described or spelled alike.

Belongs here: an index of the words of metrics and dimensions, how rare each is, and how well words fit a term. Does
not belong here: phrases that mean a term (``finding.phraseindex``), which plan words ask for (``candidates``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.english.forms import stem
from nlq.english.general import GLUE, PREPOSITIONS
from nlq.english.tokens import words_of
from nlq.planning.finding.lexicon import related_stems

_VOID = GLUE | PREPOSITIONS | {"by", "and", "or", "per"}
_SPELLED_ALIKE = 0.9
"""Words of a likeness above this (Jaro and Winkler) may be one word in two forms: latitude, latitudinal."""
_ALIKE, _DESCRIBED = 0.6, 0.4
_LONG = 5
_RAREST = 12
"""Words in the descriptions of more than this part of the terms tell none from another."""
_OWN = {"label": 1.0, "synonym": 0.95, "name": 0.9, "entity": 0.4}
"""How telling a word is by which of a term's words it is."""


@dataclass(frozen=True)
class Phrase:
    """One name of a term: its stems, and which of its names it is."""

    stems: frozenset[str]
    source: str


@dataclass(frozen=True)
class Fit:
    """How well words of a question fit a term.

    ``said`` is how much of the question's telling words they are, ``coverage`` how much of the term's name (both 0..1,
    by rarity); ``likeness`` is the least of the words' own. ``at`` are the places of the words.
    """

    ref: str
    at: frozenset[int]
    said: float
    coverage: float
    likeness: float
    source: str
    missing: frozenset[str] = field(default=frozenset())
    """The stems of the name that were not said."""


class NearIndex:
    """The words of one vocabulary's terms. Immutable after construction."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._phrases: dict[str, tuple[Phrase, ...]] = {}
        self._described: dict[str, frozenset[str]] = {}
        self._by_stem: dict[str, set[str]] = defaultdict(set)
        described_by: dict[str, set[str]] = defaultdict(set)
        for term in (*vocabulary.metrics.values(), *vocabulary.dimensions.values()):
            phrases = self._phrases[term.name] = tuple(_phrases(term))
            own = frozenset[str]().union(*(phrase.stems for phrase in phrases))
            for one in own:
                self._by_stem[one].add(term.name)
            self._described[term.name] = _content(words_of(term.description)) - own
            for one in self._described[term.name]:
                described_by[one].add(term.name)
        most = max(2, len(self._phrases) // _RAREST)
        self._described_by = {one: names for one, names in described_by.items() if len(names) <= most}
        self._stems = sorted(one for one in self._by_stem if len(one) >= _LONG)
        self._count = len(self._phrases)

    def rarity(self, word: str) -> float:
        """How much a stem tells (0..1]: the fewer terms have it, the more."""
        having = len(self._by_stem.get(word, ()))
        return math.log((self._count + 1) / (having + 0.5)) / math.log((self._count + 1) / 0.5)

    def near(self, norm: str) -> Mapping[str, float]:
        """The stems of the layer that a word is near to, and how near (0..1]."""
        own = stem(norm)
        if own in self._by_stem:
            return {own: 1.0}
        related = {one: weight for one, weight in related_stems(norm).items() if one in self._by_stem}
        if related or len(own) < _LONG:
            return related
        found = process.extract(own, self._stems, scorer=JaroWinkler.similarity, score_cutoff=_SPELLED_ALIKE, limit=3)
        return {one: _ALIKE for one, _, _ in found}

    def terms(self, norms: Mapping[int, str]) -> list[Fit]:
        """The terms that any of these words, by place, is near to, and how well they fit."""
        near = {at: self.near(norm) for at, norm in norms.items()}
        whole = sum(self.rarity(stem(norm)) for norm in norms.values()) or 1.0
        places: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
        candidates: set[str] = set()
        for at, stems in near.items():
            for one, weight in stems.items():
                candidates |= self._by_stem[one]
                places[one].setdefault(str(at), (at, weight))
        described: dict[str, set[int]] = defaultdict(set)
        for at, norm in norms.items():
            for name in self._described_by.get(stem(norm), ()):
                described[name].add(at)
        said = {one: list(found.values()) for one, found in places.items()}
        fits = [self._fit(name, said, norms, whole) for name in candidates]
        known = {fit.ref: fit for fit in fits if fit}
        for name, at in described.items():
            if name not in known:
                worth = sum(self.rarity(stem(norms[n])) for n in at) / whole
                known[name] = Fit(name, frozenset(at), worth, _DESCRIBED / 2, _DESCRIBED, "description")
        return list(known.values())

    def _fit(
        self, name: str, said: Mapping[str, Sequence[tuple[int, float]]], norms: Mapping[int, str], whole: float
    ) -> Fit | None:
        best: tuple[float, Fit] | None = None
        for phrase in self._phrases[name]:
            found = [one for one in phrase.stems if one in said]
            if not found:
                continue
            total = sum(self.rarity(one) for one in phrase.stems)
            covered = sum(self.rarity(one) * max(weight for _, weight in said[one]) for one in found)
            at = frozenset(place for one in found for place, _ in said[one])
            worth = sum(self.rarity(stem(norms[place])) for place in at) / whole
            likeness = min(max(weight for _, weight in said[one]) for one in found)
            coverage = covered / total * (_OWN[phrase.source] if phrase.source == "entity" else 1.0)
            score = (coverage * covered + 0.2 * covered) * _OWN[phrase.source]
            if best is None or score > best[0]:
                missing = phrase.stems - set(found)
                best = score, Fit(name, at, worth, coverage, likeness, phrase.source, missing)
        return best[1] if best else None


def _phrases(term: Metric | Dimension) -> list[Phrase]:
    """What a term is called; a dimension by its thing as well."""
    named = [(term.label, "label"), *((text, "synonym") for text in term.synonyms)]
    if isinstance(term, Dimension):
        named.append((term.column, "name"))
        named += [(f"{term.thing} {term.column}", "name"), (term.thing, "entity")] if term.entity else []
    else:
        named.append((term.name, "name"))
    found = [Phrase(_content(words_of(text)), source) for text, source in named]
    return list(dict.fromkeys(phrase for phrase in found if phrase.stems))


def _content(words: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if word not in _VOID)
