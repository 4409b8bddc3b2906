"""What a plan would cost in the engine, and smaller plans near one that would cost too much.

Belongs here: the estimate and its limit, in figures that are computed on the way. Does not belong here: what a caller
may ask (``core.guard``), running anything.

Each metric is grouped on its own, and all are joined by every key. On one core a million figures take some 0.05 s and
9 MB, measured with 1 to 10 metrics by 1 to 7 keys over a million groups in DuckDB; joined ones take three times that.
A running total is first made for each group on every day from its first on, and takes three times that, too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from nlq.answering.tables.coverage import known_days
from nlq.core.periods import overlap
from nlq.core.plan import Grain, Operator, Plan, TimeRange
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.parts import Layer
    from nlq.answering.tables.coverage import Coverage
    from nlq.answering.tables.states import TableStates

_JOINED = 3
_RUNNING = 3
_DAYS = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 28, Grain.QUARTER: 90, Grain.YEAR: 365}
_YEARS = TimeRange.model_validate({"start": "2010-01-01", "end": "2029-12-31"})
"""The days that there may be where nobody can tell."""
_MANY = 200
"""Values that a dimension has at least where not all of them are known."""


class CostLimit:
    """The most that a question may cost over the tables of a lake."""

    def __init__(self, most: int, layer: Layer, coverage: Coverage, states: TableStates) -> None:
        """Let any cost ``most`` figures; 0 is any number."""
        self._most, self._layer, self._coverage, self._states = most, layer, coverage, states

    def check(self, plan: Plan, vocabulary: Vocabulary, session: Session, tenant: str | None) -> None:
        """Let a plan that passed the guard through, at the state of a session.

        Raises:
            TooCostlyError: it costs more.
        """
        if not self._most:
            return
        sources = self._layer.sources(plan.metrics)
        known = known_days(self._coverage, session, sources, plan, tenant)

        def rows() -> int | None:
            counts = [self._states.rows(s.table, at) for s in sources if (at := session.snapshots.get(s.table))]
            return max((count for count in counts if count is not None), default=None)

        check_cost(plan, vocabulary, self._most, rows, known and known.span)


class TooCostlyError(Exception):
    """A plan would cost more than it may; ``smaller`` are plans near it that would not."""

    def __init__(self, figures: float, most: int, smaller: tuple[Plan, ...]) -> None:
        """Say by how much."""
        advice = "Which smaller one will do?" if smaller else "Ask for fewer metrics or groups, or for a shorter time."
        super().__init__(
            f"This question would compute {_millions(figures)} figures on the way, and {_millions(most)} is the most. "
            f"{advice}"
        )
        self.smaller = smaller


def check_cost(
    plan: Plan, vocabulary: Vocabulary, most: int, rows: Callable[[], int | None], known: TimeRange | None
) -> None:
    """Let a plan through that costs at most so many figures, or whose cost nobody can tell.

    Args:
        plan: A plan that passed the guard.
        vocabulary: What its names mean.
        most: The most figures.
        rows: Gives the rows of its tables; None where they are unknown. Only asked where it matters.
        known: The days that there are data of, if that is known.

    Raises:
        TooCostlyError: it costs more.
    """
    if figures(plan, vocabulary, None, known) <= most:
        return
    counted = rows()
    if counted is None or (cost := figures(plan, vocabulary, counted, known)) <= most:
        return
    fitting = [
        next((one for one in smaller if figures(one, vocabulary, counted, known) <= most), None)
        for smaller in _smaller(plan, vocabulary)
    ]
    raise TooCostlyError(cost, most, tuple({one.fingerprint: one for one in fitting if one}.values()))


def figures(plan: Plan, vocabulary: Vocabulary, rows: int | None, known: TimeRange | None) -> float:
    """About how many figures are computed for a plan, over tables of so many rows."""
    running = any(vocabulary.metrics[name].cumulative for name in plan.metrics)
    if running:
        plan = plan.model_copy(update={"time_range": _until(plan, known)})
    keys = plan.group_by if running else _keys(plan)
    groups = math.prod(_values(name, plan, vocabulary, known) for name in keys)
    if rows is not None:
        steps = _values(TIME_DIMENSION, plan, vocabulary, known) if plan.running else 1
        groups = min(groups, max(1.0, rows * _kept(plan, vocabulary, known)) * steps)
    if running:
        groups *= _RUNNING * _days(_span(plan, known))
    parts = len(plan.metrics) * (2 if plan.compares or plan.share or plan.running else 1)
    return groups * max(1, len(_keys(plan))) * parts * (_JOINED if parts > 1 else 1)


def _keys(plan: Plan) -> tuple[str, ...]:
    return (*plan.group_by, *((TIME_DIMENSION,) if plan.grain else ()))


def _values(name: str, plan: Plan, vocabulary: Vocabulary, known: TimeRange | None) -> float:
    """How many values a key of the plan may have; infinity where nobody can tell."""
    if name == TIME_DIMENSION:
        return _days(_span(plan, known)) // _DAYS[plan.grain or Grain.DAY] + 2
    named = [len(f.values) for f in plan.filters if f.dimension == name and f.operator is Operator.IN]
    values = vocabulary.dimensions[name].values
    listed = len(values.items) + 1 if values.items and values.complete else math.inf
    return min([listed, *named])


def _kept(plan: Plan, vocabulary: Vocabulary, known: TimeRange | None) -> float:
    """About which part of the rows the filters and the time of a plan leave."""
    part = 1.0
    for one in plan.filters:
        if one.operator is Operator.IN:
            values = vocabulary.dimensions[one.dimension].values
            there = len(values.items) if values.items and values.complete else _MANY
            part *= min(1.0, len(one.values) / max(1, there))
    return part * _days(_span(plan, known)) / _days(known) if known else part


def _span(plan: Plan, known: TimeRange | None) -> TimeRange:
    """The days that are read, as far as they are known; both ends are there."""
    every = known or _YEARS
    asked = plan.time_range
    if asked is None or not overlap(asked, every):
        return every
    ends = (asked.start, every.start), (asked.end, every.end)
    return TimeRange(start=max(day for day in ends[0] if day), end=min(day for day in ends[1] if day))


def _until(plan: Plan, known: TimeRange | None) -> TimeRange:
    """The days that a running total of a plan reads: all before those that are asked for, too."""
    return TimeRange(start=(known or _YEARS).start, end=_span(plan, known).end)


def _days(span: TimeRange) -> int:
    return (span.end - span.start).days + 1 if span.start and span.end else 1


def _smaller(plan: Plan, vocabulary: Vocabulary) -> tuple[Iterator[Plan], ...]:
    """Plans near one, each kind from the largest on: with fewer groups, and with its first metric alone."""
    if plan.records:  # with fewer columns they would be other rows
        return ()
    alone = _changed(plan, metrics=plan.metrics[:1], comparison=None, compare_with=None, ratio=False)
    kinds = [_with_fewer_groups(plan, vocabulary)]
    if alone and alone != plan:
        kinds.append(itertools.chain([alone], _with_fewer_groups(alone, vocabulary)))
    return tuple(kinds)


def _with_fewer_groups(plan: Plan, vocabulary: Vocabulary) -> Iterator[Plan]:
    """The plan without its finest group, then without the next."""
    fewer: Plan | None = plan
    while fewer is not None and fewer.group_by:
        finest = max(fewer.group_by, key=lambda name: _values(name, plan, vocabulary, None))
        fewer = _changed(fewer, group_by=tuple(name for name in fewer.group_by if name != finest))
        if fewer is not None:
            yield fewer


def _changed(plan: Plan, **changes: object) -> Plan | None:
    """The plan with some parts changed, without what names a part that is gone; None where there is no such plan."""
    parts = {**dict(plan), **changes}
    names = {*parts["metrics"], *parts["group_by"], TIME_DIMENSION}
    parts["within"] = tuple(name for name in plan.within if name in names)
    computed = any(parts[name] for name in ("comparison", "compare_with", "share", "count", "running"))

    def stays(name: str) -> bool:
        return name in names or (computed and name.rpartition("__")[0] in names)

    parts["having"] = tuple(bound for bound in plan.having if stays(bound.metric))
    parts["order_by"] = tuple(key for key in plan.order_by if stays(key.field))
    if plan.share:
        inside = tuple(name for name in plan.share.within if name in names)
        parts["share"] = plan.share.model_copy(update={"within": inside})
    try:
        return Plan.model_validate(parts)
    except ValidationError:
        return None


def _millions(count: float) -> str:
    return f"{count / 1e6:,.0f} million" if count >= 1e6 else f"{count:,.0f}"
