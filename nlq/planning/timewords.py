"""Time in questions: spans of tokens that name days, relative to a clock.

Belongs here: reading "last month", "Q2 2025", "since March", "between … and …" into days.
Does not belong here: one period by itself (``timeperiods``), the step of a series ("by month"), which is grammar.

Conventions, told to the asker with every answer: a week starts on Monday; "last 7 days" ends today and includes
it; "last 3 months" are the three calendar months before this one; a month without a year is the latest that has
begun; "since" runs to today; a fiscal year is named after the calendar year it ends in.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlq.core.plan import Comparison, TimeRange
from nlq.core.words import VERSUS_WORDS, singular
from nlq.planning.timeperiods import ONE, PREVIOUS, TIME_WORDS, UNITS, Found, Period, PeriodReader, is_year, period_of

__all__ = ["TIME_WORDS", "TimeReader", "TimeSpan"]

_PREVIOUS_TO = frozenset({"previous", "preceding", "prior"})
_CLOSING = frozenset({"before", "until", "till"})
_TO = frozenset({"to", "until", "till", "through", "thru"})
_JOINTS = {"between": frozenset({"and", "to"}), "from": _TO, "since": _TO, "after": frozenset()}
"""What stands between two periods, by the word before the first."""


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


class TimeReader(PeriodReader):
    """Finds the times in tokens."""

    def spans(self) -> list[TimeSpan]:
        """Every span that names a time, longest first at each place; they may overlap."""
        found: list[TimeSpan] = []
        for first in range(len(self._tokens)):
            found.extend(self._spans_at(first))
        return found

    def _spans_at(self, first: int) -> list[TimeSpan]:
        spans = [span for rule in (self._bounded, self._open_ended, self._before_another) if (span := rule(first))]
        at = self._skip_lead(first)
        if period := self._period(at, lead=at > first):
            value = period.period
            named = TimeSpan(first, period.last, TimeRange(start=value.start, end=value.end), value.unit)
            spans.append(self._previous_to_another(first, at, period.last) or named)
        return spans

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
        if yearly and (self._norms(rest, 2) == ["year", "before"] or self._norms(rest, 3) == ["a", "year", "ago"]):
            return TimeSpan(
                first, rest + (2 if self._norm(rest) == "year" else 3), None, before=Comparison.PREVIOUS_YEAR
            )
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
        if word == "before" or (unit == "year" and word in {"ago", "earlier"}):
            # "before March" is another matter
            if word == "before" and self._period(self._skip_the(at + 2), lead=True):
                return None
            which = Comparison.PREVIOUS_YEAR if unit == "year" else Comparison.PREVIOUS_PERIOD
            return TimeSpan(first, at + 2, None, unit if unit in UNITS else None, before=which)
        return None

    # --- two periods or one with an open end

    def _bounded(self, first: int) -> TimeSpan | None:
        word = self._norm(first)
        if word not in _JOINTS:
            return self._dash(first)
        left = self._period(self._skip_the(first + 1), lead=True)
        if not left:
            return None
        return self._joined(first, left, _JOINTS[word]) or self._enclosed(word, first, left)

    def _dash(self, first: int) -> TimeSpan | None:
        left = self._period(first, lead=False)
        return self._joined(first, left, _TO) if left else None

    def _joined(self, first: int, left: Found, joints: frozenset[str]) -> TimeSpan | None:
        if self._norm(left.last) not in joints:
            return None
        right = self._period(self._skip_the(left.last + 1), lead=True)
        if not right:
            return None
        a, b = self._of_same_year(left, right), right.period
        if a.start > b.end:
            return None
        ends = (TimeRange(start=a.start, end=a.end), TimeRange(start=b.start, end=b.end)) if a.unit == b.unit else None
        return TimeSpan(first, right.last, TimeRange(start=a.start, end=b.end), ends=ends)

    def _enclosed(self, word: str, first: int, left: Found) -> TimeSpan | None:
        """Reads what begins by one word and ends by another: "after March and before June", "since May until July"."""
        at = left.last + 1 if self._norm(left.last) in {"and", "but"} else left.last
        if word == "between" or self._norm(at) not in _CLOSING:
            return None
        right = self._period(self._skip_the(at + 1), lead=True)
        if not right:
            return None
        begun = self._of_same_year(left, right)
        start = begun.end + ONE if word == "after" else begun.start
        end = right.period.start - ONE if self._norm(at) == "before" else right.period.end
        return TimeSpan(first, right.last, TimeRange(start=start, end=end)) if start <= end else None

    def _of_same_year(self, left: Found, right: Found) -> Period:
        """The first of two periods; in "March to May 2025" the year belongs to both."""
        period = left.period
        says_year = any(is_year(token) for token in self._tokens[left.last : right.last])
        if says_year and not is_year(self._tokens[left.last - 1]) and period.unit == "month":
            return period_of(period.start.replace(year=right.period.start.year), "month")
        return period

    def _open_ended(self, first: int) -> TimeSpan | None:
        word = self._norm(first)
        if word not in {"since", "after", "from", *_CLOSING}:
            return None
        at = self._skip_the(first + 1)
        if word in {"since", "from"} and self._norm(at) in {"start", "beginning"} and self._norm(at + 1) == "of":
            at = self._skip_the(at + 2)
        found = self._period(at, lead=True)
        if not found:
            return None
        last, period = found.last, found.period
        if word == "from":
            if self._norm(last) not in {"on", "onward", "onwards"}:
                return None
            last += 2 if self._norm(last) == "on" and self._norm(last + 1) in {"ward", "wards"} else 1
        return self._open_range(word, first, last, period)

    def _open_range(self, word: str, first: int, last: int, period: Period) -> TimeSpan | None:
        if word in {"since", "from", "after"}:
            start = period.end + ONE if word == "after" else period.start
            if start > self._today:
                return None
            return TimeSpan(first, last, TimeRange(start=start, end=self._today))
        end = period.start - ONE if word == "before" else period.end
        return TimeSpan(first, last, TimeRange(end=end))
