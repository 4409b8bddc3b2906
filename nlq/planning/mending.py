"""Spelling slips of a question: which words were meant, as far as that is clear.

Belongs here: putting tokens right before anything is looked for in them. Does not belong here: what comes near a word
of the layer (``lexicon``), which general words are often mistyped (``english.slips``).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from nlq.english.slips import other_spellings, slip_at
from nlq.english.tokens import Token
from nlq.planning.drafts.mentions import Slip
from nlq.planning.drafts.units import is_currency
from nlq.planning.finding.lexicon import Lexicon, is_common


def mend(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[list[Token], list[Slip]]:
    """The tokens with clear spelling slips put right, and every unknown word with what comes near it."""
    mended, slips = [], []
    for at, typed in enumerate(_amounts_before_currencies(tokens)):
        token = _as_spelled_here(typed, lexicon)
        said = slip_at(tokens, at) if token.kind in ("word", "symbol") else None
        if said and (token.norm == "then" or not lexicon.names(token.norm)):
            slips.append(Slip(token.text, said, (said,)))
            mended.append(replace(token, norm=said, kind="word"))
            continue
        if token.kind != "word" or lexicon.knows(token.norm) or is_common(token.norm):
            mended.append(token)
            continue
        near = lexicon.spelling(token.norm)
        clear = near[0] if len(near) == 1 else None
        if near := near or lexicon.alike(token.norm):
            slips.append(Slip(token.text, clear, tuple(near)))
        mended.append(replace(token, norm=clear) if clear else token)
    return mended, slips


def _as_spelled_here(token: Token, lexicon: Lexicon) -> Token:
    """The token in the spelling of the layer, which may be American where the question is British."""
    if token.kind != "word" or lexicon.knows(token.norm):
        return token
    spelled = next(filter(lexicon.knows, other_spellings(token.norm)), None)
    return replace(token, norm=spelled) if spelled else token


def _amounts_before_currencies(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens with "PHP 15,000" and "$500" read as amounts are mostly said: 15,000 PHP."""
    found = list(tokens)
    for at, (one, then) in enumerate(itertools.pairwise(tokens)):
        if then.kind == "number" and one.kind in ("word", "symbol") and is_currency(one.norm):
            found[at] = replace(then, start=one.start, end=one.end)
            found[at + 1] = replace(one, start=then.start, end=then.end)
    return found
