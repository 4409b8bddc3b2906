"""Words of a question's frame: they say who asks, who acts, or once more what a figure is, and pick nothing out.

Where such a word stands tells whether it is one: "did someone complain" asks no more than "were there complaints", but
"complaints from someone" names a source; "our app is used" but "orders from the app". They are passed over only where
nothing else reads the question, and the answer says so.

Belongs here: which words may be passed over, by what stands beside them, and what figures need for it. Does not belong
here: words that never change what is asked (``general.FILLER``), verbs that are as good as none (``verbs``), whether
what a word needs is there (``planning.reading.verbs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from nlq.english.forms import is_plural
from nlq.english.general import (
    BY_WORDS,
    COUNTING,
    ENGLISH,
    GLUE,
    HIGHEST,
    LONGEST,
    LOWEST,
    NOT_WORDS,
    PIECES,
    PREDICATES,
    PREPOSITIONS,
    SHORTEST,
    SUBJECTS,
    WHICH_WORDS,
)
from nlq.english.tokens import Token, set_of
from nlq.english.words import base_of


class Frame(StrEnum):
    """What a word of the frame needs beside it to say nothing more."""

    ASIDE = "aside"
    """Nothing: "if possible", "too late", "with us"."""
    ACTION = "action"
    """Any figure: which category earns us most, the products that brought it."""
    SELF = "self"
    """A figure that no value called so can pick from: how many used the app."""
    RATE = "rate"
    """A figure that is a part of another: the late delivery rate in percent."""
    MONEY = "money"
    """A figure of money: the value delivered."""
    NUMBER = "number"
    """A figure that counts or adds up: how many times, more than 30 pieces."""
    COURSE = "course"
    """A figure over time: is it getting worse, month by month."""
    OWNER = "owner"
    """A value or a dimension that is of it by name: of buyers in Rio, where Rio is a customer city."""


_ASIDES = set_of("too very quite really actually basically simply maybe perhaps possibly possible kindly anyway even")
"""Words that soften or stress what is asked; none that tells which of the things are meant (only, again, already)."""
_GREETING = set_of("hi hello hey dear")
_TIMES_OF_DAY = set_of("morning afternoon evening")
_THANKING = set_of("thanks thank thx")
_MANY_THANKS = {"lot": "a", "advance": "in"}
"""Words of thanks, and what stands before them there: thanks a lot, thanks in advance."""
_COMMANDING = set_of("please pls you kindly and can could to") | {""}
"""After these, or at the beginning, stands what somebody is told to do."""
_SENDING = set_of("send mail email forward")
_STATED = set_of("the how what which")
_I_AM = set_of("was am im i")
_WONDERING = set_of("wondering curious interested hoping")
_SOMEBODY = set_of("someone somebody anyone anybody everyone everybody people folks")
_ASKING_ACTORS = set_of("do does did has have had if when where can could would")
"""After these stands who does something."""
_SELVES = set_of(
    "app application system platform shop store company business firm organisation organization site website portal "
    "software service"
)
"""What people call what they ask about as a whole."""
_HOUSES = set_of("shop store company business firm organisation organization")
"""Those of them that nothing comes through: an app may be a channel."""
_POINTING = set_of("the this our my your")
_OWNING = set_of("our my your")
_OURS = set_of("mine ours")
_LIGHT = set_of("bring earn get make take hang pick come go run sit stand keep")
"""Verbs of having, taking and moving, which say no more than that there is a figure."""
_ACTORS = SUBJECTS | set_of("us do does did that which who to people is are was were be being been getting gets get")
_AFTER_VERBS = set_of("us me our the a an any in at up on out for to from this last") | HIGHEST | LOWEST
_BETTER = set_of("worse better slower faster longer shorter higher lower bigger smaller cheaper")
_MOVING = set_of("improving worsening declining rising falling dropping increasing decreasing slowing shrinking")
_BECOMING = set_of("getting get gets got going become becoming becomes became is are")
_OF_FIGURES = {
    Frame.RATE: set_of("rate rates percentage percentages"),
    Frame.MONEY: set_of("money value amount amounts"),
    Frame.NUMBER: set_of("times cases things number numbers"),
}
MEASURING = frozenset(_OF_FIGURES)
"""The needs of words that only say once more what kind of figure one is."""
_PIECES = PIECES | set_of("units items")
_STEPS = set_of("month week day quarter year monthly weekly daily quarterly yearly")


def frame_at(tokens: Sequence[Token], at: int) -> Frame | None:
    """What the word of the frame at a place needs; None where it is none there."""
    words = [token.norm for token in tokens]
    word, before = words[at], words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if word in _ASIDES or _is_us(tokens, at) or _is_courtesy(tokens, at) or _stresses(words, at):
        return Frame.ASIDE
    asked = before in _ASKING_ACTORS | {""} or (at > 1 and words[at - 2] in WHICH_WORDS)
    if word in _SOMEBODY and asked and after not in PREPOSITIONS | {""}:
        return Frame.ACTION
    if word in _SELVES and _is_self(words, at):
        return Frame.SELF
    if _STEPS & {*words} and _is_course(words, at):
        return Frame.COURSE
    if _is_light(words, at):
        return Frame.ACTION
    if word in _PIECES and before.isdigit():
        return Frame.NUMBER
    if before not in PREPOSITIONS | BY_WORDS | NOT_WORDS and after != "of":
        found = next((frame for frame, said in _OF_FIGURES.items() if word in said), None)
        if found:
            return found
    owns = is_plural(word) and before in PREPOSITIONS | {"by"} and after in PREPOSITIONS
    return Frame.OWNER if owns else None


def _is_course(words: Sequence[str], at: int) -> bool:
    """Whether a word asks how a figure moves: getting worse, improving, picking up."""
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    if words[at] in _BETTER:
        return before in _BECOMING and after != "than"
    asked = words[0] in ("is", "are")
    return asked and (words[at] in _MOVING or (words[at], after) in (("picking", "up"), ("slowing", "down")))


def _is_us(tokens: Sequence[Token], at: int) -> bool:
    """Whether it is the pronoun: the country is written in capital letters."""
    return tokens[at].text == "us"


def _stresses(words: Sequence[str], at: int) -> bool:
    """Whether a word says once more what stands beside it: which single day, slowest first."""
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    return (words[at] == "single" and after in _STEPS) or (words[at] == "first" and before in LONGEST | SHORTEST)


def _is_courtesy(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word is of a greeting, thanks or a polite request: hi Meena, please send me; which shop of ours."""
    words = [token.norm for token in tokens]
    word, before = words[at], words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    greeted = at == 1 and before in _GREETING and tokens[at].text.istitle() and tokens[at].text.isalpha()
    good_day = (word == "good" and at <= 2 and after in _TIMES_OF_DAY) or (
        word in _TIMES_OF_DAY and before == "good" and at <= 3
    )
    thanked = word in _MANY_THANKS and before == _MANY_THANKS[word] and not _THANKING.isdisjoint(words[:at])
    sent = word in _SENDING and after in ("me", "us")
    told = before in _COMMANDING and (sent or (word == "state" and after in _STATED))
    owned = word in _OURS and before == "of"
    return greeted or good_day or thanked or told or owned or (word in _WONDERING and before in _I_AM)


