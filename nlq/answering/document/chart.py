"""Which chart helps to see an answer: a line over time, bars for categories, or none.

Belongs here: choosing by the answer's own columns and rows. Does not belong here: drawing (``web``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from nlq.answering.document.columns import AnswerColumn

MAX_BARS = 40
MAX_SERIES = 8
MAX_METRICS = 4


class Chart(BaseModel):
    """What to draw, in names of the answer's columns.

    ``x`` runs along the axis; each of ``y`` is a metric. With ``series`` there is one metric and a line, or a bar in
    each group, per value of that column.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["line", "bar"]
    x: str
    y: tuple[str, ...]
    series: str | None = None


def chart_of(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]]) -> Chart | None:
    """The chart for an answer, or None where the rows say more than a picture of them."""
    times = [c for c in columns if c.kind == "time"]
    groups = [c for c in columns if c.kind == "dimension"]
    metrics = [c for c in columns if c.kind == "metric"]
    if len(rows) < 2 or not metrics or not _numeric(columns, rows, metrics[0]):
        return None
    kind: Literal["line", "bar"] = "line" if times else "bar"
    keys = [*times, *groups]
    if not 1 <= len(keys) <= 2:
        return None
    axis, *rest = keys
    if rest:
        return _with_series(kind, axis, rest[0], metrics[0], columns, rows)
    if kind == "bar" and len(rows) > MAX_BARS:
        return None
    same = [m.name for m in metrics if m.format == metrics[0].format and _numeric(columns, rows, m)]
    return Chart(kind=kind, x=axis.name, y=tuple(same[:MAX_METRICS]))


def _with_series(
    kind: Literal["line", "bar"],
    axis: AnswerColumn,
    series: AnswerColumn,
    metric: AnswerColumn,
    columns: Sequence[AnswerColumn],
    rows: Sequence[Sequence[Any]],
) -> Chart | None:
    """A line or a bar per value of the second key, where there are few enough to be told apart."""
    values = {name: len(set(_cells(columns, rows, name))) for name in (axis.name, series.name)}
    if kind == "bar" and values[series.name] > values[axis.name]:
        axis, series = series, axis
    if values[series.name] > MAX_SERIES:
        return None
    if kind == "bar" and values[axis.name] * values[series.name] > MAX_BARS * 2:
        return None
    return Chart(kind=kind, x=axis.name, y=(metric.name,), series=series.name)


def _cells(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], name: str) -> list[Any]:
    place = [c.name for c in columns].index(name)
    return [row[place] for row in rows]


def _numeric(columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], metric: AnswerColumn) -> bool:
    cells = [cell for cell in _cells(columns, rows, metric.name) if cell is not None]
    return bool(cells) and all(isinstance(c, int | float) and not isinstance(c, bool) for c in cells)
