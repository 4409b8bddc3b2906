"""What is collected while a cover is read, and what a reading is.

Belongs here: the draft of a plan, the readings it leads to, and the error that ends reading. Does not belong here:
how a draft is filled (``reading``) or finished (``finishing``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nlq.core.outcome import Carried, Problem
from nlq.core.plan import Grain, Plan, Running, TimeRange
from nlq.planning.drafts.mentions import Bound, Growth, Mention
from nlq.planning.times.words import TimeSpan


class NotReadableError(Exception):
    """A cover cannot be read: why, and the words at fault. The lower the rank, the more telling the reason."""

    def __init__(self, rank: int, reason: str, *words: str, nearest: Iterable[str] = (), final: bool = False) -> None:
        """Keep the problem; ``final`` says that no other plan can answer."""
        super().__init__(reason)
        self.problem = Problem(rank, reason, words, tuple(nearest), final)


@dataclass(frozen=True)
class Decision:
    """One thing understood: the words of the question and what they were taken for."""

    words: str
    meaning: str


@dataclass(frozen=True)
class Reading:
    """A plan that a cover asks for. ``sure`` is false where something was only guessed: then ask back.

    ``doubt`` says why it can only be offered, and then nothing else is offered beside it. ``says`` names what the
    question itself said, for a follow-up to take the rest from the question before; ``carried`` is what it took.
    ``guessed`` is true where nothing but the figure was guessed, none being named.
    ``mentions`` are all words, each term with the one hit that it was taken for. ``others`` are the same with figures
    that may be called alike, of which this one has the likeliest.
    """

    plan: Plan
    confidence: float
    because: tuple[Decision, ...]
    sure: bool = True
    says: frozenset[str] = frozenset()
    carried: tuple[Carried, ...] = ()
    mentions: tuple[Mention, ...] = ()
    doubt: str = ""
    guessed: bool = False
    others: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Rank:
    """An end asked for, how many of it, and how many ranks to leave out first."""

    end: str
    count: int | None
    position: int
    word: str
    skip: int = 0


@dataclass(frozen=True)
class Chosen:
    """A value of a dimension that was said: where, and whether it is wanted."""

    first: int
    dimension: str
    value: Any
    wanted: bool = True


@dataclass
class Draft:
    """What the mentions of one cover ask for, before it is put together."""

    metrics: list[str] = field(default_factory=list)
    metric_at: list[tuple[int, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unlicensed: list[str] = field(default_factory=list)
    """Groups that nothing in the question licenses: they may be only what is spoken of, as in "fees from parcels"."""
    chosen: list[Chosen] = field(default_factory=list)
    bounds: list[tuple[int, Bound]] = field(default_factory=list)
    either: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of dimensions of which the values of one or of the other are asked for."""
    either_time: bool = False
    """Whether one time or another is asked for."""
    missing: list[tuple[str, bool]] = field(default_factory=list)
    """Dimensions whose value is to be missing, or not to be."""
    pieces: list[tuple[str, str]] = field(default_factory=list)
    """Dimensions whose values are to contain a text."""
    limits: list[tuple[str, Bound]] = field(default_factory=list)
    """Dimensions whose values are compared with a number."""
    ranks: list[Rank] = field(default_factory=list)
    times: list[tuple[int, TimeSpan, str]] = field(default_factory=list)
    time_of: str | None = None
    """The dimension that times and steps go by, where it is not the metrics' own time."""
    own_steps: bool = False
    """Whether steps were said to go by the metrics' own time: "by day submitted"."""
    dated: list[tuple[str, TimeRange]] = field(default_factory=list)
    """Times and years of other dimensions, and the days that they lie in."""
    grain: Grain | None = None
    trend: bool = False
    keeps_keys: bool = False
    """Whether groups and grain are those of the question before."""
    singular_rank: bool = False
    sort: str | None = None
    sort_by: list[str] = field(default_factory=list)
    """What rows are sorted by, where that is named."""
    first_rows: int | None = None
    asked: tuple[int, str] | None = None
    share: int | None = None
    whole: int | None = None
    """Where the whole is named that a share is of: the orders of "the ratio of online orders to all orders"."""
    averages: list[str] = field(default_factory=list)
    per: bool = False
    each: list[str] = field(default_factory=list)
    """Groups said with each, every or per."""
    by: list[str] = field(default_factory=list)
    """Groups said with by."""
    ranks_time: bool = False
    counted: str | None = None
    """The dimension whose values are to be counted."""
    growth: Growth | None = None
    ratio: bool = False
    pair: tuple[int, int] | None = None
    """Where the two figures of the ratio stand, if they stand around "per"."""
    sorts_ratio: bool = False
    """Whether rows are sorted by the ratio, not by one of its figures."""
    percent: bool = False
    """Whether the ratio is written in percent."""
    running: Running | None = None
    records: bool = False
    """Whether the things themselves are asked for, not a figure of them."""
    versus: str | None = None
    among_values: bool = False
    """Whether it stands between two values: no times are compared then."""
    difference: bool = False
    """Whether the difference of two times is asked for, not only both."""
    apart: bool = False
    """Whether it is asked how far two values are apart, of which a plan only has both."""
    doubtful: bool = False
    """Whether a group was named in part only, and nothing licenses one."""
    doubt: str = ""
    """Why the draft can only be offered, for people."""
    confidence: float = 1.0
    because: list[Decision] = field(default_factory=list)

    def values(self, *, wanted: bool) -> dict[str, list[Any]]:
        """The values said, by dimension."""
        found: dict[str, list[Any]] = {}
        for item in self.chosen:
            if item.wanted is wanted and item.value not in found.setdefault(item.dimension, []):
                found[item.dimension].append(item.value)
        return {name: values for name, values in found.items() if values}
