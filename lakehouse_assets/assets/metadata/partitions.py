"""Which days a domain has, and how a set of days becomes runs.

Belongs here: partition definitions and arithmetic over them. Does not belong here: which days need work (assets.days).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import dagster as dg

from lakehouse_assets.domains import contracts_of
from lakehouse_assets.lakehouse.periods import spans

MAX_GAP_DAYS = 31


@cache
def daily(domain: str) -> dg.DailyPartitionsDefinition | None:
    """The days of a domain, from its FIRST_DAY to today; None where it keeps none by day or month.

    Those of a table made by Python are its own.
    """
    built = [c for c in contracts_of(domain) if c.made_by != "python"]
    if not any(c.time_partition for c in built):
        return None
    return daily_since(importlib.import_module(f"lakehouse_assets.domains.{domain}").FIRST_DAY)


def daily_since(first: date) -> dg.DailyPartitionsDefinition:
    """The days from one to today."""
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), end_offset=1)


def stretches(days: Iterable[date], *, max_gap: int = MAX_GAP_DAYS) -> list[tuple[date, date]]:
    """Days as few inclusive ranges, each worth one run: days closer than `max_gap` days share a range.

    A run costs seconds before it reads a row, and a day with nothing in it costs nothing, so a feed that rests at
    weekends is one run and not fifty.
    """
    merged: list[tuple[date, date]] = []
    for first, last in spans(days):
        if merged and first - merged[-1][1] <= timedelta(days=max_gap):
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def range_tags(first: date, last: date) -> Mapping[str, str]:
    """Tags that make one run materialize every partition from `first` to `last`."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def within(partitions: dg.DailyPartitionsDefinition, days: Iterable[date]) -> list[date]:
    """Those of the days that are partitions, in order."""
    first, last = _ends(partitions)
    return sorted(d for d in days if first <= d <= last)


def left_out(domain: str, days: Iterable[date]) -> list[str]:
    """What to tell of days of a domain's bronze tables that are none of its partitions, so that no run builds them."""
    if (partitions := daily(domain)) is None:
        return []
    first, last = _ends(partitions)
    before, after = sorted(d for d in days if d < first), sorted(d for d in days if d > last)
    said = []
    if before:
        said.append(
            f"{domain}: {_counted(before)} of bronze before {first}, the first day of the domain, in no other table; "
            f"set FIRST_DAY in lakehouse_assets/domains/{domain}/__init__.py to {before[0]} or earlier to build them"
        )
    if after:
        said.append(f"{domain}: {_counted(after)} of bronze after {last}, built once the day has begun in UTC")
    return said


def _ends(partitions: dg.DailyPartitionsDefinition) -> tuple[date, date]:
    first = date.fromisoformat(partitions.get_first_partition_key() or "9999-12-31")
    return first, date.fromisoformat(partitions.get_last_partition_key() or "0001-01-01")


def _counted(days: Sequence[date]) -> str:
    """Days in order, in words."""
    return f"{days[0]} is a day" if len(days) == 1 else f"{days[0]} to {days[-1]} are {len(days)} days"
