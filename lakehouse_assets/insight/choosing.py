"""Which metrics of a domain are judged, and by which dimensions they are taken apart.

Belongs here: the default rules, and what the meta of a metric says against them. Does not belong here: reading figures.

A metric is judged if it has figures by day and is no running total: those that stand for the domain first, then sums
and counts of which it is known which way is good, then others. `insights: false` in the meta of a metric leaves it out,
as is due where its newest figures are not final ("resolved by now"): they always seem to fall. In the meta of a
dimension it says that figures are not taken apart by it, as by a state that moves on.
"""

from __future__ import annotations

from nlq.core.guard import TENANT_COLUMN
from nlq.core.vocabulary import Dimension, Metric, Vocabulary

MOST_METRICS, MOST_SPLIT, MOST_DIMENSIONS = 8, 3, 3
_FEWEST, _MOST = 2, 30
"""Values of a dimension that figures are taken apart by."""


def metrics_of(vocabulary: Vocabulary, domain: str) -> list[Metric]:
    """The metrics of a domain that are judged, the most important first."""
    own = [metric for metric in vocabulary.plain_metrics() if metric.domain == domain and _is_judged(metric)]
    order = sorted(own, key=lambda one: (one.headline or 99, not one.additive, one.direction is None))
    return order[:MOST_METRICS]


def split_metrics(metrics: list[Metric]) -> list[Metric]:
    """Those of them whose values of dimensions are judged, too: whose figures add up."""
    return [metric for metric in metrics if metric.additive][:MOST_SPLIT]


def dimensions_of(metric: Metric, vocabulary: Vocabulary) -> list[Dimension]:
    """The dimensions that tell most of a metric: its own, with a few values that mean something to people."""
    known = [vocabulary.dimensions[name] for name in sorted(metric.dimensions) if name in vocabulary.dimensions]
    handy = [dimension for dimension in known if _is_handy(dimension)]
    near = sorted(handy, key=lambda one: (one.name.count("__"), abs(len(one.values.items) - 8), one.name))
    return near[:MOST_DIMENSIONS]


def _is_judged(metric: Metric) -> bool:
    counted = metric.headline or metric.additive or metric.tally
    return bool(counted and metric.insights and metric.min_grain == "day") and not (
        metric.needs_time or metric.cumulative
    )


def _is_handy(dimension: Dimension) -> bool:
    plain = not (dimension.is_time or dimension.is_calendar or dimension.is_numeric or dimension.is_boolean)
    few = dimension.values.complete and _FEWEST <= len(dimension.values.items) <= _MOST
    return plain and few and dimension.insights and not dimension.personal and dimension.column != TENANT_COLUMN
