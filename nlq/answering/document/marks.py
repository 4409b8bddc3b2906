"""The marks of each kind of chart, in Vega-Lite.

Belongs here: marks and what their axes and labels are. Does not belong here: which rows are drawn (``drawing``),
colours, fonts and widths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlq.answering.document.chart import Chart
    from nlq.answering.document.columns import AnswerColumn
    from nlq.answering.document.drawing import Points

Spec = dict[str, Any]
HEIGHT = 250
# What a tooltip says of a mark without a name of its own: whose it is, how much, of which series.
_NAME, _FIGURE, _OF = "_name", "_figure", "_of"
_FEW_POINTS = 40
_CELLS_WITH_TEXT = 160
_LETTER, _BESIDE = 6.8, 12  # pixels: a letter of a label, and what is around it
_SHOWN = {"filter": "indexof(hidden, datum.s) < 0"}
# A period that is known in part is pale and has a dashed edge.
_PALE = {"test": "datum.cut || datum.others", "value": 0.45}
_EDGE = {"test": "datum.cut", "value": [3, 2]}


def _lines(chart: Chart, points: Points) -> Spec:
    """Lines along time, or along what has an order; dashed to what is known in part."""
    runs = _runs(points)
    x = _moments(points) if points.dated else _ordinal("k", points.keys, "x")
    encoding = {"x": x, "y": _values(points), "color": _colour(points), "detail": {"field": "run"}}
    # Several areas would be taken for parts of a whole, and hide one another.
    area = chart.kind == "area" and len(points.series) == 1
    mark: Spec = {"type": "area", "line": True, "fillOpacity": 0.16} if area else {"type": "line"}
    layers: list[Spec] = [
        {"transform": [{"filter": "datum.firm"}], "mark": {**mark, "strokeWidth": 2.2}, "encoding": encoding},
        {
            "transform": [{"filter": "datum.loose"}],
            "mark": {"type": "line", "strokeWidth": 2.2, "strokeDash": [4, 5]},
            "encoding": encoding,
        },
    ]
    few = len(points.keys) <= _FEW_POINTS
    if few or any(row["alone"] for row in runs):  # of a single point there is no line to see
        dot = {"type": "point", "filled": False, "size": 34, "strokeWidth": 1.8, "fill": {"expr": "paper"}}
        dots = {**encoding, "strokeDash": {"condition": _EDGE, "value": [1, 0]}}
        seen = "!datum.again" if few else "datum.alone"
        layers.append({"transform": [{"filter": seen}], "mark": dot, "encoding": dots})
    layers.append(_guide(points, x))
    return {
        "height": HEIGHT,
        "data": {"values": runs},
        "transform": [_SHOWN],
        "layer": layers,
    }


def _runs(points: Points) -> list[Spec]:
    """The points as stretches: firm ones, and those that begin or end in a period known in part."""
    rows: list[Spec] = []
    for name in points.series:
        own = [row for row in points.rows if row["s"] == name]
        run, before = 0, None
        for row in own:
            if row["v"] is None:
                run, before = run + 1, None
                continue
            loose = row["cut"] or bool(before and before["cut"])
            if before is not None and loose != before["loose"]:
                # The point where a stretch ends begins the next one as well.
                run += 1
                rows.append({**before, "run": f"{name} {run}", "firm": not loose, "loose": loose, "again": True})
            here = {**row, "run": f"{name} {run}", "firm": not loose, "loose": loose}
            rows.append(here)
            before = here
    length = Counter(row["run"] for row in rows)
    return [{**row, "alone": length[row["run"]] == 1} for row in rows]


def _guide(points: Points, x: Spec) -> Spec:
    """A line at the moment that is pointed at, with the values of all series."""
    places = {name: f"s{place}" for place, name in enumerate(points.series)}
    at: dict[str, Spec] = {}
    for row in points.rows:
        named = {"k": row["k"], "key": row["key"], "cut": row["cut"], **({"t": row["t"]} if "t" in row else {})}
        if row["v"] is not None:
            at.setdefault(row["k"], named)[places[row["s"]]] = row["text"]
    told = [{"field": "k", "type": "nominal", "title": _NAME}]
    told += [{"field": place, "type": "nominal", "title": name} for name, place in places.items()]
    hover = {"type": "point", "fields": ["k"], "nearest": True, "on": "pointermove", "clear": "pointerout"}
    return {
        "data": {"values": list(at.values())},
        "params": [{"name": "pointed", "select": hover}],
        "mark": {"type": "rule", "strokeDash": [3, 3]},
        "encoding": {
            "x": x,
            "opacity": {"condition": {"param": "pointed", "empty": False, "value": 0.7}, "value": 0},
            "tooltip": told,
        },
    }


def _bars(chart: Chart, points: Points) -> Spec:
    """Bars for categories, read downwards where they have no order; grouped or stacked by series."""
    across, several = chart.horizontal, len(points.series) > 1
    stacked = chart.kind == "stacked"
    key, value = ("y", "x") if across else ("x", "y")
    encoding: Spec = {
        key: _ordinal("k", points.keys, key),
        value: {**_values(points, value), "stack": "zero" if stacked else None},
        "color": _colour(points),
        "tooltip": _tooltip(several),
        "opacity": {"condition": _PALE, "value": 1},
        "strokeDash": {"condition": _EDGE, "value": [1, 0]},
    }
    if stacked:
        encoding["order"] = {"field": "i", "type": "quantitative"}
    elif several:
        encoding[f"{key}Offset"] = {"field": "s", "type": "nominal", "sort": points.series}
    mark: Spec = {"type": "bar", "cornerRadiusEnd": 0 if stacked else 3, "cursor": "pointer"}
    layers: list[Spec] = [{"mark": mark, "encoding": encoding}]
    if across and not several:
        label = {"type": "text", "align": "left", "baseline": "middle", "dx": 6}
        if all((row["v"] or 0) >= 0 for row in points.rows):
            label_px = _BESIDE + _LETTER * max((len(row["text"]) for row in points.rows), default=0)
            room = f"width / max(width / 3, width - {label_px:g})"
            encoding[value]["scale"] = {"zero": True, "domainMax": {"expr": f"{points.highest or 1!r} * {room}"}}
        layers.append({"mark": label, "encoding": {key: encoding[key], value: encoding[value], "text": _text()}})
    grouped = several and not stacked
    return {
        "height": {"step": 13 if grouped else 30} if across else HEIGHT,
        "data": {"values": points.rows},
        "transform": [_SHOWN],
        "layer": layers,
    }


def _within(part: float) -> Spec:
    return {"expr": f"min(width, height) / {part}"}


def _donut(_: Chart, points: Points) -> Spec:
    """Parts of a whole around their total."""
    whole = sum(row["v"] or 0 for row in points.rows)
    for row in points.rows:
        row["share"] = f"{(row['v'] or 0) / whole:.1%}" if whole else "—"
    told = [*_tooltip(several=False), {"field": "share", "type": "nominal", "title": "Share"}]
    return {
        "height": HEIGHT,
        "data": {"values": points.rows},
        "transform": [_SHOWN],
        "mark": {
            "type": "arc",
            "innerRadius": _within(3.6),
            "outerRadius": _within(2.1),
            "padAngle": 0.012,
            "cornerRadius": 3,
        },
        "encoding": {
            "theta": {"field": "v", "type": "quantitative", "stack": True},
            "order": {"field": "i", "type": "quantitative"},
            "color": _colour(points),
            "tooltip": told,
        },
    }


def _heat_map(chart: Chart, points: Points) -> Spec:
    """A cell for each pair, its shade the figure."""
    x, y = _ordinal("k", points.keys, "x"), _ordinal("s", points.series, "y")
    values = [row["v"] for row in points.rows if row["v"] is not None] or [0]
    middle = (max(values) + min(values)) / 2
    colour = {
        "field": "v", "type": "quantitative", "scale": {"range": "heatmap"},
        "legend": {"title": None, "orient": "top", "format": _format(points.measures[0], points.highest)},
    }  # fmt: skip
    cell = {"type": "rect", "cornerRadius": 2, "cursor": "pointer"}
    told = [{"field": "k", "type": "nominal", "title": _NAME}, {"field": "text", "type": "nominal", "title": _FIGURE}]
    told.append({"field": "s", "type": "nominal", "title": _OF})
    layers: list[Spec] = [{"mark": cell, "encoding": {"x": x, "y": y, "color": colour, "tooltip": told}}]
    if len(points.rows) <= _CELLS_WITH_TEXT and len(points.keys) <= _BARELY:
        shade = {"condition": {"test": f"datum.v > {middle}", "value": {"expr": "light"}}, "value": {"expr": "dark"}}
        layers.append(
            {"mark": {"type": "text", "fontSize": 11}, "encoding": {"x": x, "y": y, "text": _text(), "color": shade}}
        )
    return {
        "height": {"step": 26},
        "data": {"values": points.rows},
        "layer": layers,
    }


_BARELY = 14


def _histogram(chart: Chart, points: Points) -> Spec:
    """Bands side by side."""
    across = _ordinal("k", points.keys, "x")
    if chart.x is None:
        across["axis"]["title"] = points.measures[0].label
    return {
        "height": HEIGHT,
        "data": {"values": points.rows},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {**across, "scale": {"domain": points.keys, "paddingInner": 0.05}},
            "y": _values(points),
            "tooltip": _tooltip(several=False),
        },
    }


def _scatter(_: Chart, points: Points) -> Spec:
    """A point for each row, at two figures."""
    y, x, *size = points.measures
    told = [
        {"field": "k", "type": "nominal", "title": _NAME},
        {"field": "xs", "type": "nominal", "title": x.label},
        {"field": "text", "type": "nominal", "title": y.label},
    ]
    highest = max((abs(row["x"]) for row in points.rows), default=0)
    encoding: Spec = {
        "x": {
            "field": "x", "type": "quantitative", "scale": {"zero": False, "nice": True},
            "axis": {"title": x.label, "format": _format(x, highest)},
        },
        "y": {
            "field": "v", "type": "quantitative", "scale": {"zero": False, "nice": True},
            "axis": {"title": y.label, "format": _format(y, points.highest)},
        },
        "tooltip": told,
    }  # fmt: skip
    if size:
        encoding["size"] = {"field": "z", "type": "quantitative", "title": size[0].label, "legend": None}
    mark = {"type": "point", "filled": True, "opacity": 0.7, "size": 70, "cursor": "pointer"}
    return {"height": HEIGHT + 50, "data": {"values": points.rows}, "mark": mark, "encoding": encoding}


def _funnel(_: Chart, points: Points) -> Spec:
    """Steps downwards, each as wide as what is left."""
    key = _ordinal("k", points.keys, "y")
    bar = {
        "y": key,
        "x": {"field": "low", "type": "quantitative", "axis": None},
        "x2": {"field": "high"},
        "tooltip": _tooltip(several=False),
    }
    inside = {
        "y": key,
        "x": {"field": "middle", "type": "quantitative", "axis": None},
        "text": _text(),
        "color": {"value": {"expr": "light"}},
    }
    beside = {"y": key, "x": {"field": "high", "type": "quantitative", "axis": None}, "text": _text()}
    beginning = {"type": "text", "align": "left", "dx": 6}
    return {
        "height": {"step": 42},
        "data": {"values": points.rows},
        "layer": [
            {"mark": {"type": "bar", "cornerRadius": 4}, "encoding": bar},
            {
                "transform": [{"filter": "datum.wide"}],
                "mark": {"type": "text", "fontWeight": 600},
                "encoding": inside,
            },
            {"transform": [{"filter": "!datum.wide"}], "mark": beginning, "encoding": beside},
        ],
    }


def _moments(points: Points) -> Spec:
    """An axis of time whose ticks are the steps there are."""
    moments = list(dict.fromkeys(row["t"] for row in points.rows))
    axis: Spec = {"title": None, "grid": False, "labelOverlap": "greedy", "labelFlush": True}
    years = {datetime.fromtimestamp(moment / 1000, UTC).year for moment in (moments[0], moments[-1])} if moments else ()
    axis |= {"format": _STEPS.get(points.grain) or ("%-d %b" if len(years) == 1 else "%-d %b %Y"), "labelSeparation": 8}
    if len(moments) <= _MOST_TICKS:
        axis["values"] = [_utc(moment) for moment in moments]
    return {"field": "t", "type": "temporal", "scale": {"type": "utc"}, "axis": axis}


_MOST_TICKS = 60
_STEPS = {"month": "%b %Y", "quarter": "Q%q %Y", "year": "%Y"}


def _utc(moment: int) -> Spec:
    """A moment as the document has it where a page may not evaluate what it says."""
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return {"utc": True, "year": at.year, "month": at.month, "date": at.day, "hours": at.hour, "minutes": at.minute}


def _ordinal(name: str, values: list[str], channel: str) -> Spec:
    """An axis of names, in the order they come."""
    axis: Spec = {"title": None, "grid": False, "ticks": False, "domain": channel == "x"}
    axis |= {"labelOverlap": "greedy", "labelAngle": 0} if channel == "x" else {"labelPadding": 8}
    return {"field": name, "type": "ordinal", "sort": None, "scale": {"domain": values}, "axis": axis}


def _values(points: Points, channel: str = "y") -> Spec:
    """An axis of figures that begins at zero."""
    column = points.measures[0]
    axis: Spec = {"title": None, "format": _format(column, points.highest), "tickCount": 5}
    if axis["format"] == _SHORTENED:
        axis["labelExpr"] = "replace(datum.label, 'G', 'B')"  # a billion, as the words beside it have it
    if channel == "y" and column.unit and len(column.unit) <= _SHORT:
        axis |= {"title": column.unit, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": -8}
        axis |= {"titleX": -30}
    return {"field": "v", "type": "quantitative", "axis": axis, "scale": {"zero": True, "nice": True}}


_SHORT = 12
_SHORTENED = "~s"


def _format(column: AnswerColumn, highest: float) -> str:
    """How figures stand beside an axis, in d3's words."""
    if column.format == "percent":
        return ".1~%" if highest < 0.1 else ".0%"
    if highest >= 10_000:
        return _SHORTENED
    return ",.2~f" if highest >= 1 else ".3~g"


def _colour(points: Points) -> Spec:
    return {
        "field": "s", "type": "nominal", "scale": {"domain": points.series},
        "legend": {"title": None, "orient": "top"} if len(points.series) > 1 else None,
    }  # fmt: skip


def _tooltip(several: bool) -> list[Spec]:
    told: list[Spec] = [{"field": "k", "type": "nominal", "title": _NAME}]
    told.append({"field": "text", "type": "nominal", "title": _FIGURE})
    return [*told, {"field": "s", "type": "nominal", "title": _OF}] if several else told


def _text() -> Spec:
    return {"field": "text", "type": "nominal"}


MARKS: dict[str, Callable[[Chart, Points], Spec]] = {
    "line": _lines, "area": _lines, "bar": _bars, "stacked": _bars, "donut": _donut, "heat_map": _heat_map,
    "histogram": _histogram, "scatter": _scatter, "funnel": _funnel,
}  # fmt: skip
