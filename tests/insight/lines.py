"""Courses for the tests of insights: noise of several kinds, and metrics for them.

Belongs here: making them by a seed. Does not belong here: the tests.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from lakehouse_assets.insight.numeric.robust import Floats
from lakehouse_assets.insight.reading import Days, Line
from nlq.core.vocabulary import Dimension, Metric

FIRST = date(2025, 1, 6)


def metric(name: str = "orders", **details: Any) -> Metric:
    """A count of orders."""
    return Metric(name, name.capitalize(), **{"additive": True, "tally": True, "format": "integer", **details})


def line(figures: Floats, name: str = "orders", value: str | None = None, **details: Any) -> Line:
    """A course from a Monday on."""
    dimension = Dimension("order__shop", "Shop") if value else None
    return Line(metric(name, **details), Days(FIRST, figures.size), figures, dimension, value)


def noise(rng: np.random.Generator, kind: str, days: int) -> Floats:
    """Days of nothing but chance and a week."""
    week = 20 * np.sin(2 * np.pi * np.arange(days) / 7)
    if kind == "counts":
        return rng.poisson(40 + week).astype(float)
    if kind == "few":
        return rng.poisson(3, days).astype(float)
    if kind == "heavy":
        return 200 + week + 5 * rng.standard_t(5, days)
    if kind == "skewed":
        return np.exp(5 + rng.normal(0, 0.3, days))
    steps, fresh = np.zeros(days + 100), rng.normal(0, 5, days + 100)
    for at in range(1, days + 100):  # autocorrelated
        steps[at] = 0.6 * steps[at - 1] + fresh[at]
    return 200 + week + steps[100:]
