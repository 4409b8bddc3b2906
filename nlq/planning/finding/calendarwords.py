"""Parts of the calendar in questions: "by weekday", "on Mondays", "at weekends", "month of the year", "last Monday".

Belongs here: general English for parts of the calendar, as mentions. Where the layer has a dimension or a value of the
same name, that stands beside it in the mention, for ``resolve`` to choose. Does not belong here: periods
(``timewords``).

Conventions, told to the asker with every answer: plural days ("on Mondays") are all of them; a single "Monday" may be
the latest as well, and is asked back; working days are Monday to Friday, holidays among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from nlq.core.dateparts import DAY_OF_MONTH, MONTH_OF_YEAR, MONTHS, QUARTER_OF_YEAR, WEEKDAY, WEEKDAYS
from nlq.core.plan import Grain, TimeRange
from nlq.english import general as w
from nlq.english.forms import is_plural, singular, stem
from nlq.english.tokens import Token
from nlq.planning.drafts.mentions import GrainWord, Kind, Mention
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.operators import OperatorFinder
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit
from nlq.planning.times.words import TimeSpan

DAYS = {name.lower(): number for number, name in enumerate(WEEKDAYS)}
"""Names of weekdays, as words are compared, and their numbers: Monday is 0."""
_ARTICLES = ("a", "an", "any")
_TO = {"to", "through", "thru", "till", "until"}
_THAT_ONE = {"last", "this", "past", "previous"}
_NO_SINGLE_ONE = {"next", "coming", "following", "first", "second", "third", "fourth", "from"}
_WORKING, _WEEKEND = WEEKDAYS[:5], WEEKDAYS[5:]
_MONTHS = {name.lower(): name for name in MONTHS}
_NO_PLURALS = {"mays", "marches"}
_PER_WEEKDAY = (("weekday",), ("week", "day"), ("day", "of", "the", "week"), ("day", "of", "week"))
_PARTS = {
    **dict.fromkeys(_PER_WEEKDAY, WEEKDAY),
    ("day", "of", "the", "month"): DAY_OF_MONTH,
    ("day", "of", "month"): DAY_OF_MONTH,
    ("month", "of", "the", "year"): MONTH_OF_YEAR,
    ("month", "of", "year"): MONTH_OF_YEAR,
    ("seasonality",): MONTH_OF_YEAR,
    ("monthly", "seasonality"): MONTH_OF_YEAR,
    ("seasonal", "pattern"): MONTH_OF_YEAR,
    ("quarter", "of", "the", "year"): QUARTER_OF_YEAR,
    ("quarter", "of", "year"): QUARTER_OF_YEAR,
}
_WORKDAYS = {("working", "day"), ("business", "day"), ("work", "day"), ("workday",)}


class CalendarFinder(OperatorFinder):
    """Finds parts of the calendar at a place of a question."""

    def __init__(self, question: str, tokens: Sequence[Token], lexicon: Lexicon, today: date) -> None:
        super().__init__(question, tokens)
        self._lexicon, self._today = lexicon, today

    def _calendar_at(self, at: int) -> Iterator[Mention]:
        yield from self._date_parts(at)
        yield from self._calendar_months(at)
        yield from self._days(at)
        yield from self._groups_of_days(at)
        yield from self._months_of_years(at)

    # --- what is split by

    def _date_parts(self, at: int) -> Iterator[Mention]:
        for phrase, part in _PARTS.items():
            last = at + len(phrase)
            if self._said(at, len(phrase)) != phrase or self._starts_year(last):
                continue
            if phrase == ("weekday",) and self._norm(at - 1) in {"on", "during", *_ARTICLES} and self._is_days(at):
                continue
            yield self._part_mention(at, last, part)

    def _part_mention(self, first: int, last: int, part: str) -> Mention:
        """The part, and dimensions of the layer that the same words name: these go first where they do in full."""
        stems = [stem(t.norm) for t in self._tokens[first:last] if t.norm not in w.GLUE]
        own = self._lexicon.dimensions(stems)
        # As well said as the layer's own: which of them is meant shall not tell which metric is.
        nearest = max(own, key=lambda hit: hit.coverage, default=Hit(part, 1.0, "label"))
        hits = (*own, replace(nearest, ref=part))
        return self._mention(Kind.DIMENSION, first, last, 3.0 * (last - first), hits)

    def _calendar_months(self, at: int) -> Iterator[Mention]:
        """A calendar month is one of twelve after "which"; else as often one of a year, to be asked back."""
        if self._said(at, 2) != ("calendar", "month"):
            return
        yield self._part_mention(at, at + 2, MONTH_OF_YEAR)
        if self._norm(at - 1) not in w.WHICH_WORDS:
            yield self._mention(Kind.GRAIN, at, at + 2, 6.0, GrainWord(Grain.MONTH))

    def _starts_year(self, at: int) -> bool:
        """Whether a year follows: the "year 2025" of "month of the year 2025" is a time."""
        return (self._number(at) or 0) >= 1000

    # --- what is filtered by

    def _days(self, at: int) -> Iterator[Mention]:
        day = DAYS.get(singular(self._norm(at)))
        if day is None:
            return
        if to := self._end_of_days(at):
            length = (DAYS[singular(self._norm(to - 1))] - day) % 7 + 1
            yield self._value_mention(at, to, WEEKDAY, tuple(WEEKDAYS[(day + n) % 7] for n in range(length)))
            return
        before = self._norm(at - 1)
        plural = is_plural(self._norm(at))
        if self._bounds(at) or self._is_dashed(at - 1):
            return
        if before in _THAT_ONE and not plural:
            yield from self._that_day(at - 1, at + 1, day, before)
            return
        if before in _THAT_ONE or (before in _NO_SINGLE_ONE and not plural):
            return
        yield self._value_mention(at, at + 1, WEEKDAY, WEEKDAYS[day])
        named = any(singular(token.norm) == "weekday" for token in self._tokens)
        if not (plural or named or before in (*_ARTICLES, "every", "each")):
            latest = self._today - timedelta(days=(self._today.weekday() - day) % 7)
            yield self._time_mention(at, at + 1, latest, latest)

    def _end_of_days(self, at: int) -> int | None:
        """The place after a range of days: "Monday to Friday", "Mon-day–Friday" with a dash."""
        last = at + 2 if self._norm(at + 1) in _TO else at + 1 if self._is_dashed(at) else None
        return last + 1 if last and singular(self._norm(last)) in DAYS else None

    def _bounds(self, at: int) -> bool:
        """Whether the word is an end of a range that is no range of days: "to Friday", "Monday to noon"."""
        ends = self._norm(at - 1) in _TO and self._norm(at - 2) not in w.VERSUS_WORDS
        return ends or self._norm(at + 1) in _TO - {"through", "thru"}

    def _is_dashed(self, at: int) -> bool:
        """Whether a dash joins the token with the next, both days."""
        if not 0 <= at < len(self._tokens) - 1 or singular(self._norm(at)) not in DAYS:
            return False
        return self._question[self._tokens[at].end : self._tokens[at + 1].start].strip() in {"-", "–", "—"}

    def _that_day(self, first: int, last: int, day: int, which: str) -> Iterator[Mention]:
        """A day of this week, or the last one: the latest that is over and that of the week before may differ."""
        monday = self._today - timedelta(days=self._today.weekday())
        if which == "this":
            found = {monday + timedelta(days=day)}
        else:
            latest = self._today - timedelta(days=(self._today.weekday() - day - 1) % 7 + 1)
            found = {latest, monday + timedelta(days=day - 7)}
        for one in sorted(found):
            yield self._time_mention(first, last, one, one)

    def _groups_of_days(self, at: int) -> Iterator[Mention]:
        norm = self._norm(at)
        if singular(norm) == "weekend":
            yield from self._weekends(at, plural=is_plural(norm))
        for phrase in _WORKDAYS:
            if self._said(at, len(phrase)) == phrase and self._number(at - 1) is None and not self._is_own(at, phrase):
                yield self._value_mention(at, at + len(phrase), WEEKDAY, _WORKING)
        if singular(norm) == "weekday" and self._is_days(at) and not self._is_own(at, ("weekday",)):
            yield self._value_mention(at, at + 1, WEEKDAY, _WORKING)

    def _is_days(self, at: int) -> bool:
        """Whether "weekday" stands where days do, not what is split by: "on weekdays", "weekday complaints"."""
        before = self._norm(at - 1)
        if before in {"on", "during", *_ARTICLES}:
            return is_plural(self._norm(at)) or before in _ARTICLES
        between = before == "" or before in w.FILLER - w.BY_WORDS - w.AND_WORDS
        figure = self._norm(at + 1) and self._lexicon.metrics([stem(self._norm(at + 1))])
        return bool(between and figure) and not is_plural(self._norm(at))

    def _weekends(self, at: int, *, plural: bool) -> Iterator[Mention]:
        before = self._norm(at - 1)
        if self._is_own(at, ("weekend",)) or self._bounds(at) or before in _NO_SINGLE_ONE - {"from"}:
            return
        saturday = self._today - timedelta(days=(self._today.weekday() - 5) % 7)
        if before in _THAT_ONE and not plural:
            over = saturday if self._today > saturday + timedelta(days=1) else saturday - timedelta(days=7)
            coming = self._today + timedelta(days=5 - self._today.weekday())
            first = coming if before == "this" else over
            yield self._time_mention(at - 1, at + 1, first, first + timedelta(days=1))
        elif before not in _THAT_ONE:
            yield self._value_mention(at, at + 1, WEEKDAY, _WEEKEND)
            if before == "the" and not plural:
                yield self._time_mention(at, at + 1, saturday, saturday + timedelta(days=1))

    def _months_of_years(self, at: int) -> Iterator[Mention]:
        """A month of every year: "in Decembers", "December of each year"."""
        norm = self._norm(at)
        month = _MONTHS.get(singular(norm))
        if month is None:
            return
        rest = at + 2 if self._norm(at + 1) in {"of", "in"} else at + 1
        yearly = self._norm(rest) in {"each", "every"} and self._norm(rest + 1) == "year"
        named = self._norm(at - 1) in {"is", "not", "or"} and any(
            self._said(n, 4) == ("month", "of", "the", "year") for n in range(at)
        )
        if yearly or named or (is_plural(norm) and norm not in _NO_PLURALS):
            # More than the time it would be with the word before: "in December".
            yield self._value_mention(at, at + 1, MONTH_OF_YEAR, month, bonus=4.0)

    def _is_own(self, at: int, phrase: Sequence[str]) -> bool:
        """Whether the layer itself calls something so."""
        stems = [stem(word) for word in phrase]
        whole = [*self._lexicon.metrics_in_full(stems), *self._lexicon.dimensions(stems)]
        said = [self._norm(at + n) for n in range(len(phrase))]
        return any(hit.full for hit in (*whole, *self._lexicon.values(said)))

    # --- mentions

    def _value_mention(
        self, first: int, last: int, part: str, value: str | tuple[str, ...], bonus: float = 0.0
    ) -> Mention:
        """A value of a part, or several, and values of the layer that the same words name."""
        own = [hit for hit in self._lexicon.values([t.norm for t in self._tokens[first:last]]) if hit.full]
        hits = (*own, ValueHit(part, value, 1.0))
        return self._mention(Kind.VALUE, first, last, 3.0 * (last - first) + bonus, hits)

    def _time_mention(self, first: int, last: int, start: date, end: date) -> Mention:
        span = TimeSpan(first, last, TimeRange(start=start, end=end), "day" if start == end else None)
        return self._mention(Kind.TIME, first, last, 3.0 * (last - first), span)

    def _said(self, at: int, count: int) -> tuple[str, ...]:
        """The words at a place, the last and the first in the singular."""
        norms = self._norms(at, count)
        return tuple(singular(norm) if n in (0, count - 1) else norm for n, norm in enumerate(norms))
