"""Finding by words: BM25 (Robertson and Zaragoza 2009) over one block of texts.

Belongs here: cutting texts into words, counting them, scoring. Does not belong here: meaning (``meaning``), or which
blocks a caller may search (``index``).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlq.english.forms import stem
from nlq.english.tokens import set_of

_K1, _B = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+")
_LONGEST = 40
"""Characters of a word at most: longer ones are no words, and are cut."""
_TITLE_COUNTS = 2
"""How often words of a title count."""
_STOP = set_of(
    "a an and are as at be by do does for from had has have how i in is it its me my of on or our please show so tell "
    "that the their them they this to us was we were what when where which who why will with you your"
)  # fmt: skip
"""Words that say nothing of what a text is about."""


def words_of(text: str) -> list[str]:
    """The words of a text in the form they are compared in."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [stem(word[:_LONGEST]) for word in _WORD.findall(plain) if word not in _STOP]


@dataclass(frozen=True)
class Counted:
    """How often words occur in all that is searched: texts, their words, and texts with a word."""

    texts: int
    words: int
    with_word: Mapping[str, int]

    def weight(self, word: str) -> float:
        """How much a word tells: more, the fewer texts have it."""
        found = self.with_word.get(word, 0)
        return float(np.log1p((self.texts - found + 0.5) / (found + 0.5)))


class Words:
    """The words of a block of texts, by word."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        """Count the words of titles and texts."""
        terms: dict[str, int] = {}
        found, places, lengths = array("i"), array("i"), array("i")
        for place, (title, text) in enumerate(texts):
            of_title = words_of(title)
            words = of_title * _TITLE_COUNTS + words_of(text)
            found.extend(terms.setdefault(word, len(terms)) for word in words)
            places.extend([place] * len(words))
            lengths.append(len(words))
        self._terms = terms
        self._lengths = np.frombuffer(lengths, np.int32).astype(np.float32) if lengths else np.zeros(0, np.float32)
        size = max(len(lengths), 1)
        keys = (
            np.frombuffer(found, np.int32).astype(np.int64) * size + np.frombuffer(places, np.int32)
            if found
            else (np.zeros(0, np.int64))
        )
        pairs, counts = np.unique(keys, return_counts=True)
        self._texts = (pairs % size).astype(np.int32)
        self._counts = counts.astype(np.float32)
        self._ends = np.searchsorted(pairs // size, np.arange(len(terms) + 1))

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def total(self) -> int:
        """How many words there are."""
        return int(self._lengths.sum())

    def with_word(self, word: str) -> int:
        """How many texts have a word."""
        term = self._terms.get(word)
        return 0 if term is None else int(self._ends[term + 1] - self._ends[term])

    def scores(self, asked: Sequence[str], counted: Counted) -> tuple[np.ndarray, np.ndarray]:
        """How well each text fits, and which share of what the words asked for tell it has, 0 to 1."""
        scores, told = np.zeros(len(self), np.float32), np.zeros(len(self), np.float32)
        average = counted.words / counted.texts if counted.texts else 1.0
        weights = {word: counted.weight(word) for word in dict.fromkeys(asked)}
        for word, weight in weights.items():
            term = self._terms.get(word)
            if term is None:
                continue
            part = slice(self._ends[term], self._ends[term + 1])
            texts, counts = self._texts[part], self._counts[part]
            scores[texts] += (
                weight * counts * (_K1 + 1) / (counts + _K1 * (1 - _B + _B * self._lengths[texts] / average))
            )
            told[texts] += weight
        whole = sum(weights.values())
        return scores, told / whole if whole else told


def counted(blocks: Iterable[Words], asked: Iterable[str]) -> Counted:
    """What is counted of some words over several blocks."""
    found = list(blocks)
    words = dict.fromkeys(asked)
    with_word = {word: sum(block.with_word(word) for block in found) for word in words}
    return Counted(sum(map(len, found)), sum(block.total for block in found), with_word)
