"""What the words that ask want for an answer: "how long" a duration, "when" a time, "who" a person, "does …" yes or no.

Belongs here: question words and verbs in general English, and the kind of answer each wants. Does not belong here:
which figures of a layer are such an answer (``reading.wants``), units that are named (``drafts.units``).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.english.tokens import set_of
from nlq.planning.drafts.mentions import Want

_BY_ADJECTIVE = {
    Want.DURATION: set_of("long late early soon quick quickly fast slow slowly prompt promptly punctual"),
    Want.AGE: set_of("old young"),
    Want.LENGTH: set_of("far tall deep wide"),
    Want.WEIGHT: set_of("heavy light"),
    Want.MONEY: set_of("expensive costly cheap pricey"),
    Want.FREQUENCY: set_of("often frequent frequently"),
}
_BY_VERB = {
    Want.MONEY: set_of(
        "cost costs pay pays paid spend spends spent earn earns earned charge charges charged worth owe"
    ),
    Want.WEIGHT: set_of("weigh weighs weighed"),
    Want.DURATION: set_of("last lasts lasted"),
}
_AMOUNTS = set_of("value money")
"""Nouns of an amount of money: "returns by value", "the value of deliveries"."""
_AUXILIARIES = set_of("is are was were do does did has have had")
_POLITE = set_of("you we i know")
"""After an auxiliary these ask for something else: "do you have", "do we know"."""
_EXISTING = set_of("there any some ever")
"""With these a number tells whether there is one: "are there any complaints in ward 3"."""
_HAVING = set_of("have has had")
_DOING = set_of("doing performing")


def asking_at(words: Sequence[str], at: int, *, begins: bool) -> tuple[int, Want] | None:
    """Where words that ask end that begin at a place, and what they want.

    Args:
        words: The norms of the question.
        at: The place.
        begins: Whether a question begins here: at the first word, or behind a time that opens it.
    """
    here, following = words[at], words[at + 1] if at + 1 < len(words) else ""
    if here in _AMOUNTS or (here in {"by", "in"} and following in _AMOUNTS):
        return at + 1 + (here not in _AMOUNTS), Want.MONEY
    if here == "how":
        want = next((want for want, said in _BY_ADJECTIVE.items() if following in said), None)
        if want:
            return at + 2, want
        return (at + 1, Want.MANNER) if begins and following in _AUXILIARIES else None
    if begins and here in _OPENING:
        return at + 1, _OPENING[here]
    if begins and here in _AUXILIARIES and following not in _POLITE:
        exists = bool(_EXISTING & {*words}) or bool(_HAVING & {*words[at + 1 :]})
        return (at + 1, Want.EXISTENCE if exists else Want.TRUTH)
    if here in _DOING and "how" in words[:at]:
        return at + 1, Want.STATE
    return _verb_at(words, at)


def _verb_at(words: Sequence[str], at: int) -> tuple[int, Want] | None:
    """A verb of a question that asks how much: "what does a night cost", "how much do parcels weigh"."""
    want = next((want for want, said in _BY_VERB.items() if words[at] in said), None)
    if want is None or (want is Want.DURATION and at + 1 < len(words)):
        return None
    before = words[:at]
    verbs = {"is", "are"} if words[at] == "worth" else {"do", "does", "did"}
    asks = "much" in before or ("what" in before and bool(verbs & {*before}))
    return (at + 1, want) if asks else None


_OPENING = {"when": Want.TIME, "where": Want.PLACE, "who": Want.PERSON}
