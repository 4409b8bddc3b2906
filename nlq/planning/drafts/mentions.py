"""What a stretch of words may be: the kinds of mentions and what each carries.

Belongs here: the shapes that finding (``finding``, ``operators``) hands to reading (``reading``). Does not belong here:
how they are found, or what they ask together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nlq.core.plan import Comparator, Comparison, Grain, Reference


class Reach(StrEnum):
    """How far from the words of the layer a question may be."""

    EXACT = "exact"
    """Names, labels, synonyms and values, whole or in part, in any form."""
    RELATED = "related"
    """Words of the same family as well, synonyms of general English, and those of descriptions."""
    FRAMED = "framed"
    """As far, and words of the frame are passed over, which the answer says."""


class Kind(StrEnum):
    """What a span is."""

    METRIC = "metric"
    DIMENSION = "dimension"
    VALUE = "value"
    TIME = "time"
    GRAIN = "grain"
    TREND = "trend"
    TOP = "top"
    SUPERLATIVE = "superlative"
    THRESHOLD = "threshold"
    ORDER = "order"
    BY = "by"
    WHICH = "which"
    NOT = "not"
    MISSING = "missing"
    LIST = "list"
    SHOW = "show"
    """Asks for columns of what was asked before: "… Return their first and last name."."""
    RUNNING = "running"
    AND = "and"
    OR = "or"
    VERSUS = "versus"
    DIFFERENCE = "difference"
    MORE = "more"
    SHARE = "share"
    RATIO = "ratio"
    AVERAGE = "average"
    GROWTH = "growth"
    COUNT = "count"
    UNIT = "unit"
    ASKS = "asks"
    """A word that asks for a kind of answer: "how long", "when", "who"."""
    DOMAIN = "domain"
    FILLER = "filler"
    UNKNOWN = "unknown"


class Want(StrEnum):
    """The kind of answer that a question word wants."""

    DURATION = "how long something takes"
    AGE = "how old something is"
    LENGTH = "how long or far something is"
    WEIGHT = "how heavy something is"
    MONEY = "an amount of money"
    FREQUENCY = "how often something happens"
    TIME = "when something happens"
    PLACE = "where something happens"
    PERSON = "who did something"
    MANNER = "in what way something is done"
    STATE = "how something is doing"
    EXISTENCE = "whether there is something"
    TRUTH = "yes or no"


@dataclass(frozen=True)
class Mention:
    """Tokens [first, last) and what they may mean; ``payload`` depends on the kind."""

    kind: Kind
    first: int
    last: int
    score: float
    text: str
    payload: Any = None
    contested: bool = False
    """Whether the same words name a metric and a dimension in full."""


@dataclass(frozen=True)
class Top:
    """A number of ranks; the end is None for a number of rows ("first 10"), "asked" if named elsewhere."""

    count: int
    end: str | None
    skip: int = 0


@dataclass(frozen=True)
class Bound:
    """A number a metric is compared with, as said: perhaps in percent, perhaps in a unit of time."""

    comparator: Comparator
    value: float
    percent: bool = False
    unit: str | None = None
    of: Reference | None = None
    """What the number is a factor of."""
    until: float | None = None
    """The upper end of a range, which belongs to it."""


@dataclass(frozen=True)
class Growth:
    """A change asked for: on the year before, on the period before, or not said on what."""

    comparison: Comparison | None = None
    grain: Grain | None = None


@dataclass(frozen=True)
class GrainWord:
    """A step of time; ``bare`` where only the unit was said ("top 3 months"), which needs a companion."""

    grain: Grain
    bare: bool = False
    which: bool = False
    plural: bool = False


@dataclass(frozen=True)
class Cover:
    """One way to take every word of the question, left to right."""

    score: float
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Slip:
    """A spelling slip: what was written, what it was read as (None when unclear), what it might have been."""

    written: str
    read_as: str | None
    near: tuple[str, ...]
