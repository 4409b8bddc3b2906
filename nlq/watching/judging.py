"""Judging: whether what an alert waits for is so, by the answer to its plan.

Belongs here: from condition and answer to what was seen of each group; which days are compared. Does not belong here:
what follows from it (``states``), running plans (``answering``), conditions on the platform.

Whole periods are compared with whole ones alone. What cannot be judged says why; it is never left quiet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from nlq.answering.document.columns import MASK
from nlq.answering.document.model import Answer
from nlq.core.periods import before, overlap, shift, unit_range, unit_start, year_before
from nlq.core.plan import MAX_ROWS, Comparator, Comparison, OrderBy, Plan, TimeRange
from nlq.watching.conditions import AboveOrBelow, Changes, NoData, OfFigures, Stale, Unusual, duration
from nlq.watching.states import Seen, Verdict
from nlq.wording.formats import Said, format_said

_COMPARED = {
    Comparator.GT: lambda a, b: a > b, Comparator.GE: lambda a, b: a >= b, Comparator.LT: lambda a, b: a < b,
    Comparator.LE: lambda a, b: a <= b, Comparator.EQ: lambda a, b: a == b,
}  # fmt: skip
WHOLE = ""
"""The group of an alert without groups."""


class NotJudgedError(Exception):
    """The condition cannot be judged now; the text says why."""


def misfit(condition: OfFigures | Unusual, plan: Plan) -> str:
    """Why a condition cannot be put on a plan; empty where it can."""
    if plan.analysis:
        return "That is found out when it is asked: name a figure to wait for."
    if plan.records:
        return "A list of records has no figure to wait for: name a figure, such as their number."
    if len(plan.metrics) != 1 and not plan.ratio:
        return "One figure at a time: make an alert of each."
    if plan.having or plan.compares:
        return "The question compares figures already: leave that to the condition."
    if isinstance(condition, AboveOrBelow):
        return ""
    if isinstance(condition, Unusual):
        plain = Plan(metrics=plan.metrics, limit=plan.limit)
        return (
            "" if plan == plain else "All of a figure is judged, and its values: name the figure alone, without more."
        )
    if plan.derived or plan.reduces or plan.grain:
        return "This condition is on a plain figure: leave out shares, averages, counts and steps of time."
    if isinstance(condition, Changes) and plan.time_range:
        return f"The last whole {condition.period} is compared: leave out the time."
    if isinstance(condition, NoData | Stale) and plan.group_by:
        return "Missing and old data are told of all groups together: leave out the groups."
    return ""


def plan_of(condition: OfFigures, plan: Plan, known: TimeRange | None, today: date) -> Plan:
    """The plan to run, for the days that are judged.

    Args:
        condition: What is waited for.
        plan: Whose figure.
        known: The days there are data of.
        today: The day it is for who made the alert.

    Raises:
        NotJudgedError: there are no two whole periods to compare.
    """
    if isinstance(condition, Changes):
        return _of_whole_periods(condition, plan, known, today)
    if isinstance(condition, NoData):
        days = TimeRange(start=shift(today, "day", -condition.days), end=shift(today, "day", -1))
        return plan.model_copy(update={"time_range": days})
    if isinstance(condition, AboveOrBelow) and plan.group_by and not plan.grain and not plan.reduces:
        # What is told comes first, should there be more groups than rows.
        order = OrderBy(field=column_of(plan), descending=condition.upward)
        return plan if plan.order_by and plan.ties else plan.model_copy(update={"order_by": (order,)})
    return plan


def _of_whole_periods(condition: Changes, plan: Plan, known: TimeRange | None, today: date) -> Plan:
    unit = condition.period.value
    if known is None or known.start is None or known.end is None:
        raise NotJudgedError("there are no data yet")
    over = min(known.end, shift(today, "day", -1))
    span = unit_range(unit_start(over, unit), unit)
    if span.end is not None and span.end > over:
        span = unit_range(shift(unit_start(over, unit), unit, -1), unit)
    yearly = condition.against == "previous_year"
    other = year_before(span) if yearly else before(span)
    if other.start is None or other.start < known.start:
        raise NotJudgedError(f"the data begin on {known.start}, so there are no two whole {unit}s to compare yet")
    comparison = Comparison.PREVIOUS_YEAR if yearly else Comparison.PREVIOUS_PERIOD
    return plan.model_copy(update={"time_range": span, "comparison": comparison, "order_by": ()})


def column_of(plan: Plan) -> str:
    """The column of the answer that is judged."""
    return plan.derived[0] if plan.derived and not plan.compares else plan.metrics[0]


@dataclass(frozen=True)
class _Row:
    group: str
    named: str
    value: float | None
    before: float | None
    shown: str
    shown_before: str


def seen_in(condition: OfFigures, answer: Answer, known: TimeRange | None, now: datetime) -> tuple[Seen, ...]:
    """What an answer shows of each of its groups.

    Args:
        condition: What is waited for.
        answer: That of the plan that `plan_of` made.
        known: The days there are data of.
        now: The moment, UTC.

    Raises:
        NotJudgedError: the answer has no figures, or none that can be judged.
    """
    if answer.outcome != "answered" or answer.plan is None:
        raise NotJudgedError(answer.sentence)
    if isinstance(condition, Stale):
        return (_stale(condition, answer, now),)
    if isinstance(condition, NoData):
        return (_no_data(condition, answer, known),)
    changes, equals = isinstance(condition, Changes), getattr(condition, "comparator", None) is Comparator.EQ
    if (changes or equals) and answer.truncated and answer.plan.limit == MAX_ROWS:
        # What is above or below comes first; what changed, or is exactly something, may be among the others.
        raise NotJudgedError(
            f"there are more than {MAX_ROWS:,} groups, of which the others would not be seen: narrow it"
        )
    if isinstance(condition, Changes):
        return tuple(_changes(condition, answer))
    _refuse_unknown_days(answer, known, now)
    return tuple(_thresholds(condition, answer))


def _refuse_unknown_days(answer: Answer, known: TimeRange | None, now: datetime) -> None:
    """Refuse to take days of which there are no data for days on which there was nothing.

    Raises:
        NotJudgedError: there are none of the days that are asked for; it waits as long as they are not over.
    """
    span = answer.plan.time_range if answer.plan else None
    some = known is not None and known.start and known.end and overlap(span, known)
    if answer.rows or span is None or some:
        return
    # A day beside that of UTC may be today where the alert is of.
    is_over = span.end is not None and span.end < now.date() - timedelta(days=1)
    raise NotJudgedError(answer.sentence) if is_over else _WaitsError(answer.sentence)


def _stale(condition: Stale, answer: Answer, now: datetime) -> Seen:
    published = [(state.published_at, state.table) for state in answer.freshness if state.published_at]
    if not published:
        raise NotJudgedError("nobody knows when its tables were published")
    oldest, table = min(published)
    says = f"{table} was last published on {oldest:%Y-%m-%d at %H:%M} UTC"
    if now - oldest > condition.older_than:
        return Seen(WHOLE, Verdict.BREACHED, f"{says}, more than {duration(condition.older_than)} ago.")
    return Seen(WHOLE, Verdict.CLEAR, f"{says}.")


def _no_data(condition: NoData, answer: Answer, known: TimeRange | None) -> Seen:
    assert answer.plan is not None
    span = answer.plan.time_range
    column = [c.name for c in answer.columns].index(column_of(answer.plan))
    values = [row[column] for row in answer.rows]
    overlaps = known is not None and span is not None and overlap(span, known)
    some = overlaps and any(value not in (None, 0) for value in values)
    last = f"The newest day with data is {known.end}." if known and known.end else "There are no data at all."
    return Seen(WHOLE, Verdict.CLEAR if some else Verdict.BREACHED, answer.sentence if some else last)


def _thresholds(condition: AboveOrBelow, answer: Answer) -> Iterator[Seen]:
    assert answer.plan is not None
    rows = list(_rows(answer))
    if not answer.rows and not answer.plan.group_by:
        raise NotJudgedError(answer.sentence)
    cut = [part for part in answer.partial if not part.compared]
    adds = any(column.adds for column in answer.columns)
    if cut and adds and not condition.upward and not answer.plan.grain:
        raise _WaitsError(f"{cut[0].says} A sum of days that are not all there is not told to be too little.")
    for row in rows:
        if row.value is None:
            yield Seen(row.group, Verdict.UNKNOWN, f"{_named(row.named)}has no figure.")
            continue
        says = f"{_named(row.named)}{answer_label(answer)} is {row.shown}."
        yield Seen(row.group, _verdict(condition, row.value), says, row.value)


class _WaitsError(NotJudgedError):
    """The period is not over: nothing follows from its figure yet, and nothing is wrong."""


def waits(error: NotJudgedError) -> bool:
    """Whether it is too early to judge, which needs nobody's attention."""
    return isinstance(error, _WaitsError)


