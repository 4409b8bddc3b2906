"""Which English words belong together: irregular forms, word families, synonyms.

Belongs here: looking words up in the table that ``build`` makes of WordNet. Does not belong here: words that ask for
something (``general``), words of a layer (``planning.finding.lexicon``).
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("wordnet.tsv.gz")


def base_of(word: str) -> str:
    """The word that an irregular form is a form of: spent, spend; any other word itself."""
    return min(_cells(word)[0], default=word)


def family(word: str) -> frozenset[str]:
    """Words that this one is derived from, or that are derived from it: complain, complaint."""
    return frozenset(_cells(word)[1])


def synonyms(word: str) -> frozenset[str]:
    """Words that mean the same in a frequent sense: movie, film."""
    return frozenset(_cells(word)[2])


def is_english(word: str) -> bool:
    """Whether the word, in small letters, is a common one, an irregular form, or of the family of a common one."""
    return word in _table()


def _cells(word: str) -> list[list[str]]:
    return [cell.split() for cell in _table().get(word, "\t\t").split("\t")]


@cache
def _table() -> Mapping[str, str]:
    """The lines by their words, taken apart only when a word is looked up: most never are."""
    lines = gzip.decompress(TABLE.read_bytes()).decode().splitlines()
    return {word: cells for word, _, cells in (line.partition("\t") for line in lines)}
