"""Robust measures, tails of distributions, and how many findings may be told.

Belongs here: what several tests share. Does not belong here: the tests (points, shifts, trends, gaps).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAD_TO_SD = 1.4826
"""The standard deviation of a normal distribution, in medians of its absolute deviations."""
_TINY = 1e-300
# What the 95th percentile of |t| is in medians of |t|, by degrees of freedom, falling.
_TAIL_RATIOS = np.array([5.27, 4.16, 3.75, 3.54, 3.32, 3.19, 3.10, 2.97, 2.906])
_TAIL_DF = np.array([2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 12.0, 30.0, 1000.0])
_USUAL_DF, _DRAWN = 12.0, 0.4
_erfc = np.frompyfunc(math.erfc, 1, 1)


def spread(values: Floats, axis: int = -1) -> Floats:
    """The standard deviation as far as most of the values tell it: by the median absolute deviation."""
    middle = np.median(values, axis=axis, keepdims=True)
    return MAD_TO_SD * np.median(np.abs(values - middle), axis=axis)


def clipped(values: Floats, most: float = 4.0) -> Floats:
    """Values, none farther from their median than some spreads: single days are not to decide about a course."""
    middle, width = np.median(values), spread(values) or float(np.std(values))
    return np.clip(values, middle - most * width, middle + most * width)


def two_sided(z: Floats | float) -> Floats:
    """The probability that a standard normal value lies as far from 0 as `z` or farther."""
    found = np.asarray(_erfc(np.abs(np.asarray(z, dtype=float)) / math.sqrt(2)), dtype=float)
    return np.maximum(found, _TINY)


def t_as_normal(t: Floats | float, df: Floats | float) -> Floats:
    """The normal value with the tail of a t value, by Wallace (1959); within a thousandth also far out."""
    df = np.asarray(df, dtype=float)
    grown = np.sqrt(df * np.log1p(np.square(t) / df))
    return np.sign(t) * (8 * df + 1) / (8 * df + 3) * grown


def tail_weight(left: Floats, axis: int = -1) -> Floats:
    """The degrees of freedom of the t distribution whose tails are as heavy as those of some residuals.

    By the ratio of two quantiles below the last twentieth, so that a few anomalies do not decide about it; drawn a part
    of the way to what courses usually have, for a year of days tells it only roughly.
    """
    if left.shape[axis] < 2:
        return np.full(np.delete(left.shape, axis), _USUAL_DF)
    size = np.abs(left)
    middle = np.maximum(np.median(size, axis=axis), 1e-12)
    own = np.quantile(size, 0.95, axis=axis) / middle
    ratio = (1 - _DRAWN) * own + _DRAWN * np.interp(_USUAL_DF, _TAIL_DF, _TAIL_RATIOS)
    return np.interp(ratio, _TAIL_RATIOS[::-1], _TAIL_DF[::-1])


def discovered(p: Floats, rate: float) -> Bools:
    """Which tests may be told, of all that were made: of those told, at most a share of `rate` is chance.

    By Benjamini and Hochberg (1995); where there is nothing, anything is told in `rate` of the cases.
    """
    if not p.size:
        return np.zeros(0, dtype=bool)
    order = np.sort(p)
    passed = order <= rate * np.arange(1, p.size + 1) / p.size
    return p <= (order[passed][-1] if passed.any() else -1.0)


def autocorrelation(left: Floats, fitted: int) -> float:
    """The first autocorrelation of residuals, raised by what fitting `fitted` numbers takes from it; 0 to 1."""
    size = float(np.dot(left, left))
    if size <= 0 or left.size < 4:
        return 0.0
    found = float(np.dot(left[1:], left[:-1])) / size
    return float(np.clip(found + (fitted + (1 + fitted) * max(found, 0.0)) / left.size, 0.0, 1.0))
