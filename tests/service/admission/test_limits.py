"""Token buckets on a clock of the test's own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate, rates


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_sixty_at_once_then_one_a_second() -> None:
    clock = Clock()
    limiter = LimiterInProcess(rates(60, 1000), clock)
    assert [limiter.take("a") for _ in range(60)] == [0.0] * 60
    assert limiter.take("a") == pytest.approx(1.0)
    clock.now = 0.5
    assert limiter.take("a") == pytest.approx(0.5)
    clock.now = 1.0
    assert limiter.take("a") == 0.0
    assert limiter.take("a") > 0


def test_a_thousand_an_hour() -> None:
    clock = Clock()
    limiter = LimiterInProcess(rates(60, 1000), clock)
    taken = 0
    for second in range(3600):
        clock.now = float(second)
        taken += limiter.take("a") == 0.0
    # a full bucket of 1,000 and what comes back in the hour after
    assert 1000 <= taken <= 2000
    clock.now = 3600.0
    assert limiter.take("a") <= 3.6


def test_callers_do_not_share() -> None:
    limiter = LimiterInProcess([Rate(1, 60)], Clock())
    assert limiter.take("a") == 0.0
    assert limiter.take("b") == 0.0
    assert limiter.take("a") > 0


def test_no_rate_is_no_limit() -> None:
    limiter = LimiterInProcess(rates(0, 0), Clock())
    assert all(limiter.take("a") == 0.0 for _ in range(10_000))


def test_memory_is_bounded_by_the_callers_seen_last() -> None:
    limiter = LimiterInProcess([Rate(1, 60)], Clock(), most_subjects=2)
    for subject in ("a", "b", "c"):
        limiter.take(subject)
    assert limiter.take("c") > 0
    assert limiter.take("a") == 0.0


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 20))
def test_never_more_than_the_rate_in_any_window(gaps: list[float], calls: int) -> None:
    clock, rate = Clock(), Rate(calls, 60.0)
    limiter = LimiterInProcess([rate], clock)
    allowed = []
    for gap in gaps:
        clock.now += gap
        wait = limiter.take("a")
        if wait == 0.0:
            allowed.append(clock.now)
        else:
            # what was promised holds: a moment later the call goes on
            assert 0 < wait <= 60.0 / calls + 1e-6
    for i, start in enumerate(allowed):
        for j in range(i, len(allowed)):
            window = allowed[j] - start
            assert j - i + 1 <= calls + math.floor(window * rate.per_second + 1e-6)


@given(st.integers(1, 50), st.integers(0, 20))
def test_after_the_wait_the_call_goes_on(calls: int, more: int) -> None:
    clock = Clock()
    limiter = LimiterInProcess([Rate(calls, 60.0), Rate(calls * 10, 3600.0)], clock)
    for _ in range(calls + more):
        wait = limiter.take("a")
        if wait:
            clock.now += wait
            assert limiter.take("a") == 0.0
