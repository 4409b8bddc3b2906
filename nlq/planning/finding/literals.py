"""Texts and numbers that are values as they stand: of a dimension named beside, whose values are too many to know.

Belongs here: quoted texts, identifiers such as A-100 or 4711, and pieces of a text ("'M5' in its VIN"). Does not belong
here: values that are known (``valueindex``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlq.core.vocabulary import Dimension
from nlq.english.forms import stem
from nlq.english.general import NAMING
from nlq.english.tokens import Token, set_of, words_of
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.valueindex import ValueHit
from nlq.planning.times.tokens import is_year

_NAMING = set_of("is are was were equal equals of called named the a an")
"""Words between a dimension and its value."""
_CONTAINING = set_of("contain contains containing contained include includes including")
_WHOSE = set_of("its their the his her a an")
_WIDEST = 4


@dataclass(frozen=True)
class Piece:
    """A piece of a text, not the whole of it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Literal:
    """Tokens [first, last) that are a value as they stand, and of which dimensions."""

    first: int
    last: int
    hits: tuple[ValueHit, ...]


class LiteralFinder:
    """Finds the literals of one question."""

    def __init__(self, question: str, tokens: Sequence[Token], lexicon: Lexicon) -> None:
        self._question, self._tokens, self._lexicon = question, tokens, lexicon

    def at(self, at: int) -> Iterator[Literal]:
        """The literals that begin at a token."""
        token = self._tokens[at]
        if token.norm in _CONTAINING and self._is_quoted(at + 1):
            yield from self._found(at, at + 2, self._named_before(at), Piece(self._tokens[at + 1].norm))
        if token.kind == "quoted":
            if self._norm(at + 1) in ("in", "within"):
                yield from self._found(at, at + 1, self._named_after(at + 2), Piece(token.norm))
            yield from self._unlisted(at, at + 1, token.norm)
        elif is_year(token) and self._norm(at - 1) not in NAMING:
            return  # a time: the complaints of 2025
        elif (last := self._end_of(at)) and any(sign.isdigit() for sign in self._text(at, last)):
            yield from self._unlisted(at, last, self._text(at, last))

    def _unlisted(self, first: int, last: int, text: str) -> Iterator[Literal]:
        """A value of the dimension right before it, where not all of its values are known, and this one is not."""
        if any(hit.full for hit in self._lexicon.values(words_of(text))):
            return
        named = [d for d in self._named_before(first) if not d.values.complete]
        yield from self._found(first, last, named, text)

    def _found(self, first: int, last: int, named: Sequence[Dimension], value: Piece | str) -> Iterator[Literal]:
        able = [d for d in named if not (d.is_time or d.is_calendar or d.is_boolean)]
        if isinstance(value, Piece):
            able = [d for d in able if not d.is_numeric]
        if able:
            yield Literal(first, last, tuple(ValueHit(dimension.name, value, 1.0) for dimension in able))

    def _named_before(self, at: int) -> list[Dimension]:
        """The dimensions whose whole name ends right before a token."""
        while at > 1 and self._norm(at - 1) in _NAMING:
            at -= 1
        for first in range(max(0, at - _WIDEST), at):
            if found := self._called(first, at):
                return found
        return []

    def _named_after(self, at: int) -> list[Dimension]:
        """The dimensions whose whole name begins right at a token."""
        while self._norm(at) in _WHOSE:
            at += 1
        for last in range(min(at + _WIDEST, len(self._tokens)), at, -1):
            if found := self._called(at, last):
                return found
        return []

    def _called(self, first: int, last: int) -> list[Dimension]:
        if any(token.kind != "word" for token in self._tokens[first:last]):
            return []
        stems = [stem(token.norm) for token in self._tokens[first:last]]
        return [self._lexicon.vocabulary.dimensions[hit.ref] for hit in self._lexicon.dimensions_in_full(stems)]

    def _end_of(self, at: int) -> int | None:
        """Where the run of signs without a blank ends that begins at a token; None in the middle of one."""
        if self._tokens[at].kind == "quoted" or (at and not self._is_apart(at - 1)):
            return None
        last = at + 1
        while last < len(self._tokens) and not self._is_apart(last - 1):
            last += 1
        return last

    def _is_apart(self, at: int) -> bool:
        """Whether there is a blank, or a comma, between a token and the next."""
        between = self._question[self._tokens[at].end : self._tokens[at + 1].start]
        return any(sign.isspace() for sign in between) or "," in (self._norm(at), self._norm(at + 1))

    def _text(self, first: int, last: int) -> str:
        return self._question[self._tokens[first].start : self._tokens[last - 1].end]

    def _is_quoted(self, at: int) -> bool:
        return at < len(self._tokens) and self._tokens[at].kind == "quoted"

    def _norm(self, at: int) -> str:
        return self._tokens[at].norm if 0 <= at < len(self._tokens) else ""
