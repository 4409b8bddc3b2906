"""Arithmetic of hours, days and months: which periods hold which others, and which of them touch.

A day or a month is known by its first day, a date; an hour by its beginning, a time in UTC without a zone.
Belongs here: pure functions over dates and times.
Does not belong here: anything that knows a table or an orchestrator.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal

Period = Literal["hour", "day", "month"]
Unit = Literal["hour", "day"]
"""What spans of a period are told in: hours in hours, days and months in days."""
EPOCH = date(1970, 1, 1)
HOUR = timedelta(hours=1)
HOURS_A_DAY = 24


def period_of(value: date, period: Period) -> date:
    """First day of the day or month that holds `value`, or beginning of the hour; of a day, its first hour."""
    if period == "hour":
        return beginning(value).replace(minute=0, second=0, microsecond=0)
    day = value.date() if isinstance(value, datetime) else value
    return day.replace(day=1) if period == "month" else day


def beginning(value: date) -> datetime:
    """A time, or the midnight at which a day begins."""
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def period_end(first: date, period: Period) -> date:
    """Last day of the period that begins on `first`; of an hour, itself."""
    if period == "month":
        return first.replace(day=monthrange(first.year, first.month)[1])
    return first


def ordinal(value: date, period: Period) -> int:
    """Number of the hour, day or month since 1970-01-01, which is how Iceberg stores it as a partition value."""
    if period == "month":
        return (value.year - 1970) * 12 + value.month - 1
    days = value.toordinal() - EPOCH.toordinal()
    return days * HOURS_A_DAY + beginning(value).hour if period == "hour" else days


def first_of(number: int, period: Period) -> date:
    """First day of the period with this ordinal, or beginning of the hour."""
    if period == "month":
        return date(1970 + number // 12, number % 12 + 1, 1)
    if period == "hour":
        return beginning(EPOCH) + number * HOUR
    return date.fromordinal(EPOCH.toordinal() + number)


def unit_of(period: Period) -> Unit:
    """What spans of a period are told in."""
    return "hour" if period == "hour" else "day"


def unit_among(values: Iterable[date]) -> Unit:
    """The unit of some days, or of some hours."""
    return "hour" if any(isinstance(v, datetime) for v in values) else "day"


def periods_in(values: Iterable[date], period: Period) -> set[date]:
    """The periods that hold some days or hours, or lie in them: of a day, each of its hours."""
    return {p for v in values for p in _in(v, period)}


def _in(value: date, period: Period) -> Iterator[date]:
    if period == "hour" and not isinstance(value, datetime):
        yield from (beginning(value) + n * HOUR for n in range(HOURS_A_DAY))
    else:
        yield period_of(value, period)


def spans(values: Iterable[date], period: Period = "day") -> list[tuple[date, date]]:
    """Periods, given by any of their days or hours, as the fewest inclusive (first, last) ranges, in order.

    The ranges are of days, for hours of hours.
    """
    found: list[tuple[date, date]] = []
    step = HOUR if period == "hour" else timedelta(days=1)
    for first in sorted(periods_in(values, period)):
        last = period_end(first, period)
        if found and found[-1][1] + step == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included; every hour, where these are hours."""
    if isinstance(first, datetime) and isinstance(last, datetime):
        return [first + i * HOUR for i in range((last - first) // HOUR + 1)]
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def to_text(value: date) -> str:
    """A day as 2026-06-01, an hour as 2026-06-01T05:00."""
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else value.isoformat()


def from_text(text: str) -> date:
    """The day or hour that `to_text` wrote.

    Raises:
        ValueError: the text is neither.
    """
    return datetime.fromisoformat(text) if len(text) > len("2026-06-01") else date.fromisoformat(text)
