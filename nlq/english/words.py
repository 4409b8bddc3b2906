"""Which English words belong together: irregular forms, word families, synonyms.

Belongs here: looking words up in the table that ``build`` makes of WordNet. Does not belong here: words that ask for
something (``core.words``), words of a layer (``planning.lexicon``).
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("wordnet.tsv.gz")
_NONE: frozenset[str] = frozenset()


def base_of(word: str) -> str:
    """The word that an irregular form is a form of: spent, spend; any other word itself."""
    return min(_tables()[0].get(word, _NONE), default=word)


def family(word: str) -> frozenset[str]:
    """Words that this one is derived from, or that are derived from it: complain, complaint."""
    return _tables()[1].get(word, _NONE)


def synonyms(word: str) -> frozenset[str]:
    """Words that mean the same in a frequent sense: movie, film."""
    return _tables()[2].get(word, _NONE)


def is_english(word: str) -> bool:
    """Whether the word is a common one, or a form of one."""
    return any(word in table for table in _tables())


@cache
def _tables() -> tuple[Mapping[str, frozenset[str]], ...]:
    irregular: dict[str, set[str]] = defaultdict(set)
    families: dict[str, set[str]] = defaultdict(set)
    alike: dict[str, set[str]] = defaultdict(set)
    for line in gzip.decompress(TABLE.read_bytes()).decode().splitlines():
        word, bases, derived, same = line.split("\t")
        irregular[word].update(bases.split())
        for both, others in ((families, derived), (alike, same)):
            for other in others.split():
                both[word].add(other)
                both[other].add(word)
    return tuple({word: frozenset(found) for word, found in table.items()} for table in (irregular, families, alike))
