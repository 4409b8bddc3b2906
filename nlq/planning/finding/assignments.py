"""What the mentions of a cover stand for together, and which of several such assignments suits what is said best.

Belongs here: preferences that hold whatever the layer has. Does not belong here: which terms go together in the layer
(``resolve``), grammar (``reading``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nlq.english.tokens import words_of
from nlq.planning.drafts.mentions import Cover, Kind, Mention
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import INITIALS, ValueHit

_INITIALS = 3
"""Fewer initials than this are no sure sign of a name: "AR" may stand for anything."""
DIRECTNESS = {"label": 2, "synonym": 1, "event": 1, "name": 0, "description": 0}
"""How directly words name a term, by what of it they are."""


@dataclass(frozen=True)
class Assignment:
    """The term each mention stands for, by the mention's first token."""

    metrics: dict[int, Hit] = field(default_factory=dict)
    dimensions: dict[int, Hit] = field(default_factory=dict)
    values: dict[int, ValueHit] = field(default_factory=dict)
    implied: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def sure(self) -> bool:
        """Whether no term was guessed, or said in words that only mean much the same, no name by two letters."""
        named = (hit for hit in self.values.values() if hit.coverage == INITIALS)
        if self.guessed or any(len(words_of(str(hit.value))) < _INITIALS for hit in named):
            return False
        return all(hit.sure for hit in (*self.metrics.values(), *self.dimensions.values()))


def prefer_full(found: list[Assignment]) -> list[Assignment]:
    """Only the assignments in which the most terms were said in full."""
    if len(found) < 2:
        return found
    scores = [_fullness(assignment) for assignment in found]
    return [a for a, score in zip(found, scores, strict=True) if score == max(scores)]


def prefer_few(found: list[Assignment]) -> list[Assignment]:
    """Words that name a metric in part add nothing to one that is said anyway: "how long … to resolve"."""

    def partly(assignment: Assignment) -> int:
        full = {hit.ref for hit in assignment.metrics.values() if hit.full}
        return len({hit.ref for hit in assignment.metrics.values() if not hit.full} - full)

    least = min((partly(assignment) for assignment in found), default=0)
    return [assignment for assignment in found if partly(assignment) == least]


def prefer_named(found: list[Assignment], cover: Cover) -> list[Assignment]:
    """A dimension right beside a value, or a list of values, says whose they are: "Ludhiana vs Delhi shops"."""
    said = [m for m in cover.mentions if m.kind is not Kind.FILLER]
    pairs = [
        (a, b) if a.kind is Kind.DIMENSION else (b, a)
        for a, b in itertools.pairwise(said)
        if {a.kind, b.kind} == {Kind.DIMENSION, Kind.VALUE}
    ]
    listed = _listed(said)
    pairs += [(d, other) for d, v in pairs for one in listed if v in one for other in one if other is not v]

    def named(one: Assignment) -> int:
        return sum(one.dimensions[d.first].ref == one.values[v.first].dimension for d, v in pairs)

    most = max((named(assignment) for assignment in found), default=0)
    return [assignment for assignment in found if named(assignment) == most]


def prefer_together(found: list[Assignment], cover: Cover) -> list[Assignment]:
    """Columns in one list are of one thing where they can be: the ID, first name and last name of a salesperson."""
    said = [m for m in cover.mentions if m.kind is not Kind.FILLER]
    triples = zip(said, said[1:], said[2:], strict=False)
    lists = [(a, b) for a, joint, b in triples if a.kind is b.kind is Kind.DIMENSION and joint.kind is Kind.AND]
    listed = {m.first for pair in lists for m in pair}

    def apart(one: Assignment) -> int:
        return -len({one.dimensions[first].ref.rpartition("__")[0] for first in listed})

    return best(found, apart) if listed else found


def prefer_label(found: list[Assignment]) -> list[Assignment]:
    """Values of what a thing is called, where other attributes of it have them too: the country Aruba."""

    def labels(one: Assignment) -> int:
        parts = [hit.dimension.split("__")[-2:] for hit in one.values.values() if "__" in hit.dimension]
        return sum(column in ("name", entity, f"{entity}_name") for entity, column in parts)

    return best(found, labels)


def prefer_alike(found: list[Assignment], cover: Cover) -> list[Assignment]:
    """Values in one list are of one dimension where they can be."""
    listed = _listed([m for m in cover.mentions if m.kind is not Kind.FILLER])

    def mixed(one: Assignment) -> int:
        return sum(len({one.values[value.first].dimension for value in values}) for values in listed)

    least = min((mixed(assignment) for assignment in found), default=0)
    return [assignment for assignment in found if mixed(assignment) == least]


def best(found: list[Assignment], score: Callable[[Assignment], int]) -> list[Assignment]:
    """Those with the highest score."""
    scores = [score(assignment) for assignment in found]
    return [one for one, points in zip(found, scores, strict=True) if points == max(scores)]


def _listed(said: Sequence[Mention]) -> list[list[Mention]]:
    """The lists of values: "Ludhiana vs Amritsar", "Delhi, Punjab or Haryana"."""
    found: list[list[Mention]] = []
    for a, joint, b in zip(said, said[1:], said[2:], strict=False):
        if a.kind is b.kind is Kind.VALUE and joint.kind in (Kind.AND, Kind.OR, Kind.VERSUS):
            if found and found[-1][-1] is a:
                found[-1].append(b)
            else:
                found.append([a, b])
    return found


def _fullness(assignment: Assignment) -> tuple[int, int, int]:
    """How many terms were said in full, and how directly: a label is more than a synonym, that more than a name.

    A value as it is stored is more than a name of it: the city of Rio de Janeiro, where the state is RJ.
    """
    terms = [*assignment.metrics.values(), *assignment.dimensions.values()]
    full = sum(hit.full for hit in [*terms, *assignment.values.values()])
    named = sum(bool(hit.said) for hit in assignment.values.values())
    return full, sum(DIRECTNESS[hit.source] for hit in terms if hit.full), -named
