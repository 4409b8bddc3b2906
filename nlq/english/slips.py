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
    "hour": "hr",
    "hours": "hrs",
    "month": "mnth mo mth",
    "months": "mos mths",
    "quarter": "qtr qtrs",
    "department": "dept depts",
    "customer": "cust custs",
    "quantity": "qtys",
    "amount": "amt amts",
    "revenue": "rev",
    "transaction": "txn txns trx",
    "account": "acct accts",
    "product": "prod prods",
    "priority": "prio prios",
    "conversion": "conv",
    "appointment": "appt appts",
    "manager": "mgr mgrs",
    "address": "addr",
    "difference": "diff",
    "through": "thru",
    "because": "bc cuz coz",
    "median": "med",
    "percentage": "perc",
    "frequency": "freq",
    "description": "descr",
}
_READ_AS = {written: word for word, several in _SLIPS.items() for written in several.split()}
_AFTER_NUMBER = set_of("of per by each")
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
    norm, following = tokens[at].norm, tokens[at + 1].norm if at + 1 < len(tokens) else ""
    if norm == "#":
        return "number" if following.isalpha() else None
    if norm == "n":
        return "number" if following in _AFTER_NUMBER else "and" if at and following.isalpha() else None
    if norm == "then" and at and tokens[at - 1].norm in _COMPARED:
        return "than"
    return _READ_AS.get(norm)
