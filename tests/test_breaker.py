"""When a circuit breaker lets calls through."""

from __future__ import annotations

from lakehouse_assets.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_lets_one_call_try_again() -> None:
    now = [100.0]
    breaker = Breaker(after=2, seconds=5, clock=lambda: now[0])
    for ok in (False, True, False):
        assert breaker.admit()
        breaker.report(ok=ok)
    assert breaker.admit(), "not in a row"
    breaker.report(ok=False)
    assert not breaker.admit()
    now[0] += 5
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.report(ok=False)
    now[0] += 4
    assert not breaker.admit()
    now[0] += 1
    assert breaker.admit()
    breaker.report(ok=True)
    assert breaker.admit() and breaker.admit()
