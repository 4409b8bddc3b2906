"""Which days there are data of, and which periods of an answer are known only in part.

A period that is not over, or that data begin in the middle of, is no whole one: whoever compares it has to know. And a
time before the data begin, or after they end, has no figures; nothing is known of it, which is not nothing.

Belongs here: reading the first and the last day, and telling the periods that are cut. Does not belong here: their
words in a sentence (``wording.sentence``), or calendar arithmetic (``periods``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache
from pydantic import BaseModel, ConfigDict

from nlq.core.periods import overlap, shifted, step_before, unit_range, unit_start, within
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.vocabulary import TIME_DIMENSION

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session

_REMEMBERED = 1024


class Partial(BaseModel):
    """A period of an answer of which not every day is known, or asked for.

    ``start`` and ``end`` are those of the whole period; ``known_from`` and ``known_to`` its days that the figures are
    of. ``compared`` is true where it is the period that another one is compared with; ``step`` is then the first day
    of that other one, and otherwise its own. ``running`` tells that it is not over yet, ``asked`` that the question
    cut it; else the data begin or end within it.
    """

    model_config = ConfigDict(frozen=True)

    start: date
    end: date
    known_from: date
    known_to: date
    step: date
    grain: Grain | None = None
    compared: bool = False
    running: bool = False
    asked: bool = False
    says: str = ""


@dataclass(frozen=True)
class TimeSource:
    """A table and the expression of its time, whose finest step is ``grain``.

    ``tenant`` is the expression of the table's tenant, where it has one.
    """

    relation: str
    expr: str
    grain: str = "day"
    tenant: str | None = None

    @property
    def table(self) -> str:
        """The table as ``layer.table``."""
        return self.relation.replace('"', "")


@dataclass(frozen=True)
class Known:
    """The days that there are data of; ``start`` or ``end`` is None where there is no row.

    Of several tables, ``start`` is after ``end`` where no day is one of all of them.
    ``own_rows`` is false where the tenant asked for has no row at all, though others have.
    """

    start: date | None = None
    end: date | None = None
    own_rows: bool = True

    @property
    def span(self) -> TimeRange | None:
        """The days as a range, if there are any."""
        return TimeRange(start=self.start, end=self.end) if self.start and self.end and not self.apart else None

    @property
    def apart(self) -> bool:
        """Whether there are rows of each of several tables, and no day that is one of all of them."""
        return bool(self.start and self.end and self.start > self.end)

    def misses(self, span: TimeRange | None) -> bool:
        """Whether no day of a time is known."""
        return self.span is None or not overlap(span, self.span)


class Coverage:
    """Reads which days tables have, once per state of a table. Thread-safe."""

    def __init__(self) -> None:
        # LRU; the snapshot of the table is part of the key, so a publication invalidates it.
        self._kept: LRUCache[tuple[Any, ...], Known] = LRUCache(_REMEMBERED)
        self._lock = Lock()

    def known(self, session: Session, sources: Iterable[TimeSource], tenant: str | None = None) -> Known | None:
        """The days that all of some times have data of; a tenant's begin with its own first row. None without times.

        The end is that of the table: where others have rows, a tenant that has none had none.

        Raises:
            QueryRefusedError: a table was never published.
        """
        found = [self._of(session, source, tenant) for source in sources]
        starts, ends = [k.start for k in found if k.start], [k.end for k in found if k.end]
        if not found:
            return None
        if len(starts) < len(found) or len(ends) < len(found):
            return Known(own_rows=all(k.own_rows for k in found))
        return Known(max(starts), min(ends), all(k.own_rows for k in found))

    def _of(self, session: Session, source: TimeSource, tenant: str | None) -> Known:
        session.relation(source.table)
        state = session.snapshots.get(source.table, session.heads.get(""))
        key = (source, tenant, state)
        with self._lock:
            if state is not None and key in self._kept:
                return self._kept[key]
        known = self._read(session, source, tenant)
        with self._lock:
            self._kept[key] = known
        return known

    @staticmethod
    def _read(session: Session, source: TimeSource, tenant: str | None) -> Known:
        """Only names of the manifest are in the text; the tenant is a parameter."""
        own = tenant is not None and source.tenant is not None
        first = f"MIN(CASE WHEN {source.tenant} = ? THEN {source.expr} END)" if own else f"MIN({source.expr})"
        sql = f"SELECT CAST({first} AS DATE) AS a, CAST(MAX({source.expr}) AS DATE) AS b FROM {source.relation}"
        (row,) = session.query(sql, [tenant] if own else None, by_name=True).to_pylist()
        last = row["b"] and unit_range(unit_start(row["b"], source.grain), source.grain).end
        return Known(row["a"], last, row["a"] is not None or row["b"] is None or not own)


def known_days(
    coverage: Coverage, session: Session, sources: Iterable[TimeSource], plan: Plan, tenant: str | None
) -> Known | None:
    """The days that there are data of by the time that a plan goes by; None where that is not the metrics' own.

    A day that nobody was born on has nobody, which is not to know nothing of it.
    """
    return None if plan.time_of else coverage.known(session, sources, tenant)


def partial_periods(plan: Plan, known: Known, steps: Sequence[date], today: date) -> tuple[Partial, ...]:
    """The periods of an answer that are cut, each with what is known of it.

    Args:
        plan: What was asked.
        known: The days that there are data of.
        steps: First days of the steps of time that the answer has rows of.
        today: The day it is: what contains it is not over.
    """
    span = known.span
    if span is None:
        return ()
    if plan.grain is None:
        now, other = plan.time_range, shifted(plan) if plan.compares else None
        found = [_cut(s, span, s, today, compared=s is other) for s in (now, other) if s]
        return tuple(part for part in found if part)
    if TIME_DIMENSION in plan.over:
        days = within(plan.time_range, span) or span
        steps = [unit_start(day, plan.grain) for day in (days.start or span.start, days.end or span.end) if day]
    asked = plan.time_range
    found = [_step(step, plan.grain, asked, span, today) for step in dict.fromkeys(steps)]
    if plan.compares:
        before = shifted(plan)
        others = [(step, step_before(plan, step)) for step in steps]
        found += [_step(other, plan.grain, before, span, today, beside=step) for step, other in others]
    return tuple(part for part in found if part)


def _step(
    first: date, grain: Grain, asked: TimeRange | None, known: TimeRange, today: date, *, beside: date | None = None
) -> Partial | None:
    whole = unit_range(first, grain)
    if not overlap(asked, whole):  # an average over times before all data
        return None
    part = _cut(whole, known, _common(whole, asked), today, compared=beside is not None, grain=grain)
    return part.model_copy(update={"step": beside}) if part and beside else part


def _common(one: TimeRange, other: TimeRange | None) -> TimeRange:
    assert one.start and one.end
    start, end = (other.start, other.end) if other else (None, None)
    return TimeRange(start=max(one.start, start or one.start), end=min(one.end, end or one.end))


def _cut(
    whole: TimeRange, known: TimeRange, asked: TimeRange, today: date, *, compared: bool, grain: Grain | None = None
) -> Partial | None:
    """What is known of a period, where that is not all of it; None where it is, or nothing is."""
    assert known.start and known.end
    start, end = whole.start or known.start, whole.end or known.end
    since, until = asked.start or start, asked.end or end
    first, last = max(start, since, known.start), min(end, until, known.end)
    # A time that ends today was meant to; a step of the calendar, or today itself, is not over.
    is_open = start == today or end > today or (grain is not None and end == today)
    running = whole.end is not None and start <= today and is_open and until >= min(today, known.end)
    if first > last or (first == start and last == end and not running):
        return None
    # A table by month has its last one whole, as far as its dates tell.
    last = max(first, min(last, today)) if running else last
    by_question = first == since > start or last == until < end
    return Partial(
        start=start, end=end, known_from=first, known_to=last, step=start, grain=grain,
        compared=compared, running=running, asked=by_question and not running,
    )  # fmt: skip
