"""What the features weigh: plain numbers in ``weights.json``, learned by ``tests/questions/lab/training.py``.

Belongs here: reading the weights, the score of a plan, and the chance that the right one is among the best. Does not
belong here: features (``features``), what is done with a chance (``ranker``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("weights.json")


@dataclass(frozen=True)
class Model:
    """A linear model: ``weights`` by feature, and the least ``chance`` (0..1) at which plans are offered."""

    weights: Mapping[str, float]
    chance: float

    def score(self, features: Mapping[str, float]) -> float:
        """What speaks for a plan, less what speaks against it; only differences mean something."""
        weights = self.weights
        return sum(value * weights.get(name, 0.0) for name, value in features.items())


def chances(scores: Sequence[float]) -> list[float]:
    """The chance of each of these plans to be the one that is meant, if one of them is (softmax)."""
    if not scores:
        return []
    most = max(scores)
    parts = [math.exp(score - most) for score in scores]
    whole = sum(parts)
    return [part / whole for part in parts]


@cache
def load() -> Model:
    """The model that comes with the product."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    return Model(kept["weights"], kept["chance"])


def write(learned: Model) -> None:
    """Keep a model as the one that comes with the product."""
    kept = {"chance": learned.chance, "weights": dict(sorted(learned.weights.items()))}
    FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