def _is_self(words: Sequence[str], at: int) -> bool:
    """Whether a noun is what the question is about as a whole, and not where something comes from."""
    before, earlier = words[at - 1] if at else "", words[at - 2] if at > 1 else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    ends = not after or after in ENGLISH | PREDICATES | _LIGHT
    through = earlier in PREPOSITIONS | BY_WORDS | NOT_WORDS | {"via", "through"}
    free = not through or (before in _OWNING and words[at] in _HOUSES and earlier not in NOT_WORDS)
    return before in _POINTING and free and ends


def _is_light(words: Sequence[str], at: int) -> bool:
    """Whether a verb that says nothing of its own stands where a verb does."""
    word, before = words[at], words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if not {word, base_of(word), *_stumps(word)} & _LIGHT or before in PREPOSITIONS - {"to"} | BY_WORDS | COUNTING:
        return False
    acts = before in _ACTORS or (at > 1 and before not in GLUE | ENGLISH)
    return acts and (not after or after in _AFTER_VERBS)


def _stumps(word: str) -> set[str]:
    """A verb without its ending, in every way that may be right."""
    found = {word}
    for ending in ("s", "es", "ed", "d", "ing"):
        if word.endswith(ending):
            stump = word.removesuffix(ending)
            found |= {stump, f"{stump}e", stump[:-1]}
    return found
