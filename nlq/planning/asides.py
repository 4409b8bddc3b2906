"""What is left of a question without what is said beside it: greetings, why somebody asks, what they think of it.

A clause is passed over only where its words say that it is beside the question, and where it names nothing that would
pick rows out: no value, time, number or limit of its own. Where it names terms of the layer, nothing that is left may
point back at it.

Belongs here: what a layer has to say against passing a clause over, and the question without it. Does not belong here:
the words of such clauses (``english.asides``), what becomes of the rest (``planner``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlq.english.asides import (
    Beside,
    Clause,
    clauses,
    is_beside,
    is_command,
    refers,
    request_length,
    thinks_aloud,
    wish_length,
)
from nlq.english.forms import stem
from nlq.english.general import BY_WORDS, COUNTING, HIGHEST, LOWEST, NOT_WORDS, VERSUS_WORDS
from nlq.english.tokens import Token, tokenize
from nlq.planning.finding.lexicon import Lexicon

_PICKING = BY_WORDS | NOT_WORDS | VERSUS_WORDS | (HIGHEST | LOWEST) - {"more"}
_LONGEST_TERM = 3


@dataclass(frozen=True)
class Kept:
    """A question without what is said beside it."""

    question: str
    tokens: Sequence[Token]
    """As they stand in the shorter question."""
    typed: Sequence[Token]
    """The same tokens, where they stood in the whole question."""
    passed: tuple[tuple[Token, ...], ...]
    """The stretches that were passed over, in order."""


class Asides:
    """Finds what is said beside questions over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def without(self, question: str, tokens: Sequence[Token], timed: Iterable[int]) -> Kept | None:
        """The question without its asides; None where it has none. ``timed`` are places of words that say a time."""
        said, timed = clauses(question, tokens), frozenset(timed)
        passed: set[int] = set()
        named = False
        for number, clause in enumerate(said):
            rest = [one for one in said[number + 1 :] if self._names_figure(tokens[one.first : one.last])]
            why = self._beside(clause, tokens, timed, rest)
            if why:
                passed |= {*range(clause.first, clause.last)}
                named = named or (why is not Beside.COURTESY and self._names_term(tokens[clause.first : clause.last]))
        for clause in said:
            if clause.first not in passed:
                passed |= {*range(clause.first, clause.first + self._request(tokens, clause, timed))}
                passed |= {*range(clause.last - wish_length(tokens[clause.first : clause.last]), clause.last)}
        kept = [token for at, token in enumerate(tokens) if at not in passed]
        if not passed or not kept or (named and refers(kept)):
            return None
        return _kept(question, tokens, passed)

    def _beside(
        self, clause: Clause, tokens: Sequence[Token], timed: frozenset[int], rest: Sequence[Clause]
    ) -> Beside | None:
        """Why a clause is passed over; ``rest`` are the clauses after it that name a figure."""
        words = tokens[clause.first : clause.last]
        why = is_beside(words, leading=bool(rest))
        if why is Beside.COURTESY:
            return None if self._names_term(words) else why
        if why is None and clause.ends_sentence and rest and thinks_aloud(words):
            why = Beside.COMPLAINT
        if why is Beside.PURPOSE and words[0].norm == "because":
            return why
        picks = any(token.kind in ("number", "date", "quoted") for token in words)
        picks = picks or any(at in timed for at in range(clause.first, clause.last))
        return why if why and not picks and not self._picks(words, tokens[clause.last :]) else None

    def _request(self, tokens: Sequence[Token], clause: Clause, timed: frozenset[int]) -> int:
        """How many words at the beginning of a clause only ask for the rest of it."""
        words = tokens[clause.first : clause.last]
        if is_command(words):  # though a layer may have states
            return 1
        length = request_length(words)
        for at in range(clause.first, clause.first + length):
            if self._begins_term(tokens, at) or (at in timed and tokens[at].norm != "may"):
                return at - clause.first
        return length if length < clause.last - clause.first else 0

    def _picks(self, words: Sequence[Token], rest: Sequence[Token]) -> bool:
        """Whether words pick rows out in a way that the rest does not: by a value, a limit, what is left out."""
        whether = {at for at in range(1, len(words)) if (words[at - 1].norm, words[at].norm) == ("or", "not")}
        if any(token.norm in _PICKING and at not in whether for at, token in enumerate(words)):
            return True
        said = {token.norm for token in rest}
        new = [norms for norms in _stretches(words) if not said.issuperset(norms)]
        return any(self._lexicon.values(norms) for norms in new)

    def _names_term(self, words: Sequence[Token]) -> bool:
        """Whether words name a metric, a dimension or a value in full."""
        return any(self._begins_term(words, at) for at in range(len(words)))

    def _begins_term(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a metric, a dimension or a value begins at a place: the check of "check-ins"."""
        return any(self._names_whole(tokens[at:last]) for last in range(at + 1, at + 1 + _LONGEST_TERM))

    def _names_whole(self, words: Sequence[Token]) -> bool:
        """Whether words are the whole name of a metric, a dimension or a value."""
        stems, norms = [stem(token.norm) for token in words], [token.norm for token in words]
        terms = self._lexicon.metrics_in_full(stems) or self._lexicon.dimensions_in_full(stems)
        return bool(terms) or any(hit.full for hit in self._lexicon.values(norms))

    def _names_figure(self, words: Sequence[Token]) -> bool:
        """Whether words name a metric, in full or in part."""
        said = ([*map(stem, norms)] for norms in _stretches(words))
        return any(self._lexicon.metrics(stems) for stems in said if not {*stems} <= _COUNTED)


_COUNTED = frozenset(map(stem, COUNTING))


def _stretches(words: Sequence[Token]) -> Iterable[list[str]]:
    """Each stretch of a few words."""
    norms = [token.norm for token in words]
    for first in range(len(norms)):
        for last in range(first + 1, min(first + _LONGEST_TERM, len(norms)) + 1):
            yield norms[first:last]


def _kept(question: str, tokens: Sequence[Token], passed: set[int]) -> Kept | None:
    """The question without some of its tokens; None where the rest is not read as the same words."""
    pieces: list[str] = []
    stretches: list[list[Token]] = []
    for at, token in enumerate(tokens):
        if at in passed:
            if at - 1 in passed:
                stretches[-1].append(token)
            else:
                stretches.append([token])
            continue
        following = tokens[at + 1].start if at + 1 < len(tokens) else len(question)
        pieces.append(question[token.start : following])
    shorter = "".join(pieces).strip()
    kept = [token for at, token in enumerate(tokens) if at not in passed]
    again = tokenize(shorter)
    while again and again[-1].norm == ",":
        again.pop()
    while kept and kept[-1].norm == ",":
        kept.pop()
    if [token.norm for token in again] != [token.norm for token in kept]:
        return None
    return Kept(shorter, again, kept, tuple(tuple(one) for one in stretches))
