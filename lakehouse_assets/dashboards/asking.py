"""What the tiles of a dashboard ask when filters and a period are chosen.

Belongs here: from a tile to its plan. Does not belong here: whether the plan may run (nlq.core.guard), running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lakehouse_assets.dashboards.drawing import ordered
from lakehouse_assets.dashboards.model import ChartKind, Dashboard, Tile, TileChart
from nlq.core.columns import key_columns
from nlq.core.naming import AmbiguousNameError, dimensions_meant, full_name, in_full
from nlq.core.periods import before, periods_in, shift, year_before
from nlq.core.plan import Comparison, DimensionFilter, Grain, OrderBy, Plan, TimeRange
from nlq.core.vocabulary import Vocabulary

MOST_STEPS, FEWEST_STEPS = 100, 5
"""Steps of time that a course is drawn in; another grain is taken where the chosen period has more, or fewer."""
_MOST_TREND = 60
_GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
_COURSES = (ChartKind.LINE, ChartKind.AREA, ChartKind.BAR, ChartKind.STACKED)


@dataclass(frozen=True)
class View:
    """How a dashboard is seen: the filters and the days chosen, and the day it is."""

    filters: tuple[DimensionFilter, ...]
    span: TimeRange | None
    today: date

    @classmethod
    def first(cls, dashboard: Dashboard, today: date) -> View:
        """How it is seen at first."""
        chosen = (DimensionFilter(dimension=f.dimension, values=f.default) for f in dashboard.filters if f.default)
        return cls(tuple(chosen), dashboard.period.days(today), today)


@dataclass(frozen=True)
class Asked:
    """What a tile asks: its plan, and the filters its figures do not know.

    ``trend`` is the plan of the course beside a number. ``top`` is the plan of the greatest values of a group, which
    the plan is to be narrowed to before it is asked.
    """

    plan: Plan
    trend: Plan | None
    top: Plan | None
    unfiltered: tuple[str, ...]

    def narrowed(self, values: Sequence[Any]) -> Plan:
        """The plan for the greatest values of its group alone, once they are known; rows without a value are left."""
        assert self.top is not None
        named = tuple(value for value in values if value is not None)
        if not named:
            return self.plan
        kept = DimensionFilter(dimension=self.top.group_by[0], values=named)
        return self.plan.model_copy(update={"filters": (*self.plan.filters, kept)})


def asked(tile: Tile, view: View, vocabulary: Vocabulary) -> Asked:
    """The plans of a tile that has one.

    Raises:
        AmbiguousNameError: a short name is that of several dimensions.
        pydantic.ValidationError: it is no plan.
    """
    assert tile.plan is not None and tile.chart is not None
    dimensions = dimensions_meant(tile.plan, vocabulary)
    written = in_full(tile.plan, lambda name: full_name(name, dimensions))
    taken, unfiltered = _taken(view.filters, dimensions)
    own = written.get("filters", ())
    filters = [*own, *taken] if isinstance(own, list | tuple) else own  # what is no list is no plan, and is told so
    follows = not written.get("time_range") and tile.period is None
    span = tile.period.days(view.today) if tile.period else view.span
    if not written.get("time_range"):
        written = _over(written, span, view.today if _daily(tile, vocabulary) else None)
    plan = Plan.model_validate({**written, "filters": filters})
    if follows and plan.grain and not plan.compares and tile.chart.kind in _COURSES:
        plan = plan.model_copy(update={"grain": _fitting(plan, vocabulary)})
    return Asked(plan, _trend(plan, tile.chart.trend, vocabulary), _top(plan, tile.chart), unfiltered)


def _taken(
    filters: Sequence[DimensionFilter], dimensions: frozenset[str]
) -> tuple[list[DimensionFilter], tuple[str, ...]]:
    """Those filters that figures with these dimensions know, in full, and the names of the others."""
    taken: list[DimensionFilter] = []
    others: list[str] = []
    for item in filters:
        try:
            name = full_name(item.dimension, dimensions)
        except AmbiguousNameError:
            name = ""
        if name in dimensions:
            taken.append(item.model_copy(update={"dimension": name}))
        else:
            others.append(item.dimension)
    return taken, tuple(others)


def _daily(tile: Tile, vocabulary: Vocabulary) -> bool:
    """Whether the figures of a tile can be asked for any days."""
    grains = {vocabulary.metrics[name].min_grain for name in tile.metrics if name in vocabulary.metrics}
    return grains <= {Grain.DAY.value}


def _over(written: dict[str, Any], span: TimeRange | None, today: date | None) -> dict[str, Any]:
    """A plan over some days; without a first and a last day there is no period before."""
    over = written if span is None else {**written, "time_range": span}
    if not written.get("comparison") or written.get("grain"):
        return over
    alone = {name: value for name, value in over.items() if name != "comparison"}
    if span is None or span.start is None or span.end is None:
        return alone
    if today is None or not span.start < today <= span.end:
        return over
    # It is not over: its whole days until yesterday are compared with as many of the period before.
    yearly = written["comparison"] == Comparison.PREVIOUS_YEAR
    past = year_before(span) if yearly else before(span)
    assert past.start is not None and past.end is not None
    days = (today - span.start).days
    other = TimeRange(start=past.start, end=min(past.end, shift(past.start, "day", days - 1)))
    return {**alone, "time_range": TimeRange(start=span.start, end=shift(today, "day", -1)), "compare_with": other}


def _fitting(plan: Plan, vocabulary: Vocabulary) -> Grain | None:
    """The grain of a course, coarser or finer where the days have too many steps of the plan's own, or too few."""
    grain, finest = plan.grain, _finest(plan, vocabulary)
    if grain is None or plan.running:
        return grain
    steps = periods_in(plan.time_range, grain)
    if steps is None:
        return grain
    at = _GRAINS.index(grain)
    while steps > MOST_STEPS and at < len(_GRAINS) - 1:
        at += 1
        steps = periods_in(plan.time_range, _GRAINS[at]) or 0
    while steps < FEWEST_STEPS and at > finest:
        at -= 1
        steps = periods_in(plan.time_range, _GRAINS[at]) or 0
    return _GRAINS[at]


