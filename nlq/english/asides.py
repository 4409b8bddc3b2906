"""What people say beside a question: greetings, apologies, why they ask, what they were told, what they think of it.

Belongs here: how a question is cut into clauses, and which of them are said beside it by their words alone. Does not
belong here: single words that only frame a question (``frames``); whether a layer has something to say against passing
a clause over (``planning.asides``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nlq.english.general import SHOWING, SUBJECTS
from nlq.english.tokens import Token, set_of


class Beside(StrEnum):
    """Why a clause is said beside the question."""

    COURTESY = "courtesy"
    """A greeting, an apology, a thank-you: "sorry if this is a weird one"."""
    PURPOSE = "purpose"
    """Why somebody asks: "I have to check whether people buy more at night, so …", "because 2025 is another slide"."""
    COMPLAINT = "complaint"
    """What somebody thinks, before the question itself: "is the phone channel even worth it? orders from phone"."""


@dataclass(frozen=True)
class Clause:
    """Tokens [first, last) between two marks or joints."""

    first: int
    last: int
    ends_sentence: bool
    """Whether ".", "?" or "!" follows."""


_BREAK = re.compile(r"[.?!;:,()…]|\s[-–—]\s")
_STOP = re.compile(r"[.?!…](\s|$)")
_SHORTENED = set_of("dr mr mrs ms st no vs etc eg ie approx inc ltd co")
"""Words that end with a point in a sentence."""
_WONDERS = set_of("is are was were why do does did has have isnt arent")
"""What somebody begins with who thinks aloud before asking."""
_GREETING = set_of(
    "hello hi hiya hey heya howdy greetings dear thanks thank thx ty cheers sorry apologies pardon please pls"
)
_COURTEOUS = _GREETING | set_of(
    "good morning afternoon evening day night there team all everyone everybody folks guys mate sir madam maam friend "
    "po you u so very much many a an lot in advance again the for to bother bothering trouble interruption quick fast "
    "small little simple silly dumb stupid weird odd strange one question favour favor just another if this is it its "
    "not dont don't mind could can when have has time chance asap urgently urgent now ok okay right well um uh hmm me "
    "my your help kind kindly regards best bit long"
)
_CORE = _GREETING | set_of("good quick question mind asap urgent favour favor help")
"""Words of which a courtesy has at least one."""
_BEGINS = set_of("and but so well ok okay also sorry if as since hey um")
_SPEAKERS = set_of("i we my our i've i'd im ive id we've")
_THINKING = set_of(
    "think thought guess guessed believe suppose assume know knew hope mean need needed want wanted wonder wondered "
    "wondering feel told explained asked asks said says heard thinks wants needs like love have had got must should "
    "am trying try preparing prepare writing making drawing doing curious suspect"
)
"""What somebody does who tells why they ask; nothing of it happens to what is asked about."""
_ASIDE_THINKING = set_of("think guess believe suppose assume hope reckon mean")
_ASKING = set_of("what whats which how who whom when where whether")
_MODAL = set_of("could can would may might shall will please pls kindly")
_REQUEST = (
    SUBJECTS
    | _MODAL
    | _SPEAKERS
    | set_of(
        "me us my our your be been am is was are do does have had has got get having it there this so and also then "
        "now to for of on about into at a an the some any in from just only really quick quickly possible able mind "
        "nice good great lovely helpful wonderful glad happy grateful appreciate appreciated love like want wants "
        "wanted need needs needed wish hope hoping wonder wondering curious interested trying try tried let lets "
        "please see seeing look looking show showing shown tell telling give giving getting find finding out know "
        "knowing make making made believe think guess suppose create build draw prepare write put together work "
        "working check checking figure understand explain share send pull provide furnish supply present chart graph "
        "plot slide slides report presentation deck overview summary"
    )
)
"""Words of asking somebody for something, as they stand before what is asked for."""
_SPOKEN = SUBJECTS | _MODAL | _SPEAKERS | set_of("love lovely nice great curious wondering")
_ASKED = set_of("wants needs asks asked wanted needed wonders")
"""What somebody else does who sends the asker: "my boss wants to know"."""
_WELCOME = set_of("great useful nice helpful lovely good appreciated perfect wonderful enough fine")
_COMMANDS = set_of("state express furnish supply determine specify")
_OPENS = set_of("the how what which for all each")
"""What follows what somebody is told to do."""
_REFERRING = set_of("it its they them their these those ones such same latter former he she his her")


def clauses(question: str, tokens: Sequence[Token]) -> list[Clause]:
    """The clauses of a question, by its marks, and before "so" and "because" where a clause follows."""
    starts = [0]
    starts += [at for at in range(1, len(tokens)) if _begins(question, tokens, at)]
    found = []
    for first, last in zip(starts, [*starts[1:], len(tokens)], strict=True):
        end = tokens[last].start if last < len(tokens) else len(question)
        stops = _STOP.search(question[tokens[last - 1].end : end] + " ") is not None
        found.append(Clause(first, last, stops and tokens[last - 1].norm not in _SHORTENED))
    return found


def thinks_aloud(said: Sequence[Token]) -> bool:
    """Whether a sentence may be what somebody thinks of it, not what they ask: "is that channel even worth it?"."""
    words = [token.norm for token in said]
    return len(words) > 2 and (words[0] in _WONDERS or not {*words} & (_ASKING | SHOWING))


def _begins(question: str, tokens: Sequence[Token], at: int) -> bool:
    between = question[tokens[at - 1].end : tokens[at].start]
    shortened = between.startswith(".") and tokens[at - 1].norm in _SHORTENED
    if (_BREAK.search(between) and not shortened) or (tokens[at - 1].text == "," and tokens[at].text != ","):
        return True
    following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    if tokens[at].norm == "so":
        return following in _ASKING | _MODAL | SUBJECTS | {"show", "give", "just"}
    return tokens[at].norm == "because" and following not in ("", "of")


def is_beside(said: Sequence[Token], *, leading: bool) -> Beside | None:
    """Why the words of a clause are said beside the question; None where they may be part of it.

    ``leading`` says whether what asks comes after it.
    """
    words = [token.text.lower() if token.kind == "number" else token.norm for token in said if token.text != ","]
    if not words:
        return None
    if {*words} <= _COURTEOUS and _CORE & {*words}:
        return Beside.COURTESY
    if words[0] == "because":
        return Beside.PURPOSE
    opens = next((n for n, word in enumerate(words) if word not in _BEGINS), len(words))
    if words[opens : opens + 1] and words[opens] in _SPEAKERS:
        if len(words) - opens == 2 and words[-1] in _ASIDE_THINKING:
            return Beside.COURTESY
        if leading and _THINKING & {*words[opens + 1 : opens + 4]}:
            return Beside.PURPOSE
    return None


def request_length(said: Sequence[Token]) -> int:
    """How many words at the beginning of a clause only ask for what follows: "would you mind showing", "may I know"."""
    words = [token.norm for token in said]
    end = 3 if len(words) > 3 and words[0] in {"my", "our"} and words[2] in _ASKED else 0
    while end < len(words) and words[end] in _REQUEST:
        end += 1
    return end if {*words[:end]} & _SPOKEN else 0


def is_command(said: Sequence[Token]) -> bool:
    """Whether a clause begins with what somebody is told to do: "state the", "furnish for each"."""
    return len(said) > 1 and said[0].norm in _COMMANDS and said[1].norm in _OPENS


def wish_length(said: Sequence[Token]) -> int:
    """How many words at the end of a clause only say that it would be welcome: "… would be great"."""
    words = [token.norm for token in said]
    wished = len(words) > 3 and words[-3] in ("would", "will") and words[-2] == "be" and words[-1] in _WELCOME
    return 3 if wished else 0


def refers(said: Sequence[Token]) -> bool:
    """Whether words point at something that was said before them."""
    return bool(_REFERRING & {token.norm for token in said})
