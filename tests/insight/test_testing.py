"""What is planted is found, and where there is nothing but chance almost nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.insight.model import Kind
from lakehouse_assets.insight.numeric.pairs import difference_of_times
from lakehouse_assets.insight.numeric.robust import discovered, t_as_normal, two_sided
from lakehouse_assets.insight.numeric.slopes import shift_of, slope_of
from lakehouse_assets.insight.testing import PARTS, judged
from tests.insight.lines import line, noise

DAYS = 300


def _domain(rng: np.random.Generator, kind: str) -> list:
    """A domain as it is tested: some metrics, and values of a dimension of the first."""
    metrics = [line(noise(rng, kind, DAYS), f"metric{n}") for n in range(6)]
    return metrics + [line(noise(rng, kind, DAYS), "metric0", f"shop {n}") for n in range(12)]


def test_the_kinds_of_tests_share_one_rate() -> None:
    assert sum(PARTS.values()) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["counts", "few", "heavy", "skewed", "autocorrelated"])
def test_chance_alone_gives_almost_no_insight(kind: str) -> None:
    """One run in twenty may tell something; of forty, more than six are less probable than one in a hundred."""
    rng = np.random.default_rng(11)
    told = [len(judged(_domain(rng, kind)).found) for _ in range(40)]
    assert sum(one > 0 for one in told) <= 6
    assert sum(told) <= 10


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_chance_of_steps_slopes_and_differences_is_what_it_says(rho: float) -> None:
    rng = np.random.default_rng(5)
    low = {"step": 0, "slope": 0, "difference": 0}
    for _ in range(200):
        fresh = rng.normal(size=260)
        course = np.zeros(260)
        for at in range(1, 260):
            course[at] = rho * course[at - 1] + fresh[at]
        low["step"] += shift_of(course[-182:]).p < 0.05
        low["slope"] += slope_of(course[-26:]).p < 0.05
        found = difference_of_times(course[-60:-30], course[-30:])
        low["difference"] += bool(found and found.p < 0.05)
    assert all(count <= 26 for count in low.values()), low


@pytest.mark.parametrize(("size", "way"), [(150.0, 1), (0.0, -1)], ids=["far above", "far below"])
def test_a_day_far_from_what_was_expected_is_found(size: float, way: int) -> None:
    figures = noise(np.random.default_rng(2), "counts", DAYS)
    figures[-5] = max(size, 1.0)
    (found,) = judged([line(figures)]).found
    assert (found.kind, found.first, found.last) == (Kind.POINT, DAYS - 5, DAYS - 5)
    assert found.change * way > 0 and found.low is not None and found.high is not None
    assert not found.low <= found.actual <= found.high


def test_a_step_is_found_where_it_is_and_is_no_trend() -> None:
    figures = noise(np.random.default_rng(3), "counts", DAYS)
    figures[-30:] += 25
    found = judged([line(figures)]).found
    assert [one.kind for one in found] == [Kind.SHIFT]
    assert abs(found[0].first - (DAYS - 30)) <= 3
    assert found[0].change == pytest.approx(25 / 40, abs=0.2)


def test_a_lasting_rise_is_a_trend_and_no_step() -> None:
    figures = noise(np.random.default_rng(4), "counts", DAYS)
    figures[-182:] += np.linspace(0, 60, 182)
    found = [one for one in judged([line(figures)]).found if one.kind is not Kind.POINT]
    assert [one.kind for one in found] == [Kind.TREND]
    assert found[0].expected == pytest.approx(40, abs=8) and found[0].actual == pytest.approx(100, abs=12)


def test_days_without_anything_are_missing_and_no_low_days() -> None:
    figures = noise(np.random.default_rng(5), "counts", DAYS)
    figures[-6:-3] = 0
    (found,) = judged([line(figures)]).found
    assert (found.kind, found.first, found.last) == (Kind.MISSING, DAYS - 6, DAYS - 4)
    assert found.expected == pytest.approx(120, abs=60)


def test_a_shop_is_not_missed_on_its_days_off() -> None:
    figures = noise(np.random.default_rng(6), "counts", DAYS)
    figures[np.arange(DAYS) % 7 == 6] = 0
    assert judged([line(figures)]).found == []


def test_what_is_told_of_all_is_not_told_of_its_values_and_other_metrics_again() -> None:
    rng = np.random.default_rng(8)
    lines = [line(noise(rng, "counts", DAYS), name) for name in ("orders", "sales")]
    lines.append(line(noise(rng, "counts", DAYS), "orders", "shop 1"))
    for one in lines:
        one.figures[-4] = 200
    (found,) = judged(lines).found
    assert (found.line.metric.name, found.line.dimension, found.also) == ("orders", None, ("Sales",))


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=60), st.floats(0.001, 0.3))
def test_what_may_be_told_are_the_least_probable(chances: list[float], rate: float) -> None:
    p = np.array(chances)
    told = discovered(p, rate)
    assert not told.any() or p[told].max() <= p[~told].min(initial=1.0)
    assert not told.any() or p[told].max() <= rate * told.sum() / p.size + 1e-12


@given(st.floats(0.01, 40), st.floats(2, 500))
@settings(max_examples=60)
def test_the_tail_of_t_is_heavier_than_the_normal_one(t: float, df: float) -> None:
    assert two_sided(t_as_normal(t, df)) >= two_sided(t) * 0.99
