"""Single steps that are far from what was expected of them, and steps that are missing.

Belongs here: the probability of each under chance. Does not belong here: how many may be told (robust.discovered).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse_assets.insight.numeric.course import Course
from lakehouse_assets.insight.numeric.robust import Floats, t_as_normal, tail_weight, two_sided

FEWEST_STEPS = 28
"""Steps that a course needs before any of its steps is judged."""
_DRAWN = 10
"""As how many days of the week all days count, where it is told how often such a day has nothing."""


def chances(course: Course) -> Floats:
    """How probable each figure is, or one farther from what was expected, by the tails that the course has."""
    z = course.deviation
    df = np.array([float(tail_weight(row[own])) for row, own in zip(z, course.judged, strict=True)])
    return np.where(course.judged, two_sided(t_as_normal(z, df[:, None])), 1.0)


@dataclass(frozen=True)
class Gap:
    """Steps in a row, `first` to `last`, of a course that usually has something and had nothing on any of them."""

    row: int
    first: int
    last: int
    p: float


def gaps(figures: Floats, *, season: int, since: int) -> list[Gap]:
    """Runs of nothing that reach a step from `since` on.

    Nothing on a day of the week that usually has nothing is no news: each day counts by how often its like had none.
    """
    found = []
    none = figures == 0
    phase = np.arange(figures.shape[1]) % season
    for row in np.flatnonzero(none[:, since:].any(axis=1)):
        for first, last in _runs(none[row]):
            if last < since:
                continue
            own = np.zeros(figures.shape[1], dtype=bool)
            own[first : last + 1] = True
            chance = 1.0
            for step in range(first, last + 1):
                like = (phase == phase[step]) & ~own
                whole = (none[row][~own].sum() + 0.5) / ((~own).sum() + 1)
                usual = (none[row][like].sum() + _DRAWN * whole) / (like.sum() + _DRAWN)
                # Days of nothing come together: the second of them says less than the first.
                chance *= usual if step == first else max(usual, 0.3)
            # It could have begun on any step that is looked at.
            found.append(Gap(int(row), first, last, float(min(1.0, chance * (figures.shape[1] - since)))))
    return found


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
