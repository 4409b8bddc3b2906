"""Figures by day, from plans to arrays.

Belongs here: which plans are run and how their rows become courses without holes. Does not belong here: judging them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from lakehouse_assets.insight.numeric.robust import Floats
from nlq.core.guard import Caller
from nlq.core.plan import DimensionFilter, Grain, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.figures import Figures

HISTORY = 400
"""Days that are judged: a year, and as much as tells the weeks at its beginning."""
YEAR = 364
"""Days after which a year's season comes again, on the same days of the week."""
_EARLIER = 168
"""Days that are read before those that are judged: half a year is set beside the same half a year before."""
MOST_VALUES = 12
"""Values of a dimension that are judged, those with most of the metric."""
MOST = 1e100
"""The largest figure that is judged: its square, and sums of these, can still be computed."""


@dataclass(frozen=True)
class Days:
    """Whole days, one after the other."""

    first: date
    count: int

    @property
    def last(self) -> date:
        """The last of them."""
        return self.at(self.count - 1)

    def at(self, step: int) -> date:
        """The day of a step, from 0."""
        return self.first + timedelta(days=step)

    def step(self, day: date) -> int:
        """The step of a day."""
        return (day - self.first).days


@dataclass(frozen=True, eq=False)
class Line:
    """A course of figures by day, of all of a metric or of a value of a dimension; `weights` of a ratio.

    Each is itself alone: arrays are not equal or different as a whole.
    """

    metric: Metric
    days: Days
    figures: Floats
    dimension: Dimension | None = None
    value: Any = None
    weights: Floats | None = None
    earlier: Floats | None = None
    """The days before those that are judged, as far as they are known, which tell what comes each year."""

    def a_year_before(self, first: int, end: int) -> Floats:
        """The figures of some steps a year before, without the last; none where they are not all known."""
        known = self.figures if self.earlier is None else np.concatenate([self.earlier, self.figures])
        back = known.size - self.figures.size - YEAR
        return known[first + back : end + back] if first + back >= 0 else known[:0]

    def comes_each_year(self, before: tuple[int, int], after: tuple[int, int]) -> bool:
        """Whether what moved between two times moved so a year before, to where it is now: that is the season.

        Where the later time alone is known of the year before, it is enough that it is where it was then.

        Args:
            before: The first step of the earlier time and the one after its last.
            after: Those of the later time.
        """
        was, became = self.a_year_before(*before), self.a_year_before(*after)
        now = [float(self.figures[slice(*days)].mean()) for days in (before, after)]
        then = [float(np.nanmean(one)) if np.isfinite(one).any() else 0.0 for one in (was, became)]
        if min(*now, then[1]) <= 0:
            return False
        moved, grown = math.log(now[1] / now[0]), math.log(now[1] / then[1])
        if then[0] <= 0:
            return not was.size and abs(grown) < abs(moved) / 4
        moved_then = math.log(then[1] / then[0])
        return moved * moved_then > 0 and abs(moved_then) >= abs(moved) / 2 and abs(grown) < abs(moved) / 2

    def is_young(self, first: int) -> bool:
        """Whether a step is known, and not the same one a year before: what moved since may be the season."""
        return self.a_year_before(first, first + 1).size == 0

    def possible(self, figure: float) -> float:
        """A figure as near as it can be: none below 0 where none ever was, no share above 1 where none ever was."""
        low = 0.0 if np.all(self.figures >= 0) else -math.inf
        high = 1.0 if self.metric.is_ratio and np.all(self.figures <= 1) else math.inf
        return min(max(figure, low), high)


