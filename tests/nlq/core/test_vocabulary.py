"""What the shapes of a vocabulary tell by their values."""

from __future__ import annotations

from typing import Any

import pytest

from nlq.core.vocabulary import Dimension, Values


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("paid", (True, False, None), (True, False)),
        ("paid", (False,), (True, False)),
        ("paid", ("Y", "N", None), ("Y", "N")),
        ("paid", ("no", "yes"), ("yes", "no")),
        ("paid", ("T", "F"), ("T", "F")),
        ("is_paid", (0, 1), (1, 0)),
        ("children", (0, 1), None),
        ("paid", ("Y",), None),
        ("gender", ("F", "M"), None),
        ("paid", ("yes", "no", "perhaps"), None),
        ("paid", (None,), None),
        ("paid", (), None),
    ],
)
def test_what_stands_for_yes_and_no(column: str, values: tuple[Any, ...], expected: tuple[Any, Any] | None) -> None:
    assert Dimension(f"order__{column}", "Paid", values=Values(values)).yes_no == expected


def test_values_that_are_not_all_known_say_neither_yes_nor_no() -> None:
    assert Dimension("order__paid", "Paid", values=Values(("Y", "N"), complete=False)).yes_no is None
