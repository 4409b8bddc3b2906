"""The states of an alert: whatever is seen, each state is told once, and none is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nlq.watching.states import Seen, Standing, State, Verdict, turned

START = datetime(2026, 1, 1)
HOUR = timedelta(hours=1)


def after(verdicts: list[Verdict], hold: timedelta = timedelta(0)) -> list[State]:
    """What is told of what is seen, an hour after each other."""
    standing, told = Standing(), []
    for number, verdict in enumerate(verdicts):
        standing, turn = turned(standing, Seen("", verdict, "says"), START + number * HOUR, hold)
        told += [turn.state] if turn else []
    return told


B, M, C, U = Verdict.BREACHED, Verdict.BETWEEN, Verdict.CLEAR, Verdict.UNKNOWN


def test_firing_is_told_once_and_so_is_its_end() -> None:
    assert after([C, B, B, B, C, C, B]) == [State.FIRING, State.OK, State.FIRING]


def test_between_the_bounds_a_state_stays() -> None:
    assert after([M, B, M, B, M, C, M]) == [State.FIRING, State.OK]


def test_for_how_long() -> None:
    assert after([B, C, B, B], 2 * HOUR) == []
    assert after([B, B, B, B, C], 2 * HOUR) == [State.FIRING, State.OK]


def test_what_cannot_be_judged_is_told_once_and_what_it_was_after_it() -> None:
    assert after([U, U, U]) == [State.UNKNOWN]
    assert after([B, U, U, B]) == [State.FIRING, State.UNKNOWN, State.FIRING]
    assert after([B, U, M]) == [State.FIRING, State.UNKNOWN, State.FIRING]
    assert after([U, M, B]) == [State.UNKNOWN, State.OK, State.FIRING]
    assert after([U, B, C], 2 * HOUR) == [State.UNKNOWN, State.OK]
    assert after([B, B, B, U, B], 2 * HOUR) == [State.FIRING, State.UNKNOWN, State.FIRING], (
        "it fired long enough before"
    )


@given(st.lists(st.sampled_from(Verdict), max_size=30), st.integers(0, 3))
def test_no_state_is_told_twice_and_the_last_one_told_is_where_it_stands(seen: list[Verdict], hold: int) -> None:
    standing, told = Standing(), [State.OK]
    for number, verdict in enumerate(seen):
        standing, turn = turned(standing, Seen("", verdict, "says"), START + number * HOUR, hold * HOUR)
        if turn:
            assert turn.before is told[-1]
            told.append(turn.state)
    assert all(one is not following for one, following in pairwise(told))
    assert State.PENDING not in told
    assert standing.told is told[-1]
    if standing.state is not State.PENDING:
        assert standing.state is told[-1]
    if seen and seen[-1] is U:
        assert told[-1] is State.UNKNOWN
    if seen and seen[-1] is C:
        assert told[-1] is State.OK
    if seen and seen[-1] is B and not hold:
        assert told[-1] is State.FIRING
