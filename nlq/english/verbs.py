"""Support verbs: what a noun of a question does without saying more than the noun itself.

A state experiences fires, countries cover an area, people live somewhere, a department offers degrees: beside the right
figure such a verb picks nothing out. A verb that does (cancelled, lost, returned, died) is none, however frequent.

Belongs here: which verbs those are, by what they need beside them, telling the verb from the noun that is spelled the
same, and the passive of what somebody did. Does not belong here: verbs that only say that a thing came about
(``forms.OCCURRENCE``), and whether what a verb needs is there (``planning.reading.verbs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from nlq.english.forms import OCCURRENCE, is_plural
from nlq.english.general import (
    BY_WORDS,
    COUNTING,
    ENGLISH,
    FILLER,
    GLUE,
    HIGHEST,
    IRREGULAR_PARTICIPLES,
    LOWEST,
    PREPOSITIONS,
    SUBJECTS,
    WHICH_WORDS,
)
from nlq.english.tokens import Token, set_of
from nlq.english.words import base_of


class Support(StrEnum):
    """What a support verb needs beside it to say nothing more."""

    EVENT = "event"
    """Anything that is counted or measured: a state saw fires, fires were observed."""
    EXTENT = "extent"
    """An area, a length or a size: countries cover an area, but a policy covers claims."""
    LIVING = "living"
    """People as such: how many people live in Asia, but members may live elsewhere than where they train."""
    OFFER = "offer"
    """The things themselves: a school offers courses, but a hotel offers more nights than it sells."""


_BASES = {
    Support.EVENT: set_of("experience undergo witness see encounter face observe document"),
    Support.EXTENT: set_of("cover span occupy"),
    Support.LIVING: set_of("live reside dwell"),
    Support.OFFER: set_of("offer provide host serve"),
}
_RELATIVE = set_of("that which who")
_ASKING = WHICH_WORDS | {"who", "that"}
_IRREGULAR = {"saw": "see", "seen": "see", "underwent": "undergo", "undergone": "undergo", "dwelt": "dwell"}
_PARTICIPLES = frozenset({"seen", "undergone", "dwelt"})
_AUXILIARIES = set_of("do does did")
_IRREGULAR_OF = {base_of(word): word for word in sorted(IRREGULAR_PARTICIPLES)}
_VOWELS = "aeiou"
_DETERMINERS = set_of("the a an any") | HIGHEST | LOWEST


def support_at(tokens: Sequence[Token], at: int) -> Support | None:
    """What the support verb at a place needs; None where there is none, or where the word is a noun or an adjective."""
    base, form = _taken_apart(tokens[at].norm)
    kind = next((kind for kind, bases in _BASES.items() if base in bases), None)
    return kind if kind and _is_verb([token.norm for token in tokens], at, form) else None


def in_the_passive(tokens: Sequence[Token]) -> dict[int, str]:
    """The words, by their places, that make what somebody did what was done: "orders did we cancel", were cancelled.

    Only where the things stand before, and the verb says more than that there are some.
    """
    words = [token.norm for token in tokens]
    said: dict[int, str] = {}
    for at, word in enumerate(words[2:], start=2):
        acts = words[at - 2] in _AUXILIARIES and words[at - 1] in SUBJECTS
        asked = any(one not in ENGLISH for one in words[: at - 2])
        following = words[at + 1] if at + 1 < len(words) else ""
        if acts and asked and following not in _DETERMINERS and word.isalpha() and word not in FILLER:
            said |= {at - 2: "were", at - 1: "been", at: _participle(word)}
    return said


def _participle(base: str) -> str:
    """The past participle of a verb."""
    if base in _IRREGULAR_OF:
        return _IRREGULAR_OF[base]
    if base.endswith("e"):
        return f"{base}d"
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return f"{base[:-1]}ied"
    closed = len(base) > 2 and base[-1] not in f"{_VOWELS}wxy" and base[-2] in _VOWELS and base[-3] not in _VOWELS
    one_syllable = sum(letter in _VOWELS for letter in base) == 1
    return f"{base}{base[-1] if closed and (one_syllable or base[-1] == 'l') else ''}ed"


def _taken_apart(word: str) -> tuple[str, str]:
    """The base form of a verb, and how it ends: "", "s", "ed" or "ing"."""
    if word in _IRREGULAR:
        return _IRREGULAR[word], "ed" if word in _PARTICIPLES else "s"
    bases = frozenset[str]().union(*_BASES.values())
    for ending in ("s", "es", "ies", "d", "ed", "ied", "ing"):
        if word.endswith(ending):
            stump = word.removesuffix(ending)
            for base in (stump, f"{stump}e", f"{stump}y", stump[:-1]):
                if base in bases:
                    return base, ending[-2:] if ending == "ing" else ending[-1]
    return word, ""


def _is_verb(words: Sequence[str], at: int, form: str) -> bool:
    """Whether a form stands where a verb does: after do, before what it is about, after its noun."""
    before, after = (words[at - 1] if at else ""), (words[at + 1] if at + 1 < len(words) else "")
    if before in PREPOSITIONS | BY_WORDS | COUNTING:
        return False  # the number of offers, years of experience
    if form == "d" or words[at] in _PARTICIPLES:
        # "The observed fires" are some of them; fires that were observed are not.
        return not after or after in ENGLISH or after.isdigit()
    if form in ("", "ng") and is_plural(before) and before not in ENGLISH:
        return True  # a noun before another is in the singular: restaurants serve, but the restaurant offers
    if form == "" and at > 1 and before in _RELATIVE and is_plural(words[at - 2]):
        return True
    if form == "":
        asked = any(word in _AUXILIARIES for word in words[:at])
        return (asked and before not in GLUE) or (after in PREPOSITIONS and before not in GLUE - OCCURRENCE)
    asked = any(word in _ASKING for word in words[:at])
    return (asked and after in _DETERMINERS) or after in PREPOSITIONS
