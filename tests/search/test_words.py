"""Words are counted and scored as BM25 is defined."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.search.words import Words, counted, words_of

TEXTS = st.lists(
    st.lists(st.sampled_from(["road", "water", "light", "tree", "dog"]), max_size=6), min_size=1, max_size=8
)


@given(TEXTS, st.integers(1, 7), st.lists(st.sampled_from(["road", "water", "tree", "bridge"]), min_size=1, max_size=4))
def test_scores_are_bm25_of_all_blocks_together(texts: list[list[str]], cut: int, asked: list[str]) -> None:
    parts = [part for part in (texts[:cut], texts[cut:]) if part]
    blocks = [Words(("", " ".join(words)) for words in part) for part in parts]
    known = counted(blocks, asked)
    scores = np.concatenate([block.scores(asked, known)[0] for block in blocks])
    average = sum(map(len, texts)) / len(texts) or 1.0
    for words, score in zip(texts, scores, strict=True):
        expected = 0.0
        for word in set(asked):
            having, count = sum(word in other for other in texts), Counter(words)[word]
            weight = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            expected += weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(words) / average)) if count else 0.0
        assert math.isclose(score, expected, rel_tol=1e-4, abs_tol=1e-6)


def test_what_is_told_is_the_share_of_the_words_by_weight() -> None:
    block = Words([("Street light", "broken"), ("", "broken road"), ("", "water")])
    asked = words_of("broken lights of the zebra")
    told = block.scores(asked, counted([block], asked))[1]
    assert 0 < told[1] < told[0] < 1 and told[2] == 0


def test_a_word_is_found_in_every_form_of_a_name() -> None:
    assert words_of("Silver_RETAIL-documents") == words_of("silver retail document")
    assert words_of("what is the") == [] and words_of("") == []
    assert words_of("ＷＡＲＤ Straße") == words_of("ward strasse")


@given(st.text(max_size=200))
def test_any_text_has_words_or_none(text: str) -> None:
    block, asked = Words([(text, text)]), words_of(text)
    scores, told = block.scores(asked, counted([block], asked))
    assert np.isfinite(scores).all() and (told <= 1.0001).all()
    assert bool(asked) == bool(told[0] > 0.999)