def _verdict(condition: AboveOrBelow, value: float) -> Verdict:
    if _COMPARED[condition.comparator](value, condition.value):
        return Verdict.BREACHED
    if condition.clear is None:
        return Verdict.CLEAR
    cleared = value <= condition.clear if condition.upward else value >= condition.clear
    return Verdict.CLEAR if cleared else Verdict.BETWEEN


def _changes(condition: Changes, answer: Answer) -> Iterator[Seen]:
    if answer.partial:
        raise NotJudgedError(answer.partial[0].says)
    assert answer.plan is not None and answer.plan.time_range is not None
    span = answer.plan.time_range
    for row in _rows(answer):
        name = f"{_named(row.named)}{answer_label(answer)}"
        if row.value is None or row.before is None or (condition.relative and row.before == 0):
            none = row.before in (None, 0) and row.value in (None, 0)
            says = f"{name} has nothing before it to compare with."
            yield Seen(row.group, Verdict.CLEAR if none else Verdict.UNKNOWN, says, row.value)
            continue
        difference = row.value - row.before
        moved = difference / abs(row.before) if condition.relative else difference
        amount = {"up": moved, "down": -moved, "either": abs(moved)}[condition.direction]
        by = f"{abs(moved) * 100:.3g} %" if condition.relative else f"{abs(moved):,.6g}"
        verb = "rose" if moved > 0 else "fell" if moved < 0 else "did not change,"
        how = f"{verb} by {by}, " if moved else f"{verb} "
        says = f"{name} {how}from {row.shown_before} to {row.shown} ({span.start} to {span.end})."
        yield Seen(row.group, Verdict.BREACHED if amount >= condition.by else Verdict.CLEAR, says, row.value)


