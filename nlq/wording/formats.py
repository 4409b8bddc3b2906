"""Single values for people: numbers with their unit, shares in percent, dates, nothing.

Belongs here: a value to text, by the format and unit that the layer gives a metric. Does not belong here: sentences
(``explain``), or which columns an answer has (``core.columns``).
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from nlq.core.plan import Grain
from nlq.core.vocabulary import Metric
from nlq.english.forms import singular
from nlq.english.general import UNITS


@dataclass(frozen=True)
class Said:
    """How a column is called and written. ``fraction`` is true where whole numbers are not to be expected."""

    label: str
    format: str | None = None
    unit: str | None = None
    fraction: bool = False


def say_metric(metric: Metric) -> Said:
    """How a metric is called and written."""
    form = "percent" if metric.is_ratio else metric.format
    return Said(metric.label, form, metric.unit)


def say_period(start: date | str, grain: Grain) -> str:
    """A step of a series for people, by its first day: Jul 2025, Q3 2025, week of 2025-07-07."""
    first = date.fromisoformat(start[:10]) if isinstance(start, str) else start
    return {
        Grain.DAY: first.isoformat()[:10],
        Grain.WEEK: f"week of {first.isoformat()[:10]}",
        Grain.MONTH: f"{calendar.month_abbr[first.month]} {first.year}",
        Grain.QUARTER: f"Q{(first.month + 2) // 3} {first.year}",
        Grain.YEAR: str(first.year),
    }[grain]


def format_value(value: Any, metric: Metric | None = None) -> str:
    """A cell for people: thousands separated, rates in percent, dates in ISO, nothing as an em dash."""
    return format_said(value, say_metric(metric) if metric else Said(""))


def format_said(value: Any, said: Said) -> str:
    """A cell of a column for people."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _format_number(value, said)
    return str(value)


def _format_number(value: float | Decimal, said: Said) -> str:
    if said.format == "percent":
        return f"{float(value) * 100:,.1f} %"
    cents = said.format == "currency" or said.fraction or (value != int(value))
    number = f"{value:,.2f}" if cents and not (value == int(value) and said.format != "currency") else f"{int(value):,}"
    return _with_unit(number, said)


def _with_unit(number: str, said: Said) -> str:
    """The number with its unit, where the label does not say it: durations, and currencies by code or sign."""
    unit = said.unit or ("hours" if said.format == "hours" else "")
    if singular(unit.lower()) in UNITS:
        return f"{number} {unit}"
    if len(unit) == 3 and unit.isalpha() and unit.isupper():
        return f"{unit} {number}"
    return f"{unit}{number}" if len(unit) == 1 and not unit.isalnum() else number
