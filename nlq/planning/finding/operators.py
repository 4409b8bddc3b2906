"""Operators in a question: thresholds, ranks, steps of time, growth, and phrases of two words.

Belongs here: general English that asks for something, as mentions with a score. Does not belong here: terms of the
layer (``finding``), what a mention asks (``reading``), the word lists (``english.general``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from nlq.core.plan import Comparator, Comparison, Grain, Reference, Running
from nlq.english import general as w
from nlq.english.forms import is_plural, singular
from nlq.english.tokens import Token, unquoted
from nlq.planning.drafts.mentions import Bound, GrainWord, Growth, Kind, Mention, Top, Want
from nlq.planning.finding.questionwords import asking_at

_ASKS = 0.3
"""More than a filling word, less than any term of the layer."""


class OperatorFinder:
    """Finds the operators at a place of a question."""

    def __init__(self, question: str, tokens: Sequence[Token]) -> None:
        self._question, self._tokens = question, tokens
        self._words = unquoted(tokens)
        self._in_times: frozenset[int] | set[int] = frozenset()
        """The places of words that say a time."""

    def _mention(self, kind: Kind, first: int, last: int, score: float, payload: Any = None) -> Mention:
        text = self._question[self._tokens[first].start : self._tokens[last - 1].end]
        return Mention(kind, first, last, score, text, payload)

    def _operators_at(self, at: int) -> Iterator[Mention]:
        for rule in (
            self._threshold,
            self._aged,
            self._running,
            self._range,
            self._top,
            self._ordinal,
            self._growth,
            self._grain,
            self._phrase,
            self._show,
        ):
            if mention := rule(at):
                yield mention

    def _asks_at(self, at: int) -> Iterator[Mention]:
        """Words that ask for a kind of answer."""
        if found := self._asking(at):
            last, want = found
            yield self._mention(Kind.ASKS, at, last, _ASKS * (last - at), want)

    def _asking(self, at: int) -> tuple[int, Want] | None:
        return self._asked.get(at)

    @cached_property
    def _asked(self) -> dict[int, tuple[int, Want]]:
        """Where words that ask end, and what they want, by where they begin; a time or an "and" may stand before."""
        told = (n for n, word in enumerate(self._words) if word not in {",", "and"} and n not in self._in_times)
        begins = next(told, len(self._words))
        places = range(len(self._words))
        found = {at: asking_at(self._words, at, begins=at <= begins) for at in places}
        return {at: asked for at, asked in found.items() if asked}

    def _threshold(self, at: int) -> Mention | None:
        for phrase, comparator in _COMPARATORS.get(self._norm(at), ()):
            end = at + len(phrase)
            if self._norms(at, len(phrase)) != phrase:
                continue
            if self._number(end) is not None:
                return self._bound(at, end, Comparator(comparator))
            if mean := self._mean(at, end, Comparator(comparator)):
                return mean
            if (number := self._after_measure(end)) is not None:
                return self._bound(at, number, Comparator(comparator))
        if self._norm(at) == "than" and (comparator := self._said_before(at)):
            return self._mean(at, at + 1, comparator)
        return self._or_more(at)

    def _aged(self, at: int) -> Mention | None:
        """Reads "aged 60 or older"."""
        said = self._or_more(at + 1) if self._norm(at) == "aged" else None
        if said is None or not {"older", "younger", "over", "above", "more"} & {self._norm(said.last - 1)}:
            return None
        return self._mention(Kind.THRESHOLD, at, said.last, said.score + 3.0, said.payload)

    def _or_more(self, at: int) -> Mention | None:
        """Reads a number and behind it which side of it is meant: "20 or more", "2 hours or longer", "5+"."""
        if self._number(at) is None:
            return None
        if self._norm(at + 1) == "+" and self._tokens[at].end == self._tokens[at + 1].start:
            return self._mention(Kind.THRESHOLD, at, at + 2, 6.0, Bound(Comparator.GE, self._number(at) or 0.0))
        named = self._norm(at + 1) != "or" and singular(self._norm(at + 1)) in {*w.UNITS, *map(singular, w.PIECES)}
        joint = at + 1 + named
        if self._norm(joint) in {"upward", "upwards"}:
            first = at - 1 if self._norm(at - 1) == "from" else at
            bound = self._bound(at, at, Comparator.GE).payload
            return self._mention(Kind.THRESHOLD, first, joint + 1, 3.0 * (joint + 1 - first), bound)
        word = w.OR_SIDES.get(self._norm(joint + 1)) if self._norm(joint) in {"or", "and"} else None
        if word is None and self._norm(at + 2) == "or" and (side := w.OR_SIDES.get(self._norm(at + 3))):
            # "20 visits or more": the noun is read by itself
            return self._mention(Kind.THRESHOLD, at, at + 1, 3.0, Bound(Comparator(side), self._number(at) or 0.0))
        if word is None:
            return None
        bound = self._bound(at, at, Comparator(word)).payload
        return self._mention(Kind.THRESHOLD, at, joint + 2, 3.0 * (joint + 2 - at), bound)

    def _after_measure(self, at: int) -> int | None:
        """Where the number stands after what it is a number of: "age 30", "the age of 30"."""
        at += self._norm(at) == "the"
        number = at + 1 + (self._norm(at + 1) == "of")
        return number if self._norm(at) in w.MEASURES and self._number(number) is not None else None

    def _said_before(self, than: int) -> Comparator | None:
        """The comparison that a "than" belongs to, with a noun between: "more complaints than"."""
        for at in range(than - 2, max(-1, than - 6), -1):
            if self._norm(at) in w.MORE_WORDS:
                return Comparator.LT if self._norm(at) in w.FEWER else Comparator.GT
        return None

    def _mean(self, first: int, at: int, comparator: Comparator) -> Mention | None:
        """Reads "above average", "more than twice the average"."""
        factor = w.MULTIPLES.get(self._norm(at), 1.0)
        at += self._norm(at) in w.MULTIPLES
        at += self._norm(at) == "the"
        if self._norm(at) not in w.AVERAGE_WORDS:
            return None
        bound = Bound(comparator, factor, of=Reference.MEAN)
        return self._mention(Kind.THRESHOLD, first, at + 1, 3.5 * (at + 1 - first), bound)

    def _running(self, at: int) -> Mention | None:
        """Reads "cumulative", "running total", "7 day moving average"."""
        one, two = self._norms(at, 2)
        if one in w.CUMULATIVE:
            return self._mention(Kind.RUNNING, at, at + 1, 2.0, Running(of="total"))
        if one in w.ROLLING and two in w.AVERAGE_WORDS | w.TOTALLING:
            of = "average" if two in w.AVERAGE_WORDS else "total"
            return self._mention(Kind.RUNNING, at, at + 2, 4.0, Running(of=of))
        count, unit = self._count(at), self._grain_unit(at + 1)
        if count and count > 1 and unit and self._norm(at + 2) in w.ROLLING and self._norm(at + 3) in w.AVERAGE_WORDS:
            return self._mention(Kind.RUNNING, at, at + 4, 9.0, (Running(of="average", steps=count), unit))
        return None

    def _range(self, at: int) -> Mention | None:
        """Reads "between 100 and 200"."""
        joint = at + 2 if self._norm(at + 2) in {"and", "to"} else at + 3
        low, high = self._number(at + 1), self._number(joint + 1)
        if self._norm(at) != "between" or self._norm(joint) not in {"and", "to"} or low is None or high is None:
            return None
        mention = self._bound(at, joint + 1, Comparator.GE)
        if joint == at + 3 and self._norm(at + 2) != self._norm(joint + 2):
            return None  # two units, or a word that means something else
        return replace(mention, payload=replace(mention.payload, value=low, until=high))

    def _ordinal(self, at: int) -> Mention | None:
        """Reads "second highest", "2nd largest"."""
        place, last = w.ORDINALS.get(self._norm(at)), at + 1
        if place is None and self._norm(at + 1) in {"nd", "rd", "th"}:
            place, last = self._count(at), at + 2
        if place and place > 1 and (end := self._end(self._norm(last))):
            last += 1 if self._norm(last + 1) in w.FREQUENT else 0
            return self._mention(Kind.TOP, at, last + 1, 3.0 * (last + 1 - at), Top(1, end, place - 1))
        return None

    def _growth(self, at: int) -> Mention | None:
        """Reads "year over year growth", "MoM change"."""
        unit, last = w.GROWTH_SHORT.get(self._norm(at)), at + 1
        if unit is None and self._norm(at + 1) in {"over", "on"} and self._norm(at) == self._norm(at + 2):
            unit, last = w.GRAIN_UNITS.get(self._norm(at)), at + 3
        if unit is None:
            return None
        last += 1 if self._norm(last) in w.GROWTH_WORDS else 0
        which = Comparison.PREVIOUS_YEAR if unit == "year" else Comparison.PREVIOUS_PERIOD
        # A metric that is this very change, by name, is better than computing it.
        return self._mention(Kind.GROWTH, at, last, 2.8 * (last - at), Growth(which, Grain(unit)))

    def _bound(self, first: int, number_at: int, comparator: Comparator) -> Mention:
        value, last = self._number(number_at) or 0.0, number_at + 1
        percent = self._norm(last) in {"%", "percent", "pct"}
        unit = singular(self._norm(last)) if singular(self._norm(last)) in w.UNITS else None
        last += 1 if percent or unit or self._norm(last) == "times" else 0
        bound = Bound(comparator, value, percent, unit)
        return self._mention(Kind.THRESHOLD, first, last, 3.0 * (last - first), bound)

    def _top(self, at: int) -> Mention | None:
        """Reads "top 5", "worst three", "5 highest", "first 10"."""
        one, two = self._norm(at), self._norm(at + 1)
        if (count := self._count(at + 1)) and (one in {"first", "limit"} or self._end(one)):
            return self._mention(Kind.TOP, at, at + 2, 6.0, Top(count, self._end(one)))
        if one in w.WHICH_WORDS | {"the"} and (count := self._count(at + 1)):
            return self._mention(Kind.TOP, at, at + 2, 3.0, Top(count, "asked"))
        if (count := self._count(at)) and two != "more" and self._end(two):
            return self._mention(Kind.TOP, at, at + 2, 5.5, Top(count, self._end(two)))
        if (count := self._count(at)) and self._names_many(at + 1):
            return self._mention(Kind.TOP, at, at + 1, 1.0, Top(count, "asked"))
        return None

    def _names_many(self, at: int) -> bool:
        """Whether a plural noun stands here: "five wards with the most …"."""
        one = self._norm(at)
        return is_plural(one) and singular(one) not in w.UNITS and one not in w.ENGLISH

    @staticmethod
    def _end(norm: str) -> str | None:
        ends = {"highest": w.HIGHEST, "lowest": w.LOWEST, "longest": w.LONGEST, "shortest": w.SHORTEST}
        ends |= {"best": w.BEST, "worst": w.WORST}
        return next((end for end, members in ends.items() if norm in members), None)

    def _grain(self, at: int) -> Mention | None:
        one, unit = self._norm(at), self._grain_unit(at)
        if one in w.GRAIN_ADJECTIVES:
            return self._mention(Kind.GRAIN, at, at + 1, 2.5, GrainWord(Grain(w.GRAIN_ADJECTIVES[one])))
        if unit and self._norm(at + 1) == "wise":
            return self._mention(Kind.GRAIN, at, at + 2, 5.0, GrainWord(unit))
        if unit and self._norm(at + 1) in {"by", "after"} and self._grain_unit(at + 2) == unit:
            return self._mention(Kind.GRAIN, at, at + 3, 7.5, GrainWord(unit))
        if one in {"over", "across", "in", "of"} and self._norm(at + 1) == "all" and self._all_units(at + 2):
            return self._mention(Kind.FILLER, at, at + 3, 6.0)
        if one in {"over", "across", "through"} and (stepped := self._over_units(at + 1)):
            return stepped
        if unit:
            plural = is_plural(one)
            if plural and (self._norms(at + 1, 2) == ("in", "which") or self._norm(at + 1) in {"when", "where"}):
                return self._mention(Kind.GRAIN, at, at + 2, 5.0, GrainWord(unit, plural=True))
            return self._mention(Kind.GRAIN, at, at + 1, 0.5, GrainWord(unit, bare=True, plural=plural))
        return self._grain_after_word(at)

    def _all_units(self, at: int) -> bool:
        """Whether steps of time are named that are taken together: the ward with most cases across all years."""
        return self._grain_unit(at) is not None and is_plural(self._norm(at))

    def _over_units(self, at: int) -> Mention | None:
        """Reads "over the quarters"."""
        last = at + 1 if self._norm(at) == "the" else at
        unit = self._grain_unit(last)
        if unit is None or not is_plural(self._norm(last)):
            return None
        return self._mention(Kind.GRAIN, at - 1, last + 1, 2.5 * (last + 2 - at), GrainWord(unit))

    def _grain_after_word(self, at: int) -> Mention | None:
        one, unit = self._norm(at), self._grain_unit(at + 1)
        if unit and one in (w.BY_WORDS | w.WHICH_WORDS) - {"wise"} | {"a"}:
            plural = is_plural(self._norm(at + 1))
            word = GrainWord(unit, which=one in w.WHICH_WORDS, plural=plural)
            return self._mention(Kind.GRAIN, at, at + 2, 5.0, word)
        return None

    def _phrase(self, at: int) -> Mention | None:
        """Operators of several words."""
        for length in (4, 3, 2):
            if found := _PHRASES.get(self._norms(at, length)):
                return self._mention(found[0], at, at + length, found[1], Growth() if found[0] is Kind.GROWTH else None)
        two = self._norms(at, 2)
        if two[0] == "or" and two[1] in w.OR_SIDES and self._number(at - 2) is not None:
            return self._mention(Kind.FILLER, at, at + 2, 1.0)
        if two[0] == "than" and self._number(at + 1) is None:
            return self._mention(Kind.VERSUS, at, at + 1, 0.5)
        if two[0] in w.MORE_WORDS and self._compares_with_than(at):
            return self._mention(Kind.MORE, at, at + 1, 3.1)
        return self._ordering(at)

    def _show(self, at: int) -> Mention | None:
        """Reads the verb of a further sentence that asks for columns: "Return …", "Also show …", ", include …"."""
        first = at - 1 if self._norm(at - 1) in {"also", "please"} else at
        if self._norm(at) in {"include", "with"} and self._norm(at - 1) in {",", "along", "together"}:
            return self._mention(Kind.SHOW, at, at + 1, 0.6)
        further = self._begins_sentence(first) and self._norm(at) in w.SHOWING
        return self._mention(Kind.SHOW, at, at + 1, 0.6) if further else None

    def _begins_sentence(self, at: int) -> bool:
        """Whether a sentence ends right before a place."""
        if not 0 < at < len(self._tokens):
            return False
        return bool(set(".?!;") & set(self._question[self._tokens[at - 1].end : self._tokens[at].start]))

    def _ordering(self, at: int) -> Mention | None:
        """Reads "highest first", "descending order", "most to least", "alphabetical order", "most common"."""
        one, two = self._norms(at, 2)
        if one == "alphabetically" or (one == "alphabetical" and two == "order"):
            return self._mention(Kind.ORDER, at, at + (1 if one == "alphabetically" else 2), 6.0, "alphabetical")
        from_end, to_end = self._end(one), self._end(self._norm(at + 2)) if two == "to" else None
        if two == "to" and {one, self._norm(at + 2)} == {"high", "low"}:
            from_end, to_end = f"{one}est", f"{self._norm(at + 2)}est"
        if {from_end, to_end} == {"highest", "lowest"}:
            return self._mention(Kind.ORDER, at, at + 3, 9.5, from_end)
        if one in w.DESCENDING | w.ASCENDING and two == "order":
            return self._mention(Kind.ORDER, at, at + 2, 6.5, "highest" if one in w.DESCENDING else "lowest")
        end = self._end(one)
        if end in ("highest", "lowest", "best", "worst"):
            if two == "first":
                return self._mention(Kind.ORDER, at, at + 2, 6.5, end)
            if self._norms(at + 1, 2) == ("on", "top") or self._norms(at + 1, 3) == ("at", "the", "top"):
                last = at + (3 if two == "on" else 4)
                return self._mention(Kind.ORDER, at, last, 3.25 * (last - at), end)
        if end not in ("highest", "lowest"):
            return None
        return self._mention(Kind.SUPERLATIVE, at, at + 2, 6.0, end) if two in w.FREQUENT else None

    def _compares_with_than(self, at: int) -> bool:
        """Whether a "than" follows that no number stands after."""
        than = next((n for n in range(at + 1, len(self._tokens)) if self._norm(n) == "than"), None)
        return than is not None and self._number(than + 1) is None

    # --- tokens

    def _norm(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def _norms(self, at: int, count: int) -> tuple[str, ...]:
        found = self._words[at : at + count] if at >= 0 else ()
        return (*found, *[""] * (count - len(found)))

    def _number(self, at: int) -> float | None:
        return self._tokens[at].number if 0 <= at < len(self._tokens) else None

    def _count(self, at: int) -> int | None:
        number = self._number(at)
        return int(number) if number and number.is_integer() and number >= 1 else None

    def _grain_unit(self, at: int) -> Grain | None:
        unit = w.GRAIN_UNITS.get(singular(self._norm(at)))
        return Grain(unit) if unit else None


_COMPARATORS = {
    first: tuple(pair for pair in w.COMPARATORS if pair[0][0] == first) for first in {p[0] for p, _ in w.COMPARATORS}
}
"""The comparators by their first word."""

_PHRASES: dict[tuple[str, ...], tuple[Kind, float]] = {
    ("name", "of"): (Kind.LIST, 0.6),
    ("names", "of"): (Kind.LIST, 0.6),
    ("other", "than"): (Kind.NOT, 2.0),
    ("rather", "than"): (Kind.NOT, 2.0),
    ("apart", "from"): (Kind.NOT, 2.0),
    ("leaving", "out"): (Kind.NOT, 2.0),
    ("not", "counting"): (Kind.NOT, 2.0),
    ("not", "including"): (Kind.NOT, 2.0),
    ("but", "not"): (Kind.NOT, 2.0),
    ("compared", "to"): (Kind.VERSUS, 2.0),
    ("compared", "with"): (Kind.VERSUS, 2.0),
    ("compare", "with"): (Kind.VERSUS, 2.0),
    ("compare", "to"): (Kind.VERSUS, 2.0),
    ("as", "against"): (Kind.VERSUS, 2.0),
    ("growth", "rate"): (Kind.GROWTH, 4.0),
    **{
        (sign, noun): (Kind.GROWTH, 4.0)
        for sign in ("%", "percent", "percentage", "relative", "absolute")
        for noun in ("growth", "change", "increase", "decrease", "decline")
    },
    ("difference", "between"): (Kind.DIFFERENCE, 4.0),
    ("difference", "of"): (Kind.DIFFERENCE, 3.0),
    ("difference", "in"): (Kind.DIFFERENCE, 3.0),
    ("part", "of"): (Kind.SHARE, 2.0),
    ("ratio", "of"): (Kind.RATIO, 2.0),
    ("ratio", "between"): (Kind.RATIO, 2.0),
    ("both", "inclusive"): (Kind.FILLER, 0.2),
    ("over", "time"): (Kind.TREND, 5.0),
    ("on", "average"): (Kind.AVERAGE, 5.5),
    ("up", "or", "down"): (Kind.TREND, 6.0),
    ("going", "up", "or", "down"): (Kind.TREND, 9.0),
    ("rising", "or", "falling"): (Kind.TREND, 6.0),
    ("growing", "or", "shrinking"): (Kind.TREND, 6.0),
    ("increasing", "or", "decreasing"): (Kind.TREND, 6.0),
    ("better", "or", "worse"): (Kind.TREND, 6.0),
    ("getting", "better", "or", "worse"): (Kind.TREND, 9.0),
    ("not", "specified"): (Kind.MISSING, 2.0),
    ("as", "well", "as"): (Kind.AND, 1.0),
    ("side", "by", "side"): (Kind.FILLER, 1.0),
    ("number", "of", "times"): (Kind.COUNT, 2.0),
    ("many", "times"): (Kind.COUNT, 1.5),
    **{("1", noun, "per"): (Kind.BY, 4.0) for noun in ("figure", "number", "row", "line", "value")},
    **{("1", noun, "for", "each"): (Kind.BY, 4.0) for noun in ("figure", "number", "row", "line", "value")},
    ("by", "how", "much"): (Kind.FILLER, 1.0),
    ("to", "date"): (Kind.FILLER, 1.0),
    ("in", "the", "world"): (Kind.FILLER, 0.2),
    ("of", "the", "world"): (Kind.FILLER, 0.2),
    ("around", "the", "world"): (Kind.FILLER, 0.2),
    ("across", "the", "world"): (Kind.FILLER, 0.2),
    ("throughout", "the", "world"): (Kind.FILLER, 0.2),
    ("in", "the", "whole", "world"): (Kind.FILLER, 0.2),
    ("all", "over", "the", "world"): (Kind.FILLER, 0.2),
    ("how", "large"): (Kind.FILLER, 0.1),
    ("how", "big"): (Kind.FILLER, 0.1),
    ("how", "high"): (Kind.FILLER, 0.1),
    ("how", "low"): (Kind.FILLER, 0.1),
    ("who", "are"): (Kind.FILLER, 0.1),
    ("who", "is"): (Kind.FILLER, 0.1),
    **{("may", subject): (Kind.FILLER, 0.2) for subject in w.SUBJECTS},
}
