"""Drift is the population stability index of the formula, and nothing where nothing moved."""

from __future__ import annotations

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.features.drift import LARGE, MODERATE, Spread, drift, spreads


def test_it_is_what_the_formula_says() -> None:
    then = pl.Series("x", ["a"] * 50 + ["b"] * 50)
    now = pl.Series("x", ["a"] * 80 + ["b"] * 20)
    expected = (0.8 - 0.5) * math.log(0.8 / 0.5) + (0.2 - 0.5) * math.log(0.2 / 0.5)
    assert Spread.of(then).index(now) == pytest.approx(expected)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=200))
def test_nothing_has_drifted_from_itself_and_nothing_is_less_than_nothing(values: list[float | None]) -> None:
    series = pl.Series("x", values, dtype=pl.Float64)
    spread = Spread.read(json.loads(json.dumps(Spread.of(series).document())))
    assert spread.index(series) == pytest.approx(0)
    assert spread.index(series.head(max(1, len(values) // 2))) >= 0
    assert sum(spread.shares) == pytest.approx(1)


def test_a_shift_is_seen_and_chance_is_not() -> None:
    chance = np.random.default_rng(1)
    then = pl.DataFrame({"moved": chance.normal(size=3000), "same": chance.normal(size=3000), "gone": [1.0] * 3000})
    now = pl.DataFrame({"moved": chance.normal(1, size=500), "same": chance.normal(size=500), "gone": [None] * 500})
    found = drift(spreads(then), now.with_columns(pl.col("gone").cast(pl.Float64)))
    assert found["moved"] > LARGE
    assert found["gone"] > LARGE
    assert found["same"] < MODERATE
    assert drift(spreads(then), now.head(20)) == {}
