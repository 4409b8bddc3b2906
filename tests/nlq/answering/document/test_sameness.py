"""Rows are the same but for what the order of a sum does to its last digits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.answering.document.sameness import same_rows

numbers = st.lists(st.floats(min_value=0.01, max_value=1e9), min_size=1, max_size=200)


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_a_sum_makes_no_other_row(added: list[float], order: object) -> None:
    shuffled = list(added)
    order.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue]
    one, other = sum(added), sum(shuffled)
    assert same_rows([("a", one)], [("a", other)])
    assert not same_rows([("a", one)], [("a", one * 1.000001)])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([], [], True),
        ([(1, "a")], [[1, "a"]], True),
        ([(1, "a")], [(1, "b")], False),
        ([(1,), (2,)], [(2,), (1,)], False),
        ([(1,)], [(1,), (1,)], False),
        ([(1, 2)], [(1,)], False),
        ([(None,)], [(0.0,)], False),
        ([(math.nan,)], [(math.nan,)], True),
        ([(10**18,)], [(10**18 + 1,)], False),
    ],
)
def test_rows(one: list[tuple[object, ...]], other: list[tuple[object, ...]], same: bool) -> None:
    assert same_rows(one, other) is same
