"""Words of the frame are told from the same words where they are content."""

from __future__ import annotations

import pytest

from nlq.english.frames import Frame, frame_at
from nlq.english.tokens import tokenize


@pytest.mark.parametrize(
    ("question", "word", "frame"),
    [
        ("which lorry arrived too late in May", "too", Frame.ASIDE),
        ("how many loans do readers owe us", "us", Frame.ASIDE),
        ("loans in US by month", "us", None),
        ("how often did somebody book a sauna", "somebody", Frame.ACTION),
        ("letters from somebody by month", "somebody", None),
        ("letters to people abroad", "people", None),
        ("which branch earns the highest fees", "earns", Frame.ACTION),
        ("the dishes that brought most revenue", "brought", Frame.ACTION),
        ("letters that hang in sorting", "hang", Frame.ACTION),
        ("number of runs by machine", "runs", None),
        ("how many readers opened the app", "app", Frame.SELF),
        ("letters written from the app", "app", None),
        ("how many sales did our shop make", "shop", Frame.SELF),
        ("app crashes by week", "app", None),
        ("late rate per lorry", "rate", Frame.RATE),
        ("rate of the lorry", "rate", None),
        ("loans by value", "value", None),
        ("value shipped to Lyon", "value", Frame.MONEY),
        ("how many times was Lyon chosen", "times", Frame.NUMBER),
        ("dishes with more than 30 pcs", "pcs", Frame.NUMBER),
        ("loss in pieces", "pieces", None),
        ("is the late share getting worse, month by month", "worse", Frame.COURSE),
        ("is the late share getting worse", "worse", None),
        ("is membership picking up? weekly", "picking", Frame.COURSE),
        ("loans by pupils in Lyon", "pupils", Frame.OWNER),
        ("loans by pupils", "pupils", None),
        ("how many waterlogged streets are there", "waterlogged", None),
        ("zorgle dishes by week", "zorgle", None),
        ("parcels nobody has collected", "nobody", None),
        ("letters never answered", "never", None),
        ("streets reported again", "again", None),
        ("Hi Priya, loans by week", "priya", Frame.ASIDE),
        ("hi loans by week", "loans", None),
        ("good morning, loans by week", "morning", Frame.ASIDE),
        ("good morning, loans by week", "good", Frame.ASIDE),
        ("loans in the morning", "morning", None),
        ("is the loss good in the morning", "morning", None),
        ("loans by week, thanks a lot", "lot", Frame.ASIDE),
        ("price of a lot by week", "lot", None),
        ("please send me loans by week", "send", Frame.ASIDE),
        ("letters we send by week", "send", None),
        ("I was wondering how many loans we had", "wondering", Frame.ASIDE),
        ("State the number of loans", "state", Frame.ASIDE),
        ("loans by state", "state", None),
        ("state of the loans", "state", None),
        ("which single day had most loans", "single", Frame.ASIDE),
        ("single rooms by week", "single", None),
        ("days to deliver by lorry, slowest first", "first", Frame.ASIDE),
        ("first loans by week", "first", None),
        ("is delivery getting slower, by month", "slower", Frame.COURSE),
        ("lorries slower than 30", "slower", None),
        ("is the fee higher than in May, by month", "higher", None),
        ("hi good evening, loans by week", "good", Frame.ASIDE),
    ],
)
def test_a_word_of_the_frame_is_told_from_content(question: str, word: str, frame: Frame | None) -> None:
    tokens = tokenize(question)
    at = next(n for n, token in enumerate(tokens) if token.norm == word)
    assert frame_at(tokens, at) is frame
