"""Arithmetic of days and months: which periods hold which days, and which of them touch.

Belongs here: pure functions over dates.
Does not belong here: anything that knows a table or an orchestrator.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

Period = Literal["day", "month"]
EPOCH = date(1970, 1, 1)


def period_of(value: date, period: Period) -> date:
    """First day of the day or month that holds `value`."""
    return value.replace(day=1) if period == "month" else value


def period_end(first: date, period: Period) -> date:
    """Last day of the period that begins on `first`."""
    if period == "day":
        return first
    return first.replace(day=monthrange(first.year, first.month)[1])


def ordinal(value: date, period: Period) -> int:
    """Number of the day or month since 1970-01-01, which is how Iceberg stores it as a partition value."""
    if period == "month":
        return (value.year - 1970) * 12 + value.month - 1
    return value.toordinal() - EPOCH.toordinal()


def first_of(number: int, period: Period) -> date:
    """First day of the period with this ordinal."""
    if period == "month":
        return date(1970 + number // 12, number % 12 + 1, 1)
    return date.fromordinal(EPOCH.toordinal() + number)


def spans(values: Iterable[date], period: Period = "day") -> list[tuple[date, date]]:
    """Periods, given by any of their days, as the fewest inclusive (first, last) ranges of days, in order."""
    found: list[tuple[date, date]] = []
    for first in sorted({period_of(v, period) for v in values}):
        last = period_end(first, period)
        if found and found[-1][1] + timedelta(days=1) == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
