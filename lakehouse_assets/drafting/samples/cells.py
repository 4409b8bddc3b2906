"""What single values of a sample look like, as far as that tells records from the lines around them.

Belongs here: numbers, times, texts that mean nothing. Does not belong here: the type of a column (columns).
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["number", "time", "text"]
NOTHING = frozenset({"null", "n/a", "na", "nan", "none", "\\n", "nil", "#n/a"})
"""Values, in small letters, that stand where none is known; signs alone do, too."""
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[$€£¥]|[A-Z]{3} |R\$ ?)?\s*[-+]?"
    r"(?:\d{1,3}(?:[.,' \u00a0\u202f]\d{2,3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
    r"\s*(?:%|[$€£¥])?\)?-?"
)
_DAY = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}[. /-]+[A-Za-zÀ-ÿ]{3,9}\.?(?:[. /,-]+\d{2,4})?"
    r"|[A-Za-z]{3,9}\.?[ -]\d{1,2}(?:,? \d{4})?|[A-Za-z]{3}-\d{2,4})"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?:Z|UTC|[-+]\d{2}:?\d{2}))?"
_TIME = re.compile(rf"{_DAY}(?:(?:T|,?\s+){_CLOCK}{_ZONE})?|{_CLOCK}{_ZONE}")
_WORD = re.compile(r"\w[\w .'’/&()-]*|https?://\S+|\S+@\S+")
_TOTAL = re.compile(
    r"(?:grand |sub[ -]?|over)?tota(?:l|ls|le|ux|is)\b|sum(?:me|ma|a)?\b|gesamt|insgesamt|итого|всего|合計|合计", re.I
)


def kind_of(cell: str) -> Kind | None:
    """What a value looks like; None for one that stands where none is known."""
    if cell.lower() in NOTHING or not any(map(str.isalnum, cell)):
        return None
    if len(cell) <= 40:
        if _NUMBER.fullmatch(cell):
            return "number"
        if _TIME.fullmatch(cell):
            return "time"
    return "text"


def fits_a_kind(cell: str) -> bool:
    """Whether a value looks like one, and not like several with something between them."""
    return kind_of(cell) != "text" or _WORD.fullmatch(cell) is not None


def is_total(cell: str) -> bool:
    """Whether a value says that its record adds up others."""
    return _TOTAL.match(cell) is not None
