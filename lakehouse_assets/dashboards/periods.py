"""The periods that a dashboard may be seen over: by name, relative to a day.

Belongs here: names, labels, days. Does not belong here: reading times in questions (nlq.planning.times).

Days and months of a period are whole ones: those counted in days end yesterday, months with the last that is over. A
figure can so be compared with the period before without a part of a day making the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from nlq.core.periods import shift, unit_range, unit_start
from nlq.core.plan import TimeRange


class PeriodName(StrEnum):
    """What a period is called."""

    LAST_7_DAYS = "last_7_days"
    LAST_30_DAYS = "last_30_days"
    LAST_90_DAYS = "last_90_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    LAST_3_MONTHS = "last_3_months"
    LAST_12_MONTHS = "last_12_months"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    ALL = "all"

    @property
    def label(self) -> str:
        """What it is called for people."""
        return "All time" if self is PeriodName.ALL else self.value.replace("_", " ").capitalize()

    def days(self, today: date) -> TimeRange | None:
        """Its days, seen from a day; None for all time."""
        return _DAYS[self](today) if self in _DAYS else None


def _last_days(count: int) -> Callable[[date], TimeRange]:
    return lambda today: TimeRange(start=shift(today, "day", -count), end=shift(today, "day", -1))


def _last_months(count: int) -> Callable[[date], TimeRange]:
    def days(today: date) -> TimeRange:
        first = unit_start(today, "month")
        return TimeRange(start=shift(first, "month", -count), end=shift(first, "day", -1))

    return days


_DAYS: Mapping[PeriodName, Callable[[date], TimeRange]] = {
    PeriodName.LAST_7_DAYS: _last_days(7),
    PeriodName.LAST_30_DAYS: _last_days(30),
    PeriodName.LAST_90_DAYS: _last_days(90),
    PeriodName.THIS_MONTH: lambda today: unit_range(unit_start(today, "month"), "month"),
    PeriodName.LAST_MONTH: _last_months(1),
    PeriodName.LAST_3_MONTHS: _last_months(3),
    PeriodName.LAST_12_MONTHS: _last_months(12),
    PeriodName.THIS_YEAR: lambda today: unit_range(unit_start(today, "year"), "year"),
    PeriodName.LAST_YEAR: lambda today: unit_range(shift(unit_start(today, "year"), "year", -1), "year"),
}
