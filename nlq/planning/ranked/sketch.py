"""A plan as it is put together from parts, before it is known to be worth checking.

Belongs here: the parts, and turning them into a plan. Does not belong here: which there are (``candidates``), how well
they fit (``features``).
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError

from nlq.core.plan import (
    MAX_ROWS,
    Comparator,
    DimensionFilter,
    Grain,
    Operator,
    OrderBy,
    Plan,
    Share,
    Threshold,
    TimeRange,
    ratio_column,
)
from nlq.core.vocabulary import TIME_DIMENSION
from nlq.planning.drafts.ordering import usual_order


class Rank(NamedTuple):
    """The end that comes first, and how many."""

    descending: bool
    count: int = 1
    skip: int = 0


class Sketch(NamedTuple):
    """The parts of a plan. ``order_by`` is the metric that ranks, by its place among the metrics."""

    metrics: tuple[str, ...]
    groups: tuple[str, ...] = ()
    filters: tuple[DimensionFilter, ...] = ()
    having: tuple[Threshold, ...] = ()
    time: TimeRange | None = None
    grain: Grain | None = None
    rank: Rank | None = None
    order_by: int = 0
    records: bool = False
    count: bool = False
    ratio: bool = False
    share: tuple[DimensionFilter, ...] | None = None
    """The filters of the part that a share is of; none of them where each group is a part."""

    def plan(self) -> Plan | None:
        """The plan, None where the parts do not go together."""
        known = (*(DimensionFilter(dimension=name, operator=Operator.IS_NOT_NULL) for name in self.groups),)
        try:
            return Plan(
                metrics=self.metrics,
                group_by=self.groups,
                filters=(*self.filters, *(known if self.rank else ())),
                having=self.having or self._any(),
                time_range=self.time,
                grain=self.grain,
                records=self.records,
                count=self.count,
                ratio=self.ratio,
                share=self._share(),
                order_by=self._order(),
                limit=self.rank.count if self.rank else MAX_ROWS,
                ties=self.rank is not None,
                skip=self.rank.skip if self.rank else 0,
            )
        except ValidationError:
            return None

    def _share(self) -> Share | None:
        if self.share is None:
            return None
        keys = (*self.groups, *((TIME_DIMENSION,) if self.grain else ()))
        return Share(part=self.share, within=keys if self.share else ())

    def _any(self) -> tuple[Threshold, ...]:
        """What is counted has some of the figure."""
        if not self.count:
            return ()
        return (Threshold(metric=self.metrics[0], comparator=Comparator.GT, value=0),)

    def _ratio(self) -> str | None:
        return ratio_column(*self.metrics) if self.ratio and len(self.metrics) == 2 else None

    def _order(self) -> tuple[OrderBy, ...]:
        if self.rank:
            ratio = self._ratio()
            return (OrderBy(field=ratio or self.metrics[self.order_by], descending=self.rank.descending),)
        if self.records or self.count:
            return ()
        first = self._ratio() or self.metrics[0]
        return usual_order([first], self.groups, stepped=self.grain is not None)


def sketch_of(plan: Plan) -> Sketch:
    """The parts of a plan that a sketch has."""
    guards = [item for item in plan.filters if plan.ties and item.operator is Operator.IS_NOT_NULL]
    key = plan.order_by[0] if plan.ties and plan.order_by else None
    ranked = key is not None and key.field in (*plan.metrics, *(plan.derived if plan.ratio else ()))
    return Sketch(
        metrics=plan.metrics,
        groups=plan.group_by,
        filters=tuple(item for item in plan.filters if item not in guards),
        having=() if plan.count and plan.having and not plan.having[0].value else plan.having,
        time=plan.time_range,
        grain=plan.grain,
        rank=Rank(key.descending, plan.limit, plan.skip) if key and ranked else None,
        order_by=plan.metrics.index(key.field) if key and ranked and not plan.ratio else 0,
        records=plan.records,
        count=plan.count,
        ratio=plan.ratio,
        share=plan.share.part if plan.share else None,
    )
