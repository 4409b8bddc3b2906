"""One way to take a question: its mentions, the terms they stand for, what stands beside what, and the draft they fill.

Belongs here: looking around in one cover under one assignment, and keeping what was understood. Does not belong here:
what a mention means (``reading`` and what it is composed of).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nlq.core.plan import Plan
from nlq.english.forms import is_plural
from nlq.english.general import GLUE, MORE_WORDS, NUMBERING, PER_WORDS, SORTED
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Decision, Draft
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.assignments import Assignment
from nlq.planning.finding.events import Event
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit

NOT_SIGNIFICANT = frozenset(
    {
        Kind.FILLER,
        Kind.LIST,
        Kind.SHOW,
        Kind.RUNNING,
        Kind.COUNT,
        Kind.DOMAIN,
        Kind.AVERAGE,
        Kind.MORE,
        Kind.UNIT,
        Kind.ASKS,
    }
    | {Kind.DIFFERENCE}
)
"""Kinds that are passed over when asking what stands beside what."""
GROUPING = frozenset({Kind.BY, Kind.WHICH, Kind.TOP, Kind.SUPERLATIVE})
"""Kinds after which a dimension or a step of time is split by."""
KEY_ENDINGS = (("id",), ("key",), ("code",), ("number",), ("no",))
"""What columns end with whose numbers only name something: none is larger than another."""


class Sentence:
    """One cover under one assignment, and the draft made of it; its readers share it.

    ``all`` are its mentions, ``mentions`` those that matter, by position. ``event`` says what a participle beside a
    time means. ``before`` is the plan that the question follows up: what is ranked or shared is what that one was
    split by. ``used``, ``negated`` and ``limited`` are positions: of words that have a part already, of values left
    out, and of nouns that a limit is on.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        mentions: Iterable[Mention],
        assignment: Assignment,
        event: Event | None = None,
        before: Plan | None = None,
    ) -> None:
        self.all = tuple(mentions)
        self.mentions = [m for m in self.all if m.kind not in NOT_SIGNIFICANT]
        self.assignment, self.event, self.before = assignment, event, before
        self.lexicon, self.vocabulary = lexicon, lexicon.vocabulary
        self.draft = Draft()
        self.used: set[int] = set()
        self.negated: set[int] = set()
        self.limited: set[int] = set()

    def believe(self, mention: Mention, meaning: str, factor: float) -> None:
        """Keep what a mention was taken for; ``factor`` (0..1] is what that leaves of the confidence."""
        self.draft.because.append(Decision(mention.text, meaning))
        self.draft.confidence *= factor

    def as_read(self) -> tuple[Mention, ...]:
        """All mentions, each term with the one hit that it is taken for."""
        hits = {**self.assignment.metrics, **self.assignment.dimensions, **self.assignment.values}
        return tuple(replace(m, payload=hits[m.first]) if m.first in hits else m for m in self.all)

    def kind(self, position: int) -> Kind | None:
        """What stands at a position; nothing beyond the ends."""
        return self.mentions[position].kind if 0 <= position < len(self.mentions) else None

    def is_per(self, position: int) -> bool:
        """Whether "per", "each" or "every" stands before."""
        return self.kind(position - 1) is Kind.BY and self.mentions[position - 1].text.lower() in PER_WORDS

    def is_column(self, mention: Mention) -> bool:
        """Whether a further sentence names it as a column: "… Return the make, the model and total sales"."""
        return any(m.kind is Kind.SHOW and m.first < mention.first for m in self.all)

    def sorts_by(self, mention: Mention) -> bool:
        """Whether rows are sorted by it: "sorted by hire date", "in the order of birth date"."""
        said = [m.text.lower() for m in self.all[: self.all.index(mention)] if m.text.lower() not in GLUE - {"of"}]
        noun = len(said) > 2 and said[-3] in PER_WORDS  # "lines per order by channel"
        return len(said) > 1 and said[-2] in SORTED | {"order"} and said[-1] in ("by", "of") and not noun

    def value_dimension(self, position: int) -> str | None:
        """The dimension of the value at a position; None where there is no value."""
        if self.kind(position) is not Kind.VALUE:
            return None
        return self.assignment.values[self.mentions[position].first].dimension

    def names(self, position: int, dimension: str) -> bool:
        """Whether this very dimension stands at a position."""
        if self.kind(position) is not Kind.DIMENSION:
            return False
        hit: Hit = self.assignment.dimensions[self.mentions[position].first]
        return hit.ref == dimension

    def is_moment(self, position: int) -> bool:
        """Whether a time of the layer, or a verb that names one, stands at a position."""
        if self.kind(position) is not Kind.DIMENSION:
            return False
        hit = self.assignment.dimensions[self.mentions[position].first]
        return hit.source == "event" or self.vocabulary.dimensions[hit.ref].is_time

    def is_averaged(self, mention: Mention) -> bool:
        """Whether "average" stands right beside a step of time: "average monthly sales"."""
        said = [m for m in self.all if m.kind is not Kind.FILLER]
        at = said.index(mention)
        return any(m.kind is Kind.AVERAGE for m in (*said[max(0, at - 1) : at], *said[at + 1 : at + 2]))

    def is_numbered(self, position: int) -> bool:
        """Whether "number of" or "how many" stands before, or is part of it: "the highest number of complaints"."""
        mention = self.mentions[position]
        words = words_of(mention.text)
        said = self.all[: self.all.index(mention)]
        spare = [m for m in said if self.is_extent(m)]
        before = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        if spare and before is self.all[self.all.index(spare[-1]) + 1]:
            before = spare[-1]  # "how many more parcels"
        counted = before is not None and before.kind is Kind.COUNT and not self.is_label_number(before)
        return counted or (len(words) > 2 and words[0] in NUMBERING and words[1] == "of")

    def is_extent(self, mention: Mention) -> bool:
        """Whether it asks how far apart two sides are: the "much" of "how much more … than", "how many fewer"."""
        following = self.all[self.all.index(mention) + 1 :]
        return mention.kind is Kind.COUNT and bool(following) and following[0].text.lower() in MORE_WORDS

    def is_label_number(self, mention: Mention) -> bool:
        """Whether "number" ends the name of a thing, as in "telephone number": nothing is counted."""
        at = self.all.index(mention)
        following = self.all[at + 1].text.lower() if at + 1 < len(self.all) else ""
        named = at > 0 and self.all[at - 1].kind in (Kind.DIMENSION, Kind.VALUE)
        return named and mention.text.lower() in ("number", "numbers") and following != "of"

    @staticmethod
    def is_singular(mention: Mention) -> bool:
        """Whether what a mention names is in the singular: its last word, or that before "of"."""
        words = words_of(mention.text.lower().partition(" of ")[0])
        return bool(words) and not is_plural(words[-1])

    def before_value(self, position: int) -> int:
        """The nearest position to the left that is no dimension naming a value."""
        return position - 2 if self.kind(position - 1) is Kind.DIMENSION else position - 1

    def same_dimension(self, position: int, hit: ValueHit) -> bool:
        """Whether a value of the same dimension stands at a position."""
        return self.value_dimension(position) == hit.dimension

    def between(self, left: int, right: int) -> tuple[Mention, ...]:
        """All mentions between two positions."""
        if not 0 <= left < right < len(self.mentions):
            return ()
        first, last = self.all.index(self.mentions[left]), self.all.index(self.mentions[right])
        return self.all[first + 1 : last]
