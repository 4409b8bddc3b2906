"""Times to come: "March" is the next one where something is foretold, "this month" all of it.

Belongs here: what a forecast takes otherwise than other questions do. Does not belong here: reading times (``times``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from nlq.core.periods import BeyondCalendarError, shift, unit_range, unit_start
from nlq.core.plan import TimeRange
from nlq.english.tokens import Token
from nlq.planning.times.tokens import PREVIOUS, THIS
from nlq.planning.times.words import TimeSpan

_UNITS = ("week", "month", "quarter", "year")


def to_come(spans: Iterable[TimeSpan], tokens: Sequence[Token], today: date) -> Iterator[TimeSpan]:
    """The times as a forecast means them: a month or day without a year is the next, a unit that has begun is whole."""
    for span in spans:
        said = tokens[span.first : span.last]
        norms = {token.norm for token in said}
        if span.range is None or span.range.end is None:
            yield span
        elif span.range.end == today and span.unit in _UNITS and norms & THIS:
            yield replace(span, range=unit_range(unit_start(today, span.unit), span.unit))
        elif span.range.end < today and not (norms & PREVIOUS or "ago" in norms or any(map(_says_year, said))):
            yield replace(span, range=_next(span.range, today) or span.range)
        else:
            yield span


def _says_year(token: Token) -> bool:
    return token.kind == "date" or (token.number or 0) >= 1900 or token.norm in ("yesterday", "ytd", "mtd")


def _next(span: TimeRange, today: date) -> TimeRange | None:
    """The same days of the year, the next time that they come."""
    assert span.end is not None
    for years in (1, 2):
        try:
            end = shift(span.end, "year", years)
            if end >= today:
                start = span.start and shift(span.start, "year", years)
                whole = start and unit_range(start, "month") if start and start.day == 1 else None
                is_month = span.start is not None and span == unit_range(span.start, "month")
                return whole if whole and is_month else TimeRange(start=start, end=end)
        except BeyondCalendarError:
            return None
    return None
