"""A chart as one Vega-Lite document with its data: what the page draws is what a file of it shows.

Belongs here: an answer's rows as what is drawn, in words people read. Does not belong here: choosing the chart
(``chart``), the marks (``marks``), colours, fonts and widths, which are of where it is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from nlq.answering.document import marks
from nlq.answering.document.chart import MAX_SERIES, Chart, Kind, kinds_of
from nlq.answering.document.telling import Names, drawable, left_out, number
from nlq.core.plan import Grain
from nlq.wording.formats import Said, format_said, say_period

if TYPE_CHECKING:
    from nlq.answering.document.columns import AnswerColumn
    from nlq.answering.tables.coverage import Partial

NO_PICTURE = ("number", "table")
MOST_BARS = 40
TOP = 15
MOST_PARTS = 8
_BINS = 12
_WIDE = 0.4  # of the first step: room for words
_GRAIN = re.compile(r"__(day|week|month|quarter|year)$")
_OTHERS = "Others"
_UNKNOWN = "unknown"
_WITH_LEGEND = ("line", "area", "bar", "stacked", "donut")
_PARTS_OF_A_WHOLE = ("stacked", "donut")
_NEVER_BELOW_ZERO = ("donut", "funnel")
_PARAMETERS = {"hidden": [], "paper": "white", "light": "white", "dark": "#17211f"}


class Drawing(BaseModel):
    """A chart to show: ``kinds`` are what it may be changed to, ``series`` what its legend names, in order.

    ``spec`` is a Vega-Lite document, None for a number and a table. Its parameter ``hidden`` takes names of series;
    ``paper`` is the colour behind it, ``light`` and ``dark`` those of words on dark and on light. Each of its rows has
    in ``key`` and ``part`` the values of the columns ``chart.x`` and ``chart.series``. ``note`` says
    what is not drawn.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    kinds: tuple[Kind, ...]
    chart: Chart
    series: tuple[str, ...] = ()
    spec: dict[str, Any] | None = None
    note: str | None = None


@dataclass
class Points:
    """What is drawn: rows of the document, the names along the axis and of the series in order, and how values read."""

    rows: list[dict[str, Any]]
    keys: list[str]
    series: list[str]
    measures: list[AnswerColumn]
    dated: bool = False
    grain: str = ""
    note: str | None = None
    highest: float = field(init=False)

    def __post_init__(self) -> None:
        self.highest = max((abs(row["v"]) for row in self.rows if row.get("v") is not None), default=0.0)


def drawing_of(
    columns: Sequence[AnswerColumn],
    rows: Sequence[Sequence[Any]],
    chart: Chart,
    *,
    partial: Sequence[Partial] = (),
    says: str = "",
    whole: bool = True,
) -> Drawing:
    """Draw a chart; as bars, or not at all, where the figures are not what its kind draws.

    Args:
        columns: The answer's columns.
        rows: The answer's rows.
        chart: What to draw of them.
        partial: Periods that are known in part: their marks are dashed or pale.
        says: The answer in a sentence, for who does not see the picture.
        whole: Whether the rows are all that there are, so that a step without one has none.
    """
    table = _Table(columns, rows, whole=whole)
    if not _numbers(table, chart):
        return Drawing(kind="table", kinds=("table",), chart=chart.model_copy(update={"kind": "table"}))
    kinds = kinds_of(chart, columns, rows)
    chart, fault = _honest(table, chart)
    if chart.kind in NO_PICTURE or not chart.y:
        return Drawing(kind=chart.kind, kinds=kinds, chart=chart, note=fault)
    points = _POINTS.get(chart.kind, _series)(table, chart, partial)
    cut = None if whole else f"{len(rows):,} rows are drawn; there are more."
    note = " ".join(said for said in (fault, points.note, cut) if said) or None
    body = marks.MARKS[chart.kind](chart, points)
    head = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "description": says, "width": "container"}
    spec = {**head, "params": [{"name": name, "value": value} for name, value in _PARAMETERS.items()], **body}
    series = tuple(points.series) if chart.kind in _WITH_LEGEND and len(points.series) > 1 else ()
    return Drawing(kind=chart.kind, kinds=kinds, chart=chart, series=series, spec=spec, note=note)


def _numbers(table: _Table, chart: Chart) -> bool:
    """Whether the figures of a chart are there, and numbers."""
    measures = [name for name in chart.y if name in table.columns]
    return len(measures) == len(chart.y) and all(drawable(cell) for cell in _figures(table, measures))


def _honest(table: _Table, chart: Chart) -> tuple[Chart, str | None]:
    """The chart, or another where its kind would draw what the figures are not, and why."""
    bars = chart.model_copy(update={"kind": "bar" if chart.x else "table"})
    if chart.kind in _PARTS_OF_A_WHOLE and not all(table.columns[name].adds for name in chart.y):
        return bars, "These figures do not add up to a whole."
    if chart.kind in _NEVER_BELOW_ZERO and any(cell is not None and cell < 0 for cell in _figures(table, chart.y)):
        return bars, "Some figures are below zero."
    return chart, None


