"""Calendar arithmetic: units, the period before another, how many steps a time has.

Belongs here: days in, days out. Does not belong here: words (``timewords``), SQL (``sql``).
"""

from __future__ import annotations

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from nlq.plan import Comparison, Grain, Plan, TimeRange

MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}
_ONE = timedelta(days=1)


def unit_start(day: date, unit: str, year_start: int = 1) -> date:
    """First day of the unit a day is in; ``year_start`` is the month in which years (and quarters) begin."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit not in MONTHS:
        return day
    length = MONTHS[unit]
    since = (day.month - year_start) % 12 % length
    return day.replace(day=1) - relativedelta(months=since)


def shift(day: date, unit: str, count: int) -> date:
    """The day so many units later (earlier, if negative).

    Raises:
        OverflowError: no calendar has that day.
    """
    if unit in MONTHS:
        try:
            return day + relativedelta(months=MONTHS[unit] * count)
        except ValueError as error:
            raise OverflowError(str(error)) from error
    return day + timedelta(days=_DAYS[unit] * count)


def unit_range(start: date, unit: str) -> TimeRange:
    """The whole unit that begins on a day."""
    return TimeRange(start=start, end=shift(start, unit, 1) - _ONE)


def whole_unit(span: TimeRange) -> str | None:
    """The longest calendar unit that a time is exactly one of."""
    if span.start is None or span.end is None:
        return None
    return next((u for u in ("year", "quarter", "month", "week") if _is_one(span, u)), None)


def _is_one(span: TimeRange, unit: str) -> bool:
    return (
        span.start is not None and unit_start(span.start, unit) == span.start and unit_range(span.start, unit) == span
    )


def before(span: TimeRange) -> TimeRange:
    """The period before: the unit before where the time is whole months, else as many days right before."""
    assert span.start is not None and span.end is not None
    months = _whole_months(span)
    if months:
        return TimeRange(start=shift(span.start, "month", -months), end=span.start - _ONE)
    return TimeRange(start=span.start - (span.end - span.start) - _ONE, end=span.start - _ONE)


def year_before(span: TimeRange) -> TimeRange:
    """The same days a year earlier; a month's last day stays one."""
    assert span.start is not None and span.end is not None
    end = shift(span.end + _ONE, "year", -1) - _ONE
    return TimeRange(start=shift(span.start, "year", -1), end=end)


def shifted(plan: Plan) -> TimeRange | None:
    """The time that a comparing plan puts beside its own."""
    span = plan.time_range
    if plan.compare_with or span is None:
        return plan.compare_with
    if plan.grain is None:
        return year_before(span) if plan.comparison is Comparison.PREVIOUS_YEAR else before(span)
    back = ("year", -1) if plan.comparison is Comparison.PREVIOUS_YEAR else (plan.grain.value, -1)
    # Steps are whole units: what is compared with the first and the last of them must be whole as well.
    start = shift(unit_start(span.start, plan.grain), *back) if span.start else None
    return TimeRange(start=start, end=span.end and shift(span.end, *back))


def periods_in(span: TimeRange | None, grain: Grain | None) -> int | None:
    """How many steps a bounded time touches; None for an open one."""
    if span is None or grain is None or span.start is None or span.end is None:
        return None
    day, count = unit_start(span.start, grain), 0
    while day <= span.end and count < 100_000:
        day, count = shift(day, grain, 1), count + 1
    return count


def _whole_months(span: TimeRange) -> int:
    assert span.start is not None and span.end is not None
    after = span.end + _ONE
    if span.start.day != 1 or after.day != 1:
        return 0
    return (after.year - span.start.year) * 12 + after.month - span.start.month
