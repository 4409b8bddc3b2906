"""Letters stand for words only in columns that are called so and hold nothing else."""

from __future__ import annotations

from nlq.english.letters import letters_of


def test_letters_of_columns_that_are_called_so() -> None:
    assert letters_of(["F", "M", None], ["gender"])["F"][0] == "female"
    assert {value: names[0] for value, names in letters_of(["S", "L"], ["shirt", "size"]).items()} == {
        "S": "small",
        "L": "large",
    }


def test_no_letters_elsewhere() -> None:
    assert letters_of(["F", "M"], ["plan"]) == {}
    assert letters_of(["F", "OPEN"], ["gender"]) == {}
    assert letters_of([1, 2], ["size"]) == {}
    assert letters_of([], ["size"]) == {}
