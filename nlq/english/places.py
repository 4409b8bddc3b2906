"""What countries, states and provinces are called, for columns that hold their codes, or other names of them.

Belongs here: telling whether values are places of one kind, and their names. Does not belong here: what words of a
question mean (``planning.finding``); making the table (``build_places``).
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nlq.core.spelling import plain_form
from nlq.english.tokens import set_of

TABLE = Path(__file__).with_name("places.tsv.gz")
COUNTRY = "country"
_HINTS = {
    True: set_of("country countries nation nations nationality territory citizenship"),
    False: set_of("state states province provinces region territory prefecture county canton uf"),
}
"""Words in the name of a column of countries, and of their parts."""
_HINTED, _UNHINTED = 0.5, 0.8
"""The share of the values that must be places of one kind, where the column is called so, and where not."""
_FEW = 3
"""Fewer places than this say nothing where the column is not called so."""
_LOOKED_AT = 400
_CODE = 2
"""Shorter codes stand for places only where the column is called so."""


@dataclass(frozen=True)
class Place:
    """A country, or a part of one: codes of ISO 3166, names in English, and adjectives."""

    codes: tuple[str, ...]
    called: tuple[str, ...]
    adjectives: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Its names in full."""
        return tuple(name for name in self.called if not name.isupper())

    @property
    def letters(self) -> tuple[str, ...]:
        """What people say for short: codes, and names in capitals."""
        short = (*self.codes, *(name for name in self.called if name.isupper()))
        return tuple(dict.fromkeys(code for code in short if code.isalpha() and len(code) >= _CODE))

    @property
    def name(self) -> str:
        """What it is called for people."""
        return self.names[0]


@dataclass(frozen=True)
class Places:
    """The values of a column that stand for places of one kind, and the places of that kind that are not there."""

    named: Mapping[str, Place]
    others: tuple[Place, ...]


def places_of(values: Iterable[object], called: Iterable[str]) -> Places | None:
    """The places that values stand for, where most are countries, or parts of one country; else None.

    ``called`` are the words of the column's name: they decide between kinds, and about columns of few values.
    """
    texts = [value for value in values if isinstance(value, str)][:_LOOKED_AT]
    words = {word.lower() for word in called}
    scored: list[tuple[float, str, dict[str, Place]]] = []
    for kind in _kinds_of(texts):
        found = {text: place for text in texts if (place := _index(kind).get(_key(text)))}
        hinted = bool(words & _HINTS[kind == COUNTRY])
        if not hinted:
            found = {text: place for text, place in found.items() if len(text) >= _CODE}
        share = len(found) / len(texts)
        if share >= (_HINTED if hinted else _UNHINTED) and (hinted or len(found) >= _FEW):
            scored.append((share + hinted, kind, found))
    best = max((score for score, *_ in scored), default=0.0)
    chosen = [(kind, found) for score, kind, found in scored if score == best]
    if len(chosen) != 1:
        return None
    kind, named = chosen[0]
    there = set(named.values())
    return Places(named, tuple(place for of, place in _lines() if of == kind and place not in there))


def _kinds_of(texts: Sequence[str]) -> list[str]:
    """The kinds that some of the first values are of."""
    if not any(text[:1].isalpha() for text in texts):
        return []
    return sorted({kind for text in texts for kind in _kinds().get(_key(text), ())})


def _key(text: str) -> str:
    """Codes count in capitals alone, names however they are written."""
    return text if text.isupper() and len(text) <= len("AU-NSW") else plain_form(text)


@cache
def _lines() -> tuple[tuple[str, Place], ...]:
    rows = (line.split("\t") for line in gzip.decompress(TABLE.read_bytes()).decode().split("\n"))
    return tuple((kind, Place(*(tuple(cell.split("|")) if cell else () for cell in cells))) for kind, *cells in rows)


@cache
def _kinds() -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for kind, place in _lines():
        for key in _keys(kind, place):
            found[key].add(kind)
    return found


@cache
def _index(kind: str) -> Mapping[str, Place]:
    """The places of a kind by code and name; a name of several means none but the one that is called so first."""
    found: dict[str, Place] = {}
    several: set[str] = set()
    for place in (place for of, place in _lines() if of == kind):
        for key in _keys(kind, place):
            several |= {key} if found.setdefault(key, place) is not place else set()
    for key in several:
        del found[key]
    for place in (place for of, place in _lines() if of == kind):
        found[plain_form(place.name)] = place
    return found


def _keys(kind: str, place: Place) -> Iterator[str]:
    for code in place.codes:
        yield code
        if kind != COUNTRY:
            yield f"{kind.upper()}-{code}"
    yield from map(plain_form, place.called)
