"""What stands beside a mention: kinds, values and words to the left and right.

Belongs here: looking around in one cover under one assignment. Does not belong here: what it means (``reading``).
"""

from __future__ import annotations

from collections.abc import Iterable

from nlq.core.words import NUMBERING, PER_WORDS, is_plural, words_of
from nlq.planning.lexicon import Hit, ValueHit
from nlq.planning.mentions import Kind, Mention
from nlq.planning.resolve import Assignment

NOT_SIGNIFICANT = frozenset(
    {Kind.FILLER, Kind.LIST, Kind.RUNNING, Kind.COUNT, Kind.DOMAIN, Kind.AVERAGE, Kind.MORE, Kind.UNIT}
)
"""Kinds that are passed over when asking what stands beside what."""


class Neighbours:
    """The mentions of a cover: all of them, and by position those that matter."""

    def __init__(self, mentions: Iterable[Mention], assignment: Assignment) -> None:
        self._all = tuple(mentions)
        self._mentions = [m for m in self._all if m.kind not in NOT_SIGNIFICANT]
        self._assignment = assignment

    def _kind(self, position: int) -> Kind | None:
        return self._mentions[position].kind if 0 <= position < len(self._mentions) else None

    def _is_per(self, position: int) -> bool:
        return self._kind(position - 1) is Kind.BY and self._mentions[position - 1].text.lower() in PER_WORDS

    def _value_dimension(self, position: int) -> str | None:
        if self._kind(position) is not Kind.VALUE:
            return None
        return self._assignment.values[self._mentions[position].first].dimension

    def _names(self, position: int, dimension: str) -> bool:
        if self._kind(position) is not Kind.DIMENSION:
            return False
        hit: Hit = self._assignment.dimensions[self._mentions[position].first]
        return hit.ref == dimension

    def _is_averaged(self, mention: Mention) -> bool:
        """Whether "average" stands right beside a step of time: "average monthly sales"."""
        said = [m for m in self._all if m.kind is not Kind.FILLER]
        at = said.index(mention)
        return any(m.kind is Kind.AVERAGE for m in (*said[max(0, at - 1) : at], *said[at + 1 : at + 2]))

    def _is_numbered(self, position: int) -> bool:
        """Whether "number of" stands before, or is part of it: "the highest number of complaints"."""
        mention = self._mentions[position]
        words = words_of(mention.text)
        said = self._all[: self._all.index(mention)]
        before = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        counted = before is not None and before.kind is Kind.COUNT and not self._is_label_number(before)
        return counted or (len(words) > 2 and words[0] in NUMBERING and words[1] == "of")

    def _is_label_number(self, mention: Mention) -> bool:
        """Whether "number" ends the name of a thing, as in "telephone number": nothing is counted."""
        at = self._all.index(mention)
        following = self._all[at + 1].text.lower() if at + 1 < len(self._all) else ""
        named = at > 0 and self._all[at - 1].kind in (Kind.DIMENSION, Kind.VALUE)
        return named and mention.text.lower() in ("number", "numbers") and following != "of"

    @staticmethod
    def _is_singular(mention: Mention) -> bool:
        words = words_of(mention.text)
        return bool(words) and not is_plural(words[-1])

    def _before_value(self, position: int) -> int:
        """The nearest position to the left that is no dimension naming a value."""
        return position - 2 if self._kind(position - 1) is Kind.DIMENSION else position - 1

    def _same_dimension(self, position: int, hit: ValueHit) -> bool:
        return self._value_dimension(position) == hit.dimension

    def _between(self, left: int, right: int) -> tuple[Mention, ...]:
        if not 0 <= left < right < len(self._mentions):
            return ()
        first, last = self._all.index(self._mentions[left]), self._all.index(self._mentions[right])
        return self._all[first + 1 : last]
