"""Which metrics of a domain are judged where no metric is named: "anything unusual in sales", the page of insights.

Belongs here: the default rules, and what the meta of a metric says against them. Does not belong here: judging
(lakehouse_assets.insight), by which dimensions figures are taken apart (its ``choosing``).

A metric is judged if it has figures by day and is no running total: those that stand for the domain first, then sums
and counts of which it is known which way is good, then others. `insights: false` in the meta of a metric leaves it out,
as is due where its newest figures are not final ("resolved by now"): they always seem to fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from nlq.core.vocabulary import Metric, Vocabulary

MOST_METRICS = 8
"""The most metrics of one domain that are judged."""


def metrics_of(vocabulary: Vocabulary, domain: str) -> list[Metric]:
    """The metrics of a domain that are judged, the most important first."""
    own = [metric for metric in vocabulary.plain_metrics() if metric.domain == domain and _is_judged(metric)]
    order = sorted(own, key=lambda one: (one.headline or 99, not one.additive, one.direction is None))
    return order[:MOST_METRICS]


def domains_of(vocabulary: Vocabulary) -> list[str]:
    """The domains of which there are metrics to judge."""
    names = sorted({metric.domain for metric in vocabulary.metrics.values() if metric.domain})
    return [name for name in names if metrics_of(vocabulary, name)]


def metrics_of_all(vocabulary: Vocabulary, most: int) -> list[Metric]:
    """The most important metrics of every domain, the first of each before the second of any."""
    each: list[Sequence[Metric]] = [metrics_of(vocabulary, name) for name in domains_of(vocabulary)]
    return [metric for metric in chain.from_iterable(zip_longest(*each)) if metric is not None][:most]


def can_be_judged(metric: Metric) -> bool:
    """Whether there are figures of it by day that may be set beside each other."""
    return metric.min_grain == "day" and not (metric.needs_time or metric.cumulative)


def _is_judged(metric: Metric) -> bool:
    counted = metric.headline or metric.additive or metric.tally
    return bool(counted and metric.insights and can_be_judged(metric))
