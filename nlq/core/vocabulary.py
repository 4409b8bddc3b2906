"""What one semantic layer can be asked about: plain metrics, dimensions and values.

Belongs here: the shape the planner and the guard read, independent of any library.
Does not belong here: words and matching (``planning.finding.lexicon``), reading a catalog (``answering.compiling``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from nlq.core.spelling import one_of_each
from nlq.core.valuenames import ValueNames

TIME_DIMENSION = "metric_time"
_FIRST, _LAST = 1000, 2999
"""The years that a number of four digits is taken for."""
BOOLEAN_PREFIXES = frozenset({"is", "has", "was"})
"""What the names of columns of yes and no begin with."""
_YES_NO = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"))


@dataclass(frozen=True)
class Values:
    """The distinct values of a dimension, most frequent first; ``complete`` is false when there are more.

    ``look_up`` finds those among the others that a text may name, in all their spellings; it gives None where it cannot
    tell. Values of one form in several spellings are all there; ``shown`` has one of each.
    """

    items: tuple[Any, ...] = ()
    complete: bool = True
    look_up: Callable[[str], tuple[Any, ...] | None] | None = field(default=None, compare=False, repr=False)

    @property
    def shown(self) -> tuple[Any, ...]:
        """The values for people, each in one spelling."""
        return one_of_each(self.items)


@dataclass(frozen=True)
class Rows:
    """What the rows are that a metric is computed from: their dimensions, those that identify one, and their time.

    ``counts`` is true where a row counts as one, ``zero_is_none`` where a row of which the figure is zero is not meant.
    """

    columns: tuple[str, ...]
    keys: tuple[str, ...] = ()
    time: str = ""
    counts: bool = False
    zero_is_none: bool = True


@dataclass(frozen=True)
class Metric:
    """A metric as people and planner see it.

    ``direction`` tells which end is good: up, down or unknown (None). ``needs_time`` is true where a figure exists
    only per period; ``min_grain`` is the finest period there is. ``time_names`` are name, label and description of the
    time it counts by, where known. ``nothing`` is the figure where there are no rows, None where there is none then.
    ``cumulative`` is true where a figure sums up the days before its own: each group has one on every later day.
    ``additive`` is true of sums and counts, whose figures of groups and of days add up to that of all; ``tally`` of
    counts of different values as well, of which zero is none at all. ``rows`` is None where it has no rows of its own.
    ``headline`` is its place among the figures that stand for the domain, from 1; 0 where it does not. ``parts`` are
    the metrics of which it is the first by the second. ``insights`` is false where it is not to be judged.
    ``variant_of`` is the metric that is meant where nothing asks for this one, as far as the layer says. ``moment`` is
    true of a stock: its figure is that of a moment and is not summed over time, as a backlog. ``model`` is what
    predicted its rows, empty where nothing did.
    """

    name: str
    label: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    type: str = "simple"
    format: str | None = None
    domain: str = ""
    unit: str | None = None
    direction: str | None = None
    dimensions: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    needs_time: bool = False
    min_grain: str = "day"
    time_names: tuple[str, ...] = ()
    nothing: float | None = None
    cumulative: bool = False
    additive: bool = False
    tally: bool = False
    rows: Rows | None = None
    headline: int = 0
    variant_of: str = ""
    moment: bool = False
    parts: tuple[str, ...] = ()
    insights: bool = True
    model: str = ""

    @property
    def entities(self) -> frozenset[str]:
        """The entities the metric is about, by the names of its dimensions."""
        named = {name.rsplit("__", 1)[0] for name in self.dimensions if "__" in name}
        return self.subjects or frozenset(named - {TIME_DIMENSION})

    @property
    def is_money(self) -> bool:
        """Whether it is a sum of money, as far as the layer says."""
        return (self.format or "").lower() == "currency"

    @property
    def is_ratio(self) -> bool:
        """Whether a value of 0.2 means 20 %."""
        return (self.format or "").lower().startswith("percent") or (self.type == "ratio" and not self.format)


@dataclass(frozen=True)
class Dimension:
    """A dimension; ``name`` is the qualified name, e.g. ``complaint__ward_id``.

    ``type`` is categorical, time, or calendar: a part of the date such as the weekday. ``personal`` is true of what
    tells of a person: whoever has no right to it sees that there is a value, and not which. ``insights`` is false where
    figures are not to be judged by it, its newest values not being final. ``names`` are what its values are called.
    """

    name: str
    label: str
    description: str = ""
    synonyms: tuple[str, ...] = ()
    type: str = "categorical"
    values: Values = field(default_factory=Values)
    personal: bool = False
    insights: bool = True
    names: ValueNames = field(default_factory=ValueNames, hash=False)

    @property
    def column(self) -> str:
        """The name without the entity, e.g. ``ward_id``."""
        return self.name.rsplit("__", 1)[-1]

    @property
    def entity(self) -> str:
        """The entity the name starts with, e.g. ``complaint``; empty where there is none."""
        return self.name.rsplit("__", 1)[0] if "__" in self.name else ""

    @property
    def thing(self) -> str:
        """The entity that the column is of, without the way to it: ``region`` of ``member__region__name``."""
        return self.entity.rsplit("__", 1)[-1]

    @property
    def is_name(self) -> bool:
        """Whether it is what its things are called: ``ward__name``, ``ward__ward_name``."""
        return bool(self.entity) and self.column in ("name", "title", self.thing, f"{self.thing}_name")

    @property
    def is_time(self) -> bool:
        """Whether the dimension is a date or a time."""
        return self.type == "time"

    @property
    def is_calendar(self) -> bool:
        """Whether the dimension is a part of the date, whose values have an order of their own."""
        return self.type == "calendar"

    @property
    def is_numeric(self) -> bool:
        """Whether all its values are numbers, as far as they are known."""
        numbers = all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in self.values.items)
        return self.type == "categorical" and bool(self.values.items) and numbers

    @property
    def is_year(self) -> bool:
        """Whether its values are years, and it is called so."""
        named = "year" in f"{self.label} {self.column}".lower().replace("_", " ").split()
        return named and self.is_numeric and all(v == int(v) and _FIRST <= v <= _LAST for v in self.values.items)

    @property
    def is_boolean(self) -> bool:
        """Whether all its values say yes or no."""
        return self.yes_no is not None

    @property
    def yes_no(self) -> tuple[Any, Any] | None:
        """What stands for yes and for no, however that is written, where it has no other values; else None.

        Numbers do where the column is called so: is_late.
        """
        known = [value for value in self.values.items if value is not None]
        if not known or len(known) > len(_YES_NO[0]) or not self.values.complete:
            return None
        if all(isinstance(value, bool) for value in known):
            return True, False
        called = self.column.split("_")
        numbers = set(known) == {0, 1} and (called[0] in BOOLEAN_PREFIXES or called[-1] == "flag")
        said = {str(value).casefold(): value for value in known}
        pair = ("1", "0") if numbers else next((pair for pair in _YES_NO if set(pair) == set(said)), None)
        return (said[pair[0]], said[pair[1]]) if pair else None


@dataclass(frozen=True)
class Vocabulary:
    """Everything that may be asked about, by name.

    ``fingerprint`` is the same as long as definitions and values are; empty where nobody can tell.
    """

    metrics: Mapping[str, Metric]
    dimensions: Mapping[str, Dimension]
    fingerprint: str = ""

    @classmethod
    def of(cls, metrics: Iterable[Metric], dimensions: Iterable[Dimension]) -> Vocabulary:
        """A vocabulary from lists."""
        return cls({m.name: m for m in metrics}, {d.name: d for d in dimensions})

    def naming(self, labels: Mapping[str, Mapping[str, str]]) -> Vocabulary:
        """The same with further names of values, by dimension and code."""
        named = {name: self.dimensions[name] for name, found in labels.items() if found and name in self.dimensions}
        if not named:
            return self
        more = {name: replace(d, names=d.names.with_labels(labels[name])) for name, d in named.items()}
        return replace(self, dimensions={**self.dimensions, **more})

    def plain_metrics(self) -> list[Metric]:
        """The metrics, the plainest first: simple ones before ratios and series.

        Then those that people have many words for, and those with short names.
        """
        return sorted(
            self.metrics.values(),
            key=lambda m: (m.needs_time, m.type != "simple", -len(m.synonyms), len(m.label.split())),
        )

    def shared_dimensions(self, metrics: Iterable[str]) -> frozenset[str]:
        """The dimensions that all these metrics can be grouped by."""
        sets = [self.metrics[name].dimensions for name in metrics]
        return frozenset.intersection(*sets) if sets else frozenset()
