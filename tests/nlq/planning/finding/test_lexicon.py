"""Which words may mean which term, where general English is spelled alike."""

from __future__ import annotations

import pytest

from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.english.forms import stem
from nlq.planning.finding.lexicon import Lexicon

NAMES = ("order__customer_state", "order__customer_country", "order__customer_city")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    metric = Metric("orders", "Orders", dimensions=frozenset(NAMES), subjects=frozenset({"order"}))
    labels = ("Customer state", "Customer country", "Customer city")
    return Lexicon(Vocabulary.of([metric], [Dimension(n, label) for n, label in zip(NAMES, labels, strict=True)]))


@pytest.mark.parametrize(("word", "name"), zip(("states", "countries", "cities"), NAMES, strict=True))
def test_a_part_of_a_name_tells_the_dimension(lexicon: Lexicon, word: str, name: str) -> None:
    assert [hit.ref for hit in lexicon.dimensions([stem(word)])] == [name]
