"""Forecasts know nothing of what comes after them, beat the week before, and their intervals hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.insight.numeric import forecasting
from lakehouse_assets.insight.numeric.forecasting import MEDIANS, NAIVE, SMOOTHING, forecast
from tests.insight.lines import noise

HORIZON = 14


@given(st.integers(0, 2**32 - 1), st.integers(60, 120), st.floats(-1e6, 1e6))
@settings(max_examples=25, deadline=None)
def test_no_method_reads_a_step_after_the_one_it_foretells_from(seed: int, cut: int, other: float) -> None:
    values = noise(np.random.default_rng(seed), "heavy", 140)
    changed = values.copy()
    changed[cut:] = other
    for name in (NAIVE, SMOOTHING, MEDIANS):
        told, again = (
            forecasting._told(one, [cut - 14, cut], 7, HORIZON)[name] for one in (values, changed)
        )  # fmt: skip
        assert np.array_equal(told, again), name


def test_every_origin_of_the_backtest_leaves_all_it_foretells_known() -> None:
    for n in (40, 60, 100, 365):
        assert all(o + HORIZON <= n and o >= 14 for o in forecasting._origins(n, 7, HORIZON))


@pytest.mark.parametrize("kind", ["counts", "heavy", "skewed", "autocorrelated"])
def test_forecasts_are_better_than_the_week_before_and_cover_four_in_five(kind: str) -> None:
    rng = np.random.default_rng(7)
    inside, own, naive = [], [], []
    for _ in range(12):
        figures = noise(rng, kind, 240)
        known, coming = figures[:-HORIZON], figures[-HORIZON:]
        one = forecast(known, season=7, horizon=HORIZON)
        assert one is not None
        inside.append(np.mean((coming >= one.low) & (coming <= one.high)))
        own.append(np.abs(one.expected - coming).mean())
        naive.append(np.abs(known[-7:][np.arange(HORIZON) % 7] - coming).mean())
    assert 0.7 <= np.mean(inside) <= 0.92
    assert np.mean(own) < 0.95 * np.mean(naive)


def test_a_course_that_repeats_exactly_is_foretold_by_the_week_before() -> None:
    figures = np.tile(np.array([1.0, 5.0, 9.0, 4.0, 7.0, 30.0, 2.0]), 20)
    one = forecast(figures, season=7, horizon=7)
    assert one is not None and one.method == NAIVE
    assert np.allclose(one.expected, figures[:7]) and np.allclose(one.low, one.high)


def test_what_is_never_below_zero_is_not_foretold_below_it() -> None:
    one = forecast(noise(np.random.default_rng(1), "few", 120), season=7, horizon=HORIZON)
    assert one is not None and (one.low >= 0).all() and (one.low <= one.expected).all()


@pytest.mark.parametrize("figures", [np.arange(20.0), np.full(100, 5.0)], ids=["too short", "always the same"])
def test_what_cannot_be_foretold_is_not(figures: np.ndarray) -> None:
    assert forecast(figures, season=7, horizon=HORIZON) is None


def _season(rng: np.random.Generator, kind: str, days: int) -> np.ndarray:
    """A course with a week: counts, or amounts that are far from even."""
    level = np.tile([1.2, 1.0, 0.9, 1.0, 1.1, 1.4, 0.4], days // 7 + 1)[:days] * 80
    return rng.poisson(level).astype(float) if kind == "counts" else level * rng.lognormal(0, 0.6, days)


@pytest.mark.parametrize("kind", ["counts", "uneven amounts"])
def test_a_sum_of_days_is_neither_too_low_nor_more_certain_than_it_is(kind: str) -> None:
    """Of 60 courses the sum of the 30 days after the next 10; chance alone keeps less than 36 one time in 1,000."""
    rng = np.random.default_rng(8)
    kept, parts = 0, []
    for _ in range(60):
        figures = _season(rng, kind, 340)
        one = forecast(figures[:300], season=7, horizon=40)
        assert one is not None
        whole, real = one.together(10, 40), float(figures[310:].sum())
        kept += whole.low <= real <= whole.high
        parts.append(whole.expected / real)
        assert whole.expected == pytest.approx(sum(one.single(at).expected for at in range(10, 40)))
    assert kept >= 36
    assert np.mean(parts) == pytest.approx(1, abs=0.05)
