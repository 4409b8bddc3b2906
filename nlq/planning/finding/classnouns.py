"""Nouns beside a dimension that only say once more what it is: "hand type", "cause descriptions", "state code".

Which noun adds nothing is told by the values. Where they are common words or single letters, the dimension sorts things
into kinds, and "type" says so again; the type of a doctor, whose values are names, is something else. A code is said
again where the values are codes, a name or a description wherever the values are no mere numbers.

Belongs here: those nouns, and which dimensions they fit. Does not belong here: finding dimensions (``spans``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nlq.core.vocabulary import Dimension
from nlq.english.forms import singular
from nlq.english.general import SORTING
from nlq.english.tokens import set_of, words_of
from nlq.planning.finding.lexicon import is_common

_NAMING = set_of("name description title label value")
_CODING = frozenset({"code"})
CLASS_NOUNS = _NAMING | SORTING | _CODING
_LOOKED_AT = 20
"""The most values that are looked at; the most frequent come first."""
_MOSTLY = 0.8
_LONGEST_CODE = 4


def restates(noun: str, dimension: Dimension) -> bool:
    """Whether a noun, as it was said, says of a dimension only what it is."""
    values = [str(value) for value in dimension.values.items[:_LOOKED_AT] if value is not None]
    one = singular(noun)
    if one not in CLASS_NOUNS or not values or dimension.is_numeric or dimension.is_boolean:
        return False
    if one in _NAMING:
        return words_of(dimension.column)[-1:] not in (("id",), ("key",), ("code",), ("number",), ("no",))
    return _mostly(_is_kind if one in SORTING else _is_code, values)


def _mostly(test: Callable[[str], bool], values: Sequence[str]) -> bool:
    return sum(test(value) for value in values) >= _MOSTLY * len(values)


def _is_kind(value: str) -> bool:
    """Whether a value is said in common words, or is a letter that stands for one."""
    words = words_of(value)
    return bool(words) and all(len(word) == 1 or is_common(word) for word in words)


def _is_code(value: str) -> bool:
    return value.isalnum() and value.upper() == value and len(value) <= _LONGEST_CODE
