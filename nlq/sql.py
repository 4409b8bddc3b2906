"""The SQL around what the semantic layer compiles: thresholds, ranks with ties, order and limit.

Belongs here: rendering the parts of a plan that MetricFlow does not. Only names of the layer and numbers are
rendered here; a person's text reaches SQL solely as a filter value, rendered by the semantic layer.
Does not belong here: compiling metrics, running anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.plan import MAX_ROWS, Plan
from nlq.vocabulary import TIME_DIMENSION

RANK = "asklake_rank"


def time_column(plan: Plan) -> str | None:
    """The compiled name of the time step, e.g. ``metric_time__month``."""
    return f"{TIME_DIMENSION}__{plan.grain}" if plan.grain else None


def key_columns(plan: Plan) -> tuple[str, ...]:
    """The columns that identify a row of the answer: the step of time, then the grouped dimensions."""
    step = time_column(plan)
    return (*((step,) if step else ()), *plan.group_by)


def finish(compiled: str, plan: Plan) -> str:
    """One SELECT over the compiled SQL with the plan's thresholds, order and limit.

    The order is total (ties fall back on the keys), so the same snapshot always gives the same rows. One row more
    than the most is asked for where the plan sets no smaller limit, to tell whether there were more.
    """
    columns = ", ".join(_quoted(name) for name in (*key_columns(plan), *plan.metrics))
    conditions = [f"{_quoted(b.metric)} {b.comparator.sql} {b.value!r}" for b in plan.having]
    source = f"(\n{compiled}\n) AS answer"
    limit = plan.limit + 1 if plan.limit == MAX_ROWS else plan.limit
    if plan.ties:
        conditions.append(f"{_quoted(plan.order_by[0].field)} IS NOT NULL")
        rank = f"RANK() OVER (ORDER BY {_ranking(plan)}) AS {_quoted(RANK)}"
        source = f"(\nSELECT {columns}, {rank}\nFROM {source}{_where(conditions)}\n) AS ranked"
        conditions, limit = [f"{_quoted(RANK)} <= {plan.limit}"], MAX_ROWS + 1
    return f"SELECT {columns}\nFROM {source}{_where(conditions)}{_order(plan)}\nLIMIT {limit}"


def _where(conditions: Sequence[str]) -> str:
    return f"\nWHERE {' AND '.join(conditions)}" if conditions else ""


def _ranking(plan: Plan) -> str:
    return ", ".join(_key(_field(plan, key.field), key.descending) for key in plan.order_by)


def _order(plan: Plan) -> str:
    keys = [(_field(plan, key.field), key.descending) for key in plan.order_by]
    named = {name for name, _ in keys}
    keys += [(name, False) for name in key_columns(plan) if name not in named]
    return f"\nORDER BY {', '.join(_key(name, descending) for name, descending in keys)}" if keys else ""


def _field(plan: Plan, name: str) -> str:
    return time_column(plan) or name if name == TIME_DIMENSION else name


def _key(name: str, descending: bool) -> str:
    return f"{_quoted(name)} {'DESC' if descending else 'ASC'} NULLS LAST"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
