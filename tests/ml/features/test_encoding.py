"""Texts become numbers by the values that enough rows have, in training as in prediction."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.ml.features.encoding import LEAST_SHARE, MOST_CATEGORIES, Encoder

COUNTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=80)


@given(COUNTS)
def test_values_are_told_apart_that_are_frequent_and_no_others(counts: dict[str, int]) -> None:
    frame = pl.DataFrame({"t": [value for value, count in counts.items() for _ in range(count)]})
    told = set(Encoder.learnt(frame, ["t"]).categories["t"])
    enough = {value for value, count in counts.items() if count >= LEAST_SHARE * frame.height}
    assert told <= enough and len(told) == min(len(enough), MOST_CATEGORIES)
    left_out = enough - told
    assert not left_out or max(counts[v] for v in left_out) <= min(counts[v] for v in told)


def test_a_rare_value_is_as_if_it_were_missing() -> None:
    frame = pl.DataFrame({"t": ["often"] * 999 + ["once"]})
    encoder = Encoder.learnt(frame, ["t"])
    rows = encoder.matrix(pl.DataFrame({"t": ["often", "once", "never", None]}))
    assert rows[0, 0] == 0 and np.isnan(rows[1:, 0]).all()
    assert np.isnan(encoder.row({"t": "once"})).all()
