"""What codes are called: as declared, or as the words they are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.core.valuenames import ValueNames, words_of_code
from nlq.core.vocabulary import Dimension, Vocabulary
from nlq.english.tokens import words_of


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("IN_PROGRESS", "In progress"),
        ("StreetLightNotWorking", "Street light not working"),
        ("RTIRequest", "RTI request"),
        ("WARD_03", "Ward 03"),
        ("walk-in", "Walk in"),
        ("Replace/ProvideGarbageBin", "Replace/provide garbage bin"),
        ("/v1/search", None),
        ("web", "Web"),
        ("Élan_Vital", "Élan vital"),
        ("Not working", None),  # is words already
        ("2024-03-01", None),
        ("pb.amritsar", None),
        ("__", None),
        ("", None),
    ],
)
def test_codes_of_words(code: str, name: str | None) -> None:
    assert words_of_code(code) == name


@given(st.lists(st.from_regex(r"[A-Z]{2,8}", fullmatch=True), min_size=1, max_size=5))
def test_a_name_says_the_words_of_its_code_so_that_it_can_be_asked_by_either(words: list[str]) -> None:
    code = "_".join(words)
    name = words_of_code(code)
    assert name and words_of(name) == words_of(code)
    assert name[0].isupper() and name[1:] == name[1:].lower()


@given(st.text(max_size=30))
def test_any_text_has_a_name_or_none(text: str) -> None:
    name = words_of_code(text)
    assert name is None or (name.strip() == name and name)


def test_what_is_declared_goes_before_words() -> None:
    names = ValueNames({"UPI": "UPI", "SMS": "Text message", "7": "Seventh"}, words=True)
    assert [names.of(value) for value in ("UPI", "SMS", "WALK_IN", 7, 8, None, True)] == [
        None, "Text message", "Walk in", "Seventh", None, None, None,
    ]  # fmt: skip


def test_without_a_declaration_nothing_is_renamed() -> None:
    assert ValueNames().of("IN_PROGRESS") is None


def test_names_that_are_read_do_not_take_the_place_of_declared_ones() -> None:
    product = Dimension("line__product_id", "Product code", names=ValueNames({"p1": "Pen"}))
    vocabulary = Vocabulary.of([], [product])
    named = vocabulary.naming({"line__product_id": {"p1": "Other", "p2": "Ink"}, "gone": {"x": "y"}})
    assert [named.dimensions["line__product_id"].names.of(code) for code in ("p1", "p2", "p3")] == ["Pen", "Ink", None]
    assert vocabulary.dimensions["line__product_id"].names.of("p2") is None
    assert vocabulary.naming({}) is vocabulary
