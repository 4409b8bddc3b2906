"""A course of figures taken apart: a slow level, a season of the week, and what is left.

Belongs here: the scale on which figures are judged and the robust decomposition. Does not belong here: judging.

Figures that are never below 0 are judged by their roots: their scatter grows with them, that of their roots does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse_assets.insight.numeric.robust import MAD_TO_SD, Bools, Floats, spread

WINDOW = 29
"""Days whose median is the level of the one in the middle: four weeks, so that no shorter event moves it."""
_OPEN = 0.3
"""How many of the steps of a part of a season have something, where it is one that is judged."""
_ANSCOMBE = 0.375
_POISSON = 1.0
"""The standard deviation of 2 * sqrt(x + 3/8) of a count of independent events."""


@dataclass(frozen=True)
class Course:
    """Courses taken apart on their scale, a row each: `values` = `level` + `season` + `left`.

    `scatter` is the spread of a new figure around what is expected, step by step; only steps that are `judged` tell it.
    """

    roots: bool
    values: Floats
    level: Floats
    season: Floats
    left: Floats
    scatter: Floats
    judged: Bools

    @property
    def expected(self) -> Floats:
        """What the figures were to be, on their own scale."""
        return from_scale(self.level + self.season, roots=self.roots)

    @property
    def deviation(self) -> Floats:
        """How many spreads each figure is from what was expected."""
        return self.left / self.scatter

    def bounds(self, spreads: float) -> tuple[Floats, Floats]:
        """The range of the figures some spreads around the expected ones."""
        middle, width = self.level + self.season, spreads * self.scatter
        return from_scale(middle - width, roots=self.roots), from_scale(middle + width, roots=self.roots)


def to_scale(values: Floats, *, roots: bool) -> Floats:
    """Figures on the scale on which they are judged."""
    return 2 * np.sqrt(np.maximum(values, 0) + _ANSCOMBE) if roots else values


def from_scale(values: Floats, *, roots: bool) -> Floats:
    """Figures back from that scale."""
    return np.maximum(np.square(np.maximum(values, 0) / 2) - _ANSCOMBE, 0) if roots else values


def taken_apart(figures: Floats, *, counts: bool, season: int, weights: Floats | None = None) -> Course:
    """Take courses apart.

    Args:
        figures: Courses by step of time, none missing.
        counts: Whether they count events, whose scatter is at least that of chance.
        season: Steps of a season; 1 for none.
        weights: How much is behind each figure of a ratio; the less, the more it scatters.
    """
    roots = bool(np.all(figures >= 0)) and weights is None
    values = to_scale(figures, roots=roots)
    phase = np.arange(values.shape[1]) % season
    level, seasonal = rolling_median(values), np.zeros_like(values)
    for _ in range(2 if season > 1 else 0):
        seasonal = _season(values - level, phase, season)
        level = rolling_median(values - seasonal)
    left = values - level - seasonal
    known = np.ones_like(values)
    if weights is not None:
        usual = np.median(weights, axis=1, keepdims=True)
        known = np.sqrt(np.maximum(weights, 1e-9) / np.maximum(usual, 1e-9))
    even, judged = left * known, open_steps(figures, season)
    scatter = np.array([_scatter(row[own]) for row, own in zip(even, judged, strict=True)])
    scatter *= _inflation(values.shape[1], season)
    if counts and roots:
        scatter = np.maximum(scatter, _POISSON)
    return Course(roots, values, level, seasonal, left, np.maximum(scatter, 1e-9)[:, None] / known, judged)


def open_steps(figures: Floats, season: int) -> Bools:
    """The steps of those parts of a season that usually have something: a shop is not judged by its days off."""
    phase = np.arange(figures.shape[1]) % season
    parts = [(figures[:, phase == p] != 0).mean(axis=1) >= _OPEN for p in range(season)]
    return np.stack(parts, axis=1)[:, phase]


def _scatter(left: Floats) -> float:
    """What is left scatters so; where most steps are alike, what its other steps do."""
    if not left.size:
        return 0.0
    return float(spread(left)) or MAD_TO_SD * float(np.mean(np.abs(left)))


def rolling_median(values: Floats, window: int = WINDOW) -> Floats:
    """The median around each step; at both ends of the steps that there are."""
    half, steps = window // 2, values.shape[1]
    if steps <= window:
        return np.repeat(np.median(values, axis=1, keepdims=True), steps, axis=1)
    middle = np.median(np.lib.stride_tricks.sliding_window_view(values, window, axis=1), axis=2)
    first = [np.median(values[:, : i + half + 1], axis=1) for i in range(half)]
    last = [np.median(values[:, i - half :], axis=1) for i in range(steps - half, steps)]
    return np.concatenate([np.stack(first, axis=1), middle, np.stack(last, axis=1)], axis=1)


def _season(left: Floats, phase: Floats, season: int) -> Floats:
    medians = np.stack([np.median(left[:, phase == p], axis=1) for p in range(season)], axis=1)
    return (medians - medians.mean(axis=1, keepdims=True))[:, phase.astype(int)]


def _inflation(steps: int, season: int) -> float:
    """How much more a new figure scatters than what is left of those that level and season were fitted to."""
    of_season = np.pi / 2 * season / steps if season > 1 else 0.0
    return float(np.sqrt(1 + of_season + np.pi / 2 / min(WINDOW, steps)))
