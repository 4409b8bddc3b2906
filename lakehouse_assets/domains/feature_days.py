"""The days on which features of a domain are told, as a relation that engines read.

Belongs here: which days these are. Does not belong here: any feature (tables.py of the domains).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.python_table import Inputs

BY_NIGHT = "15 3 * * *"
"""When feature tables are made: once the days of the night's loads are built."""
LOOKED_BACK = 28
"""Days of history before the first day on which features are told."""
_MONDAY = 0
_NOWHERE = "(values (cast(null as date), cast(null as timestamp)))"


def feature_days(inputs: Inputs, table: str, column: str, *, most: int, every_day: bool = False) -> str:
    """A relation for `from … as days (feature_date, begins_at)`: days of which features are told, and since when.

    They are Mondays, or all days, and the day after the last on which anything is known: what is served now. The first
    is `LOOKED_BACK` days after the first on which anything is known.

    Args:
        inputs: Read the table, and know the clock by which days begin.
        table: Table whose days say what is known.
        column: Its date.
        most: How many days back they go at most.
        every_day: Whether all days, not only Mondays.
    """
    (row,) = inputs.session.query(f"select min({column}) as first, max({column}) as last from {table}").to_pylist()
    if row["last"] is None:
        return _NOWHERE
    newest: date = row["last"] + timedelta(days=1)
    oldest = max(row["first"] + timedelta(days=LOOKED_BACK), newest - timedelta(days=most))
    days = [oldest + timedelta(days=n) for n in range((newest - oldest).days)]
    chosen = [d for d in days if every_day or d.weekday() == _MONDAY] + [newest]
    rows = (f"(date '{d}', timestamp '{inputs.local.begin_of(d).isoformat(' ', 'microseconds')}')" for d in chosen)
    return f"(values {', '.join(rows)})"
