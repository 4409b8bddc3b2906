"""Fiscal years and their parts: "FY25", "fiscal 2025", "Q1 FY 2024-25", "this financial year to date".

A fiscal year is named after the calendar year it ends in. Where nobody said in which month fiscal years begin, each of
the usual ones may be meant, to be asked back. Does not belong here: calendar years (``timeperiods``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from nlq.core.periods import shift, unit_start
from nlq.english.tokens import Token
from nlq.planning.times.tokens import ONE, PREVIOUS, THIS, Found, Period, TimeTokens, found, period_of

_FISCAL = {"fiscal", "financial"}
_USUAL_STARTS = (1, 4, 7, 10)
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_MONTHS_OF = {"q": 3, "h": 6}
_TWO_YEARS = re.compile(r"(\d{4})-(\d{2})")


class FiscalReader(TimeTokens):
    """Reads fiscal years; ``fiscal_start`` is the month in which they begin, None where nobody said."""

    def __init__(self, question: str, tokens: Sequence[Token], today: date, fiscal_start: int | None) -> None:
        super().__init__(question, tokens, today)
        self._starts = _USUAL_STARTS if fiscal_start is None else (fiscal_start,)

    def read(self, at: int) -> Found | None:
        """A fiscal year, half or quarter at a place."""
        part, after = self._part(at)
        named = self._named(self._skip_the(after))
        if named is None:
            return self._relative_quarter(at)
        last, which = named
        if part is None and which is not None and self._norm(last) in _MONTHS_OF:
            part, last = self._part(last)
        to_date = self._norms(last, 2) == ["to", "date"] or self._norms(last, 2) == ["so", "far"]
        if part is None and which == 0 and (to_date or self._norm(at) == "fytd"):
            last += 2 if to_date else 0
        return found(last, [self._period(start, which, part) for start in self._starts])

    def _named(self, at: int) -> tuple[int, int] | None:
        """The place after a fiscal year, and its number: a year, or 0 and -1 for this and the last one."""
        if self._norm(at) == "fytd":
            return at + 1, 0
        if self._norms(at, 2) in (["fiscal", "ytd"], ["financial", "ytd"]):
            return at + 2, 0
        relative = self._norm(at) if self._norm(at) in PREVIOUS | THIS else None
        after = self._skip_words(at + 1 if relative else at)
        if after is None:
            before = self.years(at)  # "2024/25 financial year"
            closing = before and self._skip_words(before[0])
            return (closing, before[1]) if before and closing else None
        if relative:
            whole = self._norm(after - 1) in {"year", "fy", "yr"}
            return (after, -1 if relative in PREVIOUS else 0) if whole else None
        if named := self.years(after):
            return named
        is_this = self._norms(after, 2) in (["to", "date"], ["so", "far"]) and self._norm(after - 1) == "year"
        return (after, 0) if is_this else None

    def _skip_words(self, at: int) -> int | None:
        if self._norm(at) == "fy":
            return at + 1
        if self._norm(at) not in _FISCAL:
            return None
        return at + 2 if self._unit_at(at + 1) == "year" else at + 1

    def years(self, at: int) -> tuple[int, int] | None:
        """The year at a place: 2025, 25, 2024-25 or 2024/25, the last two named by both years they touch."""
        if both := _TWO_YEARS.fullmatch(self._text(at)):
            return self._pair(at + 1, int(both[1]), int(both[2]))
        year = self._integer(at)
        if year is None or len(self._text(at)) not in (2, 4):
            return None
        slash = self._norm(at + 1) == "/"
        second = at + 2 if slash else at + 1 if self._is_dashed(at + 1) else None
        if second is not None and (end := self._integer(second)) is not None and len(self._text(second)) in (2, 4):
            return self._pair(second + 1, year, end)
        full = self._full_year(year) if year < 100 else year
        return (at + 1, full) if _FIRST_YEAR <= full <= _LAST_YEAR else None

    def _pair(self, last: int, first: int, second: int) -> tuple[int, int] | None:
        first = self._full_year(first) if first < 100 else first
        return (last, first + 1) if second in (first + 1, (first + 1) % 100) else None

    def _part(self, at: int) -> tuple[tuple[str, int] | None, int]:
        """A quarter or half and the place after it: "Q1 of", "first half of"."""
        if self._norm(at) in _MONTHS_OF and (number := self._integer(at + 1)):
            kind, last = self._norm(at), at + 2
        elif self._norm(at + 1) in _MONTHS_OF and (number := self._integer(at)):
            kind, last = self._norm(at + 1), at + 2
        else:
            number, last = self._ordinal(self._skip_the(at))
            word = "half" if self._norm(last) == "half" else self._unit_at(last)
            if number is None or word not in ("quarter", "half"):
                return None, at
            kind, last = word[0], last + 1
        return ((kind, number), self._skip_of(last)) if number * _MONTHS_OF[kind] <= 12 else (None, at)

    def _relative_quarter(self, at: int) -> Found | None:
        """This or the last fiscal quarter."""
        word = self._norm(at)
        if word not in PREVIOUS | THIS or self._norm(at + 1) not in _FISCAL or self._unit_at(at + 2) != "quarter":
            return None
        this = [unit_start(self._today, "quarter", start) for start in self._starts]
        if word in PREVIOUS:
            return found(at + 3, [period_of(shift(start, "quarter", -1), "quarter") for start in this])
        return found(at + 3, [Period(start, self._today, "quarter") for start in this])

    def _period(self, month: int, which: int, part: tuple[str, int] | None) -> Period:
        if which > 0:
            start = date(which - (1 if month > 1 else 0), month, 1)
        else:
            start = shift(unit_start(self._today, "year", month), "year", which)
        if part:
            months = _MONTHS_OF[part[0]]
            begun = shift(start, "month", months * (part[1] - 1))
            end = shift(begun, "month", months) - ONE
            return Period(begun, end, "quarter" if months == 3 else None)
        whole = period_of(start, "year")
        return Period(start, min(whole.end, self._today) if start <= self._today else whole.end, "year")
