"""What the codes in an answer are called, where a column of the same table says it: a product's name beside its number.

Belongs here: which codes of a plan and its rows are to be looked up, within what the caller may see. Does not belong
here: reading them (``compiling``), names that are declared (``core.valuenames``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from nlq.answering.parts import Layer
from nlq.core.columns import key_columns
from nlq.core.guard import Caller, Guard
from nlq.core.plan import Operator, Plan
from nlq.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session

_MOST = 1000


def names_beside(
    layer: Layer, guard: Guard, plan: Plan, rows: Sequence[Sequence[Any]], caller: Caller, session: Session
) -> Mapping[str, Mapping[str, str]]:
    """Names of the codes that a plan and its rows have, by dimension and code.

    Args:
        layer: Where names are read.
        guard: Knows what the caller may see.
        plan: What was asked.
        rows: Its rows, the columns that identify one first.
        caller: Who asked.
        session: The state of the lake that the rows are of.
    """
    visible = guard.visible(caller)
    wanted: dict[str, dict[Any, None]] = {}
    for place, name in enumerate(key_columns(plan)):
        wanted.setdefault(name, {}).update(dict.fromkeys(row[place] for row in rows))
    for item in plan.filters:
        if item.operator in (Operator.IN, Operator.NOT_IN):
            wanted.setdefault(item.dimension, {}).update(dict.fromkeys(item.values))
    codes = {
        name: [code for code in list(found)[:_MOST] if isinstance(code, str | int) and not isinstance(code, bool)]
        for name, found in wanted.items()
        if _has_names(name, plan, visible) and not guard.hides(visible.dimensions[name].names.dimension, caller)
    }
    try:
        return layer.names_of(plan.metrics[0], codes, session, caller.tenant) if codes else {}
    except QueryRefusedError:  # by a replay, whose snapshots are of other tables
        return {}


def _has_names(name: str, plan: Plan, visible: Vocabulary) -> bool:
    """Whether a column that the caller knows of has names of a column's codes, and is not in the answer itself."""
    if name not in visible.dimensions or not (beside := visible.dimensions[name].names.dimension):
        return False
    return beside in visible.dimensions and beside not in plan.group_by