def _figures(table: _Table, names: Sequence[str]) -> list[Any]:
    return [table.cell(row, name) for row in table.rows for name in names]


class _Table:
    """Rows by the names of their columns; ``whole`` tells whether they are all."""

    def __init__(self, columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], *, whole: bool = True) -> None:
        self.columns = {column.name: column for column in columns}
        self._places = {column.name: place for place, column in enumerate(columns)}
        self.rows = rows
        self.whole = whole

    def cell(self, row: Sequence[Any], name: str | None) -> Any:
        return number(row[self._places[name]]) if name else None

    def said(self, value: Any, name: str) -> str:
        return said(value, self.columns[name])


def said(value: Any, column: AnswerColumn) -> str:
    """A cell for people, a step of time by its name."""
    grain = _GRAIN.search(column.name) if column.kind == "time" else None
    if grain and isinstance(value, str):
        return _day(value) if grain[1] == "day" else say_period(value, Grain(grain[1]))
    if value is None:
        return _UNKNOWN
    return _day(value) if column.kind == "time" and isinstance(value, str) else written(value, column)


def written(value: Any, column: AnswerColumn) -> str:
    """A cell for people."""
    return column.named(value) or format_said(value, Said(column.label, column.format, column.unit))


def _day(text: str) -> str:
    day = datetime.fromisoformat(text)
    return f"{day.day} {day:%b %Y}" if len(text) == 10 else f"{day.day} {day:%b %Y, %H:%M}"


def _series(table: _Table, chart: Chart, partial: Sequence[Partial]) -> Points:
    """A row per mark: by key and series, or by key and metric."""
    axis, x = chart.x or "", table.columns[chart.x or ""]
    measures = [table.columns[name] for name in chart.y]
    found = _marked(table, chart, partial)
    dated = x.kind == "time" and all(row["t"] is not None for row in found)
    if dated:
        found.sort(key=lambda row: row["t"])
    if chart.order:
        places = {str(value): place for place, value in enumerate(chart.order)}
        found.sort(key=lambda row: places.get(str(row["key"]), len(places)))
    notes: list[str] = []
    if chart.kind in ("line", "area", "bar", "stacked") and len(_names(found, "s")) > MAX_SERIES:
        found = _fewer_series(found, notes)
    if x.kind != "time" and chart.kind in ("bar", "stacked", "donut", "funnel"):
        adds = table.whole and all(measure.adds for measure in measures)
        found = _largest(found, measures[0], MOST_PARTS if chart.kind == "donut" else MOST_BARS, notes, adds=adds)
    if chart.kind == "donut":
        found = [{**row, "s": row["k"]} for row in found]
    series = _names(found, "s")
    found = [{**row, "i": series.index(row["s"])} for row in found]
    grain = _GRAIN.search(axis)
    note = " ".join(notes) or None
    return Points(found, _names(found, "k"), series, measures, dated, grain[1] if grain else "", note)


def _marked(table: _Table, chart: Chart, partial: Sequence[Partial]) -> list[dict[str, Any]]:
    """The rows as marks, and one for each step of time that has none."""
    axis, x = chart.x or "", table.columns[chart.x or ""]
    measures = [table.columns[name] for name in (chart.y if chart.series is None else chart.y[:1])]
    cut = {part.step.isoformat(): part.running for part in partial if part.grain and not part.compared}
    keys, labels = Names(lambda value: table.said(value, axis)), Names(str)
    parts = Names(lambda value: table.said(value, chart.series or ""))
    of = {column.name: labels.new(column.label) for column in measures}
    found: list[dict[str, Any]] = []

    def mark(key: Any, part: Any, column: AnswerColumn, value: Any) -> None:
        in_part = x.kind == "time" and str(key) in cut
        told = keys.of(key) + (f" {'so far' if cut[str(key)] else 'in part'}" if in_part else "")
        at = {"key": key, "k": told, "cut": in_part, **({"t": _epoch(key)} if x.kind == "time" else {})}
        name = parts.of(part) if chart.series else of[column.name]
        found.append({**at, "part": part, "s": name, "v": value, "text": written(value, column)})

    there = set[tuple[Any, Any]]()
    for row in table.rows:
        key, part = table.cell(row, axis), table.cell(row, chart.series)
        there.add((key, part))
        for column in measures:
            mark(key, part, column, table.cell(row, column.name))
    grain = _GRAIN.search(axis) if x.kind == "time" else None
    if grain and chart.kind in ("line", "area", "bar", "stacked"):
        # Of steps without a row there is none of what is counted; whatever else is not known.
        names = list(dict.fromkeys(part for _, part in there))
        steps = list(dict.fromkeys(key for key, _ in there))
        for key in [*steps, *left_out(steps, Grain(grain[1]), len(names) * len(measures))]:
            for part in names:
                for column in measures if (key, part) not in there else ():
                    mark(key, part, column, 0 if column.adds and table.whole else None)
    return found


