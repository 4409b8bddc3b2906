"""Which chart helps to see an answer, and which others a reader may change it to.

Belongs here: choosing by the answer's own columns and rows. Does not belong here: the picture itself (``drawing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from nlq.core.dateparts import first_date_part

if TYPE_CHECKING:
    from nlq.answering.document.columns import AnswerColumn

Kind = Literal[
    "number", "line", "area", "bar", "stacked", "donut", "heat_map", "histogram", "scatter", "funnel", "table"
]
MAX_SERIES = 8
MAX_CELLS = 40 * 40
MAX_METRICS = 4
_MANY = 12
_BESIDE = ("__change", "__difference", "__before")


class Chart(BaseModel):
    """What to draw, in names of the answer's columns.

    ``x`` runs along the axis; each of ``y`` is a metric. With ``series`` there is one metric and a line, a bar, a part
    or a row of cells per value of that column. By kind:

    - ``number``: the figure ``y[0]`` of the only row, with ``before`` and ``change`` where it is compared; ``good``
      tells which direction is good.
    - ``histogram``: how often ``x`` has its values, where ``y`` is how often; how many rows have which ``y[0]``, where
      there is no ``x``.
    - ``scatter``: a point per row at the metrics ``x`` and ``y[0]``, ``y[1]`` as its size, named by ``series``.
    - ``funnel``: the steps ``x`` and their ``y[0]``; without ``x`` the steps are the metrics ``y`` of the only row.
    - ``heat_map``: ``x`` across, ``series`` down, ``y[0]`` as shade.

    ``horizontal`` bars are read downwards. ``order`` has values of ``x`` in their order; as the rows come
    where it is empty.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    x: str | None = None
    y: tuple[str, ...] = ()
    series: str | None = None
    change: str | None = None
    before: str | None = None
    good: Literal["up", "down"] | None = None
    horizontal: bool = False
    order: tuple[Any, ...] = ()


def chart_of(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]]) -> Chart | None:
    """The chart for an answer, or None where the rows say more than a picture of them."""
    times = [c for c in columns if c.kind == "time"]
    groups = [c for c in columns if c.kind == "dimension"]
    metrics = [c for c in columns if c.kind == "metric" and _numeric(columns, rows, c)]
    keys = [*times, *groups]
    if not metrics or len(keys) > 2 or not rows:
        return None
    if not keys:
        return _number(metrics) if len(rows) == 1 else None
    if len(rows) < 2:
        return None
    drawn = _drawn_together(metrics)
    kind: Kind = "line" if times else "bar"
    if len(keys) == 2:
        return _with_series(kind, keys[0], keys[1], drawn[0], columns, rows)
    across = kind == "bar" and not _in_order(columns, rows, keys[0])
    return Chart(kind=kind, x=keys[0].name, y=tuple(m.name for m in drawn[:MAX_METRICS]), horizontal=across)


def kinds_of(chart: Chart, columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]]) -> tuple[Kind, ...]:
    """What a chart may be changed to, itself among them."""
    named = {c.name: c for c in columns}
    axis = named.get(chart.x or "")
    metrics = [named[name] for name in chart.y if name in named]
    found: set[str] = {chart.kind, "table"}
    if axis is None or not metrics or chart.kind in ("scatter", "histogram", "funnel"):
        return _as_offered(found)
    alone = not chart.series and len(metrics) == 1
    parts = metrics[0].adds and _none_below_zero(columns, rows, metrics[0])
    found |= {"bar"}
    if axis.kind == "time":
        found |= {"line", "area"} if alone else {"line"}
    elif not chart.series:
        found |= {"scatter"} if len(metrics) > 1 else set()
        found |= {"donut", "funnel"} if parts and alone else set()
        found |= {"histogram"} if len(rows) >= _MANY else set()
    if chart.series:
        found |= {"heat_map", "stacked"} if parts else {"heat_map"}
    return _as_offered(found)


def _as_offered(found: set[str]) -> tuple[Kind, ...]:
    return tuple(kind for kind in get_args(Kind) if kind in found)


def changed_to(chart: Chart, kind: Kind) -> Chart:
    """The same figures as another chart, one of ``kinds_of``."""
    if kind == "scatter" and chart.kind != "scatter":
        return chart.model_copy(update={"kind": kind, "x": chart.y[0], "y": chart.y[1:2], "series": chart.x})
    if kind == "histogram" and chart.kind != "histogram":
        return chart.model_copy(update={"kind": kind, "x": None, "y": chart.y[:1]})
    return chart.model_copy(update={"kind": kind})


def _number(metrics: Sequence[AnswerColumn]) -> Chart | None:
    """A figure, and what it is compared with; several figures are a table."""
    first, names = metrics[0], {m.name for m in metrics}
    if any(m.name != first.name and not m.name.startswith(f"{first.name}__") for m in metrics):
        return None
    before, change = (name if (name := f"{first.name}__{what}") in names else None for what in ("before", "change"))
    return Chart(kind="number", y=(first.name,), before=before, change=change)


def _drawn_together(metrics: Sequence[AnswerColumn]) -> list[AnswerColumn]:
    """The metrics that one axis is right for: a share alone; never a figure with its own change."""
    shares = [m for m in metrics if m.name.endswith("__share")]
    if shares:
        return shares[:1]
    figures = [m for m in metrics if not m.name.endswith(_BESIDE[:2])] or list(metrics)
    return [m for m in figures if (m.format, m.unit) == (figures[0].format, figures[0].unit)]


def _with_series(
    kind: Kind,
    axis: AnswerColumn,
    series: AnswerColumn,
    metric: AnswerColumn,
    columns: Sequence[AnswerColumn],
    rows: Sequence[Sequence[Any]],
) -> Chart | None:
    """A line or a bar per value of the second key where they are told apart, else a cell for each pair."""
    values = {name: len(set(_cells(columns, rows, name))) for name in (axis.name, series.name)}
    if kind == "bar" and values[series.name] > values[axis.name]:
        axis, series = series, axis
    many = values[axis.name] * values[series.name]
    if values[series.name] > MAX_SERIES or (kind == "bar" and many > MAX_SERIES * 10):
        if many > MAX_CELLS:
            return None
        return Chart(kind="heat_map", x=axis.name, y=(metric.name,), series=series.name)
    across = kind == "bar" and not _in_order(columns, rows, axis)
    return Chart(kind=kind, x=axis.name, y=(metric.name,), series=series.name, horizontal=across)


def _cells(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], name: str) -> list[Any]:
    place = [c.name for c in columns].index(name)
    return [row[place] for row in rows]


def _in_order(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], key: AnswerColumn) -> bool:
    """Whether a key is a count or a part of the calendar, of which the order says something."""
    cells = _cells(columns, rows, key.name)
    return bool(first_date_part((key.name,))) or all(isinstance(c, int) and not isinstance(c, bool) for c in cells)


def _none_below_zero(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], metric: AnswerColumn) -> bool:
    return all(cell is None or cell >= 0 for cell in _cells(columns, rows, metric.name))


def _numeric(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], metric: AnswerColumn) -> bool:
    cells = [cell for cell in _cells(columns, rows, metric.name) if cell is not None]
    return bool(cells) and all(isinstance(c, int | float) and not isinstance(c, bool) for c in cells)
