"""Which chart an answer gets."""

from __future__ import annotations

from typing import Any

import pytest

from nlq.answering.document.chart import Chart, changed_to, chart_of, kinds_of
from nlq.answering.document.columns import AnswerColumn

MONTH = AnswerColumn(name="metric_time__month", label="Month", kind="time", format="date")
WARD = AnswerColumn(name="ward", label="Ward", kind="dimension")
CHANNEL = AnswerColumn(name="channel", label="Channel", kind="dimension")
COUNT = AnswerColumn(name="count", label="Count", kind="metric", format="integer")
OPEN = AnswerColumn(name="open", label="Open", kind="metric", format="integer")
RATE = AnswerColumn(name="rate", label="Rate", kind="metric", format="percent")
BEFORE = AnswerColumn(name="rate__before", label="Rate, the month before", kind="metric", format="percent")
CHANGE = AnswerColumn(name="rate__change", label="Rate, change", kind="metric", format="percent")
SHARE = AnswerColumn(name="count__share", label="Share of Count", kind="metric", format="percent", adds=True)
HOUR = AnswerColumn(name="hour", label="Hour", kind="dimension")


def months(n: int) -> list[str]:
    return [f"2025-{i + 1:02}-01" for i in range(n)]


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        ([MONTH, COUNT], [[m, 1] for m in months(3)], Chart(kind="line", x=MONTH.name, y=("count",))),
        ([WARD, COUNT], [["a", 1], ["b", 2]], Chart(kind="bar", x="ward", y=("count",), horizontal=True)),
        # of several metrics those that share an axis
        (
            [WARD, COUNT, RATE, OPEN],
            [["a", 1, 0.5, 1], ["b", 2, 0.1, 2]],
            Chart(kind="bar", x="ward", y=("count", "open"), horizontal=True),
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
            Chart(kind="bar", x="ward", y=("count",), series="channel", horizontal=True),
        ),
        ([COUNT], [[5]], Chart(kind="number", y=("count",))),
        ([COUNT, OPEN], [[5, 6]], None),
        # a figure beside what it was; a rate is never on one axis with its change
        (
            [RATE, BEFORE, CHANGE],
            [[0.5, 0.4, 0.25]],
            Chart(kind="number", y=("rate",), before=BEFORE.name, change=CHANGE.name),
        ),
        ([MONTH, RATE, CHANGE], [[m, 0.5, 0.1] for m in months(3)], Chart(kind="line", x=MONTH.name, y=("rate",))),
        # a share is drawn as a share
        (
            [WARD, COUNT, SHARE],
            [["a", 1, 0.4], ["b", 2, 0.6]],
            Chart(kind="bar", x="ward", y=(SHARE.name,), horizontal=True),
        ),
        ([WARD, COUNT], [["a", 1]], None),
        ([WARD, COUNT], [["a", None], ["b", None]], None),
        ([WARD, COUNT], [["a", "text"], ["b", 2]], None),
        ([WARD, COUNT], [[str(n), n] for n in range(41)], Chart(kind="bar", x="ward", y=("count",), horizontal=True)),
        # what has an order of its own stands side by side
        ([HOUR, COUNT], [[n, n] for n in range(24)], Chart(kind="bar", x="hour", y=("count",))),
        # too many series to be told apart are cells
        (
            [MONTH, WARD, COUNT],
            [[m, str(w), 1] for m in months(2) for w in range(9)],
            Chart(kind="heat_map", x=MONTH.name, y=("count",), series="ward"),
        ),
        ([MONTH, WARD, CHANNEL, COUNT], [["2025-01-01", "a", "x", 1], ["2025-02-01", "a", "x", 1]], None),
        ([WARD, CHANNEL], [["a", "x"], ["b", "y"]], None),
    ],
)
def test_the_chart(columns: list[AnswerColumn], rows: list[list[Any]], expected: Chart | None) -> None:
    assert chart_of(columns, rows) == expected


@pytest.mark.parametrize(
    ("columns", "rows", "kinds"),
    [
        ([MONTH, COUNT], [[m, 1] for m in months(3)], ("line", "area", "bar", "table")),
        ([WARD, SHARE], [["a", 0.4], ["b", 0.6]], ("bar", "donut", "funnel", "table")),
        ([WARD, RATE], [["a", 0.4], ["b", 0.6]], ("bar", "table")),
        ([WARD, SHARE], [["a", -0.4], ["b", 1.4]], ("bar", "table")),
        ([WARD, COUNT, OPEN], [[str(n), n, n] for n in range(12)], ("bar", "histogram", "scatter", "table")),
        (
            [MONTH, WARD, SHARE],
            [[m, w, 1] for m in months(3) for w in "ab"],
            ("line", "bar", "stacked", "heat_map", "table"),
        ),
        ([COUNT], [[5]], ("number", "table")),
    ],
)
def test_what_a_chart_may_be_changed_to(
    columns: list[AnswerColumn], rows: list[list[Any]], kinds: tuple[str, ...]
) -> None:
    chart = chart_of(columns, rows)
    assert chart is not None
    assert kinds_of(chart, columns, rows) == kinds


def test_bars_of_two_figures_become_points() -> None:
    chart = Chart(kind="bar", x="ward", y=("count", "open"))
    assert changed_to(chart, "scatter") == Chart(kind="scatter", x="count", y=("open",), series="ward")
