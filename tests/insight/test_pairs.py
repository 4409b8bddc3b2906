"""Differences and correlations: called more than chance as rarely as they say, and found where they are planted.

Courses of days hang together and have weeks: with ordinary tests most of them would differ.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.insight.numeric.pairs import correlation_of, difference_of_courses, difference_of_times
from lakehouse_assets.insight.numeric.robust import Floats

RUNS = 150
MOST_BY_CHANCE = 15
"""Of 150 runs at one in twenty more than 15 are less probable than one in a hundred."""


def course(rng: np.random.Generator, days: int, rho: float, week: float = 3.0) -> Floats:
    """Days that hang together by ``rho``, of one spread, with a week."""
    fresh, held = rng.normal(size=days + 100), np.zeros(days + 100)
    for at in range(1, days + 100):
        held[at] = rho * held[at - 1] + fresh[at]
    return held[100:] * math.sqrt(1 - rho * rho) + week * (np.arange(days) % 7 > 4)


@pytest.mark.parametrize("days", [28, 62, 200])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_chance_alone_is_called_significant_as_rarely_as_it_says(days: int, rho: float) -> None:
    rng = np.random.default_rng(7)
    called = {"courses": 0, "times": 0, "together": 0}
    for _ in range(RUNS):
        one, other = course(rng, days, rho), course(rng, days, rho)
        courses, times = difference_of_courses(one, other), difference_of_times(one[: days // 2], one[days // 2 :])
        together = correlation_of(one, other)
        called["courses"] += courses is not None and courses.p < 0.05
        called["times"] += times is not None and times.p < 0.05
        called["together"] += together is not None and together.p < 0.05
    assert max(called.values()) <= MOST_BY_CHANCE, called


def test_what_is_planted_is_found() -> None:
    """Of the size of one spread, on 90 days that hang together a little."""
    rng = np.random.default_rng(8)
    found = {"courses": 0, "times": 0, "together": 0}
    for _ in range(50):
        one, other = course(rng, 90, 0.3), course(rng, 90, 0.3)
        courses, times = difference_of_courses(one + 1, other), difference_of_times(one[:45], one[45:] + 1)
        together = correlation_of(one, other + 0.6 * (one - 3 * (np.arange(90) % 7 > 4)))
        found["courses"] += courses is not None and courses.p < 0.05 and courses.by > 0
        found["times"] += times is not None and times.p < 0.05 and times.by > 0
        found["together"] += together is not None and together.p < 0.05 and together.r > 0
    assert min(found.values()) >= 35, found


def test_what_only_shares_its_week_or_its_rise_does_not_move_together() -> None:
    rng, rise = np.random.default_rng(9), np.linspace(0, 30, 120)
    together = correlation_of(course(rng, 120, 0.2, 9) + rise, course(rng, 120, 0.2, 9) + rise)
    assert together is not None and together.as_they_are > 0.9 and together.p > 0.05


def test_courses_that_wander_are_compared_by_their_changes_and_have_no_level() -> None:
    rng = np.random.default_rng(10)
    one, other = np.cumsum(rng.normal(size=200)), np.cumsum(rng.normal(size=200))
    together = correlation_of(one, other)
    assert together is not None and together.of_changes and together.p > 0.05
    assert difference_of_courses(one, other) is None


def test_what_never_moves_is_not_tested() -> None:
    flat, moving = np.full(60, 5.0), np.random.default_rng(1).normal(size=60)
    assert correlation_of(flat, moving) is None and correlation_of(moving, flat) is None
    assert difference_of_courses(moving, moving) is None and difference_of_times(flat, flat) is None
    assert difference_of_times(moving[:6], moving[6:]) is None


@given(st.integers(0, 10_000), st.floats(0.01, 1e6), st.floats(-1e6, 1e6))
@settings(max_examples=60, deadline=None)
def test_units_change_nothing_and_the_other_way_round_is_the_opposite(seed: int, scale: float, level: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = course(rng, 40, 0.3), course(rng, 40, 0.3)
    plain, scaled = difference_of_courses(one, other), difference_of_courses(one * scale, other * scale)
    back = difference_of_courses(other, one)
    assert (plain is None) == (scaled is None) == (back is None)
    if plain and scaled and back:
        assert scaled.p == pytest.approx(plain.p, rel=1e-6) and scaled.by == pytest.approx(plain.by * scale, rel=1e-6)
        assert (back.by, back.p) == (pytest.approx(-plain.by), pytest.approx(plain.p))
        assert plain.low <= plain.by <= plain.high
    together, moved = correlation_of(one, other), correlation_of(one * scale + level, other)
    assert together and moved and moved.r == pytest.approx(together.r, abs=1e-5)
    assert -1 <= together.low <= together.r <= together.high <= 1
