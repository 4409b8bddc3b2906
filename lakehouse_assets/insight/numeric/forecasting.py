"""What comes next: the season before again, smoothing, or medians of the week, whichever foretold the past best.

Belongs here: the methods, the backtest that chooses, the intervals it gives. Does not belong here: words.

No method reads a step after the one it foretells from: each goes through the course once, from its beginning. An
interval is as wide as the errors of the chosen method on the past were (split conformal, by horizon).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from lakehouse_assets.insight.numeric.course import from_scale, to_scale
from lakehouse_assets.insight.numeric.robust import Floats

NAIVE, SMOOTHING, MEDIANS = "seasonal naive", "exponential smoothing", "medians of the season"
ORIGINS = 10
"""From how many steps of the past the methods are tried."""
_COVERED = 0.8
_ALIKE = 7
"""Steps up to which sums of the past are taken for different ones."""
_BETTER = 0.97
"""How small the error of another method has to be beside the naive one's."""
_GRID = tuple(product((0.05, 0.2, 0.5), (0.0, 0.05), (0.05, 0.2)))
_DAMPED = 0.95
_RECENT = 8
"""Seasons that medians are of."""


@dataclass(frozen=True)
class Interval:
    """A figure that is foretold, between `low` and `high` in four cases of five."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """The coming steps, `expected` between `low` and `high` in four cases of five.

    `mase` is the error of the method on the past beside that of the season before, both over the same steps. `told` are
    the steps that it foretold from each place of the past, `real` those that came.
    """

    method: str
    expected: Floats
    low: Floats
    high: Floats
    mase: float
    origins: int
    told: Floats
    real: Floats

    @property
    def part(self) -> float:
        """By what the steps of the past, all together, were more than was foretold of them; 1 where that is not told.

        A middle in roots is less than the mean, and sums of middles would be too small.
        """
        told, real = float(self.told.sum()), float(self.real.sum())
        return float(np.clip(real / told, 0.75, 1.33)) if told > 0 < real else 1.0

    def together(self, first: int, last: int) -> Interval:
        """The sum of steps [first, last), as far off as it was on the past."""
        told, real = (one[:, first:last].sum(axis=1) for one in (self.told, self.real))
        errors = np.sort(np.abs(self.part * told - real))
        # Long times of the past overlap, so that their errors are few: the largest of them.
        rank = errors.size if last - first > _ALIKE else min(errors.size, math.ceil((errors.size + 1) * _COVERED))
        width = float(errors[rank - 1])
        middle = self.part * float(self.expected[first:last].sum())
        return Interval(middle, self._floored(middle - width), middle + width)

    def single(self, at: int) -> Interval:
        """One step."""
        expected = float(self.expected[at])
        moved = (self.part - 1) * expected
        return Interval(expected + moved, self._floored(float(self.low[at]) + moved), float(self.high[at]) + moved)

    def _floored(self, low: float) -> float:
        return max(low, 0.0) if bool((self.real >= 0).all()) else low


def fewest(season: int, horizon: int) -> int:
    """How many steps a course needs to be foretold."""
    return 3 * max(season, 2) + horizon + 4


def forecast(figures: Floats, *, season: int, horizon: int) -> Forecast | None:
    """Foretell a course; None where it is too short to try a method on, or always the same.

    Args:
        figures: The course by step of time, none missing.
        season: Steps of a season; 1 for none.
        horizon: How many steps.
    """
    n = figures.size
    origins = _origins(n, season, horizon)
    if n < fewest(season, horizon) or not origins or np.ptp(figures) == 0:
        return None
    roots = bool(np.all(figures >= 0))
    values = to_scale(figures, roots=roots)
    told = _told(values, [*origins, n], season, horizon)
    actual = np.stack([values[o : o + horizon] for o in origins])
    errors: Mapping[str, Floats] = {name: np.abs(one[:-1] - actual) for name, one in told.items()}
    means = {name: float(one.mean()) for name, one in errors.items()}
    best = min((name for name in means if name != NAIVE), key=lambda name: means[name])
    chosen = best if means[best] < _BETTER * means[NAIVE] else NAIVE
    width = _widths(errors[chosen], season)
    middle = told[chosen][-1]
    low, high = (from_scale(middle + sign * width, roots=roots) for sign in (-1, 1))
    past = from_scale(told[chosen][:-1], roots=roots)
    naive = from_scale(told[NAIVE][:-1], roots=roots)
    real = from_scale(actual, roots=roots)
    usual = float(np.abs(naive - real).mean())
    mase = float(np.abs(past - real).mean()) / usual if usual > 0 else 1.0
    return Forecast(chosen, from_scale(middle, roots=roots), low, high, mase, len(origins), past, real)


def _origins(n: int, season: int, horizon: int) -> list[int]:
    """The steps from which the methods are tried, the last of them so that all they foretell is known.

    Whole seasons apart, and the farther the longer the times are that are foretold from them.
    """
    last, each = n - horizon, season * max(1, horizon // (2 * season))
    first = 2 * max(season, 2) + 2
    return sorted(o for o in (last - each * k for k in range(ORIGINS)) if o >= first)


def _widths(errors: Floats, season: int) -> Floats:
    """Half of the interval by horizon, never narrower farther ahead."""
    block = max(season, 2)
    widths = []
    for step in range(errors.shape[1]):
        first = step // block * block
        pool = np.sort(errors[:, first : first + block].ravel())
        rank = min(pool.size, math.ceil((pool.size + 1) * _COVERED))
        widths.append(pool[rank - 1])
    return np.maximum.accumulate(np.array(widths))


def _told(values: Floats, origins: list[int], season: int, horizon: int) -> dict[str, Floats]:
    """What each method foretells from each of some steps, knowing only those before."""
    ahead = np.arange(horizon)
    naive = np.stack([values[o - season + ahead % season] for o in origins])
    medians = np.stack([_medians(values[:o], season, horizon) for o in origins])
    return {NAIVE: naive, SMOOTHING: _smoothed(values, origins, season, horizon), MEDIANS: medians}


def _medians(known: Floats, season: int, horizon: int) -> Floats:
    """Medians of the last seasons, each beside the level of its own, on the level of the last four."""
    seasons = min(_RECENT, known.size // season)
    table = known[known.size - seasons * season :].reshape(seasons, season)
    level = np.median(table[-4:])
    shape = np.median(table - np.median(table, axis=1, keepdims=True), axis=0) if season > 1 else np.zeros(1)
    shape = shape - np.median(shape)
    return level + shape[np.arange(horizon) % season]


def _smoothed(values: Floats, origins: list[int], season: int, horizon: int) -> Floats:
    """Holt and Winters' smoothing with a damped trend; from each step with the constants that did best before it."""
    alpha, beta, gamma = (np.array(v) for v in zip(*_GRID, strict=True))
    start = values[: 2 * season].reshape(2, season).mean(axis=0) if season > 1 else values[:2].mean(keepdims=True)
    level = np.full(len(_GRID), start.mean())
    slope = np.zeros(len(_GRID))
    shape = np.repeat((start - start.mean())[None], len(_GRID), axis=0)
    missed, told = np.zeros(len(_GRID)), {}
    damping = np.cumsum(_DAMPED ** np.arange(1, horizon + 1))
    wanted = set(origins)
    for step in range(values.size + 1):
        if step in wanted:
            best = int(np.argmin(missed))
            phases = (step + np.arange(horizon)) % season
            told[step] = level[best] + damping * slope[best] + (shape[best][phases] if season > 1 else 0.0)
        if step == values.size:
            break
        seasonal = shape[:, step % season] if season > 1 else 0.0
        before = level + _DAMPED * slope
        error = values[step] - before - seasonal
        # Forgets slowly, so that the constants fit the course as it is now; one step alone decides nothing.
        missed = 0.98 * missed + np.minimum(np.abs(error), 10 * missed / 50 + 1e-9 if step > 4 * season else np.inf)
        level = before + alpha * error
        slope = _DAMPED * slope + alpha * beta * error
        if season > 1:
            shape[:, step % season] += gamma * (1 - alpha) * error
    return np.stack([told[o] for o in origins])
