"""Lists of values, "wards 5, 6 and 7", "Nepal vs Qatar": one figure of each, or one of all together.

Whoever lists values with "and" wants a figure of each of them; "or", "together" and "in total" ask for one. Belongs
here: which of both is meant. Does not belong here: which values are joined (``reading.values``), shares of them
(``sharing``), comparisons of times (``comparing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nlq.core.dateparts import DATE_PARTS
from nlq.core.vocabulary import Vocabulary
from nlq.english.general import TOGETHER, TOTALLING
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Decision, Draft
from nlq.planning.drafts.mentions import Kind, Mention

_JOINTS = (Kind.AND, Kind.VERSUS)
_SAID_AGAIN = {Kind.BY, Kind.COUNT, Kind.DIMENSION}
"""What may be said of each value anew: "by card and by transfer", "how many by Norden and how many by Bluefly"."""
_PASSED = {Kind.FILLER, Kind.DOMAIN}


def group_listed(draft: Draft, mentions: Sequence[Mention], vocabulary: Vocabulary) -> None:
    """Split by the dimension of values that are listed, where nothing else is split, ranked or computed."""
    other = draft.groups or draft.ranks or draft.bounds or draft.averages or draft.share is not None or draft.limits
    if other or draft.counted or draft.records or draft.running or draft.either or draft.keeps_keys:
        return
    if draft.versus or draft.difference or draft.doubt or are_together(mentions, Kind.VALUE):
        return
    wanted = draft.values(wanted=True)
    for places in _lists(mentions):
        named = [item for item in draft.chosen if item.first in places and item.wanted]
        dimensions = {item.dimension for item in named}
        name = dimensions.pop() if len(dimensions) == 1 else None
        if name is None or name in DATE_PARTS or vocabulary.dimensions[name].is_boolean:
            continue
        if len(named) == len(places) == len(wanted[name]):
            draft.groups.append(name)
            draft.because.append(Decision("", f"one row per {vocabulary.dimensions[name].label}, as several are named"))


def are_together(mentions: Sequence[Mention], kind: Kind) -> bool:
    """Whether a list of values, or of times, is taken together: "… combined", "total … of A and B", "May + June".

    The word belongs to the list before it, else to all that follow.
    """
    for at, mention in enumerate(mentions):
        said = {*words_of(mention.text.lower())}
        if mention.kind is Kind.AND and mention.text == "+" and at:
            listed = mentions[at - 1].kind
        elif mention.kind in (Kind.FILLER, Kind.COUNT, Kind.METRIC) and said & (TOGETHER | TOTALLING):
            listed = next((m.kind for m in reversed(mentions[:at]) if m.kind in (Kind.VALUE, Kind.TIME)), kind)
        else:
            continue
        if listed is kind:
            return True
    return False


def _lists(mentions: Sequence[Mention]) -> Iterator[set[int]]:
    """The places of the values of each list; one with an "or" in it is none."""
    said = [m for m in mentions if m.kind not in _PASSED]
    at = 0
    while at < len(said):
        places = {said[at].first} if said[at].kind is Kind.VALUE else set()
        either = False
        while places:
            joint = at + 1 + _repeats(said, at + 1)
            if joint + 1 >= len(said) or said[joint].kind not in (*_JOINTS, Kind.OR):
                break
            following = joint + 1
            while following < len(said) and said[following].kind in _SAID_AGAIN:
                following += 1
            if following >= len(said) or said[following].kind is not Kind.VALUE:
                break
            either |= said[joint].kind is Kind.OR
            places.add(said[following].first)
            at = following
        if len(places) > 1 and not either:
            yield places
        at += 1


def _repeats(said: Sequence[Mention], at: int) -> bool:
    """Whether the noun there is said again of a value after it: "web orders and phone orders"."""
    noun = said[at] if at < len(said) else None
    if noun is None or noun.kind not in (Kind.METRIC, Kind.DIMENSION):
        return False
    return any(m.text.lower() == noun.text.lower() for m in said[at + 1 : at + 6])
