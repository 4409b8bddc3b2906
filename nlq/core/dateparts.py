"""Parts of the calendar as dimensions: the weekday, the month of the year, over all years together.

Belongs here: their names in the layer, what people call their values, and the order of these. Does not belong here:
which metrics have them (``answering.compiling`` asks the semantic layer), how questions name them
(``planning.calendarwords``).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from nlq.core.vocabulary import TIME_DIMENSION, Dimension, Values

WEEKDAY = f"{TIME_DIMENSION}__extract_dow"
DAY_OF_MONTH = f"{TIME_DIMENSION}__extract_day"
MONTH_OF_YEAR = f"{TIME_DIMENSION}__extract_month"
QUARTER_OF_YEAR = f"{TIME_DIMENSION}__extract_quarter"

WEEKDAYS = tuple(calendar.day_name)
MONTHS = tuple(calendar.month_name)[1:]
_WHOLE_YEARS = "over all years together, by the time of the metric"
DATE_PARTS = {
    WEEKDAY: Dimension(
        WEEKDAY,
        "Weekday",
        f"Day of the week, Monday to Sunday, {_WHOLE_YEARS}.",
        ("day of the week",),
        "calendar",
        Values(WEEKDAYS),
    ),
    DAY_OF_MONTH: Dimension(
        DAY_OF_MONTH,
        "Day of the month",
        f"1 to 31, {_WHOLE_YEARS}.",
        (),
        "calendar",
        Values(tuple(range(1, 32))),
    ),
    MONTH_OF_YEAR: Dimension(
        MONTH_OF_YEAR,
        "Month of the year",
        f"January to December, {_WHOLE_YEARS}.",
        ("seasonality",),
        "calendar",
        Values(MONTHS),
    ),
    QUARTER_OF_YEAR: Dimension(
        QUARTER_OF_YEAR,
        "Quarter of the year",
        f"Q1 to Q4 of the calendar year, {_WHOLE_YEARS}.",
        (),
        "calendar",
        Values(("Q1", "Q2", "Q3", "Q4")),
    ),
}
"""By name, with all values in the order of the calendar: the engine's number 1 is the first of them."""


def first_date_part(names: Iterable[str]) -> str | None:
    """The first of some names that is a part of the calendar."""
    return next((name for name in names if name in DATE_PARTS), None)


def parts_of(day: date) -> dict[str, Any]:
    """The values of a day, by name of the part."""
    numbers = {
        WEEKDAY: day.isoweekday(),
        DAY_OF_MONTH: day.day,
        MONTH_OF_YEAR: day.month,
        QUARTER_OF_YEAR: (day.month + 2) // 3,
    }
    return {name: named(name, number) for name, number in numbers.items()}


def numbered(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """Values as the engine counts them, where the dimension is a part of the calendar; else as they are."""
    part = DATE_PARTS.get(name)
    return tuple(part.values.items.index(value) + 1 for value in values) if part else tuple(values)


def named(name: str, value: Any) -> Any:
    """A value as people call it, where the column is a part of the calendar; else as it is."""
    part = DATE_PARTS.get(name)
    return part.values.items[int(value) - 1] if part and value is not None else value
