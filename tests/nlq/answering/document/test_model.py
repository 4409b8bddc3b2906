"""The document of an answer as JSON: no digit of a whole number is lost on the way to a page and back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer

COLUMNS = (
    AnswerColumn(name="who", label="Who", kind="dimension"),
    AnswerColumn(name="sum", label="Sum", kind="metric", format="integer"),
)
NOW = datetime(2026, 1, 5)
EXACT = 2**53 - 1


def answer(rows: list[tuple[Any, ...]]) -> Answer:
    return Answer(
        answer_id="1", question="Sum by who", outcome="answered", sentence="So much.", columns=COLUMNS,
        rows=tuple(rows), asked_at=NOW, answered_at=NOW, elapsed_ms=1.0,
    )  # fmt: skip


@given(st.lists(st.tuples(st.none() | st.integers() | st.text(), st.none() | st.integers()), max_size=5))
def test_numbers_are_read_back_as_they_were_and_as_a_page_reads_them(rows: list[tuple[Any, ...]]) -> None:
    shown = answer(rows)
    document = shown.model_dump_json()
    again = Answer.model_validate_json(document).rows
    for row, other, seen in zip(rows, again, json.loads(document, parse_int=float)["rows"], strict=True):
        for value, back, on_page, column in zip(row, other, seen, COLUMNS, strict=True):
            if type(value) is int:
                assert back == value
                assert int(on_page) == value, "also where every number is a double"
                assert isinstance(on_page, str) == (abs(value) > EXACT)
                assert column.name in shown.long_numbers or abs(value) <= EXACT
            elif column.name not in shown.long_numbers:
                assert back == value, "a text of digits stays one where no number is written so"


def test_a_document_without_long_numbers_is_as_it_was() -> None:
    shown = answer([("a", EXACT), ("b", -EXACT), ("1234567890123456789", None), ("d", True)])
    document = json.loads(shown.model_dump_json())
    assert document["long_numbers"] == []
    assert document["rows"] == [["a", EXACT], ["b", -EXACT], ["1234567890123456789", None], ["d", True]]
    assert shown.model_dump()["rows"] == shown.rows, "in this process they are numbers"
