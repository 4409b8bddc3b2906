"""Names of the columns that the answer to a plan has.

Belongs here: names. Does not belong here: labels and formats for people (``wording``), the SQL that gives the columns
(``answering.compiling``).
"""

from __future__ import annotations

from nlq.core.plan import Plan
from nlq.core.vocabulary import TIME_DIMENSION


def time_column(plan: Plan) -> str | None:
    """The compiled name of the time step, e.g. ``metric_time__month``."""
    return f"{TIME_DIMENSION}__{plan.grain}" if plan.grain else None


def key_columns(plan: Plan) -> tuple[str, ...]:
    """The columns that identify a row of the answer: the step of time, then the grouped dimensions.

    Those that an average or a count is within, where there is one; it may be within a metric, too.
    """
    if not plan.reduces:
        return grouped_columns(plan)
    step = time_column(plan)
    kept = [name for name in grouped_columns(plan) if (TIME_DIMENSION if name == step else name) in plan.within]
    return (*kept, *(name for name in plan.metrics if name in plan.within))


def value_columns(plan: Plan) -> tuple[str, ...]:
    """The columns after the keys: the metrics, each followed by what it is compared with, then what is computed."""
    if plan.count:
        return plan.derived
    if plan.compares:
        own = ("before", "change", "difference")
        return tuple(n for m in plan.metrics for n in (m, *(f"{m}__{what}" for what in own)) if n in (m, *plan.derived))
    if plan.running:
        return tuple(name for m in plan.metrics for name in (m, f"{m}__running"))
    return (*plan.metrics, *plan.derived)


def grouped_columns(plan: Plan) -> tuple[str, ...]:
    """The columns that the metrics are grouped by: the step of time, then the dimensions."""
    step = time_column(plan)
    return (*((step,) if step else ()), *plan.group_by)
