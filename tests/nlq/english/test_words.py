"""The words that come with the project: forms, families, synonyms, and what counts as English."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from nlq.english import words


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("spent", "spend"),
        ("children", "child"),
        ("bought", "buy"),
        ("spend", "spend"),
        ("sales", "sales"),
        ("x9", "x9"),
    ],
)
def test_an_irregular_form_is_of_its_base_and_any_other_word_its_own(form: str, base: str) -> None:
    assert words.base_of(form) == base


@pytest.mark.parametrize(("one", "other"), [("complain", "complaint"), ("sell", "seller"), ("quick", "quickly")])
def test_a_family_goes_both_ways(one: str, other: str) -> None:
    assert other in words.family(one) and one in words.family(other)


def test_synonyms_go_both_ways_and_rare_senses_have_none() -> None:
    assert "film" in words.synonyms("movie") and "movie" in words.synonyms("film")
    assert "club" not in words.synonyms("order"), "an order of knights is a rare order"
    assert words.family("zzyzx") == words.synonyms("zzyzx") == frozenset()


@pytest.mark.parametrize("word", ["complaint", "spent", "sale", "bed", "sodium"])
def test_a_common_word_is_english_even_if_nothing_is_like_it(word: str) -> None:
    assert words.is_english(word)


@pytest.mark.parametrize("word", ["complant", "zzyzx", "illinois", "ordr", ""])
def test_slips_and_names_are_not(word: str) -> None:
    assert not words.is_english(word)


def test_every_line_is_well_formed_and_every_word_named_has_one() -> None:
    rows = [line.split("\t") for line in gzip.decompress(words.TABLE.read_bytes()).decode().splitlines()]
    lines = [row[0] for row in rows]
    assert lines == sorted(set(lines))
    assert {len(row) for row in rows} == {4}
    for word, _, derived, same in rows:
        assert re.fullmatch("[a-z]{3,}", word)
        for column, named in ((words.family, derived.split()), (words.synonyms, same.split())):
            assert word not in named
            assert all(word in column(other) for other in named), word


def test_the_licence_lies_beside_the_table() -> None:
    licence = Path(words.TABLE).with_name("LICENSE.wordnet").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licence