def _fewer_series(rows: list[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """The rows of the largest series: of more, colours come twice."""
    totals = dict.fromkeys(_names(rows, "s"), 0.0)
    for row in rows:
        totals[row["s"]] += abs(row["v"] or 0)
    top = set(sorted(totals, key=lambda name: -totals[name])[:MAX_SERIES])
    notes.append(f"The {MAX_SERIES} largest of {len(totals):,} series are drawn; the table has all.")
    return [row for row in rows if row["s"] in top]


def _largest(
    rows: list[dict[str, Any]], measure: AnswerColumn, most: int, notes: list[str], *, adds: bool
) -> list[dict[str, Any]]:
    """The rows of the largest keys where there are too many to be told apart, the others together where they add up."""
    keys = _names(rows, "k")
    if len(keys) <= most:
        return rows
    kept = most - 1 if most < TOP else TOP
    totals = dict.fromkeys(keys, 0.0)
    for row in rows:
        totals[row["k"]] += abs(row["v"] or 0)
    top = sorted(keys, key=lambda key: -totals[key])[:kept]
    shown = [row for key in top for row in rows if row["k"] == key]
    said = f"The {kept} largest of {len(keys):,}"
    if not adds:
        notes.append(f"{said} are drawn; the table has all.")
        return shown
    taken = Names(str)
    name_of_all = [taken.new(name) for name in (*top, _OTHERS)][-1]
    for name in _names(rows, "s"):
        rest = sum(row["v"] or 0 for row in rows if row["s"] == name and row["k"] not in top)
        others = {"key": None, "k": name_of_all, "cut": False, "part": None, "s": name, "v": rest, "others": True}
        shown.append({**others, "text": written(rest, measure)})
    notes.append(f"{said}, and the others together.")
    return shown


def _bands(table: _Table, chart: Chart, partial: Sequence[Partial]) -> Points:
    """How many rows have which figure; or the bands that the rows are already."""
    if chart.x:
        return _series(table, chart, partial)
    column = table.columns[chart.y[0]]
    values = [v for row in table.rows if (v := table.cell(row, column.name)) is not None]
    step = _step((max(values) - min(values)) / _BINS or 1)
    first = math.floor(min(values) / step)
    counts = [0] * (math.floor(max(values) / step) - first + 1)
    for value in values:
        counts[math.floor(value / step) - first] += 1
    rows = []
    for place, count in enumerate(counts):
        low, high = (round((first + place + more) * step, 10) for more in (0, 1))
        name = f"{written(low, column)} – {written(high, column)}"
        rows.append({"key": None, "k": name, "cut": False, "s": column.label, "v": count, "text": f"{count:,}"})
    counted = column.model_copy(update={"format": "integer", "unit": "how many"})
    return Points(rows, _names(rows, "k"), [column.label], [counted])


def _steps(table: _Table, chart: Chart, partial: Sequence[Partial]) -> Points:
    """The steps of a funnel, each with what is left of the first."""
    if chart.x:
        points = _series(table, chart.model_copy(update={"y": chart.y[:1]}), partial)
    else:
        row, columns = table.rows[0], [table.columns[name] for name in chart.y]
        rows = [
            {"key": None, "k": c.label, "cut": False, "s": c.label, "v": (v := table.cell(row, c.name)),
             "text": written(v, c)}
            for c in columns
        ]  # fmt: skip
        points = Points(rows, [c.label for c in columns], [], columns[:1])
    first = next((row["v"] for row in points.rows if row["v"]), None)
    for row in points.rows:
        half = (row["v"] or 0) / 2
        share = f" · {(row['v'] or 0) / first:.0%}" if first else ""
        row["wide"] = bool(first) and (row["v"] or 0) >= _WIDE * first
        row.update(middle=0, low=-half, high=half, text=f"{row['text']}{share}")
    points.series = []
    return points


def _pairs(table: _Table, chart: Chart, partial: Sequence[Partial]) -> Points:
    """A point per row, at two metrics."""
    x, y = table.columns[chart.x or ""], table.columns[chart.y[0]]
    size = table.columns[chart.y[1]] if len(chart.y) > 1 else None
    rows = []
    for row in table.rows:
        across, up = table.cell(row, x.name), table.cell(row, y.name)
        if across is None or up is None:
            continue
        name = table.cell(row, chart.series)
        said = table.said(name, chart.series) if chart.series else ""
        told = {"k": said, "x": across, "v": up, "xs": written(across, x), "text": written(up, y)}
        rows.append({"key": name, "cut": False, **told, **({"z": table.cell(row, size.name)} if size else {})})
    return Points(rows, _names(rows, "k"), [], [y, x, *([size] if size else [])])


_POINTS = {"histogram": _bands, "funnel": _steps, "scatter": _pairs}


def _names(rows: Sequence[dict[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows))


def _epoch(value: Any) -> int | None:
    """Milliseconds, as the document has moments."""
    try:
        return int(datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _step(rough: float) -> float:
    """A round number not below another."""
    power = 10 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough)
