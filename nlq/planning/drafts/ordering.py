"""The order of rows where a question asks for none.

Does not belong here: ranks and sorting that were asked for (``finishing``).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.core.dateparts import DATE_PARTS
from nlq.core.plan import OrderBy
from nlq.core.vocabulary import TIME_DIMENSION

_MOST_KEYS = 4


def usual_order(metrics: Sequence[str], groups: Sequence[str], *, stepped: bool) -> tuple[OrderBy, ...]:
    """By time, then in the order of the calendar, then the highest first; none for a single row."""
    if not (groups or stepped):
        return ()
    first = [TIME_DIMENSION] if stepped else []
    keys = [*first, *(name for name in groups if name in DATE_PARTS)]
    return (*(OrderBy(field=name) for name in keys[: _MOST_KEYS - 1]), OrderBy(field=metrics[0], descending=True))
