"""A question with the words that a layer does not know called as it calls them: customers, of clients.

Belongs here: which of the everyday words for a thing a layer knows. Does not belong here: those words
(``english.business``), spelling (``mending``), what becomes of the question (``planner``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nlq.english.business import VOID, phrase_at, same_as
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Kind
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.search import Asked


def renamed(asked: Asked, lexicon: Lexicon) -> tuple[Asked, dict[str, str]]:
    """The question in the words of the layer, and what was taken for what; nothing is renamed that the layer knows."""
    taken: dict[str, str] = {}
    tokens = list(asked.tokens)
    for at, token in enumerate(asked.tokens):
        whole = phrase_at(asked.tokens, at)
        if whole and lexicon.names(whole):
            taken[f"{token.text} {tokens[at + 1].text}"] = whole
            tokens[at : at + 2] = [replace(token, norm=whole), replace(tokens[at + 1], norm=VOID)]
        elif token.kind == "word" and not lexicon.knows(token.norm):
            word = next(filter(lexicon.names, same_as(token.norm)), None)
            if word:
                taken[token.text] = word
                tokens[at] = replace(token, norm=word)
    return replace(asked, tokens=tokens), taken


def adds_figure(reading: Reading, taken: Mapping[str, str]) -> bool:
    """Whether a figure beside another is one only by a word's other name: "revenue from clients" counts no clients."""
    several = len(reading.plan.metrics) > 1
    return several and any(m.kind is Kind.METRIC and m.text in taken for m in reading.mentions)
