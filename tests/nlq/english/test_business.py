"""What people in business call the same thing."""

from __future__ import annotations

from nlq.english.business import phrase_at, same_as
from nlq.english.tokens import tokenize


def test_other_names_come_in_the_form_of_the_word() -> None:
    assert "revenue" in same_as("turnover")
    assert "customer" in same_as("client") and "customers" in same_as("clients")
    assert "cities" in same_as("towns")
    assert "resolved" in same_as("settled")


def test_who_is_only_some_of_those_who_take_part_has_no_other_name() -> None:
    assert not same_as("children")
    assert not same_as("women")


def test_what_is_narrower_stands_for_what_is_wider_and_not_the_other_way() -> None:
    assert same_as("department") == ("category",)
    assert not same_as("category")


def test_two_words_may_say_one() -> None:
    tokens = tokenize("items sent back by category")
    assert [phrase_at(tokens, at) for at in range(len(tokens))] == [None, "returned", None, None, None]
