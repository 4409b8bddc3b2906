"""One period in tokens: days, months, quarters, years, relative or named.

Belongs here: "last month", "Q2 2025", "5 March", "FY 2026" at one place of a question. Does not belong here: what two
of them mean together, or "since" and "before" (``timewords``).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nlq.core.periods import shift, unit_range, unit_start
from nlq.core.words import Token, singular

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
UNITS = {"day", "week", "month", "quarter", "year"}
PREVIOUS = {"last", "previous", "past", "prior", "preceding"}
_THIS = {"this", "current"}
_LEAD = {"in", "during", "for", "on", "of", "from", "within", "over", "the", "at"}
_JOINTS = {"and", "or", "&", ",", "vs", "versus", "to", "with", "compared", "against", "until", "through"}
_FISCAL = {"fiscal", "financial"}
_BEGINNING = {"starting", "beginning", "commencing"}
ONE = timedelta(days=1)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_FIRST_YEAR, _LAST_YEAR = 1990, 2099

_OTHERS = (
    *("today", "yesterday", "since", "after", "before", "until", "till", "between", "from", "to", "through"),
    *("ytd", "mtd", "qtd", "wtd", "half", "onwards", "onward", "ago", "earlier", "same", "period", "end"),
    *("fiscal", "financial", "fy", "so", "far", "start", "beginning"),
)
TIME_WORDS = frozenset({*_MONTHS, *UNITS, *PREVIOUS, *_THIS, *_LEAD, *_ORDINALS, *_BEGINNING, *_OTHERS})
"""Words that this module reads, for telling a slip from a word."""


@dataclass(frozen=True)
class Period:
    """A period and its calendar unit, where it is one whole unit."""

    start: date
    end: date
    unit: str | None = None
    count: int = 1


@dataclass(frozen=True)
class Found:
    """A period and the place after it."""

    last: int
    period: Period


class PeriodReader:
    """Reads one period at a place; ``today`` is the clock, ``fiscal_start`` the month in which fiscal years begin."""

    def __init__(self, tokens: Sequence[Token], today: date, fiscal_start: int = 1) -> None:
        self._tokens = tokens
        self._today, self._fiscal_start = today, fiscal_start

    def _period(self, at: int, *, lead: bool) -> Found | None:
        rules: tuple[Callable[[int], Found | None], ...] = (
            self._end_of,
            self._unit_of,
            self._part_of,
            self._year_first,
            self._relative_month,
            self._fiscal,
            self._ago,
            self._to_date,
            self._named_day,
            self._iso,
            self._rolling,
            self._relative_unit,
            self._quarter_or_half,
            self._day_of_month,
            self._slashed,
            self._year,
        )
        try:
            return next((found for rule in rules if (found := rule(at))), None) or self._month(at, lead=lead)
        except (ValueError, OverflowError):
            return None  # a day that no calendar has

    def _end_of(self, at: int) -> Found | None:
        """The last day of a period: "end of March 2026"."""
        if self._norms(at, 2) != ["end", "of"] or self._norm(at + 2) == "end":
            return None
        found = self._period(self._skip_the(at + 2), lead=True)
        return Found(found.last, Period(found.period.end, found.period.end, "day")) if found else None

    def _unit_of(self, at: int) -> Found | None:
        """The week around a day, or from a day on: "week of 6 August", "week starting 6 August"."""
        unit, word = self._norm(at), self._norm(at + 1)
        if unit not in {"week", "month"} or word not in {"of", *_BEGINNING}:
            return None
        found = self._period(self._skip_the(at + 2), lead=True)
        if not found or found.period.unit not in ("day", unit):
            return None
        if unit == "week" and word in _BEGINNING:
            return Found(found.last, Period(found.period.start, found.period.start + timedelta(days=6)))
        return Found(found.last, period_of(unit_start(found.period.start, unit), unit))

    def _part_of(self, at: int) -> Found | None:
        """The first or last week or day of a period: "first week of June 2026" are its first seven days."""
        days = {"week": 7, "day": 1}.get(self._norm(at + 1))
        if self._norm(at) not in {"first", "last"} or not days or self._norm(at + 2) != "of":
            return None
        found = self._period(self._skip_the(at + 3), lead=True)
        if not found or found.period.unit not in {"month", "quarter", "year"}:
            return None
        whole, step = found.period, timedelta(days=days - 1)
        if self._norm(at) == "first":
            return Found(found.last, Period(whole.start, whole.start + step))
        return Found(found.last, Period(whole.end - step, whole.end))

    def _year_first(self, at: int) -> Found | None:
        """A quarter or half after its year: "2025 Q2", "2025 H1"."""
        if at >= len(self._tokens) or not is_year(self._tokens[at]) or self._norm(at + 1) not in {"q", "h"}:
            return None
        number = self._integer(at + 2)
        months = 3 if self._norm(at + 1) == "q" else 6
        if not number or number > 12 // months or is_year(self._tokens[at + 2]):
            return None
        start = date(int(self._tokens[at].norm), (number - 1) * months + 1, 1)
        end = shift(start, "month", months) - ONE
        return Found(at + 3, Period(start, end, "quarter" if months == 3 else None))

    def _relative_month(self, at: int) -> Found | None:
        """Reads "this August", and "last August" where that can be only one."""
        word, month = self._norm(at), self._month_number(at + 1)
        if not month or word not in PREVIOUS | _THIS or self._optional_year(at + 2)[0]:
            return None
        beside_this = any(self._norm(n) in _THIS and self._month_number(n + 1) for n in range(len(self._tokens)))
        if word in PREVIOUS and not beside_this and month < self._today.month:
            return None
        year = self._today.year - (1 if word in PREVIOUS else 0)
        return Found(at + 2, period_of(date(year, month, 1), "month"))

    def _fiscal(self, at: int) -> Found | None:
        """Fiscal years and their quarters: "FY 2025", "last fiscal year", "Q2 of fiscal year 2025"."""
        part = None
        if self._norm(at) == "q" and self._integer(at + 1) in (1, 2, 3, 4):
            part, at = self._integer(at + 1), self._skip_of(at + 2)
        word = self._norm(at)
        relative = word if word in PREVIOUS | _THIS else None
        at += 1 if relative else 0
        if self._norm(at) in _FISCAL and self._norm(at + 1) == "year":
            last = at + 2
        elif self._norm(at) == "fy":
            last = at + 1
        else:
            return None
        current = unit_start(self._today, "year", self._fiscal_start)
        if relative:
            return self._fiscal_part(last, shift(current, "year", -1 if relative in PREVIOUS else 0), part)
        year = self._integer(last)
        if year is None:
            return None
        year += 2000 if year < 100 else 0
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            return None
        start = date(year - (1 if self._fiscal_start > 1 else 0), self._fiscal_start, 1)
        return self._fiscal_part(last + 1, start, part)

    def _fiscal_part(self, last: int, start: date, part: int | None) -> Found:
        if part:
            return Found(last, period_of(shift(start, "quarter", part - 1), "quarter"))
        whole = period_of(start, "year")
        return Found(last, Period(start, min(whole.end, self._today) if start <= self._today else whole.end, "year"))

    def _ago(self, at: int) -> Found | None:
        """The whole unit so long ago: "2 weeks ago"."""
        count = 1 if self._norm(at) in {"a", "one"} else self._integer(at)
        unit = self._unit_at(at + 1)
        if not count or not unit or count > 1000 or self._norm(at + 2) != "ago" or (unit == "year" and count == 1):
            return None
        return Found(at + 3, period_of(shift(unit_start(self._today, unit), unit, -count), unit))

    def _to_date(self, at: int) -> Found | None:
        short = {"ytd": "year", "mtd": "month", "qtd": "quarter", "wtd": "week"}.get(self._norm(at))
        if short:
            return Found(at + 1, Period(unit_start(self._today, short), self._today))
        unit = self._norm(at)
        if unit in UNITS and self._norms(at + 1, 2) == ["to", "date"]:
            return Found(at + 3, Period(unit_start(self._today, unit), self._today))
        if unit == "so" and self._norms(at + 1, 2) == ["far", "this"] and self._norm(at + 3) in UNITS:
            return Found(at + 4, Period(unit_start(self._today, self._norm(at + 3)), self._today))
        if unit in _THIS and self._norm(at + 1) in UNITS and self._norms(at + 2, 2) == ["so", "far"]:
            return Found(at + 4, Period(unit_start(self._today, self._norm(at + 1)), self._today))
        return None

    def _named_day(self, at: int) -> Found | None:
        back = {"today": 0, "yesterday": 1}.get(self._norm(at))
        if back is None:
            return None
        day = self._today - timedelta(days=back)
        return Found(at + 1, Period(day, day, "day"))

    def _iso(self, at: int) -> Found | None:
        if self._kind(at) != "date":
            return None
        parts = [int(part) for part in self._norm(at).split("-")]
        return self._from_parts(at + 1, parts)

    def _from_parts(self, last: int, parts: list[int]) -> Found | None:
        try:
            if len(parts) == 2:
                return Found(last, period_of(date(parts[0], parts[1], 1), "month"))
            day = date(parts[0], parts[1], parts[2])
        except ValueError:
            return None
        return Found(last, Period(day, day, "day"))

    def _rolling(self, at: int) -> Found | None:
        """Last 90 days: ends today. Last 3 months: whole calendar units before this one."""
        if self._norm(at) not in PREVIOUS:
            return None
        number = self._integer(at + 1)
        unit = self._unit_at(at + 2)
        if not number or not unit or number > 10_000:
            return None
        if unit == "day":
            return Found(at + 3, Period(self._today - timedelta(days=number - 1), self._today))
        this = unit_start(self._today, unit)
        start = shift(this, unit, -number)
        return Found(at + 3, Period(start, this - timedelta(days=1), None, number))

    def _relative_unit(self, at: int) -> Found | None:
        word, unit = self._norm(at), self._norm(at + 1)
        if unit not in UNITS or word not in PREVIOUS | _THIS:
            return None
        start = unit_start(self._today, unit)
        if word in _THIS:
            return Found(at + 2, Period(start, self._today, unit))
        return Found(at + 2, period_of(shift(start, unit, -1), unit))

    def _quarter_or_half(self, at: int) -> Found | None:
        word, number = self._norm(at), self._integer(at + 1)
        if word in {"q", "h"} and number:
            return self._part(at + 2, word, number)
        if word in {"last", "latter"} and self._norms(at + 1, 2) == ["half", "of"]:
            return self._part(at + 3, "h", 2)
        ordinal = at + 1 if self._norm(at + 1) in {"st", "nd", "rd", "th"} else at
        if word in _ORDINALS and self._norm(ordinal + 1) in {"quarter", "half"}:
            return self._part(self._skip_of(ordinal + 2), self._norm(ordinal + 1)[0], _ORDINALS[word])
        return None

    def _part(self, last: int, kind: str, number: int) -> Found | None:
        months = {"q": 3, "h": 6}[kind]
        if number * months > 12:
            return None
        year, last = self._optional_year(last)
        start = date(year or self._today.year, (number - 1) * months + 1, 1)
        if year is None and start > self._today:
            start = start.replace(year=start.year - 1)
        end = shift(start, "month", months) - ONE
        return Found(last, Period(start, end, "quarter" if kind == "q" else None))

    def _day_of_month(self, at: int) -> Found | None:
        """A day such as 5 March 2025, March 5, 2025 or the 5th of March."""
        day, month_at = self._integer(at), self._skip_of(self._skip_ordinal(at + 1))
        if day and (month := self._month_number(month_at)):
            return self._dated(month_at + 1, day, month)
        month, day = self._month_number(at), self._integer(at + 1)
        if month and day and day <= 31:
            return self._dated(self._skip_ordinal(at + 2), day, month)
        return None

    def _dated(self, last: int, day: int, month: int) -> Found | None:
        after_comma = last + 1 if self._norm(last) == "," else last
        year, end = self._optional_year(after_comma)
        if year is None:
            end = last
        try:
            found = date(year or self._today.year, month, day)
            if year is None and found > self._today:
                found = found.replace(year=found.year - 1)
        except ValueError:
            return None
        return Found(end, Period(found, found, "day"))

    def _slashed(self, at: int) -> Found | None:
        """A day such as 25/12/2025, only where day and month cannot be mixed up."""
        if [self._norm(at + 1), self._norm(at + 3)] != ["/", "/"]:
            return None
        parts = [self._integer(at + step) for step in (0, 2, 4)]
        if None in parts or not is_year(self._tokens[at + 4]):
            return None
        left, right, year = (part or 0 for part in parts)
        if left != right and (left > 12) == (right > 12):
            return None
        day, month = (left, right) if left > 12 or left == right else (right, left)
        return self._from_parts(at + 5, [year, month, day])

    def _year(self, at: int) -> Found | None:
        if self._norm(at) == "year":
            at += 1
        if at >= len(self._tokens) or not is_year(self._tokens[at]):
            return None
        year, last = self._optional_year(at)
        return Found(last, period_of(date(year, 1, 1), "year")) if year else None

    def _month(self, at: int, *, lead: bool) -> Found | None:
        month = self._month_number(at)
        if not month:
            return None
        year, last = self._optional_year(self._skip_of(at + 1))
        if year is None:
            last = at + 1
            if not self._is_surely_month(at, lead):
                return None
        start = date(year or self._today.year, month, 1)
        if year is None and start > self._today:
            start = start.replace(year=start.year - 1)
        return Found(last, period_of(start, "month"))

    def _is_surely_month(self, at: int, lead: bool) -> bool:
        """May, march and mar are words as well: they need a lead ("in May") or a capital letter."""
        return self._norm(at) not in {"may", "march", "mar"} or lead or self._tokens[at].text[:1].isupper()

    # --- tokens

    def _norm(self, at: int) -> str:
        return self._tokens[at].norm if 0 <= at < len(self._tokens) and self._kind(at) != "quoted" else ""

    def _norms(self, at: int, count: int) -> list[str]:
        return [self._norm(at + step) for step in range(count)]

    def _kind(self, at: int) -> str:
        return self._tokens[at].kind if 0 <= at < len(self._tokens) else ""

    def _unit_at(self, at: int) -> str | None:
        word = singular(self._norm(at))
        return word if word in UNITS else None

    def _integer(self, at: int) -> int | None:
        norm = self._norm(at)
        return int(norm) if self._kind(at) == "number" and norm.isdigit() and len(norm) < 10 else None

    def _month_number(self, at: int) -> int | None:
        return _MONTHS.get(self._norm(at)) if self._kind(at) == "word" else None

    def _optional_year(self, at: int) -> tuple[int | None, int]:
        if at < len(self._tokens) and is_year(self._tokens[at]):
            return int(self._tokens[at].norm), at + 1
        relative = self._skip_of(at)
        if self._norm(relative) in PREVIOUS | _THIS and self._norm(relative + 1) == "year":
            return self._today.year - (1 if self._norm(relative) in PREVIOUS else 0), relative + 2
        return self._year_of_a_list(at), at

    def _year_of_a_list(self, at: int) -> int | None:
        """The year that is said once, after the last of several: "May and June 2025"."""
        last = at
        while self._norm(last) in _JOINTS and last - at < 3:
            last += 1
        if last == at:
            return None
        in_parts = self._norm(last) in {"q", "h"} and self._integer(last + 1) is not None
        after = last + 2 if in_parts else last + 1 if self._month_number(last) else None
        if after is None or after >= len(self._tokens) or not is_year(self._tokens[after]):
            return self._year_of_a_list(after) if after is not None else None
        return int(self._tokens[after].norm)

    def _skip_lead(self, at: int) -> int:
        first = at
        while self._norm(at) in _LEAD and at - first < 3:
            at += 1
        return at

    def _skip_the(self, at: int) -> int:
        return at + 1 if self._norm(at) == "the" else at

    def _skip_of(self, at: int) -> int:
        return at + 1 if self._norm(at) in {"of", "in"} else at

    def _skip_ordinal(self, at: int) -> int:
        return at + 1 if self._norm(at) in {"st", "nd", "rd", "th"} else at


def is_year(token: Token) -> bool:
    """Whether a number is one that names a year."""
    digits = token.text
    return len(digits) == 4 and digits.isascii() and digits.isdigit() and _FIRST_YEAR <= int(digits) <= _LAST_YEAR


def period_of(start: date, unit: str) -> Period:
    """The whole calendar unit that begins on a day."""
    span = unit_range(start, unit)
    assert span.start is not None and span.end is not None
    return Period(span.start, span.end, unit)
