"""Values in a cover: wanted or not, alone or in a list, of which dimension.

Does not belong here: choosing among the values that words may mean (``resolve``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nlq.core.dateparts import first_date_part
from nlq.english.forms import stem
from nlq.english.general import ENGLISH, NOT_BEHIND, SUBJECTS, WITHOUT
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Chosen, NotReadableError
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.calendarwords import DAYS
from nlq.planning.finding.literals import Piece
from nlq.planning.finding.valueindex import INITIALS, ValueHit
from nlq.planning.reading.sentence import Sentence
from nlq.planning.times.words import TIME_WORDS

EITHER = "“or” works between values of one dimension only; ask two questions."
"""Why what stands beside an "or" is not put together."""
_JOINTS = (Kind.AND, Kind.OR, Kind.NOT, Kind.VERSUS)


class ValueReader:
    """Reads values, what negates them and what joins them."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def read(self, position: int, mention: Mention) -> None:
        """A value: which rows are wanted, or not."""
        hit = self._sentence.assignment.values[mention.first]
        if self._sentence.event and self._sentence.event.first == mention.first and self._sentence.event.known:
            return
        dimension = self._vocabulary.dimensions[hit.dimension]
        named = self._sentence.names(position - 1, hit.dimension) or self._sentence.names(position + 1, hit.dimension)
        listed = self._sentence.kind(position - 1) in (Kind.AND, Kind.OR) and self._sentence.same_dimension(
            position - 2, hit
        )
        attribute = dimension.is_boolean and self._is_said_of(position)
        if _is_weak(mention, hit) and not (named or listed or attribute or len(words_of(mention.text)) > 1):
            raise NotReadableError(
                1, f"It is not clear whether “{mention.text}” means a {dimension.label}.", mention.text
            )
        if self._is_done(mention, hit):
            raise NotReadableError(1, f"It is not clear whether “{mention.text}” picks something out.", mention.text)
        negated = self._is_negated(position, hit)
        if dimension.is_boolean and not negated:
            self._check_named(mention)
        if dimension.is_boolean and negated:
            self._check_without(position, mention)
        if negated:
            self._sentence.negated.add(position)
        if isinstance(hit.value, Piece):
            self._piece(position, mention, hit, negated=negated)
            return
        self._joined_by_or(position, hit)
        self._joined_by_and(position, hit)
        self._joined_at_all(position, hit)
        value, wanted = hit.value, not negated
        if dimension.yes_no and negated:
            yes, no = dimension.yes_no
            value, wanted = no if value == yes else yes, True
        several = value if isinstance(value, tuple) else (value,)
        if first_date_part([hit.dimension]):
            self._check_days(mention, hit, several)
        self._draft.chosen.extend(Chosen(mention.first, hit.dimension, one, wanted) for one in several)
        said = " or ".join(str(one) for one in several) if several is value else replace(hit, value=value).shown
        self._sentence.believe(
            mention, f"{dimension.label} is {'' if wanted else 'not '}{said}", 1.0 if hit.full else 0.8
        )

    def _is_done(self, mention: Mention, hit: ValueHit) -> bool:
        """Whether it is what somebody does, and only alike to a value: the "ship" of "which city do we ship from"."""
        at = self._sentence.all.index(mention)
        before = [m.text.lower() for m in self._sentence.all[max(0, at - 2) : at]]
        does = len(before) == 2 and before[0] in ("do", "does", "did") and before[1] in SUBJECTS
        return does and mention.text.lower() != str(hit.value).lower()

    def _check_named(self, mention: Mention) -> None:
        """Where a metric is called by the adjective and the noun, it is meant: open complaints."""
        assignment = self._sentence.assignment
        metrics = [hit.ref for hit in assignment.metrics.values()] or assignment.implied
        labels = [self._vocabulary.metrics[name].label for name in metrics]
        said = [stem(word) for text in (mention.text, *labels) for word in words_of(text)]
        if len(metrics) == 1 and self._sentence.lexicon.metrics_in_full(said):
            raise NotReadableError(3, f"“{mention.text}” is read as a part of a metric here.", mention.text)

    def _check_without(self, position: int, mention: Mention) -> None:
        """What has none of some things is not told by the other ones: "carriers without late parcels"."""
        at = self._sentence.before_value(position)
        said = self._sentence.mentions[at].text.lower()
        if said in WITHOUT and at and self._sentence.kind(position + 1) is Kind.METRIC:
            things = f"{mention.text} {self._sentence.mentions[position + 1].text}"
            reason = f"I know what has some {things}, not what has none (“{said}”)."
            raise NotReadableError(2, reason, said, final=True)

    def _is_said_of(self, position: int) -> bool:
        """Whether it says what a thing is: "late parcels", "that are not late"."""
        noun = position + 1
        while self._sentence.kind(noun) is Kind.VALUE:
            noun += 1  # "open pothole cases"
        return self._sentence.kind(noun) is Kind.METRIC or (self._sentence.kind(position - 1) is Kind.NOT)

    def _piece(self, position: int, mention: Mention, hit: ValueHit, *, negated: bool) -> None:
        """A text that values are to contain; each of several is to be there."""
        if negated or self._sentence.kind(self._sentence.before_value(position)) is Kind.OR:
            reason = f"I can only look for texts that are all contained (“{mention.text}”)."
            raise NotReadableError(2, reason, mention.text)
        self._draft.pieces.append((hit.dimension, str(hit.value)))
        label = self._vocabulary.dimensions[hit.dimension].label
        self._sentence.believe(mention, f"{label} contains “{hit.value}”", 1.0)

    def _check_days(self, mention: Mention, hit: ValueHit, several: Sequence[Any]) -> None:
        """Several days are no one side of a comparison; a day of the week stands beside no single date in a list."""
        label = self._vocabulary.dimensions[hit.dimension].label
        kinds = [m.kind for m in self._sentence.mentions]
        if len(several) > 1 and Kind.VERSUS in kinds and kinds.count(Kind.TIME) < 2:
            reason = f"I cannot put “{mention.text}” together on one side of a comparison; compare by {label.lower()}."
            raise NotReadableError(2, reason, mention.text, nearest=(label,), final=True)
        if any(m.kind is Kind.TIME and m.text.lower() in DAYS for m in self._sentence.mentions):
            raise NotReadableError(3, f"“{mention.text}” is read as a date here.", mention.text)

    def _is_negated(self, position: int, hit: ValueHit) -> bool:
        """Whether a "not" stands right before the value, or before a list of values of the same dimension."""
        if (behind := self._left_out_behind(position, hit)) is not None:
            self._sentence.used.add(behind)
            return True
        at = self._sentence.before_value(position)
        if self._sentence.kind(at) is Kind.NOT and self._sentence.mentions[at].text.lower() not in NOT_BEHIND:
            self._sentence.used.add(at)
            return True
        if self._sentence.kind(at) not in (Kind.AND, Kind.OR):
            return False
        previous = self._sentence.before_value(at)
        if previous not in self._sentence.negated:
            return False
        if self._sentence.value_dimension(previous) != hit.dimension:
            said = self._sentence.mentions[position].text
            raise NotReadableError(2, f"It is not clear whether “{said}” is left out as well; say it of each.", said)
        return True

    def _left_out_behind(self, position: int, hit: ValueHit) -> int | None:
        """Where a word leaves out the value before it, or the list of values of its dimension: "web excluded"."""
        at = position + 1
        while self._sentence.kind(at) in (Kind.AND, Kind.OR) and self._sentence.same_dimension(at + 1, hit):
            at += 2
        said = self._sentence.mentions[at].text.lower() if self._sentence.kind(at) is Kind.NOT else ""
        return at if said in NOT_BEHIND else None

    def _joined_by_or(self, position: int, hit: ValueHit) -> None:
        """An "or" stands between values of one dimension; between others each may be asked for by itself."""
        at = self._sentence.before_value(position)
        if self._sentence.kind(at) is Kind.BY and self._sentence.kind(at - 1) is Kind.OR:
            at -= 1  # "from ward 3 or by phone"
        if self._sentence.kind(at) is not Kind.OR:
            return
        other = self._sentence.value_dimension(self._sentence.before_value(at))
        if other is None:
            raise NotReadableError(2, EITHER, "or")
        if other != hit.dimension:
            self._draft.either.append((other, hit.dimension))
        self._sentence.used.add(at)

    def _joined_by_and(self, position: int, hit: ValueHit) -> None:
        """Bare values in a list are of one dimension: no order is from Delhi, a region, and Mumbai, a city."""
        mention, at = self._sentence.mentions[position], position - 1
        other = self._sentence.value_dimension(at - 1)
        if self._sentence.kind(at) not in (Kind.AND, Kind.VERSUS) or other in (None, hit.dimension):
            return
        if self._left_out_behind(position, hit) is not None:
            return  # "weekly digest, treatment_b excluded"
        bare = not self._is_named(position, hit.dimension) and not self._is_named(at - 1, str(other))
        if bare and self._sentence.mentions[at].last == mention.first:
            label, of = (self._vocabulary.dimensions[name].label for name in (hit.dimension, str(other)))
            reason = (
                f"“{mention.text}” is of {label}, “{self._sentence.mentions[at - 1].text}” of {of}; say which of each."
            )
            raise NotReadableError(2, reason, mention.text)

    def _joined_at_all(self, position: int, hit: ValueHit) -> None:
        """Only a list of values of one dimension means any of them: who lives in A was not born in A or B."""
        mentions = self._sentence.mentions
        before = next(
            (at for at in range(position - 1, -1, -1) if self._sentence.value_dimension(at) == hit.dimension), None
        )
        between = mentions[before + 1 : position] if before is not None else ()
        if between and not any(m.kind in _JOINTS for m in between):
            said, other = mentions[position].text, mentions[before or 0].text
            label = self._vocabulary.dimensions[hit.dimension].label
            raise NotReadableError(2, f"“{other}” and “{said}” are both a {label}; say how they belong together.", said)

    def _is_named(self, position: int, dimension: str) -> bool:
        """Whether a value says whose it is: "channel web", "ward 3"."""
        label = {stem(word) for word in words_of(self._vocabulary.dimensions[dimension].label)}
        said = {stem(word) for word in words_of(self._sentence.mentions[position].text)}
        return bool(label & said) or any(
            self._sentence.names(beside, dimension) for beside in (position - 1, position + 1)
        )


def _is_weak(mention: Mention, hit: ValueHit) -> bool:
    """Values that are also plain words or bare numbers need their dimension named, quotes or capitals."""
    if hit.coverage == INITIALS or first_date_part([hit.dimension]):
        return False
    if mention.text.startswith(('"', "'", "“")) or (
        len(mention.text) > 1 and mention.text in (str(hit.value), hit.said)
    ):
        return mention.text.isdigit()
    return all(word.isdigit() or word in ENGLISH or word in TIME_WORDS for word in words_of(mention.text))
