"""Time in questions: spans of tokens that name days, relative to a clock.

Belongs here: reading "last month", "Q2 2025", "since March", "between … and …" into days.
Does not belong here: one period by itself (``timeperiods``), the step of a series ("by month"), which is grammar.

Conventions, told to the asker with every answer: a week starts on Monday; "last 7 days" ends today and includes
it; "last 3 months" are the three calendar months before this one; a month without a year is the latest that has
begun; "since" runs to today; a fiscal year is named after the calendar year it ends in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from nlq.core.periods import shift, unit_start
from nlq.core.plan import Comparison, TimeRange
from nlq.english.forms import singular
from nlq.english.general import VERSUS_WORDS
from nlq.planning.times.periods import ENDS, TIME_WORDS, PeriodReader
from nlq.planning.times.tokens import DAYS, ONE, PREVIOUS, TO, UNITS, Found, Period, found, period_of

__all__ = ["TIME_WORDS", "TimeReader", "TimeSpan"]

_EARLIER = {"before", "ago", "earlier", "prior", "previously"}
_PREVIOUS_TO = frozenset({"previous", "preceding", "prior"})
_TO = TO | {"upto"}
_JOINTS = {"between": frozenset({"and", "to", "&"}), "from": _TO, "since": _TO, "after": frozenset[str]()}
"""What stands between two periods, by the word before the first."""
_SINCE = (("since",), ("ever", "since"), ("starting",), ("starting", "from"), ("starting", "in"), ("starting", "on"),
          ("beginning", "in"), ("beginning", "on"), ("as", "from"), ("on", "or", "after"), ("no", "earlier", "than"),
          ("not", "earlier", "than"), ("not", "before"))  # fmt: skip
_AFTER = (("after",), ("later", "than"), ("post",))
_BEFORE = (("before",), ("prior", "to"), ("earlier", "than"), ("up", "until", "before"), ("pre",))
_UNTIL = (("until",), ("till",), ("up", "to"), ("up", "until"), ("up", "till"), ("upto",), ("through",), ("thru",),
          ("as", "of"), ("as", "at"), ("on", "or", "before"), ("no", "later", "than"), ("not", "later", "than"),
          ("not", "after"))  # fmt: skip
_OPENINGS = {
    phrase: kind
    for kind, phrases in {"since": _SINCE, "after": _AFTER, "before": _BEFORE, "until": _UNTIL}.items()
    for phrase in phrases
}
_OF_DAYS: dict[tuple[str, ...], str] = {("at", "least"): "since", ("at", "most"): "until"}
_CLOSING = {"before": "before"} | {phrase[0]: "until" for phrase in _UNTIL if len(phrase) == 1}
_FRAMES = {"decade", "period", "time", "timeframe", "timespan", "range", "years", "months", "weeks", "days"}
_YEARS_OF = {"fiscal", "financial", "tax", "accounting", "budget", "assessment"}
_SEASONS = {"spring", "summer", "autumn", "fall", "winter"}
_NOW = (("now",), ("date",), ("today",), ("the", "present"), ("present",), ("this", "day"), ("right", "now"))
_ONWARDS = (("onward",), ("onwards",), ("on", "ward"), ("on", "wards"), ("on",), ("forward",))
_OPEN_SIDES = {"later": "since", "after": "since", "onwards": "since", "earlier": "until", "before": "until"}
"""What "and" or "or" joins to a period that it begins or ends with: "2020 and later"."""
_AGES = {
    **{("older", "than"): "older", ("more", "than"): "older", ("over",): "older", ("at", "least"): "least"},
    **{("newer", "than"): "newer", ("younger", "than"): "newer", ("less", "than"): "newer", ("under",): "newer"},
    **{("up", "to"): "most", ("at", "most"): "most", ("not", "older", "than"): "most", ("no", "older", "than"): "most"},
}
"""What a number of days means as an age; all but those that say an age by themselves need "old" or "ago" after it."""
_SAY_AGE = {"older", "newer", "younger"}


@dataclass(frozen=True)
class Bounded:
    """A period, and what is asked for beside it: all days since, after, before or until it."""

    kind: str
    named: TimeRange

    def days(self, named: TimeRange, today: date) -> TimeRange | None:
        """The days beside a period; None where there are none up to today."""
        first, last = named.start or date.min, named.end or date.max
        if self.kind in ("before", "until"):
            return TimeRange(end=first - ONE if self.kind == "before" else last)
        start = last + ONE if self.kind == "after" else first
        return TimeRange(start=start, end=today) if start <= today else None


@dataclass(frozen=True)
class TimeSpan:
    """Tokens [first, last) that name a time: days, or a time before another one that the question names as well."""

    first: int
    last: int
    range: TimeRange | None
    unit: str | None = None
    before: Comparison | None = None
    ends: tuple[TimeRange, TimeRange] | None = None
    """The two periods of one unit that a "from … to …" names."""
    age: bool = False
    """Whether it was said how old something is: "older than 30 days"."""
    open: bool = False
    """Whether nothing was said of its end, which is today: "since 2020"."""
    bound: Bounded | None = None
    """The period that it begins or ends with, and how, where only one end was said: "since Easter"."""
    aside: bool = False
    """Whether it stands in brackets: it says once more which time is meant."""

    @property
    def is_day(self) -> bool:
        """Whether it is one day."""
        return self.range is not None and self.range.start is not None and self.range.start == self.range.end


class TimeReader(PeriodReader):
    """Finds the times in tokens."""

    def spans(self) -> list[TimeSpan]:
        """Every span that names a time, longest first at each place; they may overlap.

        Several spans of the same tokens are several things that the words may mean.
        """
        found = [span for first in range(len(self._tokens)) for span in self._spans_at(first)]
        return [replace(span, aside=True) if "(" in self._between(span.first) else span for span in found]

    def _spans_at(self, first: int) -> Iterator[TimeSpan]:
        for rule in (self._bounded, self._open_ended, self._open_sided, self._aged):
            try:
                yield from rule(first)
            except (ValueError, OverflowError):
                continue  # a day that no calendar has
        if before := self._before_another(first):
            yield before
        yield from self._framed(first)
        at = self._skip_lead(first)
        if named := self._period(at, lead=at > first):
            if previous := self._previous_to_another(first, at, named.last):
                yield previous
                return
            for one in named.all:
                yield TimeSpan(first, named.last, TimeRange(start=one.start, end=one.end), one.unit)

    def _framed(self, first: int) -> Iterator[TimeSpan]:
        """Reads a range after the noun that says what it is: "in the period from May to July", "years 2019-2021"."""
        at = self._skip_lead(first)
        if self._norm(at) in _FRAMES:
            yield from (replace(span, first=first) for span in self._bounded(at + 1))
        elif self._norms(at + 1, 1) == ["year"] and self._norm(at) in _YEARS_OF:
            yield from self._spelled_year(first, at + 2)
        elif self._norm(at) in _SEASONS and self._norm(at + 1) == "quarter":
            yield from (replace(span, first=first) for span in self._bounded(at + 2) if _months_in(span) == 3)

    def _spelled_year(self, first: int, at: int) -> Iterator[TimeSpan]:
        """Reads a year of taxes or accounts whose days are said: "financial year 1 April 2025 to 31 March 2026".

        With a number before them, the days are of that year: "tax year 25/26 (6 Apr to 5 Apr)".
        """
        named = self._fiscal.years(at)
        for span in self._bounded(named[0] if named else at):
            if span.range is None or _months_in(span) != 12:
                continue
            assert span.range.start and span.range.end
            years = named[1] - span.range.end.year if named else 0
            if years and any(self._year_number(n) for n in range(named[0] if named else at, span.last)):
                continue  # of another year than it is called
            moved = TimeRange(start=shift(span.range.start, "year", years), end=shift(span.range.end, "year", years))
            yield replace(span, first=first, range=moved, ends=None)

    # --- a time before another

    def _before_another(self, first: int) -> TimeSpan | None:
        """Reads "the month before", "the same month last year", "a year earlier"."""
        at = first
        while (
            self._norm(at) in {"in", "the", "to", "with", "a", "one", "1"}
            and at - first < 3
            and self._norm(at + 1) != "before"
        ):
            at += 1
        unit = self._norm(at)
        if unit in UNITS | {"period", "time", "1"}:
            return self._unit_before(first, at, unit)
        yearly = self._norm(at) == "same" and self._norm(at + 1) in UNITS | {"period", "time"}
        rest = self._skip_the(self._skip_of(at + 2))
        if yearly and self._norm(rest) in PREVIOUS and self._norm(rest + 1) == "year":
            return TimeSpan(first, rest + 2, None, before=Comparison.PREVIOUS_YEAR)
        rest += self._norm(rest) in {"a", "one", "1"}
        if yearly and self._norm(rest) == "year" and self._norm(rest + 1) in _EARLIER:
            return TimeSpan(first, rest + 2, None, before=Comparison.PREVIOUS_YEAR)
        if self._norm(at) in _PREVIOUS_TO and self._norm(at + 1) == "period":
            return TimeSpan(first, at + 2, None, before=Comparison.PREVIOUS_PERIOD)
        return None

    def _previous_to_another(self, first: int, at: int, last: int) -> TimeSpan | None:
        """Reads "compared with the previous month": the one before the other time, not the one before today's."""
        compares = any(self._norm(i) in VERSUS_WORDS | {"than"} for i in range(max(0, at - 3), at))
        if not compares or self._norm(at) not in _PREVIOUS_TO or singular(self._norm(last - 1)) not in UNITS:
            return None
        *count, unit = (self._norm(i) for i in range(at + 1, last))
        which = Comparison.PREVIOUS_YEAR if [*count, unit] == ["year"] else Comparison.PREVIOUS_PERIOD
        return TimeSpan(first, last, None, " ".join([*count, singular(unit)]), before=which)

    def _unit_before(self, first: int, at: int, unit: str) -> TimeSpan | None:
        word = self._norm(at + 1)
        if word == "before" or (unit == "year" and word in {"ago", "earlier"} and self._norm(at + 2) != "today"):
            # "before March" and "before last" are another matter
            if word == "before" and (self._norm(at + 2) == "last" or self._period(self._skip_the(at + 2), lead=True)):
                return None
            which = Comparison.PREVIOUS_YEAR if unit == "year" else Comparison.PREVIOUS_PERIOD
            return TimeSpan(first, at + 2, None, unit if unit in UNITS else None, before=which)
        return None

    # --- two periods

    def _bounded(self, first: int) -> Iterator[TimeSpan]:
        word = self._norm(first)
        at = self._skip_the(first + 1)
        if word in {"from", "between"} and (days := self._days.days_of_month(at)):
            for one in days.all:
                yield TimeSpan(first, days.last, TimeRange(start=one.start, end=one.end))
        joints = _JOINTS.get(word)
        left = self._end_at(at) if joints is not None else self._period(first, lead=False)
        if left is None:
            return
        yield from self._joined(first, left, _TO if joints is None else joints)
        if joints is not None:
            yield from self._enclosed(word, first, left)

    def _joined(self, first: int, left: Found, joints: frozenset[str]) -> Iterator[TimeSpan]:
        """Two periods that a word or a dash joins."""
        joint = left.last
        if self._norm(joint) in joints:
            right_at = self._skip_the(joint + 1)
            if self._norms(joint, 2) == ["up", "to"]:
                right_at = self._skip_the(joint + 2)
        elif self._is_dashed(joint):
            right_at = joint
        elif self._norm(joint) == "+":
            right_at = joint + 1
        else:
            return
        right = self._end_at(right_at) or self._now_at(right_at)
        if right is None:
            return
        for a, b in dict.fromkeys(self._pairs(left, right)):
            if self._norm(joint) == "+" and a.end + ONE != b.start:
                continue  # what lies between is not meant
            if a.start <= b.end:
                alike = a.unit is not None and a.unit == b.unit
                ends = (TimeRange(start=a.start, end=a.end), TimeRange(start=b.start, end=b.end)) if alike else None
                yield TimeSpan(first, right.last, TimeRange(start=a.start, end=b.end), ends=ends)

    def _enclosed(self, word: str, first: int, left: Found) -> Iterator[TimeSpan]:
        """Reads what begins by one word and ends by another: "after March and before June", "since May until July"."""
        at = left.last + 1 if self._norm(left.last) in {"and", "but"} else left.last
        closing = _CLOSING.get(self._norm(at))
        if word == "between" or closing is None:
            return
        right = self._end_at(self._skip_the(at + 1)) or self._now_at(self._skip_the(at + 1))
        if not right:
            return
        for a, b in dict.fromkeys(self._pairs(left, right)):
            start = a.end + ONE if word == "after" else a.start
            end = b.start - ONE if closing == "before" else b.end
            if start <= end:
                yield TimeSpan(first, right.last, TimeRange(start=start, end=end))

    def _pairs(self, left: Found, right: Found) -> Iterator[tuple[Period, Period]]:
        """The two periods, where one of them may say the year for both.

        In "March to May 2025" the year belongs to both; in "November to February 2026" the first is of the year before.
        """
        alike = len(left.all) == len(right.all)  # what is open in both is read in one way
        for a, b in zip(left.all, right.all, strict=True) if alike else itertools.product(left.all, right.all):
            movable = a.unit in ("day", "month", "quarter")
            if movable and self._says_year(right) and not self._says_year(left):
                moved = _moved(a, b.end.year - a.start.year)
                yield (moved if moved.start <= b.end else _moved(moved, -1)), b
            elif movable and a.start > b.end and not self._says_year(left):
                yield _moved(a, -1), b
            elif b.unit in ("day", "month", "quarter") and self._says_year(left) and not self._says_year(right):
                first = _moved(b, a.start.year - b.start.year)
                first = first if first.end >= a.start else _moved(first, 1)
                yield from {first: (a, first), b: (a, b)}.values() if b.end >= a.start else [(a, first)]
            else:
                yield a, b

    def _says_year(self, period: Found) -> bool:
        """Whether the year of a period was said with it, or it is relative to today."""
        last = period.last - 1
        return bool(self._year_number(last)) or self._kind(last) == "date" or not self._is_dateless(last)

    def _is_dateless(self, at: int) -> bool:
        """Whether a period ends in a month, a day or a quarter without year."""
        named = self._month_number(at) is not None and self._norm(at - 1) not in PREVIOUS | {"this", "current", "next"}
        day = self._integer(at) is not None or self._norm(at) in {"st", "nd", "rd", "th"}
        return named or (day and not self._question[: self._tokens[at].start].endswith(("/", ".", "-")))

    def _end_at(self, at: int) -> Found | None:
        """A period that another one begins or ends with; perhaps only its first day: "the start of March"."""
        if self._norm(at) in {"start", "beginning"} and self._norm(at + 1) == "of":
            if whole := self._this_unit(at + 2) or self._period(self._skip_the(at + 2), lead=True):
                return Found(whole.last, Period(whole.period.start, whole.period.start, "day"))
            return None
        return self._period(at, lead=True)

    def _weekday_at(self, at: int) -> Found | None:
        """A weekday that something began or ended with: the latest; after "last" perhaps that of the week before."""
        said = self._norm(at) in PREVIOUS
        day = DAYS.get(self._norm(at + 1 if said else at))
        if day is None:
            return None
        ago = (self._today.weekday() - day) % 7
        latest = self._today - (ago or (7 if said else 0)) * ONE
        before = self._today - (self._today.weekday() + 7 - day) * ONE
        return found(at + 1 + said, [Period(one, one, "day") for one in ((latest, before) if said else (latest,))])

    def _this_unit(self, at: int) -> Found | None:
        """A unit that is this one: "the start of the month"."""
        unit = self._unit_at(at + 1) if self._norm(at) == "the" else None
        return Found(at + 2, period_of(unit_start(self._today, unit), unit)) if unit else None

    def _now_at(self, at: int) -> Found | None:
        for phrase in _NOW:
            if tuple(self._norms(at, len(phrase))) == phrase:
                return Found(at + len(phrase), Period(self._today, self._today, "day"))
        return None

    # --- an open end

    def _open_ended(self, first: int) -> Iterator[TimeSpan]:
        for length in (3, 2, 1):
            if kind := self._opening(first, length):
                yield from self._opened(kind, first, self._skip_the(self._skip_on(first + length)))
                return
        if self._norms(first, 2) == ["all", "time"]:
            yield TimeSpan(first, first + 2, TimeRange(end=self._today))
        elif self._norm(first) == "by":
            end = self._end_at(self._skip_the(first + 1))
            if end and end.period.unit == "day":
                yield from self._opened("until", first, self._skip_the(first + 1))
        elif self._norm(first) == "from":
            whole = self._end_at(self._skip_the(first + 1))
            if whole is None:
                return
            at = whole.last + 1 if self._norm(whole.last) == "and" else whole.last
            for phrase in _ONWARDS:
                if tuple(self._norms(at, len(phrase))) == phrase:
                    yield from self._opened("since", first, self._skip_the(first + 1), at + len(phrase))
                    return

    def _open_sided(self, first: int) -> Iterator[TimeSpan]:
        """Reads a period and the side on which it is open: "2020 and later"."""
        whole = self._period(first, lead=False)
        if whole is None or self._norm(whole.last) not in {"and", "or"} or self._norm(whole.last + 2) not in {"", ","}:
            return
        if kind := _OPEN_SIDES.get(self._norm(whole.last + 1)):
            yield from self._opened(kind, first, first, whole.last + 2)

    def _opening(self, first: int, length: int) -> str | None:
        """What the words before a period say of it; "at least" is of days alone, of "2000" it is a number."""
        said = tuple(self._norms(first, length))
        if said in _OF_DAYS and (day := self._end_at(first + length)) and day.period.unit == "day":
            return _OF_DAYS[said]
        return _OPENINGS.get(said)

    def _skip_on(self, at: int) -> int:
        return at + 1 if self._norm(at) == "on" else at

    def _opened(self, kind: str, first: int, at: int, last: int | None = None) -> Iterator[TimeSpan]:
        named = self._end_at(at) or {"since": self._weekday_at, "until": self._now_at}.get(kind, _nothing)(at)
        if not named:
            return
        for one in named.all:
            ends = kind == "since" and self._norm(at) in ENDS
            bound = Bounded("after" if ends else kind, TimeRange(start=one.start, end=one.end))
            if span := bound.days(bound.named, self._today):
                yield TimeSpan(first, last or named.last, span, open=kind in ("since", "after"), bound=bound)

    # --- ages

    def _aged(self, first: int) -> Iterator[TimeSpan]:
        """Reads an age: "older than 30 days", "less than 2 weeks old", "more than 3 months ago", "30 days or older"."""
        for length in (3, 2, 1):
            if kind := _AGES.get(tuple(self._norms(first, length))):
                number_at = first + length
                break
        else:
            kind, number_at = None, first
        number = 1 if self._norm(number_at) in {"a", "an"} else self._integer(number_at)
        unit = self._unit_at(number_at + 1)
        if not number or not unit or number > 10_000:
            return
        last = number_at + 2
        if kind is None:
            after = self._norm(last), self._norm(last + 1)
            kind = {("or", "older"): "least", ("or", "newer"): "most", ("or", "younger"): "most"}.get(after)
            last += 2
        elif self._norm(last) in {"old", "ago"}:
            last += 1
        elif not _SAY_AGE & {self._norm(n) for n in range(first, number_at)}:
            return
        if kind:
            day = shift(self._today, unit, -number)
            spans = {"older": (None, day - ONE), "least": (None, day), "newer": (day + ONE, None), "most": (day, None)}
            start, end = spans[kind]
            yield TimeSpan(first, last, TimeRange(start=start, end=end or self._today), age=True)


def _nothing(at: int) -> None:
    """No period at a place."""


def _months_in(span: TimeSpan) -> int | None:
    """How many months some days come to, where they are whole months from any day on."""
    if span.range is None or span.range.start is None or span.range.end is None:
        return None
    start, after = span.range.start, span.range.end + ONE
    return (after.year - start.year) * 12 + after.month - start.month if start.day == after.day else None


def _moved(period: Period, years: int) -> Period:
    """A period so many years later; a month stays whole."""
    start = shift(period.start, "year", years)
    length = {"day": 1, "month": 1, "quarter": 3}[period.unit or "day"]
    end = start if period.unit == "day" else shift(start, "month", length) - ONE
    return Period(start, end, period.unit)
