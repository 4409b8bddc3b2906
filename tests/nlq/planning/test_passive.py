"""What somebody did with things is what was done with them: the same plan, in the layer's own words.

Belongs here: questions that say who acted. Does not belong here: forms of verbs (``english.test_verbs``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned
from nlq.core.vocabulary import Vocabulary
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import clinic, complaints, hotels, parcels

TODAY = date(2026, 7, 15)


@pytest.mark.parametrize(
    ("layer", "active", "passive"),
    [
        (complaints, "how many complaints did we close in May", "how many complaints were closed in May"),
        (complaints, "how many complaints did they resolve yesterday", "how many complaints were resolved yesterday"),
        (complaints, "how many complaints did we reopen by ward", "how many complaints were reopened by ward"),
        (parcels, "how many parcels did we deliver in May", "how many parcels were delivered in May"),
        (parcels, "how many parcels did they lose in May", "how many parcels were lost in May"),
        (hotels, "how many bookings did they cancel in May", "how many bookings were cancelled in May"),
    ],
)
def test_who_did_it_changes_nothing(layer: Callable[[], Vocabulary], active: str, passive: str) -> None:
    planner = Planner(layer())
    said, told = planner.plan(active, TODAY), planner.plan(passive, TODAY)
    assert isinstance(said, Planned) and isinstance(told, Planned)
    assert said.plan.canonical() == told.plan.canonical()


def test_the_words_are_those_that_were_typed() -> None:
    planned = Planner(complaints()).plan("how many complaints did we close in May", TODAY)
    assert isinstance(planned, Planned)
    assert "complaints did we close" in {one.words for one in planned.because}


def test_a_verb_that_the_layer_does_not_know_is_asked_about_as_it_was_typed() -> None:
    asked = Planner(clinic()).plan("how many visits did they audit in May", TODAY)
    assert isinstance(asked, Clarify) and "audit" in asked.words and "audited" not in asked.words
