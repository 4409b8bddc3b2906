"""The parts of a change add up to it, and Simpson's paradox is seen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.insight.numeric.contributions import all_against, concentration, of_ratio, of_sum

_groups = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e6), min_size=1)
_above_below = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.floats(0, 1), st.integers(1, 10_000)), min_size=1
)


@given(_groups, _groups)
def test_parts_of_a_sum_add_up_to_its_change(before: dict[str, float], after: dict[str, float]) -> None:
    parts = of_sum(before, after)
    assert math.isclose(
        sum(one.part for one in parts), sum(after.values()) - sum(before.values()), rel_tol=1e-9, abs_tol=1e-6
    )
    assert {one.value for one in parts} == before.keys() | after.keys()


@given(_above_below, _above_below)
def test_rates_and_mix_of_a_ratio_add_up_to_its_change(
    before: dict[str, tuple[float, int]], after: dict[str, tuple[float, int]]
) -> None:
    below = tuple({name: float(count) for name, (_, count) in one.items()} for one in (before, after))
    above = tuple({name: rate * count for name, (rate, count) in one.items()} for one in (before, after))
    parts = of_ratio((above[0], above[1]), (below[0], below[1]))
    change = sum(above[1].values()) / sum(below[1].values()) - sum(above[0].values()) / sum(below[0].values())
    assert math.isclose(sum(one.rate + one.mix for one in parts), change, rel_tol=1e-9, abs_tol=1e-9)
    assert all(math.isclose(one.part, one.rate + one.mix, abs_tol=1e-12) for one in parts)


def test_a_change_of_shares_alone_is_mix_and_one_of_rates_alone_is_rate() -> None:
    shares = of_ratio(
        ({"a": 10.0, "b": 90.0}, {"a": 30.0, "b": 30.0}), ({"a": 100.0, "b": 100.0}, {"a": 300.0, "b": 33.3333333333})
    )
    assert all(abs(one.rate) < 1e-9 for one in shares)
    rates = of_ratio(
        ({"a": 10.0, "b": 20.0}, {"a": 30.0, "b": 20.0}), ({"a": 100.0, "b": 100.0}, {"a": 100.0, "b": 100.0})
    )
    assert all(abs(one.mix) < 1e-9 for one in rates)
    assert math.isclose(rates[0].rate, 0.1) and rates[0].value == "a"


def test_simpsons_paradox_is_a_whole_against_all_its_groups() -> None:
    # Both shops convert better, and more comes from the one that converts badly: the whole falls.
    above = ({"good": 80.0, "bad": 10.0}, {"good": 17.0, "bad": 96.0})
    below = ({"good": 100.0, "bad": 100.0}, {"good": 20.0, "bad": 800.0})
    parts = of_ratio(above, below)
    change = sum(one.part for one in parts)
    assert change < 0 and all_against(parts, change)
    assert sum(one.rate for one in parts) > 0 > sum(one.mix for one in parts)
    assert not all_against(of_ratio(below, ({"good": 200.0, "bad": 200.0}, {"good": 40.0, "bad": 1600.0})), 0.0)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        # One that came is why the whole fell: nobody's rate went the other way for it.
        ({"good": 81.0, "bad": 11.0, "new": 0.0}, {"good": 100.0, "bad": 100.0, "new": 800.0}),
        # One that stayed as it was did not rise, so that it cannot be said of every one.
        ({"good": 17.0, "bad": 80.0}, {"good": 20.0, "bad": 800.0}),
    ],
)
def test_a_whole_that_moved_against_some_of_its_groups_alone_is_no_paradox(
    above: dict[str, float], below: dict[str, float]
) -> None:
    parts = of_ratio(({"good": 80.0, "bad": 10.0}, above), ({"good": 100.0, "bad": 100.0}, below))
    change = sum(one.part for one in parts)
    assert change < 0 and not all_against(parts, change)


def test_a_change_of_one_value_is_more_concentrated_than_one_of_all() -> None:
    before = {"a": 100.0, "b": 100.0}
    alone = of_sum(before, {"a": 150.0, "b": 100.0})
    together = of_sum(before, {"a": 125.0, "b": 125.0})
    assert concentration(alone, 50.0) == 0.5 and concentration(together, 50.0) == 0.0