@dataclass(frozen=True)
class Reader:
    """Reads the figures of one caller at one state of the lake, of the rows that ``where`` leaves."""

    figures: Figures
    caller: Caller
    session: Session
    today: date
    where: tuple[DimensionFilter, ...] = ()

    def known(self, metric: Metric) -> TimeRange | None:
        """All whole days of a metric; None where there is none."""
        return self.figures.whole_days([metric.name], self.caller, self.session, self.today)

    def span(self, metric: Metric) -> Days | None:
        """The whole days of a metric that are read; None where there is none."""
        known = self.known(metric)
        if known is None or known.start is None or known.end is None:
            return None
        first = max(known.start, known.end - timedelta(days=HISTORY - 1))
        return Days(first, (known.end - first).days + 1)

    def totals(self, metrics: Sequence[Metric], known: Mapping[str, Metric], days: Days) -> list[Line]:
        """The courses of some metrics, ratios with what they are a share of."""
        below = [m.parts[1] for m in metrics if m.parts and m.parts[1] in known]
        names = tuple(dict.fromkeys([*(m.name for m in metrics), *below]))
        longer = self._longer(metrics[0], days)
        rows, before = self._rows(names[:10], longer), longer.count - days.count
        at = _steps(rows, longer)
        whole = {name: _course(rows, name, at, longer.count) for name in names[:10]}
        read = {name: course[before:] for name, course in whole.items()}
        lines = []
        for metric in metrics:
            figures = filled(read[metric.name], metric)
            weights = read.get(metric.parts[1]) if metric.parts else None
            if figures is not None:
                weights = np.nan_to_num(weights) if weights is not None and 0 < np.nansum(weights) < MOST else None
                earlier = whole[metric.name][:before]
                zero = metric.nothing is not None or metric.additive or metric.tally
                earlier = np.where(np.isnan(earlier), metric.nothing or 0.0, earlier) if zero else earlier
                lines.append(Line(metric, days, figures, weights=weights, earlier=earlier))
        return lines

    def values(self, metrics: Sequence[Metric], dimension: Dimension, days: Days) -> list[Line]:
        """The courses of metrics that add up, by value of a dimension; those with most of them."""
        longer = self._longer(metrics[0], days)
        before = longer.count - days.count
        rows = self._rows(tuple(metric.name for metric in metrics), longer, dimension)
        at, of = _steps(rows, longer), np.array(rows.column(dimension.name).to_pylist(), dtype=object)
        lines = []
        for metric in metrics:
            found = []
            for value in dict.fromkeys(v for v in of if v is not None):
                own = of == value
                whole = np.zeros(longer.count)
                whole[at[own]] = _nothing_as_0(_numbers(rows, metric.name)[own])
                if _can_be_judged(whole) and np.any(whole[before:]):
                    found.append(Line(metric, days, whole[before:], dimension, value, earlier=whole[:before]))
            lines += sorted(found, key=lambda line: -float(np.abs(line.figures).sum()))[:MOST_VALUES]
        return lines

    def _longer(self, metric: Metric, days: Days) -> Days:
        """Some days and those before them that tell of the season, as far as there are any."""
        known = self.known(metric)
        back = (days.first - known.start).days if known and known.start else 0
        back = min(max(back, 0), _EARLIER)
        return Days(days.first - timedelta(days=back), days.count + back)

    def by_day(self, metric: Metric, dimension: Dimension, days: Days) -> dict[Any, Floats]:
        """The figures of a metric on each day by value of a dimension; NaN where there is none."""
        rows = self._rows((metric.name,), days, dimension)
        at, figures = _steps(rows, days), _numbers(rows, metric.name)
        found: dict[Any, Floats] = {}
        for step, value, figure in zip(at, rows.column(dimension.name).to_pylist(), figures, strict=True):
            if value is not None and math.isfinite(figure) and abs(figure) <= MOST:
                found.setdefault(value, np.full(days.count, np.nan))[step] = figure
        return found

    def sums(self, metrics: Sequence[str], dimension: Dimension, span: TimeRange) -> dict[str, dict[Any, float]]:
        """The figures of some metrics over a time by value of a dimension; rows without a value are one group."""
        plan = Plan(metrics=tuple(metrics), group_by=(dimension.name,), time_range=span, filters=self.where)
        rows = self.figures.rows(plan, self.caller, self.session)
        of = ["(none)" if value is None else value for value in rows.column(dimension.name).to_pylist()]
        return {name: dict(zip(of, _nothing_as_0(_numbers(rows, name)).tolist(), strict=True)) for name in metrics}

    def whole(self, metric: Metric, span: TimeRange) -> float | None:
        """The figure of a metric over a time; None where there is none, or none to compute with."""
        rows = self.figures.rows(
            Plan(metrics=(metric.name,), time_range=span, filters=self.where), self.caller, self.session
        )
        found = _numbers(rows, metric.name)
        return float(found[0]) if found.size and math.isfinite(found[0]) else None

    def by_value(self, metric: Metric, dimension: Dimension, span: TimeRange) -> dict[Any, float]:
        """The figures of a metric over a time by value of a dimension, where there are any."""
        plan = Plan(metrics=(metric.name,), group_by=(dimension.name,), time_range=span, filters=self.where)
        rows = self.figures.rows(plan, self.caller, self.session)
        found = zip(rows.column(dimension.name).to_pylist(), _numbers(rows, metric.name).tolist(), strict=True)
        return {value: figure for value, figure in found if value is not None and math.isfinite(figure)}

    def _rows(self, names: tuple[str, ...], days: Days, dimension: Dimension | None = None) -> pa.Table:
        plan = Plan(
            metrics=names, grain=Grain.DAY, time_range=TimeRange(start=days.first, end=days.last),
            group_by=(dimension.name,) if dimension else (), filters=self.where,
        )  # fmt: skip
        return self.figures.rows(plan, self.caller, self.session)


def filled(figures: Floats, metric: Metric) -> Floats | None:
    """A course without holes: where there is nothing, the figure of nothing, or what lies between its neighbours.

    None where more than half of it would be made up, or a figure is no number that can be computed with.
    """
    if not _can_be_judged(figures):
        return None
    missing = np.isnan(figures)
    if metric.nothing is not None or metric.additive or metric.tally:
        return np.where(missing, metric.nothing or 0.0, figures)
    if missing.mean() > 0.5:
        return None
    steps = np.arange(figures.size)
    return np.interp(steps, steps[~missing], figures[~missing])


def _steps(rows: pa.Table, days: Days) -> np.ndarray:
    found = rows.column("metric_time__day").to_pylist()
    return np.array([days.step(d.date() if isinstance(d, datetime) else d) for d in found], dtype=int)


def _course(rows: pa.Table, name: str, at: np.ndarray, count: int) -> Floats:
    course = np.full(count, np.nan)
    course[at] = _numbers(rows, name)
    return course


def _numbers(rows: pa.Table, name: str) -> Floats:
    """Figures; where there is none NaN, and infinity where it is none to compute with, as of a column with NaN."""
    found = (None if v is None else float(v) for v in rows.column(name).to_pylist())
    return np.array([np.nan if v is None else v if math.isfinite(v) else np.inf for v in found], dtype=float)


def _nothing_as_0(figures: Floats) -> Floats:
    return np.where(np.isnan(figures), 0.0, figures)


def _can_be_judged(figures: Floats) -> bool:
    return not np.any(np.abs(figures) > MOST)
