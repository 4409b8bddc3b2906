"""Calendar arithmetic: units, the period before another, how many steps a time has.

Belongs here: days in, days out. Does not belong here: words (``planning.times``), SQL (``answering.compiling``).
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from nlq.core.plan import Comparison, Grain, Plan, TimeRange

MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}
_MOST_STEPS = 100_000
BEYOND_CALENDAR = "That time lies beyond every calendar."


class BeyondCalendarError(OverflowError):
    """A day before the year 1 or after 9999."""


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
        BeyondCalendarError: no calendar has that day.
    """
    try:
        if unit in MONTHS:
            return day + relativedelta(months=MONTHS[unit] * count)
        return day + timedelta(days=_DAYS[unit] * count)
    except (ValueError, OverflowError) as error:
        raise BeyondCalendarError(BEYOND_CALENDAR) from error


def unit_range(start: date, unit: str) -> TimeRange:
    """The whole unit that begins on a day."""
    if unit in _DAYS:
        return TimeRange(start=start, end=shift(start, "day", _DAYS[unit] - 1))
    if start.day == 1:  # without a day after it, which the last of all days has not
        return TimeRange(start=start, end=_month_end(shift(start, "month", MONTHS[unit] - 1)))
    return TimeRange(start=start, end=shift(shift(start, unit, 1), "day", -1))


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
    months = whole_months(span)
    if months:
        return TimeRange(start=shift(span.start, "month", -months), end=shift(span.start, "day", -1))
    days = (span.end - span.start).days + 1
    return TimeRange(start=shift(span.start, "day", -days), end=shift(span.start, "day", -1))


def year_before(span: TimeRange) -> TimeRange:
    """The same days a year earlier; a month that was whole to its end stays so."""
    assert span.start is not None and span.end is not None
    return _back(span, "year")


def shifted(plan: Plan) -> TimeRange | None:
    """The time that a comparing plan puts beside its own."""
    span = plan.time_range
    if plan.compare_with or span is None:
        return plan.compare_with
    yearly = plan.comparison is Comparison.PREVIOUS_YEAR
    if plan.grain is None:
        return year_before(span) if yearly else before(span)
    return _back(span, _distance(plan), plan.grain.value)


def moved_steps(plan: Plan) -> tuple[str, int]:
    """How far the steps of a comparing plan lie from those that they are compared with: a unit of SQL, how many."""
    grain = Grain.YEAR if plan.comparison is Comparison.PREVIOUS_YEAR else plan.grain
    assert grain is not None
    return {Grain.WEEK: ("DAY", 7), Grain.QUARTER: ("MONTH", 3)}.get(grain, (grain.value.upper(), 1))


def step_before(plan: Plan, step: date) -> date:
    """The first day of the step that a step of a comparing plan is compared with."""
    return shift(step, _distance(plan), -1)


def first_compared(plan: Plan, known: date) -> date:
    """The first day of the first step that has any known day in the step it is compared with."""
    assert plan.grain is not None
    return shift(unit_start(known, plan.grain), _distance(plan), 1)


def _distance(plan: Plan) -> str:
    assert plan.grain is not None
    return "year" if plan.comparison is Comparison.PREVIOUS_YEAR else plan.grain.value


def overlap(span: TimeRange | None, known: TimeRange) -> bool:
    """Whether any day of a time, of all times if it is None, is known; ``known`` has both ends."""
    assert known.start and known.end
    since, until = (span.start, span.end) if span else (None, None)
    return (since is None or since <= known.end) and (until is None or until >= known.start)


def within(span: TimeRange | None, known: TimeRange | None) -> TimeRange | None:
    """The days of a time that are known; the time as it is where none of them is."""
    if span is None or known is None or not overlap(span, known):
        return span
    return TimeRange(
        start=span.start and known.start and max(span.start, known.start),
        end=span.end and known.end and min(span.end, known.end),
    )


def periods_in(span: TimeRange | None, grain: Grain | None) -> int | None:
    """How many steps a bounded time touches; None for an open one."""
    steps = steps_in(span, grain)
    return None if steps is None else len(steps)


def steps_in(span: TimeRange | None, grain: Grain | None) -> list[date] | None:
    """The first days of the steps that a bounded time touches; None for an open one."""
    if span is None or grain is None or span.start is None or span.end is None:
        return None
    day, steps = unit_start(span.start, grain), list[date]()
    while day <= span.end and len(steps) < _MOST_STEPS:
        steps.append(day)
        try:
            day = shift(day, grain, 1)
        except BeyondCalendarError:
            break
    return steps


def known_part(span: TimeRange | None, known: TimeRange) -> TimeRange | None:
    """The days of a time, open ends and all, that are known; ``known`` has both ends. None where none of them is."""
    if not overlap(span, known):
        return None
    both = within(span, known) or known
    return TimeRange(start=both.start or known.start, end=both.end or known.end)


def before_first(plan: Plan) -> TimeRange | None:
    """The steps before the first one asked for that a moving average of it reads; None where there are none."""
    first = plan.time_range and plan.time_range.start
    if plan.running is None or plan.running.steps is None or plan.grain is None or first is None:
        return None
    step = unit_start(first, plan.grain)
    return TimeRange(start=shift(step, plan.grain, 1 - plan.running.steps), end=shift(step, "day", -1))


def whole_months(span: TimeRange) -> int:
    """How many whole months a time is; 0 where it is no such."""
    assert span.start is not None and span.end is not None
    if span.start.day != 1 or not _ends(span.end, "month"):
        return 0
    return (span.end.year - span.start.year) * 12 + span.end.month - span.start.month + 1


def _back(span: TimeRange, by: str, steps: str = "day") -> TimeRange:
    """The same days one unit earlier, where the time is read in steps.

    A step that is whole stays whole, however many days the earlier one has; one that is cut is cut at the same day.
    The last month of the time, where the time has all its days, stays whole, too.
    """
    start = span.start and shift(span.start, by, -1)
    if span.end is None or by in _DAYS:
        return TimeRange(start=start, end=span.end and shift(span.end, by, -1))
    month = span.end.replace(day=1)
    whole_month = _ends(span.end, "month") and (span.start is None or span.start <= month)
    whole = whole_month or (steps in MONTHS and _ends(span.end, steps))
    end = _month_end(shift(month, by, -1)) if whole else shift(span.end, by, -1)
    return TimeRange(start=start, end=end)


def _ends(day: date, unit: str) -> bool:
    """Whether a day is the last of its unit of months."""
    return unit_range(unit_start(day, unit), unit).end == day


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
