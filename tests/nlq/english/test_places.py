"""Which columns hold places, what each is called, and that the table is whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nlq.english import places
from nlq.english.places import places_of


def named(values: list[object], called: str) -> dict[str, str]:
    found = places_of(values, called.split())
    return {value: place.name for value, place in found.named.items()} if found else {}


@pytest.mark.parametrize(
    ("values", "called", "expected"),
    [
        (["CA", "TX", "OR"], "state", {"CA": "California", "TX": "Texas", "OR": "Oregon"}),
        (["SP", "RJ", "MG"], "x", {"SP": "São Paulo", "RJ": "Rio de Janeiro", "MG": "Minas Gerais"}),
        (["CA", "DE", "IN"], "country", {"CA": "Canada", "DE": "Germany", "IN": "India"}),
        (["USA", "BRA", "x"], "country code", {"USA": "United States", "BRA": "Brazil"}),
        (["AU-NSW", "AU-VIC"], "region", {"AU-NSW": "New South Wales", "AU-VIC": "Victoria"}),
        (["Portugal", "IN", None], "nation", {"Portugal": "Portugal", "IN": "India"}),
        (["UK", "FR"], "country", {"UK": "United Kingdom", "FR": "France"}),
    ],
)
def test_columns_of_places_are_known_by_their_values(values: list[object], called: str, expected: object) -> None:
    assert named(values, called) == expected


@pytest.mark.parametrize(
    ("values", "called"),
    [
        (["S", "M", "L"], "size"),
        (["CA", "DE", "IN"], "x"),
        (["in", "or", "me"], "state"),
        (["OPEN", "CLOSED", "LOST"], "state"),
        (["WEB", "APP"], "channel"),
        ([1, 2, 3], "country"),
        (["76", "840"], "district"),
        ([], "country"),
    ],
)
def test_other_columns_are_none(values: list[object], called: str) -> None:
    assert named(values, called) == {}


def test_places_that_are_not_among_the_values_are_known_to_be_others() -> None:
    found = places_of(["CA", "TX", "OR"], ["state"])
    assert found
    others = {place.name for place in found.others}
    assert "Kansas" in others and "Texas" not in others and "France" not in others


def test_people_say_names_codes_and_adjectives() -> None:
    found = places_of(["US", "GB", "NL"], ["country"])
    assert found
    us, gb, nl = (found.named[code] for code in ("US", "GB", "NL"))
    assert "america" in us.names and {"US", "USA"} <= set(us.letters) and us.adjectives == ("american",)
    assert "great britain" in gb.names and "UK" in gb.letters and "british" in gb.adjectives
    assert "holland" in nl.names and "the netherlands" not in nl.names


def test_every_line_has_a_kind_codes_and_names() -> None:
    rows = [line.split("\t") for line in gzip.decompress(places.TABLE.read_bytes()).decode().split("\n")]
    assert {len(row) for row in rows} == {4}
    assert all(kind and codes and names for kind, codes, names, _ in rows)


def test_the_licence_lies_beside_the_table() -> None:
    licence = Path(places.TABLE).with_name("LICENSE.cldr").read_text(encoding="utf-8")
    assert "UNICODE LICENSE V3" in licence
