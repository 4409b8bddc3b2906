"""Dimensions in a cover: what is split by, counted or limited, and what only says of what a value or a figure is.

Does not belong here: choosing among the dimensions that words may mean (``resolve``).
"""

from __future__ import annotations

from dataclasses import replace

from nlq.core.vocabulary import Dimension
from nlq.english.forms import OCCURRENCE, singular, stem
from nlq.english.general import DIFFERENT, GLUE, NAMING, NUMBERING, POSSESSIVES, PREPOSITIONS, TOGETHER, TOTALLING
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import NotReadableError
from nlq.planning.drafts.mentions import Bound, Kind, Mention
from nlq.planning.finding.events import is_participle
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.reading.metrics import MetricReader
from nlq.planning.reading.moments import MomentReader
from nlq.planning.reading.sentence import GROUPING, KEY_ENDINGS, Sentence

_TELLING_APART = frozenset({"id", "key", "name"})
"""What is in the names of columns that name a thing, and do not tell what it is like."""
_TAKEN = frozenset({"taken", "put"})
_NONE_OF = frozenset({"no", "without"})
"""Before a dimension these ask for what has no value of it."""

_BEING = frozenset({"is", "are", "was", "were"})


class DimensionReader:
    """Reads dimensions; which words are metrics instead, ``metrics`` knows."""

    def __init__(self, sentence: Sentence, metrics: MetricReader, moments: MomentReader) -> None:
        self._sentence, self._metrics, self._moments = sentence, metrics, moments
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def read(self, position: int, mention: Mention) -> None:
        """A dimension: what a value is of, what is limited, counted, or split by."""
        hit = self._sentence.assignment.dimensions[mention.first]
        dimension = self._vocabulary.dimensions[hit.ref]
        if dimension.is_time or hit.source == "event" or (dimension.is_year and self._moments.is_dated(position)):
            self._moments.read(position, mention, hit)
            return
        if self._names_value(position, hit):
            self._sentence.believe(mention, f"names the dimension {dimension.label}", 1.0)
            return
        if mention.contested and (self._metrics.is_ratio(position) or not self._metrics.stands_for_dimension(position)):
            raise NotReadableError(3, f"“{mention.text}” is read as a metric here.", mention.text)
        if self._limits(position, mention, hit) or self._lacks(position, mention, hit):
            return
        self._group(position, mention, hit)

    def _group(self, position: int, mention: Mention, hit: Hit) -> None:
        """A dimension that says neither what a value is of, nor what is limited, is split by or counted."""
        draft, dimension = self._draft, self._vocabulary.dimensions[hit.ref]
        before = self._sentence.kind(position - 1)
        if hit.likeness < 1 and before not in GROUPING:
            raise NotReadableError(1, f"I do not know what “{mention.text}” means here.", mention.text)
        if self._is_cut(position, mention):
            raise NotReadableError(3, f"“{mention.text}” belongs to the words after it here.", mention.text)
        if self._sentence.sorts_by(mention):
            draft.sort_by.append(hit.ref)
            self._sentence.believe(mention, f"sorted by {dimension.label}", 1.0)
            return
        if dimension.is_numeric:
            self._check_number(position, mention, dimension)
        if self._is_all_together(position):
            self._sentence.believe(mention, f"all of {dimension.label} together", 1.0)
            return
        if beside := self._says_whose(position, mention, dimension):
            self._sentence.believe(mention, f"what the {beside} beside is of", 1.0)
            return
        if self._is_counted(position) and not dimension.is_boolean:
            self._count_values(position, mention, hit)
            return
        told = (
            before is Kind.WHICH
            and position > 1
            and any(m.text.lower() in _BEING for m in self._sentence.between(position - 1, position))
        )  # "complaints which are still open"
        if dimension.is_boolean and (before not in GROUPING or told):
            raise NotReadableError(3, f"It is not clear whether to split by {dimension.label}.", mention.text)
        self._split(position, mention, hit)

    def _check_number(self, position: int, mention: Mention, dimension: Dimension) -> None:
        """A number of each thing is no figure of all: its total, average or maximum is a metric, if there is one."""
        before = self._sentence.kind(position - 1)
        if summed := self._summed(mention):
            reason = f"{dimension.label} is a number of each; I know no {summed} of it."
            raise NotReadableError(1, reason, mention.text)
        column = self._sentence.is_column(mention) or words_of(dimension.column)[-1:] in KEY_ENDINGS
        if not column and any(m.text.lower() in POSSESSIVES for m in self._sentence.between(position - 1, position)):
            raise NotReadableError(
                3, f"“{mention.text}” is a number of each, not what they are split by.", mention.text
            )
        if before not in GROUPING and self._sentence.kind(position + 1) is Kind.THRESHOLD:
            raise NotReadableError(3, f"“{mention.text}” is what is limited here.", mention.text)
        if self._is_extreme(position - 1):
            said = self._sentence.mentions[position - 1].text
            raise NotReadableError(1, f"I do not know the {said} of {dimension.label}.", said, mention.text)

    def _split(self, position: int, mention: Mention, hit: Hit) -> None:
        """A group, or a column of a list."""
        draft, dimension = self._draft, self._vocabulary.dimensions[hit.ref]
        before = self._sentence.kind(position - 1)
        self._check_owner(position, mention, hit)
        column = self._sentence.is_column(mention)
        strong = column or before in GROUPING or (before in (Kind.AND, Kind.DIMENSION) and bool(draft.groups))
        spoken_of = not strong and self._is_only_spoken_of(position)
        if self._is_agent(position) or spoken_of or self._is_across_all(position):
            draft.unlicensed.append(hit.ref)
        if not column:
            self._place(position, hit.ref)
        if hit.ref not in draft.groups:
            draft.groups.append(hit.ref)
        if not column and self._sentence.is_singular(mention) and self._asks_for_one(position):
            draft.singular_rank = True
        draft.doubtful |= not (hit.full or strong)
        draft.per |= self._sentence.is_per(position)
        factor = (1.0 if strong else 0.9) * (1.0 if hit.full else 0.85)
        self._sentence.believe(mention, f"by {dimension.label}", factor)

    def _check_owner(self, position: int, mention: Mention, hit: Hit) -> None:
        """The type of a doctor is no type of anything else; the code of a cause is a cause code."""
        if hit.full or self._sentence.kind(position - 1) is not Kind.DIMENSION:
            return
        owner = self._sentence.mentions[position - 1]
        said = {stem(word) for text in (owner.text, mention.text) for word in words_of(text)}
        named = {stem(word) for word in words_of(self._vocabulary.dimensions[hit.ref].label)}
        if owner.last == mention.first and not named <= said:
            raise NotReadableError(1, f"I do not know the {mention.text} of “{owner.text}”.", mention.text)

    def _says_whose(self, position: int, mention: Mention, dimension: Dimension) -> str | None:
        """Beside what it only says whose that is: a value, a time."""
        if self._is_of_value_beside(position, mention, dimension):
            return "value"
        ungrouped = self._sentence.kind(position - 1) not in GROUPING
        return "time" if ungrouped and self._has_its_time_beside(position, dimension) else None

    def _is_of_value_beside(self, position: int, mention: Mention, dimension: Dimension) -> bool:
        """Whether it says what has the value beside it: "Sutlej products", "the car maker American Motor Company"."""
        column = set(words_of(dimension.column))
        names = column & {*_TELLING_APART, *words_of(dimension.entity.rsplit("__", 1)[-1])}
        if not dimension.entity or not names or dimension.is_boolean:
            return False
        at = self._sentence.all.index(mention)
        beside = [(position - 1, self._sentence.all[at - 1])] if at else []
        if self._sentence.is_singular(mention) and at + 1 < len(self._sentence.all):
            beside.append((position + 1, self._sentence.all[at + 1]))
        values = [self._sentence.value_dimension(where) for where, one in beside if one.kind is Kind.VALUE]
        return any(value and value.rsplit("__", 1)[0] == dimension.entity for value in values)

    def _has_its_time_beside(self, position: int, dimension: Dimension) -> bool:
        """Whether it only says whose time follows: "orders of customers who joined in 2025"."""
        if not dimension.entity or not self._sentence.is_moment(position + 1):
            return False
        hit: Hit = self._sentence.assignment.dimensions[self._sentence.mentions[position + 1].first]
        return self._vocabulary.dimensions[hit.ref].entity == dimension.entity

    def _is_extreme(self, position: int) -> bool:
        """Whether a maximum or minimum is asked for, not what has the most of a figure."""
        return self._sentence.kind(position) is Kind.SUPERLATIVE and singular(
            self._sentence.mentions[position].text.lower()
        ) in ("maximum", "minimum")

    def _is_cut(self, position: int, mention: Mention) -> bool:
        """Whether the words after it end its own name: the last of "last names of readers" stands for nothing alone."""
        following = self._sentence.mentions[position + 1 : position + 2]
        if not following or following[0].kind is not Kind.DIMENSION or following[0].first != mention.last:
            return False
        return bool(NAMING & set(words_of(following[0].text.lower())[:1]))

    def _summed(self, mention: Mention) -> str:
        """The word before a number that asks for a figure of it: the total of "total amount"."""
        before = [m for m in self._sentence.all[: self._sentence.all.index(mention)] if m.text.lower() not in GLUE]
        last = before[-1] if before else None
        counted = last is not None and last.kind is Kind.COUNT and last.text.lower() in TOTALLING
        return last.text if last and (counted or last.kind is Kind.AVERAGE) else ""

    def _is_agent(self, position: int) -> bool:
        """Whether it may be who does something, not what is split by: "trips booked by members"."""
        if self._sentence.kind(position - 1) is not Kind.BY or self._sentence.is_singular(
            self._sentence.mentions[position]
        ):
            return False
        by = self._sentence.all.index(self._sentence.mentions[position - 1])
        said = (
            words_of(self._sentence.all[by - 1].text.lower())
            if by and self._sentence.all[by].text.lower() == "by"
            else ()
        )
        return bool(said) and (said[-1] in OCCURRENCE or is_participle(said[-1]))

    def _is_across_all(self, position: int) -> bool:
        """Whether it may be all of them together: "fees over all hubs", "average delay for all carriers"."""
        before = self._said_around(position)[0]
        return before[-2:] in (["over", "all"], ["for", "all"]) and bool(self._sentence.assignment.metrics)

    def _is_all_together(self, position: int) -> bool:
        """Whether it is all of them together: "across all shops", "all channels combined", "all wards overall"."""
        before, after = self._said_around(position)
        if not self._sentence.assignment.metrics or before[-1:] != ["all"]:
            return False
        combined = {"combined", "overall"} & {*before} or TOGETHER & {*after[:1]}  # "combined sales of all channels"
        return bool(combined) or before[-2:-1] == ["across"]

    def _said_around(self, position: int) -> tuple[list[str], list[str]]:
        """The words before and after a dimension, without those that mean nothing here."""
        everything = self._sentence.all
        at = everything.index(self._sentence.mentions[position])
        before, after = (
            [word for m in part for word in words_of(m.text.lower()) if word not in GLUE | _TAKEN]
            for part in (everything[:at], everything[at + 1 :])
        )
        return before, after

    def _is_only_spoken_of(self, position: int) -> bool:
        """Whether the dimension may say only what the figure is of: "fees from parcels", "late Express parcels".

        By, each, which, a ranking or a share license a group; so does a figure that is asked for beside it.
        """
        kinds = {m.kind for m in self._sentence.mentions}
        if not self._sentence.assignment.metrics or kinds & {Kind.SUPERLATIVE, Kind.TOP, Kind.VERSUS, Kind.TREND}:
            return False
        if self._sentence.kind(position + 1) is Kind.AND and self._sentence.kind(position + 2) is Kind.METRIC:
            return False
        before = self._sentence.all[: self._sentence.all.index(self._sentence.mentions[position])]
        telling = next((m for m in reversed(before) if m.text.lower() not in GLUE), None)
        return telling is not None and (telling.kind is Kind.VALUE or telling.text.lower() in PREPOSITIONS)

    def _limits(self, position: int, mention: Mention, hit: Hit) -> bool:
        """Whether the dimension's own values are compared with a number: "countries with an area over 3000"."""
        dimension = self._vocabulary.dimensions[hit.ref]
        if not dimension.is_numeric:
            return False
        if self._is_number_of(position):
            return self._limit(position - 1, mention, hit)
        if self._sentence.kind(position + 1) is not Kind.THRESHOLD:
            return False
        if self._sentence.kind(position + 2) is Kind.METRIC or self._sentence.kind(position - 1) in (
            Kind.WHICH,
            Kind.TOP,
        ):
            return False
        if self._sentence.kind(position - 1) is not Kind.BY:
            return self._limit(position + 1, mention, hit)
        if mention.last == self._sentence.mentions[position + 1].first and self._limit(position + 1, mention, hit):
            self._split(position, mention, hit)  # "for each number of instalments from six upwards"
            return True
        return False

    def _is_number_of(self, position: int) -> bool:
        """Whether a limit stands before what it is a number of: "paid in more than 10 instalments"."""
        limit = self._sentence.mentions[position - 1] if position else None
        if limit is None or limit.kind is not Kind.THRESHOLD or position - 1 in self._sentence.used:
            return False
        return limit.last == self._sentence.mentions[position].first

    def _limit(self, at: int, mention: Mention, hit: Hit) -> bool:
        """Limit the dimension's own values by the bound at a place; numbers that only name something have no limits."""
        dimension = self._vocabulary.dimensions[hit.ref]
        if words_of(dimension.column)[-1:] in KEY_ENDINGS:
            return False
        bound: Bound = self._sentence.mentions[at].payload
        said = self._sentence.mentions[at].text
        if bound.of:
            reason = f"I cannot compare {dimension.label} with the {bound.of} of all (“{said}”); name a number."
            raise NotReadableError(2, reason, said)
        if bound.unit and {stem(bound.unit)} <= {stem(word) for word in words_of(dimension.label)}:
            bound = replace(bound, unit=None)  # "kept more than 14 days", of the days kept
        if bound.percent or bound.unit:
            raise NotReadableError(
                2, f"{dimension.label} is a plain number; leave out the unit in “{said}”.", said, final=True
            )
        self._sentence.used.add(at)
        self._draft.bounds = [item for item in self._draft.bounds if item[0] != at]
        self._draft.limits.append((hit.ref, bound))
        self._sentence.believe(
            mention, f"{dimension.label} {bound.comparator.sql} {bound.value:g}", 1.0 if hit.full else 0.8
        )
        return True

    def _lacks(self, position: int, mention: Mention, hit: Hit) -> bool:
        """Whether the dimension is said to have no value, or to have one: "excluding unknown channels"."""
        if self._is_without(position, hit):
            self._sentence.used.add(position - 1)
            self._lack(mention, hit.ref, missing=True)
            return True
        at = position - 1 if self._sentence.kind(position - 1) is Kind.MISSING else position + 1
        if self._sentence.kind(at) is not Kind.MISSING:
            return False
        first = min(at, position)
        negated = self._sentence.kind(first - 1) is Kind.NOT
        self._sentence.used.update({at, first - 1} if negated else {at})
        if self._sentence.kind(at + 1) is Kind.OR and self._sentence.kind(at + 2) is Kind.MISSING:
            self._sentence.used.update({at + 1, at + 2})  # "missing or not specified" says it twice
        self._lack(mention, hit.ref, missing=not negated)
        return True

    def _lack(self, mention: Mention, name: str, *, missing: bool) -> None:
        self._draft.missing.append((name, missing))
        label = self._vocabulary.dimensions[name].label
        self._sentence.believe(mention, f"{label} is {'missing' if missing else 'known'}", 1.0)

    def _is_without(self, position: int, hit: Hit) -> bool:
        """Whether there is to be none: "visits without an insurer", "with no insurer"; of a number that may be zero."""
        dimension = self._vocabulary.dimensions[hit.ref]
        if self._sentence.kind(position - 1) is not Kind.NOT or dimension.is_boolean or dimension.is_numeric:
            return False
        abbreviated = any(m.text.lower() == "of" for m in self._sentence.between(position - 1, position))
        return self._sentence.mentions[position - 1].text.lower() in _NONE_OF and not abbreviated and hit.full

    def leave_out_unknown(self) -> None:
        """Of "visits by insurer without unknown" the rows that have none are left out."""
        for at, mention in enumerate(self._sentence.mentions):
            lone = mention.kind is Kind.MISSING and at not in self._sentence.used and len(self._draft.groups) == 1
            if lone and self._sentence.kind(at - 1) is Kind.NOT and not self._draft.missing:
                self._sentence.used.update({at - 1, at})
                self._lack(mention, self._draft.groups[0], missing=False)

    def _place(self, position: int, name: str) -> None:
        """Keep whether a group was said with each or with by; one that goes on a list was said like the one before."""
        draft, before = self._draft, self._sentence.kind(position - 1)
        if self._sentence.is_per(position):
            draft.each.append(name)
        elif before is Kind.BY:
            draft.by.append(name)
        elif before in (Kind.AND, Kind.DIMENSION) and draft.groups:
            for said in (draft.each, draft.by):
                said.extend([name] if draft.groups[-1] in said else [])

    def _count_values(self, position: int, mention: Mention, hit: Hit) -> None:
        """How many values of a dimension there are with some of a metric: "how many wards have complaints"."""
        label = self._vocabulary.dimensions[hit.ref].label
        if self._sentence.kind(position - 1) is Kind.THRESHOLD or self._draft.counted:
            reason = f"I cannot tell how many of {label} there are; only how many have some of a figure."
            raise NotReadableError(2, reason, mention.text)
        # Without a figure named, "how many wards are there" may mean those without any as well.
        said = {m.text.lower() for m in self._sentence.all}
        self._draft.doubtful |= bool(self._sentence.assignment.implied) and not said & DIFFERENT
        self._draft.counted = hit.ref
        self._draft.groups.append(hit.ref)
        self._sentence.believe(mention, f"how many of {label}", 1.0)

    def _is_counted(self, position: int) -> bool:
        """Whether a number of the dimension's values is asked for: "how many products", "more than 3 items"."""
        if self._sentence.kind(position - 1) is Kind.THRESHOLD:
            return True
        said = self._sentence.all[: self._sentence.all.index(self._sentence.mentions[position])]
        last = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        if last is None or last.kind is not Kind.COUNT or last.text.lower() not in NUMBERING:
            return False
        if self._sentence.is_per(position):
            return False  # for each number of instalments
        return not self._sentence.is_label_number(last)

    def _asks_for_one(self, position: int) -> bool:
        """Whether one of the dimension is asked for: "which ward", "best ward", "best selling category"."""
        before = self._sentence.kind(position - 1)
        if before is Kind.METRIC:
            return self._sentence.kind(position - 2) is Kind.SUPERLATIVE
        return before in (Kind.WHICH, None, Kind.SUPERLATIVE) or self._sentence.kind(position + 1) is Kind.SUPERLATIVE

    def _names_value(self, position: int, hit: Hit) -> bool:
        """Whether the dimension only says what a value beside it is a value of."""
        before = self._sentence.kind(position - 1)
        after = position + 2 if self._sentence.kind(position + 1) is Kind.NOT else position + 1
        if self._sentence.names(after, hit.ref):
            after += 1  # "the country with code USA"
        beside = self._sentence.value_dimension(after) == hit.ref or (
            self._sentence.value_dimension(position - 1) == hit.ref and before not in GROUPING
        )
        return beside and before is not Kind.BY
