"""Choosing a model: the few settings that tend to win, then some near the best of them.

Everything is fitted to the examples that learn and compared on those that choose; what judges is not touched.
Belongs here: what is tried and in which order. Does not belong here: fitting one (kinds), whether the best is good
(training).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lakehouse_assets.ml.declared import Problem
from lakehouse_assets.ml.features.encoding import Encoder
from lakehouse_assets.ml.features.examples import Examples, Split
from lakehouse_assets.ml.model.kinds import Model, fit_boosted, fit_linear
from lakehouse_assets.ml.training.scores import losses

TRIALS = 10
"""Settings tried near the best, once those that tend to win were."""
_PENALTIES = {"binary": (1.0, 30.0, 1000.0), "regression": (1.0, 100.0, 10_000.0)}
_PORTFOLIO: tuple[Mapping[str, Any], ...] = (
    {"num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 20},
    {"num_leaves": 5, "learning_rate": 0.1, "min_data_in_leaf": 50, "lambda_l2": 5.0},
    {"num_leaves": 31, "learning_rate": 0.05, "feature_fraction": 0.7, "min_data_in_leaf": 40},
    {"num_leaves": 63, "learning_rate": 0.1, "feature_fraction": 0.6, "min_data_in_leaf": 40},
)


@dataclass(frozen=True)
class Recipe:
    """All that a model is fitted by, besides its examples: the same recipe and examples give the same model.

    Attributes:
        kind: `linear` or `boosted`.
        settings: Of that kind.
        rounds: Trees, of a boosted one.
        seed: Of chance.
    """

    kind: str
    settings: Mapping[str, Any]
    rounds: int
    seed: int

    def fit(self, encoder: Encoder, examples: Examples) -> Model:
        """A model of these examples."""
        if self.kind == "linear":
            return fit_linear(encoder, examples, self.settings, self.seed)
        return fit_boosted(encoder, examples, self.settings, self.seed, rounds=self.rounds)[0]


@dataclass(frozen=True)
class Tried:
    """A recipe and its mean loss on the examples that choose."""

    recipe: Recipe
    loss: float


def search(
    split: Split, seed: int, is_late: Callable[[], bool], tell: Callable[[int], None] = lambda _: None
) -> list[Tried]:
    """Every recipe that was tried, the best first; at least one, and no more once it is late.

    Args:
        split: The examples.
        seed: Of chance: without running out of time, the same seed tries the same.
        is_late: Whether the time for it is over.
        tell: Told how many were tried, after each.
    """
    encoder = Encoder.learnt(split.learning.frame, split.learning.features)
    problem, tried = split.learning.problem, []
    target, rows = split.choosing.target.to_numpy(), encoder.matrix(split.choosing.frame)
    for kind, settings in _recipes(problem, seed, tried):
        if tried and is_late():
            break
        model, rounds = _fitted(encoder, split, kind, settings, seed, is_late)
        loss = float(losses(problem, target, model.predict(rows)).mean())
        tried.append(Tried(Recipe(kind, settings, rounds, seed), loss))
        tell(len(tried))
    return sorted(tried, key=lambda t: t.loss)


def _recipes(problem: Problem, seed: int, tried: list[Tried]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What to try next; `tried` grows while they are."""
    for logarithms in (False, True):
        for penalty in _PENALTIES[problem]:
            yield "linear", {"penalty": penalty, **({"logarithms": True} if logarithms else {})}
    objectives = [{}] if problem == "binary" else [{"objective": "regression_l1"}, {"objective": "regression"}]
    for settings in _PORTFOLIO:
        for objective in objectives:
            yield "boosted", {**settings, **objective}
    chance = np.random.default_rng(seed)
    for _ in range(TRIALS):
        best = min((t for t in tried if t.recipe.kind == "boosted"), key=lambda t: t.loss)
        yield "boosted", _near(best.recipe.settings, chance)


def _near(settings: Mapping[str, Any], chance: np.random.Generator) -> dict[str, Any]:
    """Settings not far from these."""
    return {
        **settings,
        "num_leaves": int(np.clip(settings["num_leaves"] * 2 ** chance.normal(0, 0.7), 3, 255)),
        "learning_rate": float(np.clip(settings["learning_rate"] * 2 ** chance.normal(0, 0.5), 0.02, 0.3)),
        "feature_fraction": float(chance.uniform(0.4, 1)),
        "min_data_in_leaf": int(10 ** chance.uniform(1, 2.3)),
        "lambda_l2": float(10 ** chance.uniform(-2, 1.5)),
    }


def _fitted(
    encoder: Encoder, split: Split, kind: str, settings: Mapping[str, Any], seed: int, is_late: Callable[[], bool]
) -> tuple[Model, int]:
    if kind == "linear":
        return fit_linear(encoder, split.learning, settings, seed), 0
    return fit_boosted(encoder, split.learning, settings, seed, choosing=split.choosing, is_late=is_late)
