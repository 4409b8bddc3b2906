"""One period in tokens: days, months, quarters, years, relative or named.

Belongs here: "last month", "Q2 2025", "first half of March", "the last 3 months excluding this" at one place of a
question. Does not belong here: what two of them mean together, or "since" and "before" (``timewords``); days
(``timedays``), fiscal years (``fiscalyears``), holidays and rough times (``timenames``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from nlq.core.periods import shift, unit_start
from nlq.english.forms import singular
from nlq.english.general import SUBJECTS
from nlq.english.tokens import Token
from nlq.planning.times.days import DayReader
from nlq.planning.times.fiscalyears import FiscalReader
from nlq.planning.times.gone import GoneReader
from nlq.planning.times.names import NameReader
from nlq.planning.times.tokens import (
    MONTHS,
    NEXT,
    ONE,
    PREVIOUS,
    THIS,
    UNITS,
    Found,
    Period,
    TimeTokens,
    found,
    period_of,
)

_LEAD = {"in", "during", "for", "on", "of", "from", "within", "over", "the", "at"}
_JOINTS = {"and", "or", "&", "+", "/", ",", "vs", "versus", "to", "with", "compared", "against", "until", "through"}
_BEGINNING = {"starting", "beginning", "commencing"}
_PARTS = {"q": 3, "h": 6}
_WHOLE = {"full", "complete", "whole", "calendar", "completed", "entire"}
_CALENDARS = {"iso", "calendar", "gregorian"}
_ROLLING = {"trailing", "rolling"}
_WITHOUT = {"excluding", "without", "except"}
_INCLUDING: dict[tuple[str, ...], str] = {
    **dict.fromkeys([("not", "including"), ("exclusive", "of"), ("but", "not")], "excluding"),
    **dict.fromkeys([("inclusive", "of"), ("and", "including"), ("also", "including")], "including"),
}
_ENDING = {"ending", "ended"}
ENDS = frozenset({"end", "close"})
"""What the last day of a period is called."""

_OTHERS = (
    *("today", "yesterday", "since", "after", "before", "until", "till", "between", "from", "to", "through"),
    *("ytd", "mtd", "qtd", "wtd", "half", "onwards", "onward", "ago", "earlier", "same", "period", "end"),
    *("fiscal", "financial", "fy", "fytd", "so", "far", "start", "beginning", "tomorrow", "early", "late", "middle"),
    *("spring", "summer", "autumn", "fall", "winter", "decade", "christmas", "xmas", "easter", "thanksgiving", "black"),
    *("halloween", "boxing", "cyber", "older", "newer", "younger", "later", "trailing", "rolling"),
    *("fortnight", "couple", "first", "second", "third", "fourth", "1", "2", "3", "4"),
)
TIME_WORDS = frozenset({*MONTHS, *UNITS, *PREVIOUS, *THIS, *_LEAD, *_BEGINNING, *_OTHERS})
"""Words that this module reads, for telling a slip from a word."""


class PeriodReader(TimeTokens):
    """Reads one period at a place; ``fiscal_start`` is the month in which fiscal years begin, None if nobody said."""

    def __init__(self, question: str, tokens: Sequence[Token], today: date, fiscal_start: int | None = None) -> None:
        super().__init__(question, tokens, today)
        days = DayReader(question, tokens, today, self._period_after_lead)
        self._days, self._fiscal = days, FiscalReader(question, tokens, today, fiscal_start)
        self._known: dict[tuple[int, bool], Found | None] = {}
        self._rules: tuple[Callable[[int], Found | None], ...] = (
            self._end_of,
            self._unit_of,
            self._part_of,
            self._half_month,
            self._year_first,
            self._relative_month,
            self._fiscal.read,
            self._ago,
            self._to_date,
            self._ending,
            *days.rules(),
            self._iso,
            self._rolling,
            self._relative_unit,
            self._quarter_or_half,
            self._year,
            *NameReader(question, tokens, today, self._period_after_lead).rules(),
            *GoneReader(question, tokens, today).rules(),
        )

    def _period_after_lead(self, at: int) -> Found | None:
        return self._period(at, lead=True)

    def _period(self, at: int, *, lead: bool) -> Found | None:
        """The longest period at a place; of two as long, the one whose rule comes first."""
        if (at, lead) not in self._known:
            self._known[at, lead] = self._longest(at, lead)
        return self._known[at, lead]

    def _longest(self, at: int, lead: bool) -> Found | None:
        best = self._month(at, lead=lead)
        for rule in self._rules:
            try:
                one = rule(at)
            except (ValueError, OverflowError):
                continue  # a day that no calendar has
            if one and (best is None or one.last > best.last):
                best = one
        return best

    # --- parts of periods

    def _end_of(self, at: int) -> Found | None:
        """The last day of a period: "end of March 2026", "close of 2025", "year end 2025"."""
        word, following = self._norm(at), self._norm(at + 1)
        named = word if word in UNITS and following == "end" else None
        if not named and (word not in ENDS or following != "of" or self._norm(at + 2) in ENDS):
            return None
        whole = self._period(self._skip_the(self._skip_of(at + 2)), lead=True)
        if whole is None or (named and whole.period.unit != named):
            return None
        return found(whole.last, [Period(one.end, one.end, "day") for one in whole.all])

    def _unit_of(self, at: int) -> Found | None:
        """The week around a day, or from a day on: "week of 6 August", "week starting 6 August"."""
        unit, word = self._norm(at), self._norm(at + 1)
        if unit not in {"week", "month", "year"} or word not in {"of", *_BEGINNING}:
            return None
        day = self._period(self._skip_the(at + 2), lead=True)
        if not day or day.others or day.period.unit not in ("day", unit):
            return None
        if unit == "week" and word in _BEGINNING:
            return Found(day.last, Period(day.period.start, day.period.start + timedelta(days=6)))
        return Found(day.last, period_of(unit_start(day.period.start, unit), unit))

    def _part_of(self, at: int) -> Found | None:
        """Units at an end of a period: "first week of June 2026" (seven days), "last 3 months of 2025"."""
        place, unit_at = (-1, at + 1) if self._norm(at) in {"last", "final"} else self._ordinal(at)
        count = self._integer(unit_at)
        if self._norm(unit_at) == "couple":
            count, unit_at = 2, self._skip_of(unit_at + 1) - 1
        unit = self._unit_at(unit_at + 1 if count else unit_at)
        last = unit_at + (2 if count else 1)
        if place is None or unit is None or self._norm(last) not in {"of", "in"} or (count and place not in (1, -1)):
            return None
        whole = self._period(self._skip_the(last + 1), lead=True)
        if whole is None or whole.others or whole.period.unit not in {"month", "quarter", "year"}:
            return None
        return self._units_of(whole.last, whole.period, unit, place, count or 1)

    def _units_of(self, last: int, whole: Period, unit: str, place: int, count: int) -> Found | None:
        assert whole.unit
        start, end = whole.start, shift(whole.start, whole.unit, 1) - ONE  # of this year, the days to come as well
        if unit == "week" and place not in (1, -1):
            return None  # the second week of a month is drawn by some from its first day, by others from a Monday
        if place > 0:
            first = shift(start, unit, place - 1)
            one = Period(first, shift(first, unit, count) - ONE)
        else:
            one = Period(shift(end + ONE, unit, -count), end)
        if not (start <= one.start and one.end <= end) or unit == whole.unit:
            return None
        return Found(last, Period(one.start, one.end, unit if count == 1 and unit != "week" else None))

    def _half_month(self, at: int) -> Found | None:
        """Half of a month: its first fifteen days, or the rest."""
        place, last = (2, at + 1) if self._norm(at) in {"last", "latter"} else self._ordinal(at)
        if place not in (1, 2) or self._norms(last, 2) != ["half", "of"]:
            return None
        whole = self._period(self._skip_the(last + 2), lead=True)
        if whole is None or whole.others or whole.period.unit != "month":
            return None
        start = whole.period.start
        end = shift(start, "month", 1) - ONE
        days = Period(start, start.replace(day=15)) if place == 1 else Period(start.replace(day=16), end)
        return Found(whole.last, days)

    def _quarter_or_half(self, at: int) -> Found | None:
        for kind_at, number_at in ((at, at + 1), (at + 1, at)):  # Q1 and 1Q
            kind, number = self._norm(kind_at), self._integer(number_at)
            if kind in _PARTS and number and len(self._text(number_at)) == 1:
                whole = self._part(at + 2, kind, number)
                # "within 2h" is a time of day
                return whole if kind_at == at or kind == "q" or (whole and whole.last > at + 2) else None
        if self._norm(at) in {"last", "latter"} and self._norms(at + 1, 2) == ["half", "of"]:
            return self._part(at + 3, "h", 2)
        place, last = self._ordinal(at)
        word = "half" if self._norm(last) == "half" else self._unit_at(last)
        if place and word in {"quarter", "half"}:
            return self._part(self._skip_of(last + 1), word[0], place)
        return None

    def _part(self, last: int, kind: str, number: int) -> Found | None:
        months = _PARTS[kind]
        if number * months > 12:
            return None
        joint = last + 1 if self._norm(last) in {"/", ","} else last
        year, after = self._optional_year(joint)
        if year is None:
            after = last
            if kind in {"q", "h"} and len(self._text(last)) == 2 and self._integer(last) and joint == last:
                year, after = self._full_year(self._integer(last) or 0), last + 1
        start = date(year or self._today.year, (number - 1) * months + 1, 1)
        if year is None and start > self._today:
            start = start.replace(year=start.year - 1)
        end = shift(start, "month", months) - ONE
        return Found(after, Period(start, end, "quarter" if kind == "q" else None))

    def _year_first(self, at: int) -> Found | None:
        """A quarter or half after its year: "2025 Q2", "2025 H1", "18q4"."""
        year = self._year_number(at)
        if year is None and len(self._text(at)) == 2 and self._text(at).isdigit() and not self._between(at + 1):
            year = self._full_year(int(self._text(at)))
        months, number = _PARTS.get(self._norm(at + 1)), self._integer(at + 2)
        if not year or not months or not number or number > 12 // months:
            return None
        start = date(year, (number - 1) * months + 1, 1)
        return Found(at + 3, Period(start, shift(start, "month", months) - ONE, "quarter" if months == 3 else None))

    # --- relative to today

    def _relative_month(self, at: int) -> Found | None:
        """Reads "this August", and "last August" where that can be only one."""
        word, month = self._norm(at), self._month_number(at + 1)
        if not month or word not in PREVIOUS | THIS | NEXT or self._optional_year(at + 2)[0]:
            return None
        if word in NEXT:
            year = self._today.year + (month <= self._today.month)
            return Found(at + 2, period_of(date(year, month, 1), "month"))
        beside_this = any(self._norm(n) in THIS and self._month_number(n + 1) for n in range(len(self._tokens)))
        year = self._today.year - (1 if word in PREVIOUS else 0)
        ago = period_of(date(year, month, 1), "month")
        if word in PREVIOUS and not beside_this and month < self._today.month:
            return found(at + 2, [period_of(date(self._today.year, month, 1), "month"), ago])
        return Found(at + 2, ago)

    def _ago(self, at: int) -> Found | None:
        """The whole unit so long ago: "2 weeks ago"."""
        count = 1 if self._norm(at) in {"a", "one"} else self._integer(at)
        unit = self._unit_at(at + 1)
        if not count or not unit or count > 1000 or self._norm(at + 2) != "ago":
            return None
        if self._norm(at + 3) == "today":
            day = shift(self._today, unit, -count)
            return Found(at + 4, Period(day, day, "day"))
        if unit == "year" and count == 1:
            return None  # which is more often said of what is compared
        return Found(at + 3, period_of(shift(unit_start(self._today, unit), unit, -count), unit))

    def _to_date(self, at: int) -> Found | None:
        """A unit up to today: "YTD", "month to date"; of another year, up to the same day: "YTD 2025"."""
        unit, last = {"ytd": "year", "mtd": "month", "qtd": "quarter", "wtd": "week"}.get(self._norm(at)), at + 1
        if unit is None:
            unit, last = self._unit_at(at), at + 3
            if unit is None or self._norms(at + 1, 2) != ["to", "date"] or self._norm(at - 1) in PREVIOUS:
                return self._so_far(at)
        year, after = self._optional_year(self._skip_of(last)) if unit == "year" else (None, last)
        if year is None or after == last:
            return Found(last, Period(unit_start(self._today, unit), self._today))
        return self._up_to_this_day(after, year)

    def _so_far(self, at: int) -> Found | None:
        if self._norms(at, 3) == ["so", "far", "this"] and (unit := self._unit_at(at + 3)):
            return Found(at + 4, Period(unit_start(self._today, unit), self._today))
        if self._norm(at) in THIS and (unit := self._unit_at(at + 1)) and self._norms(at + 2, 2) == ["so", "far"]:
            return Found(at + 4, Period(unit_start(self._today, unit), self._today))
        if self._norm(at) in PREVIOUS and self._norms(at + 1, 3) == ["year", "to", "date"]:
            return self._up_to_this_day(at + 4, self._today.year - 1)
        return self._up_to_this_day(at + 2, self._today.year - 1) if self._norms(at, 2) == ["last", "ytd"] else None

    def _up_to_this_day(self, last: int, year: int) -> Found | None:
        """A year up to the day that today is this year."""
        if year > self._today.year:
            return None
        return Found(last, Period(date(year, 1, 1), shift(self._today, "year", year - self._today.year)))

    def _ending(self, at: int) -> Found | None:
        """Units up to the end of a period: "year ended March 2025", "12 months to 31 March", "week ending 5 July"."""
        count = self._integer(at)
        unit_at = at + 1 if count else at
        unit = self._unit_at(unit_at)
        word = self._norm(unit_at + 1)
        if unit is None or not (word in _ENDING or (word == "to" and (count or unit == "year"))):
            return None
        whole = self._period(self._skip_the(self._skip_of(unit_at + 2)), lead=True)
        if whole is None or whole.period.unit not in {"day", "month", "quarter"}:
            return None
        return found(whole.last, [Period(self._units_before(one.end, unit, count or 1), one.end) for one in whole.all])

    @staticmethod
    def _units_before(end: date, unit: str, count: int) -> date:
        return shift(end + ONE, unit, -count)

    def _iso(self, at: int) -> Found | None:
        if self._kind(at) != "date":
            return None
        parts = [int(part) for part in self._norm(at).split("-")]
        if len(parts) == 2:
            return Found(at + 1, period_of(date(parts[0], parts[1], 1), "month"))
        day = date(parts[0], parts[1], parts[2])
        return Found(at + 1, Period(day, day, "day"))

    def _rolling(self, at: int) -> Found | None:
        """Last 90 days: ends today. Last 3 months: whole calendar units before this one, unless this is included."""
        if self._norm(at) in {"ttm", "ltm"}:
            return Found(at + 1, self._last_units(12, "month"))
        word, number, unit_at = self._norm(at), self._integer(at + 1), at + 2
        if self._norm(at + 1) == "couple":
            number, unit_at = 2, self._skip_of(at + 2)
        number = 3 if self._norm(at + 1) == "few" else number
        while number and self._norm(unit_at) in _WHOLE:
            unit_at += 1
        unit, count = self._unit_at(unit_at), number or 0
        if short := self._short_units(at + 1):
            unit_at, unit, count = short
        elif not (unit and count):
            unit_at, unit, count = self._odd_units(at + 1, unit_at, count)
        if not unit or not 0 < count <= 10_000:
            return None
        last = unit_at + 3 if self._norms(unit_at + 1, 2) == ["or", "so"] else unit_at + 1
        if word in NEXT:
            start = shift(unit_start(self._today, unit), unit, 1)
            return Found(last, Period(start, shift(start, unit, count) - ONE, None, count))
        if word not in PREVIOUS | _ROLLING:
            return None
        if self._norm(at + 1) == "few":
            return found(last, [self._last_units(few, unit) for few in (2, 3, 4)])
        includes, after = self._with_this(last, unit)
        return Found(after, self._last_units(count, unit, includes))

    def _odd_units(self, first: int, unit_at: int, count: int) -> tuple[int, str | None, int]:
        """Fortnights and half years, which may stand without a number: the last place, the unit and how many."""
        if singular(self._norm(unit_at)) == "fortnight" and count:
            return unit_at, "week", 2 * count
        if self._norm(first) == "fortnight":
            return first, "week", 2
        if self._norm(first) == "half" and self._unit_at(first + 1) == "year":
            return first + 1, "month", 6
        return unit_at, None, 0

    def _with_this(self, at: int, unit: str) -> tuple[bool | None, int]:
        """Whether "excluding this month" or "inclusive of this month" follows, and the place after it."""
        first = at + (self._norm(at) == ",")
        length = next((n for n in (2, 1) if tuple(self._norms(first, n)) in _INCLUDING), 0)
        word = _INCLUDING.get(tuple(self._norms(first, length)), self._norm(first))
        rest = self._skip_the(first + max(length, 1))
        if word not in _WITHOUT | {"including"} or self._norm(rest) not in THIS | {"today"}:
            return None, at
        if self._norm(rest) == "today":
            last = rest + 1
        else:
            last = rest + 2 if self._unit_at(rest + 1) == unit or self._norm(rest + 1) in {"one", "1"} else rest + 1
        return word == "including", last

    def _last_units(self, count: int, unit: str, includes: bool | None = None) -> Period:
        """So many units, the last of them this one or the one before it; days count today unless it is left out."""
        if includes is None:
            includes = unit == "day"
        this = unit_start(self._today, unit)
        if includes:
            return Period(shift(this, unit, 1 - count), self._today)
        return Period(shift(this, unit, -count), this - ONE, None, count)

    def _relative_unit(self, at: int) -> Found | None:
        word, unit_at = self._norm(at), at + 1
        unit_at += self._norm(unit_at) in _CALENDARS  # "previous ISO week"
        unit = self._unit_at(unit_at)
        if not unit or word not in PREVIOUS | THIS | NEXT or singular(self._norm(unit_at)) != self._norm(unit_at):
            return None
        start = unit_start(self._today, unit)
        if word in THIS:
            return Found(unit_at + 1, Period(start, self._today, unit))
        return Found(unit_at + 1, period_of(shift(start, unit, 1 if word in NEXT else -1), unit))

    # --- years and months

    def _year(self, at: int) -> Found | None:
        fiscal = self._norm(at - 1) in {"fiscal", "financial"}
        named = self._norm(at) == "cy" or (singular(self._norm(at)) == "year" and not fiscal)
        if self._norms(at, 2) == ["calendar", "year"]:
            at += 2
        elif named:
            at += 1
        short = self._norm(at - 1) == "cy" and len(self._text(at)) == 2
        year = self._full_year(self._integer(at) or 0) if short else self._year_number(at)
        if not year:
            return None
        if self._norm(at + 1) == "ytd":
            return self._up_to_this_day(at + 2, year)
        if self._norms(at + 1, 2) in (["so", "far"], ["to", "date"]) and year == self._today.year:
            return Found(at + 3, Period(date(year, 1, 1), self._today))
        return Found(at + 1, period_of(date(year, 1, 1), "year"))

    def _month(self, at: int, *, lead: bool) -> Found | None:
        month = self._month_number(at)
        if not month:
            return None
        year, last = self._optional_year(self._skip_of(at + 1))
        if year is None and self._norm(at + 1) == "," and (year := self._year_number(at + 2)):
            last = at + 3
        if year is None:
            last = at + 1
            if not self._is_surely_month(at, lead):
                return None
        start = date(year or self._today.year, month, 1)
        if year is None and start > self._today:
            start = start.replace(year=start.year - 1)
        return Found(last, period_of(start, "month"))

    def _is_surely_month(self, at: int, lead: bool) -> bool:
        """May, march and mar are words as well: they need a lead, a capital letter or the end; "May I" is a verb."""
        if self._norm(at) == "may" and SUBJECTS & {self._norm(at - 1), self._norm(at + 1)} and not lead:
            return False
        plain = self._norm(at) not in {"may", "march", "mar"} or lead or self._tokens[at].text[:1].isupper()
        plain = plain or (at > 0 and self._norm(at + 1) in {"", ","})
        return plain or (at == 0 and bool(self._norm(1))) or self._is_beside_month(at)

    def _is_beside_month(self, at: int) -> bool:
        """Whether another month is joined to one: "mar-may", "may and june", "may + june"."""
        after = at + 1 if self._is_dashed(at + 1) else at + 2 if self._norm(at + 1) in _JOINTS else None
        before = at - 1 if self._is_dashed(at) else at - 2 if self._norm(at - 1) in _JOINTS else None
        return any(one is not None and one >= 0 and self._month_number(one) is not None for one in (after, before))

    def _optional_year(self, at: int) -> tuple[int | None, int]:
        if year := self._year_number(at):
            return year, at + 1
        relative = self._skip_of(at)
        if self._norm(relative) in PREVIOUS | THIS and self._unit_at(relative + 1) == "year":
            return self._today.year - (1 if self._norm(relative) in PREVIOUS else 0), relative + 2
        return self._year_of_a_list(at), at

    def _year_of_a_list(self, at: int) -> int | None:
        """The year that is said once, after the last of several: "May and June 2025"."""
        last = at
        while self._norm(last) in _JOINTS and last - at < 3:
            last += 1
        if last == at:
            return None
        in_parts = self._norm(last) in _PARTS and self._integer(last + 1) is not None
        after = last + 2 if in_parts else last + 1 if self._month_number(last) else None
        if after is None:
            return None
        return self._year_number(after) or self._year_of_a_list(after)

    def _skip_lead(self, at: int) -> int:
        first = at
        while self._norm(at) in _LEAD and at - first < 3:
            at += 1
        return at
