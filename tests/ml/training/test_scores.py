"""Intervals of differences hold what they promise, also where rows are wrong together."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse_assets.ml.training.scores import difference, losses, measures


def test_the_interval_covers_the_truth_as_often_as_it_says_where_days_move_all_rows() -> None:
    chance = np.random.default_rng(3)
    entity, day = np.tile(np.arange(40), 15), np.repeat(np.arange(15), 40)
    covered = 0
    for _ in range(300):
        apart = chance.normal(size=40)[entity] + chance.normal(size=15)[day] + chance.normal(size=600)
        found = difference(apart, np.zeros(600), [entity, day])
        covered += found.low <= 0 <= found.high
    assert covered / 300 == pytest.approx(0.95, abs=0.04)


def test_losses_are_log_loss_and_absolute_error() -> None:
    assert losses("binary", np.array([1.0, 0.0]), np.array([0.5, 0.25])) == pytest.approx([np.log(2), -np.log(0.75)])
    assert losses("regression", np.array([3.0]), np.array([1.0])) == pytest.approx([2.0])
    assert np.isfinite(losses("binary", np.array([1.0]), np.array([0.0]))).all()


def test_measures_of_a_perfect_and_of_a_useless_model() -> None:
    target = np.array([0.0, 1.0] * 50)
    assert measures("binary", target, target)["auc"] == 1
    assert measures("binary", target, np.full(100, 0.5))["auc"] == 0.5
    assert measures("regression", target, target) == {"mae": 0, "rmse": 0, "bias": 0, "r2": 1}
