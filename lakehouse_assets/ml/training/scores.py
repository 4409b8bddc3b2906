"""How good predictions are, and whether one model is better than another beyond chance.

Belongs here: measures and the paired comparison. Does not belong here: who is compared (training).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lakehouse_assets.ml import libraries
from lakehouse_assets.ml.declared import Problem

_LEAST_P = 1e-6
"""Probabilities nearer to 0 or 1 are taken for this, so that one bold mistake costs no infinity."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """How much less one model is wrong than another, on the same rows; below 0 the first is better.

    Attributes:
        mean: Mean of the differences of their losses.
        low: Lower end of the interval.
        high: Upper end of the interval.
        rows: Rows compared.
    """

    mean: float
    low: float
    high: float
    rows: int

    @property
    def is_better(self) -> bool:
        """Whether the first is better beyond chance: the whole interval lies below 0."""
        return self.high < 0


def losses(problem: Problem, target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What each prediction is wrong by: log loss of a probability, absolute error of a number."""
    if problem == "regression":
        return np.abs(target - predicted)
    p = np.clip(predicted, _LEAST_P, 1 - _LEAST_P)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def measures(problem: Problem, target: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """The usual measures, by name.

    Of probabilities `auc`, `average_precision`, `log_loss`, `brier` and `rate`; of numbers `mae`, `rmse`, `bias` and
    `r2`, in the unit of the target.
    """
    loss = float(losses(problem, target, predicted).mean())
    if problem == "regression":
        error = predicted - target
        spread = float(((target - target.mean()) ** 2).mean())
        squared = float((error**2).mean())
        return {
            "mae": loss,
            "rmse": squared**0.5,
            "bias": float(error.mean()),
            "r2": 1 - squared / spread if spread else 0.0,
        }
    metrics = libraries.sklearn("metrics")
    has_both = 0 < target.sum() < len(target)
    return {
        "auc": float(metrics.roc_auc_score(target, predicted)) if has_both else float("nan"),
        "average_precision": float(metrics.average_precision_score(target, predicted)) if has_both else float("nan"),
        "log_loss": loss,
        "brier": float(((predicted - target) ** 2).mean()),
        "rate": float(target.mean()),
    }


def difference(first: np.ndarray, second: np.ndarray, clusters: Sequence[np.ndarray]) -> Difference:
    """Compare two models by their losses on the same rows.

    Rows of one entity, and rows of one day, are wrong together, so that a thousand rows of ten days tell less than
    they seem to: the variance of the mean is taken by both (Cameron, Gelbach and Miller), and at least that of either.

    Args:
        first: Losses of one.
        second: Losses of the other.
        clusters: Of each way in which rows belong together, the number of the group of each row.
    """
    stats = libraries.stats()
    apart = first - second
    mean, count = float(apart.mean()), len(apart)
    centred = apart - mean
    own = float((centred**2).sum())
    sums = [np.bincount(c, weights=centred) for c in clusters]
    each = [float((s**2).sum()) * len(s) / max(len(s) - 1, 1) for s in sums]
    variance = max([own, *each, sum(each) - own * (len(each) - 1)]) / count**2
    degrees = max(min([count, *(len(s) for s in sums)]) - 1, 1)
    width = float(stats.t.ppf(0.5 + CONFIDENCE / 2, degrees)) * variance**0.5
    return Difference(mean, mean - width, mean + width, count)
