"""Which clauses are said beside a question, by their words alone."""

from __future__ import annotations

import pytest

from nlq.english.asides import Beside, clauses, is_beside, request_length, wish_length
from nlq.english.tokens import tokenize


def _said(question: str) -> list[str]:
    tokens = tokenize(question)
    return [question[tokens[one.first].start : tokens[one.last - 1].end] for one in clauses(question, tokens)]


def test_a_question_is_cut_at_its_marks_and_where_a_clause_gives_a_reason() -> None:
    assert _said("Hi! I looked at May, so how many visits (by ward)") == [
        "Hi", "I looked at May,", "so how many visits", "by ward",
    ]  # fmt: skip
    assert _said("visits by month because years are too long") == ["visits by month", "because years are too long"]
    assert _said("visits lost because of rain") == ["visits lost because of rain"]
    assert _said("how many visits did Dr. Li have") == ["how many visits did Dr. Li have"]


@pytest.mark.parametrize(
    ("clause", "why"),
    [
        ("hello there", Beside.COURTESY),
        ("sorry if this is a weird one", Beside.COURTESY),
        ("thank you so much", Beside.COURTESY),
        ("I guess", Beside.COURTESY),
        ("I have to check whether people come more", Beside.PURPOSE),
        ("because years are too long", Beside.PURPOSE),
        ("the leaky ones", None),
        ("not the ones from Lyon", None),
        ("one more", None),
    ],
)
def test_words_tell_what_is_said_beside(clause: str, why: Beside | None) -> None:
    assert is_beside(tokenize(clause), leading=True) is why


@pytest.mark.parametrize(
    ("clause", "length"),
    [
        ("would you mind showing visits", 4),
        ("may I know how many", 3),
        ("my boss wants to know how many", 5),
        ("visits by ward", 0),
        ("the visits", 0),
    ],
)
def test_a_request_ends_where_what_is_asked_for_begins(clause: str, length: int) -> None:
    assert request_length(tokenize(clause)) == length


def test_a_wish_stands_at_the_end() -> None:
    assert wish_length(tokenize("visits by ward would be great")) == 3
    assert wish_length(tokenize("how many visits would be great news")) == 0
