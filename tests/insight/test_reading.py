"""Courses of figures: without holes, and of figures that can be computed with alone."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from lakehouse_assets.insight.reading import _numbers, filled
from lakehouse_assets.insight.testing import judged
from tests.insight.lines import line, metric


@pytest.mark.parametrize("figure", [math.inf, -math.inf, math.nan, 1e300])
def test_a_course_with_a_figure_that_is_no_number_is_not_judged(figure: float) -> None:
    """It is neither taken for nothing, which would be told as a day without anything, nor for the largest number."""
    figures = _numbers(pa.table({"sold": [1.0, figure, 3.0]}), "sold")
    assert filled(figures, metric("sold")) is None
    assert filled(figures, metric("rate", additive=False, tally=False)) is None


def test_where_there_is_nothing_is_the_figure_of_nothing_or_what_lies_between() -> None:
    figures = _numbers(pa.table({"sold": [1.0, None, 3.0]}), "sold")
    for counted, middle in ((metric(), 0.0), (metric(additive=False, tally=False), 2.0)):
        found = filled(figures, counted)
        assert found is not None and found.tolist() == [1.0, middle, 3.0]


@pytest.mark.parametrize("usual", [0.02, 0.97])
def test_no_share_is_told_to_be_usual_below_0_or_above_1(usual: float) -> None:
    rng = np.random.default_rng(1)
    figures = np.clip(rng.normal(usual, 0.02, 300), 0, 1)
    figures[290] = 0.5
    course = line(figures, additive=False, tally=False, format="percent")
    (found,) = (one for one in judged([course]).found if one.first == 290)
    assert found.low is not None and found.high is not None and 0 <= found.low < found.high <= 1
    assert course.possible(-0.1) == 0 and course.possible(1.1) == 1 and course.possible(0.3) == 0.3
    assert line(figures * 30).possible(40.0) == 40
