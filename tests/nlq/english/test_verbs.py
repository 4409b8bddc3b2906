"""Support verbs are told from the nouns and adjectives that are spelled the same."""

from __future__ import annotations

import pytest

from nlq.english.tokens import tokenize
from nlq.english.verbs import Support, in_the_passive, support_at


@pytest.mark.parametrize(
    ("question", "word", "support"),
    [
        ("which state experiences the most storms", "experiences", Support.EVENT),
        ("how many storms have been seen in May", "seen", Support.EVENT),
        ("the hub that underwent the fewest repairs, which one", "underwent", Support.EVENT),
        ("how much area do the parks cover", "cover", Support.EXTENT),
        ("area covered by parks", "covered", Support.EXTENT),
        ("how many people live in Lyon", "live", Support.LIVING),
        ("people residing in Lyon", "residing", Support.LIVING),
        ("which school offers the most courses", "offers", Support.OFFER),
        ("how many canteens serve lunch in Lyon", "serve", Support.OFFER),
        ("names of the canteens that serve lunch", "serve", Support.OFFER),
        ("price of canteens serving each type of meal", "serving", Support.OFFER),
        ("serve rate by player", "serve", None),
        ("years of experience by team", "experience", None),
        ("number of offers by shop", "offers", None),
        ("offers by shop", "offers", None),
        ("live events by town", "live", None),
        ("cost of living in Lyon", "living", None),
        ("how many covered claims are there", "covered", None),
        ("how many orders were cancelled", "cancelled", None),
        ("which team lost the most games", "lost", None),
    ],
)
def test_a_verb_is_told_from_a_noun(question: str, word: str, support: Support | None) -> None:
    tokens = tokenize(question)
    at = next(n for n, token in enumerate(tokens) if token.norm == word)
    assert support_at(tokens, at) is support


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("how many parcels did we ship in May", {3: "were", 4: "been", 5: "shipped"}),
        ("how many parcels do they carry by lorry", {3: "were", 4: "been", 5: "carried"}),
        ("what loans did we cancel", {2: "were", 3: "been", 4: "cancelled"}),
        ("how many meals did we sell", {3: "were", 4: "been", 5: "sold"}),
        ("how many rooms did they clean", {3: "were", 4: "been", 5: "cleaned"}),
        ("how many parcels did we get in May", {}),
        ("how many did we ship in May", {}),
        ("did we ship more parcels in May", {}),
        ("how many parcels did arrive", {}),
    ],
)
def test_what_somebody_did_is_what_was_done(question: str, words: dict[int, str]) -> None:
    assert in_the_passive(tokenize(question)) == words
