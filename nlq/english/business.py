"""Words that people in business use for the same thing: takings for revenue, a client for a customer.

They are looked up only where a layer does not know the word itself, and the answer says what was taken for what.

Belongs here: everyday words for things that many businesses have, where either may stand for the other. Does not belong
here: synonyms of general English, which are only ever asked about (``words``), words of one domain, which its layer
lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from nlq.english.forms import is_plural, singular
from nlq.english.tokens import Token

_NOUNS = """
revenue turnover takings sales income proceeds
customer client buyer shopper purchaser consumer patron member account people
user member account people
order purchase
complaint grievance ticket case
receipt ticket basket
unit piece article item pcs
item piece article goods
shipment parcel package consignment
freight shipping postage carriage
city town municipality
store shop outlet branch
review opinion feedback
score rating
refund reimbursement
discount markdown rebate deduction
deadline sla
payment instalment
expense expenditure spending cost
salary wage pay
employee worker staff
invoice bill
supplier vendor
warehouse depot
stock inventory
web website webpage
mobile app smartphone
phone telephone hotline
desktop pc computer
variant arm
experiment test
session visit
churn attrition
segment tier plan
region area territory
priority urgency severity
channel medium
brand make
backlog stock
doctor physician
patient person
booking reservation
guest visitor
"""
_ONE_WAY = {"department": ("category",)}
"""Words for what is narrower, which stand for what is wider and not the other way."""
_FORMS = """
resolved settled solved fixed finished handled
submitted lodged filed logged raised registered
cancelled canceled voided
paid collected settled
invoiced billed
late delayed
"""
_PHRASES = {
    ("sent", "back"): "returned",
    ("given", "back"): "returned",
    ("brought", "back"): "returned",
    ("handed", "back"): "returned",
    ("coming", "back"): "returned",
    ("paid", "back"): "refunded",
    ("called", "off"): "cancelled",
    ("handed", "in"): "submitted",
    ("left", "over"): "remaining",
}
VOID = "the"
"""What the rest of a phrase is read as: a word that says nothing."""


def _groups(table: str) -> Mapping[str, tuple[str, ...]]:
    """The other words of the lines that a word stands in, as they come."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in table.split("\n"):
        words = line.split()
        for word in words:
            found[word] += [other for other in words if other != word and other not in found[word]]
    return {word: tuple(others) for word, others in found.items()}


_BY_NOUN, _BY_FORM = {**_groups(_NOUNS), **_ONE_WAY}, _groups(_FORMS)


def same_as(word: str) -> tuple[str, ...]:
    """What else people call it, in the same form, the likeliest first."""
    if word in _BY_FORM or word in _BY_NOUN:
        return (*_BY_FORM.get(word, ()), *_BY_NOUN.get(word, ()))
    others = _BY_NOUN.get(singular(word), ())
    return tuple(_plural(other) for other in others) if is_plural(word) else others


def phrase_at(tokens: Sequence[Token], at: int) -> str | None:
    """The one word for two that stand at a place: returned, of "sent back"."""
    pair = tuple(token.norm for token in tokens[at : at + 2])
    return _PHRASES.get(pair) if len(pair) == 2 else None


def _plural(noun: str) -> str:
    if is_plural(noun):
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
