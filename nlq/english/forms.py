"""How forms of one word are brought together: plurals, endings of verbs, spellings that mean the same.

Belongs here: rules over endings, and the words they do not hold for. Does not belong here: words related by
their meaning (``words``), lists of words (``general``).
"""

from __future__ import annotations

from functools import lru_cache

from nlq.english.tokens import set_of

# Verbs that only say that a thing came about. They are matched by their exact form alone: "opened last month"
# does not mean "open".
OCCURRENCE = set_of(
    "created submitted filed raised opened registered lodged logged reported received recorded made placed "
    "came come comes occurred happened happens occurs arrived entered booked receive occur happen arrive "
    "place bought buy purchased"
)
_SAME = {
    "avg": "average",
    "mean": "average",
    "percent": "rate",
    "percentage": "rate",
    "pct": "rate",
    "proportion": "rate",
    "ratio": "rate",
    "%": "rate",
    "max": "maximum",
    "min": "minimum",
    "qty": "quantity",
    "sell": "sale",
    "sold": "sale",
    "selling": "sale",
    "yoy": "yoy",
    "center": "centre",
    "ids": "id",
    "stats": "statistic",
    "worth": "value",
    "typical": "average",
    "typically": "average",
    "usual": "average",
    "usually": "average",
    "highest": "maximum",
    "largest": "maximum",
    "greatest": "maximum",
    "biggest": "maximum",
    "lowest": "minimum",
    "smallest": "minimum",
}
_SIBILANT = ("sses", "shes", "ches", "xes", "zes")


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """The word without its plural ending, and one spelling for words that mean the same."""
    word = _SAME.get(word, word)
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(_SIBILANT):
        return word[:-2]
    if word.endswith("s"):
        return _SAME.get(word[:-1], word[:-1])
    return word


_ALIKE = set_of("means series species news")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word without plural and verb endings, where what is left has at least four letters."""
    if word in OCCURRENCE:
        return word
    base = singular(word)
    for ending in ("ing", "ed"):
        if base.endswith(ending) and len(base) - len(ending) >= 4:
            base = base[: -len(ending)]
            if base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            break
    return base[:-1] if base.endswith("e") and len(base) > 4 else base


def is_plural(word: str) -> bool:
    """Whether the word carries a plural ending; one of several forms alike tells nothing: means, series."""
    return singular(word) != word and word.endswith("s") and word not in _ALIKE
