"""The tables of a feed, layer by layer: name, columns, key, grain and partition of each.

Belongs here: what a contract says of a table. Does not belong here: which fields a feed has (design), or how the text
of a file looks (writing, templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import Column, Feed, summed
from lakehouse_assets.drafting.metrics import Metric

METRIC_MONTH = "metric_month"
"""The column that MetricFlow's time by month becomes."""
_LOADED = [
    Column("record_key", "VARCHAR", "MD5 of the source's deduplication key: equal for copies of one record.", False),
    Column("load_id", "VARCHAR", "Load that brought the row in.", False),
    Column("source", "VARCHAR", "Name of the source definition the row was read with.", False),
    Column("loaded_at", "TIMESTAMP", "When the row was loaded, in UTC.", False),
]
_RECEIVED = [
    Column("raw_payload", "VARCHAR", "The record exactly as it was received.", False),
    *_LOADED[:3],
    Column("source_file", "VARCHAR", "File the row was read from.", False),
    Column("source_row", "BIGINT", "Number of the record in that file, from 1.", False),
    _LOADED[3],
]


@dataclass(frozen=True)
class Table:
    """A table of a draft.

    Attributes:
        name: Its name, without the layer.
        layer: The layer it lies in.
        description: What it is, in a sentence.
        grain: What one row is, in a sentence.
        key: The columns that are unique together.
        columns: Its columns, in order.
        partition: How its contract says its partition; empty where it has none.
    """

    name: str
    layer: str
    description: str
    grain: str
    key: Sequence[str]
    columns: Sequence[Column]
    partition: str = ""

    @property
    def model(self) -> str:
        """Name of the class that describes it."""
        return "".join(part.capitalize() for part in self.name.split("_"))


@dataclass(frozen=True)
class Tables:
    """The tables of one feed; `metrics` are those that people can ask for."""

    feed: Feed
    metrics: Sequence[Metric]

    @property
    def all(self) -> list[Table]:
        """Every table, in the order in which they are made."""
        return [self.bronze, self.silver, self.gold, self.semantic]

    @cached_property
    def bronze(self) -> Table:
        """What was received."""
        feed = self.feed
        return Table(
            f"{feed.name}_raw",
            "bronze",
            f"Every {feed.thing} as it arrived: what was received, never changed.",
            f"One row per {feed.thing} and load that brought it.",
            ("record_key", "load_id", "source_row"),
            [*feed.columns, *_RECEIVED],
            f'day("{feed.day.name}")',
        )

    @cached_property
    def silver(self) -> Table:
        """Each record once."""
        feed = self.feed
        return Table(
            f"silver_{feed.name}",
            "silver",
            f"The {feed.things}, each once, in its latest version.",
            f"One row per {feed.thing}.",
            ("record_key",),
            [*feed.columns, *_LOADED],
            f'day("{feed.day.name}")',
        )

    @cached_property
    def gold(self) -> Table:
        """How many, and what they add up to, by day."""
        feed, split = self.feed, self.feed.summary_dimensions
        counted = Column("row_count", "BIGINT", f"Number of {feed.things}.", False)
        sums = [
            Column(f"total_{c.name}", summed(c.type), f"Sum of {naming.words(c.name)}.", c.nullable)
            for c in feed.summary_measures
        ]
        tenant = next(c for c in feed.columns if c.name == "tenant_id")
        return Table(
            f"gold_{feed.name}_daily",
            "gold",
            f"How many {feed.things} there were on each day, and what they add up to.",
            f"One row per {_enumerated(['day', 'tenant', *_words(split)])} with any {feed.thing}.",
            (feed.day.name, "tenant_id", *(c.name for c in split)),
            [feed.day, tenant, *split, counted, *sums],
            f'month("{feed.day.name}")',
        )

    @cached_property
    def semantic(self) -> Table:
        """The metrics by month and what gold is split by: what the saved query gives."""
        feed, split = self.feed, self.feed.summary_dimensions
        month = Column(METRIC_MONTH, "DATE", f"First day of the month of {feed.day.name}.", False)
        return Table(
            f"mv_{feed.name}_monthly",
            "semantic",
            f"Figures of the {feed.things} of each month, over all tenants.",
            f"One row per {_enumerated(['month', *_words(split)])}.",
            (METRIC_MONTH, *(c.name for c in split)),
            [month, *split, *(_figure(m) for m in self.saved)],
        )

    @cached_property
    def saved(self) -> list[Metric]:
        """The metrics of the saved query: counts, and the sums that gold has."""
        summed = [c.name for c in self.feed.summary_measures]
        return [m for m in self.metrics if m.kind != "average" and (m.kind != "sum" or m.of in summed)]

    @property
    def reconciled(self) -> list[Column]:
        """The columns whose sums are the same in every layer: not those whose sum depends on the order of the rows."""
        return [c for c in self.feed.summary_measures if c.type != "DOUBLE"]


def _figure(metric: Metric) -> Column:
    """The column of a metric in a semantic table; a sum over nothing is 0."""
    return Column(metric.name, metric.type, metric.description, nullable=False)


def _words(columns: Sequence[Column]) -> list[str]:
    return [naming.words(c.name) for c in columns]


def _enumerated(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
