"""What every reader of times is made of: periods, and steps over the tokens of a question.

Belongs here: the shapes and the small helpers that the readers share. Does not belong here: any form of a time
(``timeperiods``, ``timedays``, ``timenames``, ``fiscalyears``).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nlq.core.periods import unit_range
from nlq.english.forms import singular
from nlq.english.tokens import Token, unquoted

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
SHORT_DAYS = {name.lower(): number for number, name in enumerate(calendar.day_abbr)} | {
    **{"tues": 1, "thur": 3, "thurs": 3, "weds": 2}
}
UNITS = {"day", "week", "month", "quarter", "year"}
_SHORT_UNITS = {"qtr": "quarter", "yr": "year", "mth": "month", "wk": "week"}
_SHORT_UNITS |= {f"{short}s": unit for short, unit in _SHORT_UNITS.items()} | {"mos": "month"}
PREVIOUS = {"last", "previous", "prev", "past", "prior", "preceding"}
THIS = {"this", "current"}
NEXT = {"next", "coming", "upcoming", "following"}
TO = frozenset({"to", "until", "till", "through", "thru"})
ORDINALS = {
    **{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8},
    **{"ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15},
    **{"sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30},
}
ORDINAL_ENDINGS = {"st", "nd", "rd", "th"}
ONE = timedelta(days=1)
_FIRST_YEAR, _FIRST_BARE_YEAR, _LAST_YEAR = 1900, 1990, 2099
_BEFORE_YEARS = {
    *("in", "during", "of", "since", "before", "after", "until", "till", "from", "to", "between", "and", "through"),
    *("for", "year", "to", "pre", "post", "prior", "than"),
}
_DASHES = {"-", "–", "—"}
_APOSTROPHES = "'’‘"
_LETTERS = {"d": "day", "w": "week", "mo": "month", "mos": "month", "q": "quarter", "y": "year"}
"""Units by the letters that stand right behind a number."""
_MONTHS_IN_SHORT = re.compile(r"(\d{1,3})[mM]")
"""A number of months, which otherwise would be one of millions."""


@dataclass(frozen=True)
class Period:
    """A period and its calendar unit, where it is one whole unit."""

    start: date
    end: date
    unit: str | None = None
    count: int = 1


@dataclass(frozen=True)
class Found:
    """A period and the place after it; ``others`` are periods that the same words may mean as well."""

    last: int
    period: Period
    others: tuple[Period, ...] = ()

    @property
    def all(self) -> tuple[Period, ...]:
        """Every period that the words may mean."""
        return (self.period, *self.others)


class TimeTokens:
    """The tokens of a question and the clock: ``today`` is what relative times are relative to."""

    def __init__(self, question: str, tokens: Sequence[Token], today: date) -> None:
        self._question, self._tokens, self._today = question, tokens, today
        self._words = unquoted(tokens)

    def _norm(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def _norms(self, at: int, count: int) -> list[str]:
        return [self._norm(at + step) for step in range(count)]

    def _kind(self, at: int) -> str:
        return self._tokens[at].kind if 0 <= at < len(self._tokens) else ""

    def _text(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _between(self, at: int) -> str:
        """What stands in the question right before a token and after the one before."""
        if not 0 < at < len(self._tokens):
            return ""
        return self._question[self._tokens[at - 1].end : self._tokens[at].start]

    def _is_dashed(self, at: int) -> bool:
        """Whether a dash joins the token with the one before: the 9 of "3-9 May"."""
        return self._between(at).strip() in _DASHES

    def _unit_at(self, at: int) -> str | None:
        word = singular(self._norm(at))
        word = _SHORT_UNITS.get(word, word)
        return word if word in UNITS else None

    def _integer(self, at: int) -> int | None:
        norm = self._norm(at)
        return int(norm) if self._kind(at) == "number" and norm.isdigit() and len(norm) < 10 else None

    def _short_units(self, at: int) -> tuple[int, str, int] | None:
        """A number and the letter of its unit in one: the "90d" of "last 90d": the last place, the unit, the number."""
        if match := _MONTHS_IN_SHORT.fullmatch(self._text(at)):
            return at, "month", int(match[1])
        count, unit = self._integer(at), _LETTERS.get(self._norm(at + 1))
        return (at + 1, unit, count) if count and unit and not self._between(at + 1) else None

    def _ordinal(self, at: int) -> tuple[int | None, int]:
        """A place in an order, such as "first" or "1st", and the place after it."""
        if self._norm(at) in ORDINALS:
            return ORDINALS[self._norm(at)], at + 1
        ones = ORDINALS.get(self._norm(at + 1), 10)
        if self._text(at).lower() in {"twenty", "thirty"} and ones < 10:  # "twenty-first"
            return (30 if self._text(at).lower() == "thirty" else 20) + ones, at + 2
        if self._norm(at + 1) in ORDINAL_ENDINGS and (number := self._integer(at)):
            return number, at + 2
        return None, at

    def _month_number(self, at: int) -> int | None:
        return MONTHS.get(self._norm(at)) if self._kind(at) == "word" else None

    def _year_number(self, at: int) -> int | None:
        """A year in four digits, in two after an apostrophe, or one before 1990 after a word such as "in"."""
        if not 0 <= at < len(self._tokens):
            return None
        digits = self._tokens[at].text
        if is_year(self._tokens[at]) or (_is_old_year(digits) and self._norm(at - 1) in {*_BEFORE_YEARS, *MONTHS}):
            return int(digits)
        short = len(digits) == 2 and digits.isascii() and digits.isdigit()
        if short and self._question[: self._tokens[at].start].endswith(tuple(_APOSTROPHES)):
            return self._full_year(int(digits))
        return None

    def _full_year(self, number: int) -> int:
        """The year that two digits name: none more than ten years from now."""
        century = self._today.year - self._today.year % 100
        year = century + number
        return year - 100 if year > self._today.year + 10 else year

    def _skip_the(self, at: int) -> int:
        return at + 1 if self._norm(at) == "the" else at

    def _skip_of(self, at: int) -> int:
        return at + 1 if self._norm(at) in {"of", "in"} else at


def is_year(token: Token) -> bool:
    """Whether a number is one that names a year, whatever stands before it."""
    digits = token.text
    return len(digits) == 4 and digits.isascii() and digits.isdigit() and _FIRST_BARE_YEAR <= int(digits) <= _LAST_YEAR


def _is_old_year(digits: str) -> bool:
    return len(digits) == 4 and digits.isascii() and digits.isdigit() and _FIRST_YEAR <= int(digits) < _FIRST_BARE_YEAR


def period_of(start: date, unit: str) -> Period:
    """The whole calendar unit that begins on a day."""
    span = unit_range(start, unit)
    assert span.start is not None and span.end is not None
    return Period(span.start, span.end, unit)


def found(last: int, periods: Sequence[Period]) -> Found | None:
    """What was found, every period once; None where there is none."""
    distinct = list(dict.fromkeys(periods))
    return Found(last, distinct[0], tuple(distinct[1:])) if distinct else None
