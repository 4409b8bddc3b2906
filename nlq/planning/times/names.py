"""Times that have a name or are said roughly: holidays, seasons, decades, "early 2024", "late March".

What is rough or differs between places is never guessed: every usual meaning is found, to be asked back. Holidays are
those on one day in most countries that have them. Does not belong here: dates in numbers (``timedays``).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from dateutil.easter import easter

from nlq.core.periods import shift
from nlq.english.tokens import Token
from nlq.planning.times.tokens import ONE, PREVIOUS, THIS, Found, Period, TimeTokens, found

_EARLY = {"early": "early", "mid": "mid", "middle": "mid", "late": "late"}
_BEGINNING = {"start", "beginning"}
_DECADES = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70}
_DECADES |= {"eighties": 80, "nineties": 90}
_FIRST_MONTHS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_SOLSTICES = {3: (3, 20), 6: (6, 21), 9: (9, 23), 12: (12, 21)}
_LONGER = {"over", "during", "around", "at"}
_BORDERS = {"since", "before", "after", "until", "till", "from", "to", "by"}
"""What begins or ends with a feast does so with its main day: "since Easter" is since Easter Sunday."""


class NameReader(TimeTokens):
    """Reads times by their names; ``period`` reads the period that "early" and "late" stand before."""

    def __init__(
        self, question: str, tokens: Sequence[Token], today: date, period: Callable[[int], Found | None]
    ) -> None:
        super().__init__(question, tokens, today)
        self._period = period

    def rules(self) -> tuple[Callable[[int], Found | None], ...]:
        """The rules, each of which reads one form at a place."""
        return self._holiday, self._season, self._decade, self._last_decade, self._roughly

    # --- holidays

    def _holiday(self, at: int) -> Found | None:
        relative = self._norm(at) if self._norm(at) in PREVIOUS | THIS else None
        first = at + 1 if relative else at
        for length in (4, 3, 2, 1):
            if day_of := _HOLIDAYS.get(tuple(self._norms(first, length))):
                break
        else:
            return self._new_year(at)
        last = first + length
        year_at = self._skip_of(last + (self._norm(last) == ","))
        year = self._year_number(year_at)
        if year and not relative:
            last = year_at + 1
        elif not relative and self._norm(year_at) in PREVIOUS | THIS and self._norm(year_at + 1) == "year":
            year, last = self._today.year - (1 if self._norm(year_at) in PREVIOUS else 0), year_at + 2
        else:
            year = self._year_of(day_of, relative)
        day = day_of(year)
        days = [Period(day, day, "day")]
        if self._norm(first) in {"christmas", "xmas"} and length == 1 and self._norm(at - 1) in _LONGER:
            days.append(Period(day - ONE, day + ONE))
        if self._norms(first, length) == ["easter"] and self._norm(at - 1) not in _BORDERS:
            days.append(Period(day - 2 * ONE, day + ONE))
        return found(last, days)

    def _new_year(self, at: int) -> Found | None:
        """The first day of this year where something begins or ends with it; elsewhere it may be a feast of days."""
        before = self._norm(at - 2 if self._norm(at - 1) == "the" else at - 1)
        if before not in _BORDERS or self._norms(at, 2) != ["new", "year"]:
            return None
        day = date(self._today.year, 1, 1)
        return Found(at + 2, Period(day, day, "day"))

    def _year_of(self, day_of: Callable[[int], date], relative: str | None) -> int:
        """The year of the latest such day; of the latest that is over after "last"."""
        year = self._today.year
        if relative in THIS:
            return year
        return year if day_of(year) < self._today or (day_of(year) == self._today and not relative) else year - 1

    # --- seasons and decades

    def _season(self, at: int) -> Found | None:
        """A season with its year, in whole months and from solstice to equinox, and half a year later in the south."""
        relative = self._norm(at) if self._norm(at) in PREVIOUS | THIS else None
        first = at + 1 if relative else at
        month = _FIRST_MONTHS.get(self._norm(first))
        if month is None:
            return None
        year_at = self._skip_of(first + 1)
        year, last = self._year_number(year_at), year_at + 1
        if relative:
            year, last = None, first + 1
        elif year is None:
            return None
        south = (month + 5) % 12 + 1
        return found(last, list(self._season_days(month, south, year, relative)))

    def _season_days(self, north: int, south: int, year: int | None, relative: str | None) -> Iterator[Period]:
        for whole_months, month in ((True, north), (False, north), (True, south)):
            begins = _season_of(year or self._today.year, month, whole_months)
            if year is None:
                while begins.start > self._today or (relative in PREVIOUS and begins.end >= self._today):
                    begins = _season_of(begins.start.year - 1, month, whole_months)
            yield begins

    def _decade(self, at: int) -> Found | None:
        """The ten years of "the 1990s", "the 90s", "the nineties"."""
        number = _DECADES.get(self._norm(at))
        if number is None:
            number = self._integer(at)
            if number is None or number % 10 or self._norm(at + 1) != "s" or len(self._text(at)) not in (2, 4):
                return None
            last = at + 2
        else:
            last = at + 1
        first = number if number >= 1000 else self._full_year(number)
        return Found(last, Period(date(first, 1, 1), date(first + 9, 12, 31))) if 1900 <= first <= 2090 else None

    def _last_decade(self, at: int) -> Found | None:
        """Ten years of the calendar, or the last ten years."""
        word = self._norm(at)
        if word not in PREVIOUS | THIS or self._norm(at + 1) != "decade":
            return None
        first = self._today.year // 10 * 10
        if word in THIS:
            return Found(at + 2, Period(date(first, 1, 1), self._today))
        this_year = date(self._today.year, 1, 1)
        calendars = Period(date(first - 10, 1, 1), date(first - 1, 12, 31))
        return found(at + 2, [calendars, Period(shift(this_year, "year", -10), this_year - ONE)])

    # --- roughly

    def _roughly(self, at: int) -> Found | None:
        """A part of a month or year that everyone draws elsewhere: "early March", "mid-2024", "beginning of 2025"."""
        part, last = _EARLY.get(self._norm(at)), at + 1
        if self._norm(at) in _BEGINNING and self._norm(at + 1) == "of":
            part, last = "beginning", at + 2
        elif self._norm(at) == "middle":
            last = at + 2 if self._norm(at + 1) == "of" else 0
        if part is None or not last or (self._norm(last) == "in" and self._norm(at - 1).endswith("ed")):
            return None  # "delivered late in March"
        whole = self._period(self._skip_the(self._skip_of(last)))
        if whole is None or whole.others or whole.period.unit not in ("month", "year"):
            return None
        of_year = whole.period.unit == "year"
        return found(whole.last, list((_parts_of_year if of_year else _parts_of_month)(whole.period.start, part)))


def _parts_of_year(start: date, part: str) -> Iterator[Period]:
    def months(first: int, last: int) -> Period:
        return Period(date(start.year, first, 1), shift(date(start.year, last, 1), "month", 1) - ONE)

    if part == "beginning":
        yield Period(start, start, "day")
    yield from {
        "early": (months(1, 3), months(1, 4), months(1, 6)),
        "beginning": (months(1, 1), months(1, 3)),
        "mid": (months(5, 8), months(4, 9), months(6, 7)),
        "late": (months(10, 12), months(9, 12), months(7, 12)),
    }[part]


def _parts_of_month(start: date, part: str) -> Iterator[Period]:
    end = calendar.monthrange(start.year, start.month)[1]
    if part == "beginning":
        yield Period(start, start, "day")
    for first, last in {
        "early": ((1, 10), (1, 15)),
        "beginning": ((1, 7), (1, 10)),
        "mid": ((11, 20), (8, 21)),
        "late": ((21, end), (16, end)),
    }[part]:
        yield Period(start.replace(day=first), start.replace(day=last))


def _season_of(year: int, month: int, whole_months: bool) -> Period:
    if whole_months:
        start = date(year, month, 1)
        return Period(start, shift(start, "month", 3) - ONE)
    start = date(year, *_SOLSTICES[month])
    follower = month % 12 + 3
    return Period(start, date(year + (follower < month), *_SOLSTICES[follower]) - ONE)


def _on(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _from_easter(days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + timedelta(days=days)


def _after_thanksgiving(days: int) -> Callable[[int], date]:
    """Thanksgiving of the United States is the fourth Thursday of November."""
    return lambda year: date(year, 11, 22) + timedelta(days=(3 - date(year, 11, 22).weekday()) % 7 + days)


_CHRISTMAS, _NEW_YEAR = _on(12, 25), _on(1, 1)
_HOLIDAYS: dict[tuple[str, ...], Callable[[int], date]] = {
    **dict.fromkeys([("christmas",), ("christmas", "day"), ("xmas",), ("xmas", "day")], _CHRISTMAS),
    **dict.fromkeys([("christmas", "eve"), ("xmas", "eve")], _on(12, 24)),
    ("boxing", "day"): _on(12, 26),
    **dict.fromkeys([("new", "year", "eve"), ("new", "years", "eve")], _on(12, 31)),
    **dict.fromkeys([("new", "year", "day"), ("new", "years", "day")], _NEW_YEAR),
    **dict.fromkeys([("valentine", "day"), ("valentines", "day")], _on(2, 14)),
    ("halloween",): _on(10, 31),
    ("good", "friday"): _from_easter(-2),
    **dict.fromkeys([("easter",), ("easter", "sunday")], _from_easter(0)),
    ("easter", "monday"): _from_easter(1),
    ("thanksgiving",): _after_thanksgiving(0),
    ("thanksgiving", "day"): _after_thanksgiving(0),
    ("black", "friday"): _after_thanksgiving(1),
    ("cyber", "monday"): _after_thanksgiving(4),
}
"""Holidays by the words that name them, and the day of each in a year."""