def _finest(plan: Plan, vocabulary: Vocabulary) -> int:
    known = [vocabulary.metrics[name].min_grain for name in plan.metrics if name in vocabulary.metrics]
    return max((_GRAINS.index(Grain(g)) for g in known if g in list(Grain)), default=0)


def _top(plan: Plan, chart: TileChart) -> Plan | None:
    """The plan of the greatest values of the group that is not along the axis."""
    if chart.top is None or len(key_columns(plan)) != 2:
        return None
    keys = ordered(key_columns(plan), chart.across)
    if keys[1] not in plan.group_by:
        return None
    figure = plan.metrics[0]
    greatest = {"metrics": (figure,), "group_by": (keys[1],), "grain": None, "having": ()}
    greatest |= {"comparison": None, "compare_with": None}
    order = (OrderBy(field=figure, descending=True),)
    return Plan.model_validate({**dict(plan), **greatest, "order_by": order, "limit": chart.top})


def _trend(plan: Plan, grain: Grain | None, vocabulary: Vocabulary) -> Plan | None:
    if grain is None:
        return None
    at = max(_GRAINS.index(grain), _finest(plan, vocabulary))
    while (periods_in(plan.time_range, _GRAINS[at]) or MOST_STEPS) > _MOST_TREND and at < len(_GRAINS) - 1:
        at += 1
        if plan.time_range is None and _GRAINS[at] is Grain.MONTH:
            break
    course = {"grain": _GRAINS[at], "comparison": None, "compare_with": None, "order_by": (), "having": ()}
    return Plan.model_validate({**dict(plan), **course, "metrics": plan.metrics[:1]})
