"""By which dimensions the figures of judged metrics are taken apart.

Belongs here: the default rules for dimensions and for how many metrics are split. Does not belong here: which metrics
are judged (nlq.core.judged), reading figures.

`insights: false` in the meta of a dimension says that figures are not taken apart by it, as by a state that moves on.
"""

from __future__ import annotations

from nlq.core.guard import TENANT_COLUMN
from nlq.core.vocabulary import Dimension, Metric, Vocabulary

MOST_SPLIT, MOST_DIMENSIONS = 3, 3
_FEWEST, _MOST = 2, 30
"""Values of a dimension that figures are taken apart by."""


def split_metrics(metrics: list[Metric]) -> list[Metric]:
    """Those of them whose values of dimensions are judged, too: whose figures add up."""
    return [metric for metric in metrics if metric.additive][:MOST_SPLIT]


def dimensions_of(metric: Metric, vocabulary: Vocabulary) -> list[Dimension]:
    """The dimensions that tell most of a metric: its own, with a few values that mean something to people."""
    known = [vocabulary.dimensions[name] for name in sorted(metric.dimensions) if name in vocabulary.dimensions]
    handy = [dimension for dimension in known if _is_handy(dimension)]
    near = sorted(handy, key=lambda one: (one.name.count("__"), abs(len(one.values.items) - 8), one.name))
    return near[:MOST_DIMENSIONS]


def _is_handy(dimension: Dimension) -> bool:
    plain = not (dimension.is_time or dimension.is_calendar or dimension.is_numeric or dimension.is_boolean)
    few = dimension.values.complete and _FEWEST <= len(dimension.values.items) <= _MOST
    return plain and few and dimension.insights and not dimension.personal and dimension.column != TENANT_COLUMN
