"""Which days and hours a domain has, and how a set of them becomes runs.

Belongs here: partition definitions and arithmetic over them. Does not belong here: which days need work (assets.days).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg

from lakehouse_assets.assets.metadata.held import Held
from lakehouse_assets.builds.groups import Group
from lakehouse_assets.domains import contracts_of
from lakehouse_assets.lakehouse.periods import HOUR, Unit, spans, to_text, unit_among
from lakehouse_assets.lakehouse.zones import NO_ZONE, today_in
from lakehouse_assets.settings import get_settings

MAX_GAP_DAYS = 31
MAX_GAP_HOURS = 24
_HOUR_KEY = "%Y-%m-%d-%H:%M"
"""Dagster's name of an hour."""
Partitions = dg.DailyPartitionsDefinition | dg.HourlyPartitionsDefinition


@cache
def daily(domain: str, *, of_utc: bool = False) -> dg.DailyPartitionsDefinition | None:
    """The days of a domain, from its FIRST_DAY to today; None where it keeps none by day or month.

    Those of a table made by Python are its own. Where the days are those of UTC, whatever the project's time zone,
    today is, too: in the west of it a day of UTC begins before the project's does.
    """
    built = [c for c in contracts_of(domain) if c.made_by != "python"]
    if not any(c.time_partition for c in built):
        return None
    return daily_since(_first_day(domain), NO_ZONE if of_utc else get_settings().time_zone)


@cache
def hourly(domain: str) -> dg.HourlyPartitionsDefinition | None:
    """The hours of a domain in UTC, from its FIRST_DAY to the current one; None where no table of it is by hour."""
    if not any(contract.by_hour for contract in contracts_of(domain)):
        return None
    return dg.HourlyPartitionsDefinition(
        start_date=datetime.combine(_first_day(domain), datetime.min.time()), end_offset=1
    )


def partitions_of(group: Group) -> Partitions | None:
    """The days, or hours, of tables that are built together; None where they have none."""
    return hourly(group.domain) if group.unit == "hour" else daily(group.domain, of_utc=group.follows_hours)


def shown(partitions: Partitions | None, held: Held | None) -> Partitions | None:
    """Those partitions that are worth showing: from the first day that is held on, and today's once it holds rows."""
    if partitions is None or held is None:
        return partitions
    first = max(partitions.start.date(), held.first)
    is_held_today = held.last >= today_in(partitions.timezone)
    if isinstance(partitions, dg.HourlyPartitionsDefinition):
        midnight = datetime.combine(first, datetime.min.time())
        return dg.HourlyPartitionsDefinition(start_date=midnight, end_offset=int(is_held_today))
    return daily_since(first, partitions.timezone, to_today=is_held_today)


def _first_day(domain: str) -> date:
    return importlib.import_module(f"lakehouse_assets.domains.{domain}").FIRST_DAY


def key_of(value: date) -> str:
    """Dagster's name of a day or an hour."""
    return value.strftime(_HOUR_KEY) if isinstance(value, datetime) else value.isoformat()


def value_of(key: str) -> date:
    """The day or hour that Dagster calls so."""
    return datetime.strptime(key, _HOUR_KEY) if len(key) > len("2026-06-01") else date.fromisoformat(key)


def daily_since(first: date, zone: str = NO_ZONE, *, to_today: bool = True) -> dg.DailyPartitionsDefinition:
    """The days of a time zone from one to today, or to yesterday."""
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), timezone=zone, end_offset=int(to_today))


def stretches(days: Iterable[date], *, max_gap: int | None = None) -> list[tuple[date, date]]:
    """Days, or hours, as few inclusive ranges, each worth one run: those closer than `max_gap` of them share a range.

    A run costs seconds before it reads a row, and a day with nothing in it costs nothing, so a feed that rests at
    weekends is one run and not fifty.
    """
    values, merged = list(days), list[tuple[date, date]]()
    unit = unit_among(values)
    gap = HOUR * (max_gap or MAX_GAP_HOURS) if unit == "hour" else timedelta(days=max_gap or MAX_GAP_DAYS)
    for first, last in spans(values, unit):
        if merged and first - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def padded(ranges: Sequence[tuple[date, date]], partitions: Partitions) -> list[tuple[date, date]]:
    """Ranges with the empty days or hours beside their ends: of the first day, and until the last that has ended.

    Only where the newest range is no older than ranges that would share a run.
    """
    if not ranges:
        return []
    found, hours = list(ranges), isinstance(partitions, dg.HourlyPartitionsDefinition)
    if hours:
        first, last = found[0]
        found[0] = (datetime.combine(first, datetime.min.time()), last)
    now = datetime.now(ZoneInfo(partitions.timezone)).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    ended: date = now - HOUR if hours else now.date() - timedelta(days=1)
    first, last = found[-1]
    if last < ended <= last + (HOUR * MAX_GAP_HOURS if hours else timedelta(days=MAX_GAP_DAYS)):
        found[-1] = (first, ended)
    return found


def range_tags(first: date, last: date) -> Mapping[str, str]:
    """Tags that make one run materialize every partition from `first` to `last`."""
    return {
        "dagster/asset_partition_range_start": key_of(first),
        "dagster/asset_partition_range_end": key_of(last),
    }


def within(partitions: Partitions, days: Iterable[date]) -> list[date]:
    """Those of the days, or hours, that are partitions, in order."""
    first, last = _ends(partitions)
    return sorted(d for d in days if first <= d <= last)


def left_out(group: Group, days: Iterable[date]) -> list[str]:
    """What to tell of days, or hours, of a group's bronze tables that no run builds, for they are no partitions."""
    days = set(days)
    if (partitions := partitions_of(group)) is None:
        return []
    domain, unit, zone = group.domain, group.unit, partitions.timezone
    first, last = _ends(partitions)
    before, after = sorted(d for d in days if d < first), sorted(d for d in days if d > last)
    said = []
    if before:
        since = first.date() if isinstance(first, datetime) else first
        earliest = to_text(before[0])[: len("2026-06-01")]
        said.append(
            f"{domain}: {_counted(before, unit)} of bronze before {since}, the first day of the domain, in no other "
            f"table; set FIRST_DAY in lakehouse_assets/domains/{domain}/__init__.py to {earliest} or earlier to build "
            "them"
        )
    if after:
        built = f"built once the {unit} has begun in {zone}"
        said.append(f"{domain}: {_counted(after, unit)} of bronze after {to_text(last)}, {built}")
    return said


def _ends(partitions: Partitions) -> tuple[date, date]:
    hours = isinstance(partitions, dg.HourlyPartitionsDefinition)
    first, last = partitions.get_first_partition_key(), partitions.get_last_partition_key()
    if first is None or last is None:
        # None yet: the first is in the future.
        return (datetime.max, datetime.min) if hours else (date.max, date.min)
    return value_of(first), value_of(last)


def _counted(days: Sequence[date], unit: Unit) -> str:
    """Days or hours in order, in words."""
    if len(days) == 1:
        return f"{to_text(days[0])} is {'an hour' if unit == 'hour' else 'a day'}"
    return f"{to_text(days[0])} to {to_text(days[-1])} are {len(days)} {unit}s"
