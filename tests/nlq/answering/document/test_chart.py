"""Which chart an answer gets."""

from __future__ import annotations

from typing import Any

import pytest

from nlq.answering.document.chart import Chart, chart_of
from nlq.answering.document.columns import AnswerColumn

MONTH = AnswerColumn(name="metric_time__month", label="Month", kind="time", format="date")
WARD = AnswerColumn(name="ward", label="Ward", kind="dimension")
CHANNEL = AnswerColumn(name="channel", label="Channel", kind="dimension")
COUNT = AnswerColumn(name="count", label="Count", kind="metric", format="integer")
OPEN = AnswerColumn(name="open", label="Open", kind="metric", format="integer")
RATE = AnswerColumn(name="rate", label="Rate", kind="metric", format="percent")


def months(n: int) -> list[str]:
    return [f"2025-{i + 1:02}-01" for i in range(n)]


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        ([MONTH, COUNT], [[m, 1] for m in months(3)], Chart(kind="line", x=MONTH.name, y=("count",))),
        ([WARD, COUNT], [["a", 1], ["b", 2]], Chart(kind="bar", x="ward", y=("count",))),
        # of several metrics those that share an axis
        (
            [WARD, COUNT, RATE, OPEN],
            [["a", 1, 0.5, 1], ["b", 2, 0.1, 2]],
            Chart(kind="bar", x="ward", y=("count", "open")),
        ),
        (
            [MONTH, CHANNEL, COUNT],
            [[m, c, 1] for m in months(3) for c in "xy"],
            Chart(kind="line", x=MONTH.name, y=("count",), series="channel"),
        ),
        # the key with more values runs along the axis
        (
            [CHANNEL, WARD, COUNT],
            [[c, w, 1] for c in "xy" for w in "abcde"],
            Chart(kind="bar", x="ward", y=("count",), series="channel"),
        ),
        ([COUNT], [[5]], None),
        ([WARD, COUNT], [["a", 1]], None),
        ([WARD, COUNT], [["a", None], ["b", None]], None),
        ([WARD, COUNT], [["a", "text"], ["b", 2]], None),
        ([WARD, COUNT], [[str(n), n] for n in range(41)], None),
        ([MONTH, WARD, COUNT], [[m, str(w), 1] for m in months(2) for w in range(9)], None),
        ([MONTH, WARD, CHANNEL, COUNT], [["2025-01-01", "a", "x", 1], ["2025-02-01", "a", "x", 1]], None),
        ([WARD, CHANNEL], [["a", "x"], ["b", "y"]], None),
    ],
)
def test_the_chart(columns: list[AnswerColumn], rows: list[list[Any]], expected: Chart | None) -> None:
    assert chart_of(columns, rows) == expected
