"""How the answer of a tile is drawn: which of its columns is which part of the chart.

Belongs here: choosing by the plan and the columns, and what a plan needs to be drawn so. Does not belong here: drawing
(the page), choosing a chart for an answer that nobody chose one for (nlq.answering.document.chart).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.dashboards.model import ChartKind, TileChart
from nlq.answering.document.chart import Chart
from nlq.core.columns import key_columns, time_column, value_columns
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.wording.formats import Said, say_metric

if TYPE_CHECKING:
    from nlq.answering.document.columns import AnswerColumn

_MOST_SIZE = 3


def drawn(chart: TileChart, plan: Plan, columns: Sequence[AnswerColumn], vocabulary: Vocabulary) -> Chart:
    """The chart of an answer that a plan gave."""
    names = {column.name: column for column in columns}
    keys = [name for name in key_columns(plan) if name in names]
    figures = [name for name in _figures(plan) if name in names]
    alike = [name for name in figures if _axis(names[name]) == _axis(names[figures[0]])]
    kind = chart.kind
    if kind is ChartKind.TABLE:
        return Chart(kind=kind.value, y=tuple(figures))
    if kind is ChartKind.NUMBER:
        return _number(plan, figures, names, vocabulary)
    if kind is ChartKind.SCATTER:
        return Chart(kind=kind.value, x=figures[0], y=tuple(figures[1:_MOST_SIZE]), series=keys[0])
    if not keys:
        return Chart(kind=kind.value, y=tuple(figures), horizontal=chart.horizontal)
    across, *others = ordered(keys, chart.across)
    single = figures[:1] if others else alike
    series = others[0] if others else None
    return Chart(
        kind=kind.value, x=across, y=tuple(single), series=series, horizontal=chart.horizontal, order=chart.order
    )  # fmt: skip


def _axis(figure: AnswerColumn | Said) -> tuple[str | None, str | None]:
    """What figures of one axis have in common."""
    return figure.format, figure.unit


def _number(plan: Plan, figures: Sequence[str], names: Container[str], vocabulary: Vocabulary) -> Chart:
    figure = figures[0] if figures else plan.metrics[0]
    metric = vocabulary.metrics.get(plan.metrics[0])
    good = metric.direction if metric and metric.direction in ("up", "down") else None
    change, before = (name if name in names else None for name in (f"{figure}__change", f"{figure}__before"))
    return Chart(kind="number", y=(figure,), good=good, change=change, before=before)


def ordered(keys: Sequence[str], across: str | None) -> list[str]:
    """The keys of a chart with that along the axis first: the named one, else time, which comes first anyway."""
    first = next((key for key in keys if across and across in (key, key.rsplit("__", 1)[-1])), keys[0])
    return [first, *(key for key in keys if key != first)]


def _figures(plan: Plan) -> tuple[str, ...]:
    """The columns that are drawn: what is computed in place of what it is computed from; no changes beside figures."""
    if plan.share or plan.ratio:
        return plan.derived
    return tuple(name for name in value_columns(plan) if not name.endswith(("__change", "__difference")))


def misdrawn(chart: TileChart, plan: Plan, vocabulary: Vocabulary) -> str | None:
    """Why a plan cannot be drawn so, and what would do; None where it can."""
    if plan.analysis:
        return "what is found out about figures is no tile: ask it, or look at the page Insights"
    keys, figures = len(key_columns(plan)), len(_figures(plan))
    if chart.kind is ChartKind.TABLE:
        return None
    if plan.records:
        return "records are rows to read: draw them as a table"
    needs = _NEEDS[chart.kind]
    if not (needs.keys[0] <= keys <= needs.keys[1] and needs.figures[0] <= figures <= needs.figures[1]):
        return f"a {chart.kind.value.replace('_', ' ')} {needs.says}; this plan has {_count(keys, 'group')} and " + (
            _count(figures, "figure")
        )
    if keys == _TWO and figures > 1:
        return "with two groups one figure can be drawn: take one metric, or one group"
    if chart.across and not any(chart.across in (key, key.rsplit("__", 1)[-1]) for key in key_columns(plan)):
        return f"across names {chart.across!r}, by which the plan is not grouped"
    if chart.top and keys != _TWO:
        return "top is of a second group: with one, give the plan an order and a limit"
    return _unordered(chart, plan) or _apart(chart, plan, vocabulary)


def _unordered(chart: TileChart, plan: Plan) -> str | None:
    if chart.kind not in (ChartKind.LINE, ChartKind.AREA) or time_column(plan) in key_columns(plan):
        return None
    return "a line joins steps of time: give the plan a grain, or draw bars"


def _apart(chart: TileChart, plan: Plan, vocabulary: Vocabulary) -> str | None:
    """A part of a whole is drawn of what adds up alone, and along one axis what is of one unit."""
    metrics = [vocabulary.metrics[name] for name in plan.metrics if name in vocabulary.metrics]
    parts = metrics if chart.kind in (ChartKind.DONUT, ChartKind.STACKED) else []
    beside = metrics[1:] if chart.kind in _ONE_AXIS and not (plan.share or plan.ratio) else []
    if mixed := next((metric for metric in parts if not metric.additive), None):
        return f"{mixed.label} does not add up to a whole: draw bars"
    if other := next((metric for metric in beside if _axis(say_metric(metric)) != _axis(say_metric(metrics[0]))), None):
        return f"{metrics[0].label} and {other.label} are of different units: give each a tile of its own"
    return None


@dataclass(frozen=True)
class _Needs:
    keys: tuple[int, int]
    figures: tuple[int, int]
    says: str


_TWO = 2
_ONE_AXIS = frozenset({ChartKind.LINE, ChartKind.AREA, ChartKind.BAR, ChartKind.STACKED, ChartKind.FUNNEL})
_SOME = 8
_NEEDS: Mapping[ChartKind, _Needs] = {
    ChartKind.NUMBER: _Needs((0, 0), (1, 2), "is one figure without groups"),
    ChartKind.LINE: _Needs((1, 2), (1, _SOME), "has steps of time, and at most one group besides"),
    ChartKind.AREA: _Needs((1, 2), (1, _SOME), "has steps of time, and at most one group besides"),
    ChartKind.BAR: _Needs((1, 2), (1, _SOME), "has one group or two"),
    ChartKind.STACKED: _Needs((1, 2), (1, _SOME), "has one group or two"),
    ChartKind.DONUT: _Needs((1, 1), (1, 1), "has one group and one figure"),
    ChartKind.HEAT_MAP: _Needs((2, 2), (1, 1), "has two groups and one figure"),
    ChartKind.HISTOGRAM: _Needs((1, 1), (1, 1), "has one group, of bands, and one figure"),
    ChartKind.SCATTER: _Needs((1, 1), (2, _MOST_SIZE), "has one group, and two figures or three"),
    ChartKind.FUNNEL: _Needs((0, 1), (1, _SOME), "has one group of steps, or figures that are its steps"),
}


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
