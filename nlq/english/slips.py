"""Short general words as people mistype or shorten them, which spelling distance alone cannot tell from others.

Belongs here: words that are no English words themselves, and "then" where only "than" can be meant. Does not belong
here: slips of a layer's own words (``planning.finding.lexicon``).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.english.general import MORE_WORDS
from nlq.english.tokens import Token, set_of

_SLIPS = {
    "which": "wich whitch whcih wihch",
    "what": "waht wat wht whta",
    "how": "hwo",
    "many": "amny mny",
    "much": "mcuh",
    "the": "teh hte",
    "and": "adn",
    "that": "taht",
    "from": "frm",
    "with": "wiht",
    "than": "thn",
    "last": "lsat lst",
    "this": "thsi",
    "year": "yaer yera",
    "month": "mnth",
    "week": "wek",
    "most": "msot",
    "number": "nr nbr numer",
    "between": "betw betwen",
    "excluding": "excl",
    "including": "incl",
    "people": "ppl",
    "thanks": "thx tks",
    "tomorrow": "tmrw tmr",
    "yesterday": "ystrday yday ystd yesturday",
    "you": "u",
    "give": "gimme",
    "per": "pr",
}
_READ_AS = {written: word for word, several in _SLIPS.items() for written in several.split()}
_COMPARED = MORE_WORDS | set_of(
    "greater bigger longer shorter older younger newer later earlier heavier lighter rather"
)


_VARIANTS = (
    ("instal", "install"), ("cancell", "cancel"), ("travell", "travel"), ("labell", "label"), ("colour", "color"),
    ("favour", "favor"), ("labour", "labor"), ("neighbour", "neighbor"), ("behaviour", "behavior"),
    ("centre", "center"),
    ("metre", "meter"), ("litre", "liter"), ("theatre", "theater"), ("licence", "license"), ("catalogue", "catalog"),
    ("programme", "program"), ("cheque", "check"), ("grey", "gray"), ("organis", "organiz"), ("categoris", "categoriz"),
    ("authoris", "authoriz"), ("defence", "defense"), ("tyre", "tire"), ("jewellery", "jewelry"), ("enrol", "enroll"),
    ("fulfil", "fulfill"), ("ageing", "aging"),
)  # fmt: skip
"""How words begin in British and in American English."""


def other_spellings(norm: str) -> list[str]:
    """A word as it is spelled on the other side of the ocean."""
    found = []
    for british, american in _VARIANTS:
        for one, other in ((american, british), (british, american)):
            if norm.startswith(one) and not (other.startswith(one) and norm.startswith(other)):
                found.append(other + norm.removeprefix(one))
    return found


def slip_at(tokens: Sequence[Token], at: int) -> str | None:
    """The word that was meant at a place, None where what stands there is no slip."""
    norm = tokens[at].norm
    if norm == "then" and at and tokens[at - 1].norm in _COMPARED:
        return "than"
    return _READ_AS.get(norm)
