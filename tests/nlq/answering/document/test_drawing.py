"""What of an answer is drawn, and how it reads."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import vl_convert

from nlq.answering.document.chart import Chart, Kind, chart_of
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.drawing import Drawing, drawing_of
from nlq.answering.tables.coverage import Partial
from nlq.core.plan import Grain

MONTH = AnswerColumn(name="metric_time__month", label="Month", kind="time", format="date")
WARD = AnswerColumn(name="ward", label="Ward", kind="dimension")
CHANNEL = AnswerColumn(name="channel", label="Channel", kind="dimension")
COUNT = AnswerColumn(name="count", label="Count", kind="metric", format="integer", adds=True)
SALES = AnswerColumn(name="sales", label="Sales", kind="metric", format="currency", unit="EUR", adds=True)
RATE = AnswerColumn(name="rate", label="Rate", kind="metric", format="percent")


def drawn(columns: list[AnswerColumn], rows: list[list[Any]], kind: Kind | None = None, **more: Any) -> Drawing:
    chart = chart_of(columns, rows)
    assert chart is not None
    return drawing_of(columns, rows, chart.model_copy(update={"kind": kind} if kind else {}), **more)


def values(drawing: Drawing) -> list[dict[str, Any]]:
    assert drawing.spec is not None
    return drawing.spec["data"]["values"]


def test_values_read_as_people_write_them() -> None:
    drawing = drawn([WARD, SALES], [["a", 1200.5], [None, 3]])
    assert [(row["k"], row["text"]) for row in values(drawing)] == [("a", "EUR 1,200.50"), ("unknown", "EUR 3.00")]
    months = values(drawn([MONTH, RATE], [["2025-02-01", 0.5], ["2025-01-01", 0.25]]))
    assert [(row["k"], row["text"]) for row in months] == [("Jan 2025", "25.0 %"), ("Feb 2025", "50.0 %")]


def test_many_bars_are_the_largest_and_the_others_together() -> None:
    drawing = drawn([WARD, COUNT], [[f"w{n}", n] for n in range(50)])
    rows = values(drawing)
    assert [row["k"] for row in rows[:2]] == ["w49", "w48"] and len(rows) == 16
    assert (rows[-1]["k"], rows[-1]["v"], rows[-1]["key"]) == ("Others", sum(range(35)), None)
    assert sum(row["v"] for row in rows) == sum(range(50))
    assert drawing.note == "The 15 largest of 50, and the others together."


def test_figures_that_do_not_add_up_have_no_others() -> None:
    drawing = drawn([WARD, RATE], [[f"w{n}", n / 100] for n in range(50)])
    assert len(values(drawing)) == 15
    assert drawing.note == "The 15 largest of 50 are drawn; the table has all."


def test_a_period_known_in_part_is_a_stretch_of_its_own() -> None:
    part = Partial(
        start=date(2025, 3, 1), end=date(2025, 3, 31), known_from=date(2025, 3, 1), known_to=date(2025, 3, 9),
        step=date(2025, 3, 1), grain=Grain.MONTH, running=True,
    )  # fmt: skip
    rows = [["2025-01-01", 5], ["2025-02-01", 6], ["2025-03-01", 2]]
    points = values(drawn([MONTH, COUNT], rows, partial=[part]))
    assert [row["v"] for row in points if row["firm"]] == [5, 6]
    assert [row["v"] for row in points if row["loose"]] == [6, 2], "the dashed stretch begins where the firm one ends"
    assert points[-1]["k"] == "Mar 2025 so far"


def test_what_is_not_known_is_a_gap() -> None:
    points = values(drawn([MONTH, COUNT], [["2025-01-01", 5], ["2025-02-01", None], ["2025-03-01", 2]]))
    assert len({row["run"] for row in points}) == 2


def test_two_keys_are_cells() -> None:
    rows = [[w, c, 1] for w in "abcdefghij" for c in "klmnopqrst"]
    drawing = drawn([WARD, CHANNEL, COUNT], rows)
    assert drawing.kind == "heat_map" and drawing.series == ()
    assert {(row["k"], row["s"]) for row in values(drawing)} == {(w, c) for w, c, _ in rows}


def test_a_histogram_counts_every_row_once() -> None:
    chart = Chart(kind="histogram", y=("count",))
    rows = [[f"w{n}", n * n] for n in range(30)]
    drawing = drawing_of([WARD, COUNT], rows, chart)
    assert sum(row["v"] for row in values(drawing)) == 30
    assert values(drawing)[0]["k"].startswith("0 – ")
    assert drawing_of([WARD, COUNT], [["a", 3], ["b", 3]], chart).spec is not None


def test_a_funnel_tells_what_is_left() -> None:
    steps = [AnswerColumn(name=name, label=name, kind="metric", format="integer") for name in ("seen", "bought")]
    drawing = drawing_of(steps, [[200, 30]], Chart(kind="funnel", y=("seen", "bought")))
    assert [row["text"] for row in values(drawing)] == ["200 · 100%", "30 · 15%"]


@pytest.mark.parametrize("kind", ["line", "area", "bar", "stacked", "donut", "heat_map", "funnel"])
def test_each_kind_names_its_rows_for_clicks(kind: Kind) -> None:
    drawing = drawn([WARD, COUNT], [["a", 1], ["b", 2]], kind)
    assert {row["key"] for row in values(drawing)} == {"a", "b"}


def test_numbers_and_tables_are_no_pictures() -> None:
    assert drawn([COUNT], [[5]]).spec is None
    assert drawn([WARD, COUNT], [["a", 1], ["b", 2]], "table").spec is None


DAY = AnswerColumn(name="metric_time__day", label="Day", kind="time", format="date")
AVERAGE = AnswerColumn(name="average", label="Average sale", kind="metric", format="currency", unit="EUR")


def test_a_day_without_a_row_is_none_of_what_is_counted_and_else_unknown() -> None:
    days = ["2025-03-01", "2025-03-02", "2025-03-04"]
    points = values(drawn([DAY, COUNT], [[day, 5] for day in days]))
    assert [(row["k"], row["v"]) for row in points] == [
        ("1 Mar 2025", 5), ("2 Mar 2025", 5), ("3 Mar 2025", 0), ("4 Mar 2025", 5),
    ]  # fmt: skip
    rates = values(drawn([DAY, RATE], [[day, 0.5] for day in days]))
    assert len({row["run"] for row in rates}) == 2, "the line breaks where nothing is known"
    chosen = values(drawn([DAY, COUNT], [[day, 5] for day in days], whole=False))
    assert len(chosen) == 3, "of the greatest days the others are not nothing"


def test_a_series_without_a_row_on_a_day_of_others_is_none_there() -> None:
    rows = [["2025-03-01", "web", 5], ["2025-03-02", "web", 6], ["2025-03-02", "app", 2]]
    found = values(drawn([DAY, CHANNEL, COUNT], rows, "stacked"))
    assert {(row["key"], row["s"], row["v"]) for row in found} == {
        ("2025-03-01", "web", 5), ("2025-03-02", "web", 6), ("2025-03-02", "app", 2), ("2025-03-01", "app", 0),
    }  # fmt: skip


def test_a_point_between_gaps_has_a_dot_however_many_there_are() -> None:
    steps = [f"2025-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
    rows = [[day, None if n in (20, 22) else 0.5] for n, day in enumerate(steps)]
    drawing = drawn([DAY, RATE], rows)
    assert [row["key"] for row in values(drawing) if row["alone"]] == [steps[21]]
    assert drawing.spec and any(part["mark"] and part["mark"]["type"] == "point" for part in drawing.spec["layer"])


def test_what_reads_alike_is_drawn_apart() -> None:
    rows = [[None, 1], ["unknown", 2], [True, 3], ["yes", 4], ["Others", 90], *([f"w{n}", 5] for n in range(40))]
    names = [row["k"] for row in values(drawn([WARD, COUNT], rows[:4]))]
    assert len(set(names)) == 4
    many = [row["k"] for row in values(drawn([WARD, COUNT], rows))]
    assert many[0] == "Others" and many[-1] == "Others (2)"


def test_the_others_are_not_the_sum_of_averages_beside_a_sum() -> None:
    rows = [[f"w{n}", n, n / 2] for n in range(50)]
    drawing = drawing_of([WARD, SALES, AVERAGE], rows, Chart(kind="bar", x="ward", y=("sales", "average")))
    assert "Others" not in {row["k"] for row in values(drawing)}


def test_of_rows_that_are_cut_nothing_is_said_to_be_the_rest() -> None:
    drawing = drawn([WARD, COUNT], [[f"w{n}", n] for n in range(50)], whole=False)
    assert len(values(drawing)) == 15
    assert drawing.note and "50 rows are drawn; there are more." in drawing.note


@pytest.mark.parametrize(
    ("kind", "column", "cell", "becomes"),
    [
        ("donut", COUNT, -5, "bar"),
        ("funnel", COUNT, -5, "bar"),
        ("donut", RATE, 0.5, "bar"),
        ("stacked", RATE, 0.5, "bar"),
        ("bar", COUNT, "many", "table"),
        ("heat_map", COUNT, True, "table"),
    ],
)
def test_a_kind_that_figures_are_not_made_for_gives_way(
    kind: Kind, column: AnswerColumn, cell: Any, becomes: Kind
) -> None:
    chart = Chart(kind=kind, x="ward", y=(column.name,), series="channel" if kind == "heat_map" else None)
    drawing = drawing_of([WARD, CHANNEL, column], [["a", "x", 1], ["b", "y", cell]], chart)
    assert drawing.kind == becomes
    assert (drawing.spec is None) == (becomes == "table")


@pytest.mark.parametrize("kind", ["bar", "line", "histogram", "heat_map", "donut", "stacked", "funnel", "area"])
def test_what_is_no_finite_number_is_not_known(kind: Kind) -> None:
    rows = [["a", "x", 1.5], ["b", "y", float("nan")], ["c", "x", float("inf")]]
    across = None if kind == "histogram" else "ward"
    chart = Chart(kind=kind, x=across, y=("count",), series="channel" if kind == "heat_map" else None)
    drawing = drawing_of([WARD, CHANNEL, COUNT], rows, chart)
    assert "nan" not in drawing.model_dump_json().casefold() and "inf" not in repr(drawing.spec)


def test_lines_have_a_colour_each() -> None:
    rows = [["2025-03-01", f"c{n}", n] for n in range(20)]
    chart = Chart(kind="line", x=DAY.name, y=("count",), series="channel")
    drawing = drawing_of([DAY, CHANNEL, COUNT], rows, chart)
    assert drawing.series == tuple(f"c{n}" for n in range(12, 20))
    assert drawing.note == "The 8 largest of 20 series are drawn; the table has all."


def test_several_series_are_lines_that_nobody_takes_for_parts() -> None:
    rows = [[day, channel, 5] for day in ("2025-03-01", "2025-03-02") for channel in ("web", "app")]
    drawing = drawn([DAY, CHANNEL, COUNT], rows, "area")
    assert drawing.spec and drawing.spec["layer"][0]["mark"]["type"] == "line"


@pytest.mark.parametrize("width", [300, 900])
def test_the_figure_beside_the_longest_bar_has_room(width: int) -> None:
    rows = [["Ward 09", 6_941_551.25], ["Ward 12", 12.5]]
    spec = drawn([WARD, SALES], rows).spec
    assert spec
    sized = {**spec, "width": width, "autosize": {"type": "fit", "contains": "padding"}}
    svg = vl_convert.vegalite_to_svg(sized, vl_version="6.4")
    (at,) = re.findall(r"translate\(([\d.]+),[\d.]+\)[^>]*>EUR 6,941,551.25<", svg)
    (beside,) = re.findall(r"translate\((-?[\d.]+),[\d.]+\)[^>]*>Ward 09<", svg)
    axis_px = 7 * len("Ward 09")
    assert float(beside) < 0 < float(at)
    assert axis_px + float(at) + 6 * len("EUR 6,941,551.25") <= width
