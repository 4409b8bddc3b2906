"""What single letters stand for in columns where everybody knows it: F for female, M for medium.

Belongs here: general English. Does not belong here: the letters of any one business, which its layer names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nlq.english.tokens import set_of

_KNOWN: tuple[tuple[frozenset[str], Mapping[str, tuple[str, ...]]], ...] = (
    (
        set_of("gender sex"),
        {"F": ("female", "woman", "women"), "M": ("male", "man", "men"), "X": ("nonbinary",), "U": ("unknown",)},
    ),
    (
        set_of("size"),
        {"XS": ("extra small",), "S": ("small",), "M": ("medium",), "L": ("large",), "XL": ("extra large",)},
    ),
    (set_of("hand handedness"), {"L": ("left", "left handed"), "R": ("right", "right handed")}),
)
"""Words in the name of a column, and what its letters stand for."""


def letters_of(values: Iterable[object], called: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """By value what it stands for, where the column is called so and all its values are such letters; else nothing."""
    texts = [value for value in values if value is not None]
    words = {word.lower() for word in called}
    for hints, known in _KNOWN:
        if texts and words & hints and all(isinstance(text, str) and text.upper() in known for text in texts):
            return {str(text): known[str(text).upper()] for text in texts}
    return {}
