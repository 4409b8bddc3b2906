"""Single words of general English: the operator that each may be, and its score.

Belongs here: words that mean the same wherever they stand. Does not belong here: what a word is by its neighbours
(``spans``), operators of several words (``operators``), the lists of words (``english.general``).
"""

from __future__ import annotations

from typing import Any

from nlq.english import general as w
from nlq.planning.drafts.mentions import Growth, Kind

FILLER_SCORE = 0.05
"""What a word adds that asks for nothing."""


_SINGLES: tuple[tuple[frozenset[str], Kind, float, Any], ...] = (
    (w.BY_WORDS, Kind.BY, 0.5, None),
    (frozenset({"over"}), Kind.BY, 0.0, None),
    (w.WHICH_WORDS, Kind.WHICH, 0.2, None),
    (w.NOT_WORDS | w.NOT_BEHIND, Kind.NOT, 1.0, None),
    (w.MISSING, Kind.MISSING, 0.5, None),
    (w.LISTING, Kind.LIST, 0.5, None),
    (w.AND_WORDS, Kind.AND, 0.1, None),
    (w.OR_WORDS, Kind.OR, 0.1, None),
    (w.VERSUS_WORDS, Kind.VERSUS, 0.2, None),
    (frozenset({"difference"}), Kind.DIFFERENCE, 0.5, None),
    (w.TREND_WORDS, Kind.TREND, 2.0, None),
    (w.COUNTING, Kind.COUNT, 0.3, None),
    (w.SHARE_WORDS, Kind.SHARE, 1.0, None),
    (w.AVERAGE_WORDS, Kind.AVERAGE, 0.5, None),
    (w.GROWTH_WORDS, Kind.GROWTH, 0.5, Growth()),
    (w.DESCENDING, Kind.ORDER, 1.0, "highest"),
    (w.ASCENDING, Kind.ORDER, 1.0, "lowest"),
    (w.HIGHEST, Kind.SUPERLATIVE, 3.0, "highest"),
    (w.LOWEST, Kind.SUPERLATIVE, 3.0, "lowest"),
    (w.LONGEST, Kind.SUPERLATIVE, 3.0, "longest"),
    (w.SHORTEST, Kind.SUPERLATIVE, 3.0, "shortest"),
    (w.BEST, Kind.SUPERLATIVE, 3.0, "best"),
    (w.WORST, Kind.SUPERLATIVE, 3.0, "worst"),
    (w.FILLER, Kind.FILLER, FILLER_SCORE, None),
)


def single_kinds(norm: str) -> list[tuple[Kind, float, Any]]:
    """What one general English word may be: an operator, else a filler word, else nothing."""
    kinds = [(kind, score, payload) for members, kind, score, payload in _SINGLES if norm in members]
    return kinds if not kinds or kinds[0][0] is Kind.FILLER else [k for k in kinds if k[0] is not Kind.FILLER]
