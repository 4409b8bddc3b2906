"""Time zones with clocks of every kind, and what they show by Python's own tables.

Only helpers belong here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = (
    "UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Europe/London", "Australia/Lord_Howe",
    "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12",
)  # fmt: skip
"""Half and quarter hours, clocks put on by half an hour or at midnight, a day left out, both ends of the calendar."""


def local(instant: datetime, zone: str) -> datetime:
    """What clocks of a zone show at an instant, which is UTC without zone, as the time is."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def begin_of(day: date, zone: str) -> datetime:
    """The first instant of a day in a zone; of a day that was left out, when it would have begun."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone), fold=0)
    return midnight.astimezone(UTC).replace(tzinfo=None)


def days(first: date, count: int) -> list[date]:
    """So many days from one on."""
    return [first + timedelta(days=n) for n in range(count)]
