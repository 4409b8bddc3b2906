"""What counts as the same rows as the gold's, and what does not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.questions.lab.judging import is_same

SAME = {
    "equal": ([("Oban", 3)], [("Oban", 3)]),
    "rows in another order": ([("Mallaig", 2), ("Oban", 3)], [("Oban", 3), ("Mallaig", 2)]),
    "columns in another order": ([(3, "Oban")], [("Oban", 3)]),
    "more columns than the gold": ([("Oban", "west", 3), ("Ayr", "south", 1)], [("Oban", 3), ("Ayr", 1)]),
    "a share of one and of a hundred": ([("Oban", 0.25), ("Ayr", 0.75)], [("Oban", 25.0), ("Ayr", 75)]),
    "a count beside a share": ([(4, 0.25), (12, 0.75)], [(4, 25.0), (12, 75.0)]),
    "a year by its first day": ([(date(2021, 1, 1), 4)], [(2021, 4)]),
    "a day and midnight": ([(date(2021, 5, 6),)], [(datetime(2021, 5, 6),)]),
    "a number as text": ([("12", Decimal("1.50"))], [(12, 1.5)]),
    "rounding": ([(0.333333,)], [(1 / 3,)]),
    "blanks around": ([(" Oban",)], [("Oban",)]),
    "nulls": ([("Oban", None), (None, 2)], [("Oban", None), (None, 2)]),
    "the same row twice": ([("Oban",)], [("Oban",), ("Oban",)]),
    "nothing": ([], []),
    "nothing, and a sum of nothing": ([(None, 0)], []),
}
OTHER = {
    "another value": ([("Oban", 3)], [("Oban", 4)]),
    "a row too few": ([("Oban",)], [("Oban",), ("Ayr",)]),
    "a row too many": ([("Oban",), ("Ayr",)], [("Oban",)]),
    "a column too few": ([("Oban",)], [("Oban", 3)]),
    "values of other rows": ([("Oban", 1), ("Ayr", 3)], [("Oban", 3), ("Ayr", 1)]),
    "a hundredfold of some rows only": ([("Oban", 0.25), ("Ayr", 75.0)], [("Oban", 25.0), ("Ayr", 75.0)]),
    "a null is no zero": ([("Oban", None)], [("Oban", 0)]),
    "a year by another day": ([(date(2021, 1, 2),)], [(2021,)]),
    "no rows": ([], [("Oban",)]),
    "rows of none": ([("Oban",)], []),
}


@pytest.mark.parametrize(("found", "gold"), SAME.values(), ids=SAME)
def test_the_same(found: list[tuple[Any, ...]], gold: list[tuple[Any, ...]]) -> None:
    assert is_same(found, gold)


@pytest.mark.parametrize(("found", "gold"), OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("first", [False, True])
def test_not_the_same(found: list[tuple[Any, ...]], gold: list[tuple[Any, ...]], first: bool) -> None:
    assert not is_same(found, gold, first=first and len(found) < 2)


def test_one_of_those_that_tie_is_enough_where_the_gold_takes_the_first() -> None:
    tied = [("Oban", 3), ("Ayr", 3)]
    assert is_same(tied, [("Ayr",)], first=True)
    assert not is_same(tied, [("Ayr",)])
    assert not is_same(tied, [("Mallaig",)], first=True)