def _rows(answer: Answer) -> Iterator[_Row]:
    """The rows that are judged: of steps of time those of the last whole one.

    Raises:
        NotJudgedError: groups cannot be told from each other.
    """
    plan = answer.plan
    assert plan is not None
    names = [column.name for column in answer.columns]
    at = names.index(column_of(plan))
    earlier = names.index(f"{plan.metrics[0]}__before") if plan.compares else None
    groups = [n for n, column in enumerate(answer.columns) if column.kind == "dimension"]
    said = Said("", answer.columns[at].format, answer.columns[at].unit)
    found: set[str] = set()
    for row in _newest(answer):
        group = ", ".join(_text(row[n]) for n in groups)
        if group in found or (groups and any(row[n] == MASK for n in groups)):
            raise NotJudgedError("its groups cannot be told from each other by this role: choose another group")
        found.add(group)
        value, old = row[at], row[earlier] if earlier is not None else None
        named = ", ".join(answer.columns[n].named(row[n]) or _text(row[n]) for n in groups)
        yield _Row(group, named, _number(value), _number(old), format_said(value, said), format_said(old, said))


def _newest(answer: Answer) -> Sequence[tuple[Any, ...]]:
    step = next((n for n, column in enumerate(answer.columns) if column.kind == "time"), None)
    if step is None:
        return answer.rows
    cut = {part.step.isoformat() for part in answer.partial}
    whole = [str(row[step]) for row in answer.rows if str(row[step])[:10] not in cut]
    if not whole:
        raise NotJudgedError("no step of time is whole yet")
    return [row for row in answer.rows if str(row[step]) == max(whole)]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    return "no value" if value is None else str(value)[:200]


def _named(group: str) -> str:
    return f"{group}: " if group else ""


def answer_label(answer: Answer) -> str:
    """What the column that is judged is called."""
    assert answer.plan is not None
    name = column_of(answer.plan)
    return next(column.label for column in answer.columns if column.name == name)


def due_after(condition: OfFigures, answer: Answer, now: datetime) -> datetime | None:
    """When a condition may come to be so without any table moving; None where the day's change is enough."""
    if not isinstance(condition, Stale):
        return None
    published = [state.published_at for state in answer.freshness if state.published_at]
    ages = [moment + condition.older_than + timedelta(seconds=1) for moment in published]
    return min((moment for moment in ages if moment > now), default=None)
