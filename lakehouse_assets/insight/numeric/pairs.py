"""Two courses or two times beside each other: whether they differ, and whether they move together, by more than chance.

Belongs here: the two tests, what autocorrelation and the week take from them. Does not belong here: which figures are
tested (``asked``), courses that changed by themselves (``slopes``).

A course of days has far fewer independent days than days. A difference is tested with the variance of the long run and
the tails of t of as many steps as are independent; a correlation by as many pairs (Bayley and Hammersley, 1946). What
all weeks have in common is taken out of both, of correlations a straight line as well: two shops that close on Sundays
or grow do not move together for that. Autocorrelation is seen too small in short courses: it is taken higher.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lakehouse_assets.insight.numeric.robust import Floats, autocorrelation, clipped, spread, t_as_normal, two_sided
from lakehouse_assets.insight.numeric.slopes import long_run

FEWEST_DAYS = 28
"""Days that two courses need in common to be tested."""
FEWEST_OF_TIME = 7
"""Days that each of two times needs."""
CLOSEST = 0.9
"""Autocorrelation from which on a course may as well wander about: it has no level that could be told from another."""
_WEEK, _NORMAL_95 = 7, 1.959964
_FEWEST_WEEKS = 2
_NOTHING = 1e-9


@dataclass(frozen=True)
class Difference:
    """How much more one mean is than another, between ``low`` and ``high`` in 19 of 20 cases; ``p`` by chance alone.

    ``independent`` is how many days tell as much as these do that hang together.
    """

    by: float
    low: float
    high: float
    p: float
    independent: float


@dataclass(frozen=True)
class Correlation:
    """How closely two courses move together, from -1 to 1: as they are, and without week and line (``r``).

    ``of_changes`` is true where both wander about, so that their changes from day to day are correlated instead.
    """

    as_they_are: float
    r: float
    low: float
    high: float
    p: float
    independent: float
    of_changes: bool


def difference_of_courses(first: Floats, second: Floats) -> Difference | None:
    """How much more a day of the first course is than the same day of the second.

    None where the days hang together too closely, or both courses differ by the same on every day.
    """
    apart = first - second
    course = clipped(apart)
    left = course - _weekdays(course, np.arange(course.size))
    size = float(max(np.abs(first).max(), np.abs(second).max()))
    return _difference(float(apart.mean()), float(course.mean()), left, 1 / course.size, _WEEK, size)


def difference_of_times(before: Floats, after: Floats, apart: int = 0) -> Difference | None:
    """How much more a day of the later time is than one of the earlier, of the same weekdays as far as they differ.

    Args:
        before: The days of the earlier time.
        after: Those of the later one.
        apart: Days from the end of the earlier to the beginning of the later: 0 where one follows the other.
    """
    if min(before.size, after.size) < FEWEST_OF_TIME:
        return None
    both = np.concatenate([before, after])
    later = np.arange(both.size) >= before.size
    weekly = min(before.size, after.size) >= _FEWEST_WEEKS * _WEEK
    days = (np.arange(both.size) + np.where(later, apart, 0)) % _WEEK
    alike = [days == day for day in range(_WEEK)] if weekly else [np.ones(both.size)]
    design = np.stack([*alike, later], axis=1).astype(float)
    clear = clipped(both)
    (found, *_), (plain, *_) = (np.linalg.lstsq(design, one, rcond=None) for one in (clear, both))
    weight = float(np.linalg.inv(design.T @ design)[-1, -1])
    left, size = clear - design @ found, float(np.abs(both).max())
    return _difference(float(plain[-1]), float(found[-1]), left, weight, design.shape[1], size)


def correlation_of(first: Floats, second: Floats) -> Correlation | None:
    """How closely two courses move together; None where one of them never moves by itself."""
    one, other = _by_itself(first), _by_itself(second)
    steps = np.arange(first.size)
    if min(_held(one), _held(other)) >= CLOSEST:
        changes = [_bounded(np.diff(figures)) for figures in (first, second)]
        one, other = (moves - _weekdays(moves, steps[1:]) for moves in changes)
        of_changes = True
    else:
        of_changes = False
    moves = (float(np.ptp(left)) > _NOTHING * float(np.abs(of).max()) for left, of in ((one, first), (other, second)))
    if not all(moves):
        return None
    plain, r = _pearson(first, second), _pearson(one, other)
    if plain is None or r is None:
        return None
    pairs = _independent_pairs(one, other)
    t = r * math.sqrt((pairs - 2) / max(1 - r * r, 1e-12))
    middle, width = math.atanh(max(min(r, 1 - 1e-9), 1e-9 - 1)), _NORMAL_95 / math.sqrt(max(pairs - 3, 1.0))
    return Correlation(
        plain, r, math.tanh(middle - width), math.tanh(middle + width),
        float(two_sided(t_as_normal(t, pairs - 2))), pairs, of_changes,
    )  # fmt: skip


def _difference(by: float, clear: float, left: Floats, weight: float, fitted: int, size: float) -> Difference | None:
    """The test of a difference: what it is, what it is without the farthest days, and what is left of the days.

    None where the days hang together too closely, or nothing is left of them but what sums of fractions leave.
    """
    held = _held(left, fitted)
    error = long_run(left, fitted) * math.sqrt(weight)
    if held >= CLOSEST or error <= _NOTHING * size:
        return None
    independent = max(left.size * (1 - held) / (1 + held) - 2, 2.0)
    # One day may not turn a difference about: then nothing is more than chance.
    p = float(two_sided(t_as_normal(clear / error, independent))) if clear * by > 0 else 1.0
    width = _t_of_normal(_NORMAL_95, independent) * error
    return Difference(by, by - width, by + width, p, independent)


def _held(left: Floats, fitted: int = 2) -> float:
    """The autocorrelation of what is left, a standard error higher than it is seen."""
    rho = autocorrelation(left, fitted)
    return min(1.0, rho + math.sqrt((1 - rho * rho) / left.size) / 2) if rho > 0 else 0.0


def _by_itself(figures: Floats) -> Floats:
    """What is left of a course without week and straight line."""
    steps = np.arange(figures.size)
    each, start = np.polyfit(steps, figures, 1)
    # The line first: of a course that rises its ends are no outliers.
    left = _bounded(figures - (start + each * steps))
    return left - _weekdays(left, steps)


def _bounded(left: Floats) -> Floats:
    """Figures none of which lies farther than four spreads; of those mostly alike the deviation counts as well."""
    most = 4 * max(float(spread(left)), float(np.std(left)) / 2)
    return np.clip(left, np.median(left) - most, np.median(left) + most)


def _weekdays(course: Floats, days: np.ndarray) -> Floats:
    """The mean of each weekday, on its days."""
    means = np.zeros(_WEEK)
    for day in range(_WEEK):
        own = days % _WEEK == day
        means[day] = course[own].mean() if own.any() else 0.0
    return means[days % _WEEK]


def _pearson(one: Floats, other: Floats) -> float | None:
    first, second = one - one.mean(), other - other.mean()
    size = math.sqrt(float(np.dot(first, first)) * float(np.dot(second, second)))
    return float(np.clip(np.dot(first, second) / size, -1.0, 1.0)) if size > 0 else None


def _independent_pairs(one: Floats, other: Floats) -> float:
    """How many independent pairs of days tell as much as these do."""
    n = one.size
    together = 1.0
    for lag in range(1, n // 5):
        joint = (_lagged(one, lag) + 1 / n) * (_lagged(other, lag) + 1 / n)
        together += 2 * (1 - lag / n) * joint
    held = _held(one) * _held(other)
    worst = max(together, (1 + held) / (1 - held) if held < 1 else n)
    return float(np.clip(n / max(worst, 1.0) - _WEEK * held, 4.0, n))


def _lagged(left: Floats, lag: int) -> float:
    around = left - left.mean()
    return float(np.dot(around[lag:], around[:-lag]) / max(float(np.dot(around, around)), 1e-300))


def _t_of_normal(z: float, df: float) -> float:
    """The t value with the tail of a normal one: ``t_as_normal`` the other way."""
    grown = z * (8 * df + 3) / (8 * df + 1)
    return math.sqrt(df * math.expm1(grown * grown / df))
