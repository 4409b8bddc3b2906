"""The columns of records: those that a plan names, or those that tell most of a row.

Belongs here: choosing them, and their order. Does not belong here: what a caller may see (``guard``), the SQL.
"""

from __future__ import annotations

from collections.abc import Container

from nlq.core.dateparts import DATE_PARTS
from nlq.core.plan import MAX_COLUMNS, OrderBy, Plan
from nlq.core.vocabulary import Metric, Rows

USUAL_COLUMNS = 12
"""How many columns records have where the plan names none."""
_FEW = 6


def with_columns(plan: Plan, metric: Metric, rows: Rows, visible: Container[str], tenant: str | None) -> Plan:
    """A plan of records with all its columns named, what identifies a row first, and its order.

    Args:
        plan: What is asked.
        metric: The metric of which rows are listed.
        rows: What these are.
        visible: The dimensions that may be shown.
        tenant: The dimension of the tenant, where rows of several are listed: it is part of what identifies one.
    """
    own = [name for name in rows.columns if name in visible]
    keys = [*([tenant] if tenant else []), *(name for name in rows.keys if name in own)]
    time = [rows.time] if rows.time in own else []
    sorted_by = [key.field for key in plan.order_by if key.field not in plan.metrics]
    chosen = plan.group_by or (*own, *_joined(metric, rows, visible))[:USUAL_COLUMNS]
    columns = tuple(dict.fromkeys((*keys, *time, *sorted_by, *chosen)))[:MAX_COLUMNS]
    newest = tuple(OrderBy(field=name, descending=True) for name in time)
    columns = columns if plan.group_by else columns[:USUAL_COLUMNS]
    return plan.model_copy(update={"group_by": columns, "order_by": plan.order_by or newest})


def _joined(metric: Metric, rows: Rows, visible: Container[str]) -> tuple[str, ...]:
    """What other tables tell of a row, where its own has little to tell."""
    if len(rows.columns) >= _FEW:
        return ()
    others = [name for name in metric.dimensions - {*rows.columns, *DATE_PARTS} if name in visible]
    return tuple(sorted(others, key=lambda name: (name.count("__"), name)))
