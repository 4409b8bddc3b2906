"""Courses that have changed for good: a step to another level, or a lasting rise or fall.

Belongs here: telling the two apart, and the probability of each under chance, autocorrelated chance included. Does not
belong here: single steps (points).

A step is tested by the largest cumulative sum of deviations (CUSUM) against a Brownian bridge, its variance that of the
residuals' long run; a slope by generalised least squares with first-order autocorrelation, which is taken as a random
walk where it cannot be told from one (Perron and Yabu, 2009). In courses as short as these autocorrelation is seen too
small: it is taken a standard error higher, and the tails of t are those of as many independent steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lakehouse_assets.insight.numeric.robust import Floats, autocorrelation, clipped, t_as_normal, two_sided

FEWEST_AFTER = 7
"""Steps of the new level that are known before a shift is told."""
_EDGE = 21
"""Steps on each side of a shift on which it has to show already: else it came slowly."""
_SHARP = 0.6


@dataclass(frozen=True)
class Shift:
    """A step from one level to another; `at` is the first step of the new one."""

    at: int
    before: float
    after: float
    p: float
    error: float


@dataclass(frozen=True)
class Slope:
    """A lasting rise or fall, per step."""

    each: float
    start: float
    p: float
    error: float


def shift_of(values: Floats) -> Shift:
    """The most probable level shift of a course without season; its chance is 1 where it is none of a sharp kind."""
    course, n = clipped(values), values.size
    sums = np.cumsum(course - course.mean())[:-1]
    sizes = np.arange(1, n)
    inside = (sizes >= 2 * FEWEST_AFTER) & (n - sizes >= FEWEST_AFTER)
    # The place is that of the best fit, the size that of the bridge.
    fit = np.where(inside, np.abs(sums) / np.sqrt(sizes * (n - sizes)), -1.0)
    at = int(np.argmax(fit)) + 1
    before, after = float(np.median(values[:at])), float(np.median(values[at:]))
    stepped = np.where(np.arange(n) < at, course[:at].mean(), course[at:].mean())
    left = course - stepped
    deviation = long_run(left, fitted=2)
    height = float(np.max(np.where(inside, np.abs(sums), 0))) / (deviation * math.sqrt(n)) if deviation > 0 else 0.0
    near = np.median(values[at : at + _EDGE]) - np.median(values[max(0, at - _EDGE) : at])
    sharp = (after - before) * near > 0 and abs(near) >= _SHARP * abs(after - before)
    return Shift(at, before, after, _bridge(height) if sharp else 1.0, float(np.dot(left, left)))


def slope_of(values: Floats) -> Slope:
    """The rise of a course per step, and how probable it is where there is none."""
    course, n = clipped(values), values.size
    steps = np.arange(n, dtype=float)
    each, start = (float(v) for v in np.polyfit(steps, course, 1))
    left = course - (start + each * steps)
    chance = _slope_chance(course, autocorrelation(left, fitted=2))
    i, j = np.triu_indices(n, 1)
    robust = float(np.median((values[j] - values[i]) / (j - i)))
    return Slope(robust, float(np.median(values - robust * steps)), chance, float(np.dot(left, left)))


def is_step(shift: Shift, slope: Slope) -> bool:
    """Whether a step tells the course better than a slope does; a step has a place, too, that is to be paid for."""
    return shift.error < 0.97 * slope.error


def _slope_chance(course: Floats, rho: float) -> float:
    n = course.size
    rho = min(1.0, rho + math.sqrt((1 - rho * rho) / n))
    if rho >= 1 - 1 / math.sqrt(n):
        moves = np.diff(course)
        deviation = float(np.std(moves, ddof=1))
        return _of_t(float(moves.mean()) / (deviation / math.sqrt(n - 1)), n - 2) if deviation > 0 else 1.0
    root = math.sqrt(1 - rho * rho)
    steps = np.arange(n, dtype=float)
    design = np.stack([np.ones(n), steps], axis=1)
    x = np.concatenate([root * design[:1], design[1:] - rho * design[:-1]])
    y = np.concatenate([root * course[:1], course[1:] - rho * course[:-1]])
    found, *_ = np.linalg.lstsq(x, y, rcond=None)
    left = y - x @ found
    variance = float(np.dot(left, left)) / (n - 3) * float(np.linalg.inv(x.T @ x)[1, 1])
    independent = max(n * (1 - rho) / (1 + rho) - 3, 2.0)
    return _of_t(float(found[1]) / math.sqrt(variance), independent) if variance > 0 else 1.0


def _of_t(t: float, df: float) -> float:
    return float(two_sided(t_as_normal(t, df)))


def long_run(left: Floats, fitted: int) -> float:
    """The deviation of a mean of residuals times the root of their number, autocorrelation included."""
    rho = min(autocorrelation(left, fitted), 0.97)
    fresh = left[1:] - rho * left[:-1]
    fresh = fresh - fresh.mean()
    n = fresh.size
    lags = int(4 * (n / 100) ** (2 / 9))
    variance = float(np.dot(fresh, fresh)) / n
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(np.dot(fresh[lag:], fresh[:-lag])) / n
    variance = max(variance, float(np.dot(fresh, fresh)) / n / 4)
    return math.sqrt(variance * n / max(n - fitted - 1, 1)) / (1 - rho)


def _bridge(height: float) -> float:
    """The probability that a Brownian bridge goes as far from 0 as `height` (Kolmogorov's distribution)."""
    if height < 0.3:
        return 1.0
    terms = (2 * (-1) ** (j - 1) * math.exp(-2 * j * j * height * height) for j in range(1, 20))
    return min(1.0, max(sum(terms), 1e-300))
