"""Tokens that are written as other words keep their places in the new text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nlq.english.tokens import reworded, tokenize


@given(
    st.text(st.sampled_from("ab 1.,’\n"), max_size=30),
    st.dictionaries(st.integers(0, 9), st.sampled_from(["x", "yyyy"])),
)
def test_every_token_is_where_it_says(text: str, words: dict[int, str]) -> None:
    tokens = tokenize(text)
    said, found = reworded(text, tokens, words)
    assert len(found) == len(tokens)
    for at, (before, after) in enumerate(zip(tokens, found, strict=True)):
        assert said[after.start : after.end] == words.get(at, text[before.start : before.end])
        assert after.norm == words.get(at, before.norm)
