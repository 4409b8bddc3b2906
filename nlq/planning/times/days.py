"""Days as people write them: "5 March 2025", "25/12/25", "3-9 May", "Mon, 3 May", "last Friday of March", "week 12".

Where the order of day and month is open ("05/04/2025"), both days are meant, to be asked back; so are the month and the
day of "april 26". A day without a year is the latest that has begun. Does not belong here: months, quarters and years
(``timeperiods``).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from nlq.core.periods import shift, unit_start
from nlq.english.forms import singular
from nlq.english.tokens import Token
from nlq.planning.times.tokens import (
    DAYS,
    MONTHS,
    ONE,
    ORDINAL_ENDINGS,
    PREVIOUS,
    SHORT_DAYS,
    THIS,
    TO,
    Found,
    Period,
    TimeTokens,
    found,
    period_of,
)

_NUMERIC = re.compile(r"(\d{1,4})(\s?/\s?|-|\.)(\d{1,4}|[A-Za-z]{3,9})(?:\2(\d{1,4}))?(?![\d/]|[.-]\d)")
_TELLING = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b")
_WEEK_WORDS = {"W", "CW", "KW"}
_RECENT = 10
"""For how many years before this one two digits after a month may be a year."""
_DAY_BEFORE = {"on", "from", "between", "the", "this", "dated", "day"}
_PARTS_OF_DAYS = {"week", "weekend", "day", "night", "morning", "evening", "afternoon"}
ReadPeriod = Callable[[int], Found | None]


class DayReader(TimeTokens):
    """Reads days; ``period`` reads the period that some of them lie in."""

    def __init__(self, question: str, tokens: Sequence[Token], today: date, period: ReadPeriod) -> None:
        super().__init__(question, tokens, today)
        self._period = period
        self._order = _order_in(question)

    def rules(self) -> tuple[ReadPeriod, ...]:
        """The rules, each of which reads one form at a place."""
        return (
            self._named_day,
            self._numeric,
            self._day_of_month,
            self._day_of_that_month,
            self.days_of_month,
            self._with_weekday,
            self._weekday_of_period,
            self._weekend_of,
            self._week_number,
        )

    # --- one day

    def _named_day(self, at: int) -> Found | None:
        for phrase, ahead in _NAMED_DAYS.items():
            if tuple(self._norms(at, len(phrase))) == phrase:
                day = self._today + timedelta(days=ahead)
                return Found(at + len(phrase), Period(day, day, "day"))
        return None

    def _numeric(self, at: int) -> Found | None:
        """A day or month in numbers, and the place after it: 25/12/2025, 31.10.2025, 2015-3-3, 31-Oct-74, 5/2025."""
        if self._kind(at) not in ("number", "date"):
            return None
        match = _NUMERIC.match(self._question, self._tokens[at].start)
        if match is None:
            return None
        ends = [n for n in range(at, len(self._tokens)) if self._tokens[n].end == match.end()]
        periods = list(self._in_numbers(match[1], match[2], match[3], match[4])) if ends else []
        return found(ends[0] + 1, periods) if ends else None

    def _in_numbers(self, one: str, sign: str, two: str, three: str | None) -> Iterator[Period]:
        if sign == "." and len(three or "") != 4:
            return  # a decimal number, or a version
        if three is None:
            year, month = (one, two) if len(one) == 4 else (two, one)
            if len(year) == 4 and len(month) <= 2 and month.isdigit() and year.isdigit():
                yield from _month(int(year), int(month))
            return
        if two.isalpha():
            if month := MONTHS.get(two.lower()):
                yield from _day(self._year(three), month, int(one))
            return
        if len(one) == 4:
            yield from _day(int(one), int(two), int(three))
        elif len(one) <= 2 and len(two) <= 2 and len(three) in (2, 4):
            if self._order != "month":
                yield from _day(self._year(three), int(two), int(one))
            if self._order != "day":
                yield from _day(self._year(three), int(one), int(two))

    def _year(self, digits: str) -> int:
        return self._full_year(int(digits)) if len(digits) == 2 else int(digits)

    def _day_of_month(self, at: int) -> Found | None:
        """A day such as 5 March 2025, March 5, 2025 or the 5th of March."""
        day, last = self._day_number(at)
        month_at = self._skip_of(last)
        if day and (month := self._month_number(month_at)):
            return self._dated(month_at + 1, day, month)
        month, day_at = self._month_number(at), self._skip_the(at + 1)
        day, last = self._day_number(day_at)
        if month and day and self._year_number(day_at) is None:
            dated = self._dated(last, day, month)
            whole = self._month_of_year(at, day, month) if dated and last == dated.last == at + 2 else None
            return found(last, [whole, dated.period]) if dated and whole else dated
        return None

    def _month_of_year(self, at: int, number: int, month: int) -> Period | None:
        """The month of a year that a month and two digits may as well be: April 2026 of "april 26"."""
        year = self._today.year - self._today.year % 100 + number
        recent = number >= 13 and self._today.year - _RECENT <= year <= self._today.year
        return period_of(date(year, month, 1), "month") if recent and not self._is_told_day(at) else None

    def _is_told_day(self, at: int) -> bool:
        """Whether what stands around a month and a number makes them a day: "on april 26", "from april 20 to 26"."""
        before = self._norm(at - 1)
        if before in _DAY_BEFORE | TO or self._is_dashed(at) or self._is_dashed(at + 2):
            return True
        if before == "of" and singular(self._norm(at - 2)) in _PARTS_OF_DAYS:
            return True
        after = self._norm(at + 2)
        return after in TO and (self._month_number(at + 3) is not None or self._integer(at + 3) is not None)

    def _day_number(self, at: int) -> tuple[int | None, int]:
        """The number of a day in a month, and the place after it."""
        day, last = self._ordinal(at)
        if day is None:
            day, last = self._integer(at), at + 1
        return (day, last) if day and day <= 31 else (None, at)

    def _dated(self, last: int, day: int, month: int) -> Found | None:
        year, end = self._year_after(last)
        try:
            date(2000, month, day)
            return Found(end, _one(date(year, month, day) if year else self._latest(month, day)))
        except ValueError:
            return None

    def _year_after(self, at: int) -> tuple[int | None, int]:
        """The year of a day, and the place after it; perhaps in two digits or with a comma before it."""
        comma = at + 1 if self._norm(at) == "," else self._skip_of(at)
        year = self._year_number(comma)
        if year:
            return year, comma + 1
        relative = self._norm(comma) in PREVIOUS | THIS and self._norm(comma + 1) == "year"
        if relative:
            return self._today.year - (1 if self._norm(comma) in PREVIOUS else 0), comma + 2
        begins_another = self._norm(at + 1) in ORDINAL_ENDINGS or self._month_number(self._skip_of(at + 1))
        to_another = self._is_dashed(at) and self._month_number(at - 1) is None  # the 9 of "May 3-9"
        if len(self._text(at)) == 2 and self._text(at).isdigit() and not begins_another and not to_another:
            return self._full_year(int(self._text(at))), at + 1
        return None, at

    def _latest(self, month: int, day: int) -> date:
        """The latest such day that has begun; a 29 February is that of the latest leap year."""
        year = self._today.year
        while day > calendar.monthrange(year, month)[1] or date(year, month, day) > self._today:
            year -= 1
        return date(year, month, day)

    def _day_of_that_month(self, at: int) -> Found | None:
        """A day of a month named by its distance: "20th of this month", "the 3rd of last month"."""
        day, last = self._ordinal(at)
        word_at = self._skip_the(last + 1)
        which, unit = self._norms(word_at, 2)
        if day is None or self._norm(last) != "of" or which not in PREVIOUS | THIS or unit != "month":
            return None
        month = shift(unit_start(self._today, "month"), "month", -1 if which in PREVIOUS else 0)
        return Found(word_at + 2, _one(month.replace(day=day)))

    # --- days beside each other

    def days_of_month(self, at: int) -> Found | None:
        """Days of one month: "3-9 May", "3rd to 9th of May 2025", "May 3 through 9", "between 3 and 9 May"."""
        if month := self._month_number(at):
            pair = self._day_pair(self._skip_the(at + 1), between=self._norm(at - 1) == "between")
            alone = pair and self._month_number(self._skip_of(pair[2])) is None
            return self._from_day_to_day(pair[2], month, pair[0], pair[1]) if pair and alone else None
        before = self._norm(at - 2 if self._norm(at - 1) == "the" else at - 1)
        pair = self._day_pair(at, between=before == "between")
        if pair is None:
            return None
        month_at = self._skip_of(pair[2])
        month = self._month_number(month_at)
        return self._from_day_to_day(month_at + 1, month, pair[0], pair[1]) if month else None

    def _day_pair(self, at: int, *, between: bool) -> tuple[int, int, int] | None:
        """Two days joined by a dash or a word, and the place after them."""
        first, joint = self._day_number(at)
        if first is None or self._year_number(at):
            return None
        joined = self._norm(joint) in TO or (between and self._norm(joint) == "and")
        if not (joined or self._is_dashed(joint)):
            return None
        second_at = self._skip_the(joint + 1) if joined else joint
        second, last = self._day_number(second_at)
        if second is None or second < first or self._year_number(second_at):
            return None
        return first, second, last

    def _from_day_to_day(self, last: int, month: int, first: int, second: int) -> Found | None:
        found_first, found_second = self._dated(last, first, month), self._dated(last, second, month)
        if not found_first or not found_second:
            return None
        start, end = found_first.period.start, found_second.period.end
        if start > end:  # the first of them has begun this year, the second has not
            end = end.replace(year=start.year)
        return Found(found_second.last, Period(start, end))

    # --- weekdays of dates and periods

    def _weekday_at(self, at: int) -> int | None:
        norm = self._norm(at)
        return DAYS.get(norm, SHORT_DAYS.get(norm))

    def _with_weekday(self, at: int) -> Found | None:
        """A day beside its weekday: "Monday, 3 May 2026", "Jul 18, Fri"; one of another weekday is not read."""
        weekday = self._weekday_at(at)
        if weekday is not None:
            day_at = self._skip_the(at + 1 + (self._norm(at + 1) == ","))
            day = self._numeric(day_at) or self._iso(day_at) or self._day_of_month(day_at)
            last = day.last if day else 0
        else:
            day = self._numeric(at) or self._iso(at) or self._day_of_month(at)
            last = day.last + (self._norm(day.last) == ",") if day else 0
            weekday = self._weekday_at(last) if day else None
            last += 1
        days = [one for one in (day.all if day else ()) if one.start == one.end and one.start.weekday() == weekday]
        return found(last, days)

    def _iso(self, at: int) -> Found | None:
        if self._kind(at) != "date" or len(self._norm(at)) != len("2025-03-31"):
            return None
        return Found(at + 1, _one(date.fromisoformat(self._norm(at))))

    def _weekday_of_period(self, at: int) -> Found | None:
        """One weekday of a period: "first Monday of March 2025", "last Friday in October"."""
        place, last = (-1, at + 1) if self._norm(at) == "last" else self._ordinal(at)
        weekday = DAYS.get(self._norm(last))
        if place is None or weekday is None or self._norm(last + 1) not in {"of", "in"}:
            return None
        whole = self._period(self._skip_the(last + 2))
        if whole is None or whole.others or whole.period.unit not in {"month", "quarter", "year"}:
            return None
        start = whole.period.start
        end = shift(start, whole.period.unit, 1) - ONE  # of this month, the days to come as well
        if place < 0:
            day = end - timedelta(days=(end.weekday() - weekday) % 7)
        else:
            day = start + timedelta(days=(weekday - start.weekday()) % 7 + 7 * (place - 1))
        return Found(whole.last, _one(day)) if start <= day <= end else None

    def _weekend_of(self, at: int) -> Found | None:
        """Saturday and Sunday around a day: "weekend of 5 July"; of a day between two weekends either may be meant."""
        if singular(self._norm(at)) != "weekend" or self._norm(at + 1) != "of":
            return None
        day_at = self._skip_the(at + 2)
        days = self.days_of_month(day_at) or self._period(day_at)
        if days is None or days.period.unit not in ("day", None):
            return None
        return found(days.last, [one for day in days.all for one in _weekends(day)])

    def _week_number(self, at: int) -> Found | None:
        """A week by its number after ISO 8601: "week 12 of 2025", "calendar week 12", "2025-W12"."""
        year = self._year_number(at)
        if year and self._norm(at + 1) == "w" and (number := self._integer(at + 2)):
            return Found(at + 3, _week(year, number))
        named = self._text(at) in _WEEK_WORDS or self._norms(at, 2) in (["calendar", "week"], ["iso", "week"])
        last = at + 2 if self._norm(at) in {"calendar", "iso"} else at + 1
        number = self._integer(last) if named or self._norm(at) == "week" else None
        if number is None or number > 53:
            return None
        year_at = self._skip_of(last + 1)
        if year := self._year_number(year_at):
            return Found(year_at + 1, _week(year, number))
        if not named or self._norm(at) == "w":
            return None
        latest = _week(self._today.isocalendar().year, number)
        return Found(last + 1, latest if latest.start <= self._today else _week(latest.end.year - 1, number))


_NAMED_DAYS = {
    ("today",): 0,
    ("yesterday",): -1,
    ("tomorrow",): 1,
    ("day", "before", "yesterday"): -2,
    ("day", "after", "tomorrow"): 2,
}
"""Days by their distance from today."""


def _order_in(question: str) -> str | None:
    """Which of day and month comes first in the numbers of a question, where one of its days tells."""
    told = {"day" if int(m[1]) > 12 else "month" for m in _TELLING.finditer(question) if max(int(m[1]), int(m[2])) > 12}
    return told.pop() if len(told) == 1 else None


def _one(day: date) -> Period:
    return Period(day, day, "day")


def _day(year: int, month: int, day: int) -> Iterator[Period]:
    try:
        yield _one(date(year, month, day))
    except ValueError:
        return


def _month(year: int, month: int) -> Iterator[Period]:
    if 1 <= month <= 12 and year:
        yield period_of(date(year, month, 1), "month")


def _week(year: int, number: int) -> Period:
    return period_of(date.fromisocalendar(year, number, 1), "week")


def _weekends(days: Period) -> Iterator[Period]:
    """The weekend that has some of these days; else those before and after them."""
    saturday = days.start - timedelta(days=(days.start.weekday() - 5) % 7)
    if days.start.weekday() >= 5 or days.end > saturday + timedelta(days=6):
        first = saturday if days.start.weekday() >= 5 else saturday + timedelta(days=7)
        yield Period(first, first + ONE)
        return
    # Friday belongs to the weekend after it, Monday to the one before.
    if days.start.weekday() != 4:
        yield Period(saturday, saturday + ONE)
    if days.end.weekday() != 0:
        yield Period(saturday + timedelta(days=7), saturday + timedelta(days=8))
