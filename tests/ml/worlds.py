"""Examples for the tests: what is known decides the outcome, or nothing does."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from lakehouse_assets.ml.declared import Problem
from lakehouse_assets.ml.features.examples import AS_OF, KNOWN_ON, TARGET, Examples

FIRST = date(2026, 1, 5)
FEATURES = ("strength", "noise", "kind")


def world(
    problem: Problem = "binary", *, days: int = 30, each: int = 50, signal: float = 2.0, seed: int = 1
) -> Examples:
    """Examples of so many days; the outcome goes by `strength` and `kind`, as much as `signal` says."""
    chance = np.random.default_rng(seed)
    count = days * each
    day = np.repeat(np.arange(days), each)
    strength = chance.normal(size=count)
    kind = chance.choice(["a", "b", "c"], size=count)
    score = signal * (strength + (kind == "b"))
    if problem == "binary":
        target = (chance.uniform(size=count) < 1 / (1 + np.exp(-score))).astype(float)
    else:
        target = 100 + 10 * score + chance.normal(size=count)
    frame = pl.DataFrame(
        {
            "entity": [f"e{i % each}" for i in range(count)],
            AS_OF: [FIRST + timedelta(days=int(d)) for d in day],
            KNOWN_ON: [FIRST + timedelta(days=int(d) + 3) for d in day],
            TARGET: target,
            "strength": strength,
            "noise": chance.normal(size=count),
            "kind": kind,
        }
    )
    return Examples.of(frame, ("entity",), FEATURES, problem)


def shuffled(examples: Examples, seed: int = 2) -> Examples:
    """The same rows, of which each has the outcome of another."""
    mixed = examples.frame.with_columns(pl.col(TARGET).shuffle(seed=seed))
    return Examples.of(mixed, examples.entity, examples.features, examples.problem)
