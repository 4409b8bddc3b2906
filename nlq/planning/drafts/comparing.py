"""Comparisons of one time with another: which days stand beside which.

Belongs here: "June against May", "the month before", "year over year". Comparing values of a dimension is grouping
(``finishing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from nlq.core.periods import before, shift, unit_range, unit_start, whole_months, whole_unit, year_before
from nlq.core.plan import Comparison, Grain, TimeRange
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError
from nlq.planning.times.words import TimeSpan


@dataclass(frozen=True)
class Compared:
    """The days asked for and the others; with steps of time, how far back every step is compared."""

    now: TimeRange | None = None
    other: TimeRange | None = None
    comparison: Comparison | None = None
    grain: Grain | None = None


def compare(draft: Draft, because: list[Decision]) -> Compared:
    """What is compared; nothing where no times are.

    Raises:
        NotReadableError: it is not clear what with what.
    """
    if draft.growth is not None:
        return _growth(draft, because)
    relative = [item for item in draft.times if item[1].before]
    if relative:
        return _with_before(draft, relative, because)
    if draft.difference and len(draft.times) == 1:
        return _both_ends(draft, because)
    versus = draft.versus and not draft.among_values
    if versus and len(draft.times) == 2 and draft.grain is None:
        return _two_times(draft, because)
    if _stand_alone(draft):
        # Each of them alone may be meant, or both beside each other: that is to be asked.
        draft.doubtful = True
        return _two_times(draft, because)
    if versus and len(draft.times) == 2:
        return _stepwise(draft, because)
    if versus and len(draft.times) == 1 and draft.grain and draft.times[0][1].unit == "year":
        return _with_year(draft, because)
    return Compared()


def _with_year(draft: Draft, because: list[Decision]) -> Compared:
    """The steps of a year beside those of the year that is named: "by month, compared with last year"."""
    span, text = draft.times[0][1].range, draft.times[0][2]
    if draft.grain is Grain.WEEK or span is None:
        raise NotReadableError(2, f"By {draft.grain}, “{text}” does not fit; compare by month.", text, final=True)
    now = unit_range(shift(unit_start(_closed(span).start or date.min, "year"), "year", 1), "year")
    because.append(Decision(text, f"{_said(now)}, every {draft.grain} beside the same of {text}"))
    return Compared(now=now, comparison=Comparison.PREVIOUS_YEAR, grain=draft.grain)


def _stepwise(draft: Draft, because: list[Decision]) -> Compared:
    """Two years side by side in steps: "2026 vs 2025 by month"."""
    found = _two_times(draft, because)
    if found.now and found.other == year_before(found.now) and draft.grain is not Grain.WEEK:
        return Compared(now=found.now, comparison=Comparison.PREVIOUS_YEAR, grain=draft.grain)
    if draft.growth is None:
        return Compared()
    raise NotReadableError(
        2, "Two times by step: ask for each of them.", *(text for _, _, text in draft.times), final=True
    )


def _growth(draft: Draft, because: list[Decision]) -> Compared:
    growth = draft.growth
    assert growth is not None
    if growth.comparison is None:
        relative = [item for item in draft.times if item[1].before]
        if relative:
            return _with_before(draft, relative, because)
        if draft.versus and len(draft.times) == 2:
            return _two_times(draft, because)
        if len(draft.times) == 1 and draft.times[0][1].ends and draft.grain is None:
            return _both_ends(draft, because)
        reason = "A change since when? Say for example “month over month”, or name both times."
        raise NotReadableError(2, reason, "growth", final=True)
    yearly = growth.comparison is Comparison.PREVIOUS_YEAR
    if len(draft.times) > 1:
        raise NotReadableError(2, "One time is enough for a change.", *(text for _, _, text in draft.times), final=True)
    span = draft.times[0][1].range if draft.times else None
    if draft.grain is None and span and yearly:
        because.append(Decision(draft.times[0][2], "beside the same days a year earlier"))
        return Compared(now=span, other=year_before(_closed(span)))
    grain = draft.grain or (Grain.YEAR if yearly else growth.grain)
    if grain is Grain.WEEK and yearly:
        raise NotReadableError(2, "Weeks of two years do not begin on the same days; ask by month.", "week", final=True)
    if not yearly and growth.grain is not grain:
        raise NotReadableError(
            2, f"By {grain}, and {growth.grain} over {growth.grain}: which one?", str(grain), final=True
        )
    because.append(Decision("", f"every {grain} beside the {'same of the year' if yearly else 'one'} before"))
    return Compared(comparison=growth.comparison, grain=grain, now=span)


def _both_ends(draft: Draft, because: list[Decision]) -> Compared:
    """The later of the two periods that a "between … and …" names, and the earlier one beside it."""
    ends = draft.times[0][1].ends
    assert ends
    earlier, later = ends
    because.append(Decision(draft.times[0][2], f"{_said(later)} beside {_said(earlier)}"))
    return Compared(now=later, other=earlier)


def _stand_alone(draft: Draft) -> bool:
    """Whether two bounded times are asked for that are no series: "in 2019 and 2021", "in the 90s and 2000s"."""
    ends = sorted((s.range.start, s.range.end) for _, s, _ in draft.times if s.range and s.range.start and s.range.end)
    if len(draft.times) != 2 or draft.grain or draft.trend or draft.ranks or draft.averages or draft.running:
        return False
    units = {span.unit for _, span, _ in draft.times}
    return len(ends) == 2 and (shift(ends[0][1], "day", 1) != ends[1][0] or len(units) > 1 or None in units)


def _two_times(draft: Draft, because: list[Decision]) -> Compared:
    """The later time, and the earlier one beside it."""
    (_, a, a_text), (_, b, b_text) = draft.times
    if a.range is None or b.range is None:
        raise NotReadableError(2, "Name both times that are to be compared.", a_text, b_text, final=True)
    if a.unit and b.unit and a.unit != b.unit:
        reason = f"“{a_text}” is a {a.unit}, “{b_text}” a {b.unit}; compare like with like, as “with the year before”."
        raise NotReadableError(2, reason, a_text, b_text, final=True)
    first, second = _closed(a.range), _closed(b.range)
    later, earlier = (first, second) if (first.start or date.min) > (second.start or date.min) else (second, first)
    if later == earlier:
        raise NotReadableError(2, "Both times are the same.", a_text, b_text, final=True)
    because.append(Decision(f"{a_text}, {b_text}", f"{_said(later)} beside {_said(earlier)}"))
    return Compared(now=later, other=earlier)


def _with_before(draft: Draft, relative: list[tuple[int, TimeSpan, str]], because: list[Decision]) -> Compared:
    named = [item for item in draft.times if item[1].range]
    if len(relative) == 1 and len(named) < 2 and draft.grain is not None:
        return _each_with_before(draft, relative[0], named[0][1].range if named else None, because)
    if len(relative) != 1 or len(named) != 1:
        words = [text for _, _, text in draft.times]
        raise NotReadableError(
            2, f"“{relative[0][2]}”: name the one time that it is compared with.", *words, final=True
        )
    span, text = named[0][1], named[0][2]
    assert span.range is not None
    now = _closed(span.range)
    if not _as_long(span.unit, now, relative[0][1]):
        reason = f"“{relative[0][2]}” is not as long as “{text}”; compare with the period before, or name both times."
        raise NotReadableError(2, reason, relative[0][2], final=True)
    if relative[0][1].before is Comparison.PREVIOUS_YEAR:
        other = year_before(now)
    elif span.unit:
        # "this month" may not be over yet: the one before is taken whole.
        assert now.start is not None
        other = unit_range(shift(unit_start(now.start, span.unit), span.unit, -1), span.unit)
    else:
        other = before(now)
    because.append(Decision(f"{text}, {relative[0][2]}", f"{_said(now)} beside {_said(other)}"))
    return Compared(now=now, other=other)


def _as_long(unit: str | None, now: TimeRange, other: TimeSpan) -> bool:
    """Whether a time may be compared with "the month before": only a month, for the days of others are not told."""
    if other.unit is None or other.before is Comparison.PREVIOUS_YEAR:
        return True
    assert now.start is not None and now.end is not None
    days, months = (now.end - now.start).days + 1, whole_months(now)
    same = {unit, whole_unit(now), f"{days} day", f"{months} month" if months else None}
    same |= {"day"} if days == 1 else {"week"} if days == 7 else set()
    return other.unit in same


def _each_with_before(
    draft: Draft, relative: tuple[int, TimeSpan, str], span: TimeRange | None, because: list[Decision]
) -> Compared:
    """Every step of time beside an earlier one: "by month, compared with the year before"."""
    grain, text, which = draft.grain, relative[2], relative[1].before
    yearly = which is Comparison.PREVIOUS_YEAR
    fits = grain is not Grain.WEEK if yearly else relative[1].unit in (None, str(grain))
    if not fits:
        raise NotReadableError(
            2, f"By {grain}, “{text}” does not fit; compare with the {grain} before.", text, final=True
        )
    because.append(Decision(text, f"every {grain} beside the {'same of the year' if yearly else 'one'} before"))
    return Compared(now=span, comparison=which, grain=grain)


def _closed(span: TimeRange) -> TimeRange:
    if span.start is None or span.end is None:
        raise NotReadableError(2, "Times with an open end cannot be compared; name both ends.", final=True)
    return span


def _said(span: TimeRange) -> str:
    return f"{span.start} to {span.end}" if span.start != span.end else str(span.start)
