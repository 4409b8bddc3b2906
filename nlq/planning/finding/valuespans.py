"""Values in a question: the spans that may mean one, known or taken as they stand, and places that are not there.

Belongs here: how a value is written (in full, in part, by initials, quoted, numbered, in a range). Does not belong
here: what values there are (``valueindex``), other spans (``spans``), what a value does in a plan (``reading``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from nlq.core.spelling import same_form
from nlq.english import general as w
from nlq.english.forms import stem
from nlq.english.tokens import Token, words_of
from nlq.planning.drafts.mentions import Kind, Mention, Reach
from nlq.planning.finding.calendarwords import CalendarFinder
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.literals import LiteralFinder
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit

UNKNOWN = -6.0
"""The score of a word that nothing recognises."""
_WHOLE_VALUE = 0.5
"""What each further word of a whole value adds: the October Meeting is no meeting in October."""
_AFTER_BY = 1.0
"""What a value loses to a dimension of that name after "by"."""
_INSIDE = frozenset({",", "/", "&", "%"})
_LONGEST_CODE = 3
_WIDEST_RANGE = 50
_LITERAL = 6.5
"""What each word of a value adds that is taken as it stands: more than any other reading of it."""
_ABSENT = 0.5
"""What is gained where it is known what is not there."""


class ValueFinder(CalendarFinder):
    """Finds the values of one question."""

    def __init__(self, question: str, tokens: Sequence[Token], lexicon: Lexicon, today: date, reach: Reach) -> None:
        super().__init__(question, tokens, lexicon, today)
        self._reach = reach
        self._literals = LiteralFinder(question, tokens, lexicon)
        self._stems = [stem(t.norm) if t.kind == "word" else t.norm for t in tokens]

    def _values_at(self, at: int) -> Iterator[Mention]:
        """Everything that begins at a token and may be a value."""
        yield from self._values(at)
        yield from self._literals_at(at)
        yield from self._in_range(at)
        yield from self._absent(at)

    def _values(self, first: int) -> Iterator[Mention]:
        if self._tokens[first].kind == "quoted":
            norms = words_of(self._tokens[first].norm)
            quoted = same_form(self._tokens[first].norm)
            if hits := _as_spelled([hit for hit in self._lexicon.values(norms) if hit.full], quoted):
                yield self._mention(Kind.VALUE, first, first + 1, 6.0, tuple(hits))
            return
        said: list[str] = []
        for at in range(first, min(first + self._lexicon.longest_value + 1, len(self._tokens))):
            if said and self._norm(at) in _INSIDE:
                continue  # a value may have such a sign in it
            if self._tokens[at].kind not in ("word", "number"):
                return
            said.append(self._tokens[at].norm)
            if hits := self._as_said(self._lexicon.values(said), first, at + 1):
                score = self._value_score(first, at + 1, len(said), hits)
                mention = self._mention(Kind.VALUE, first, at + 1, score, tuple(hits))
                # Whoever writes without capitals says nothing by it.
                spelled = hits if mention.text == mention.text.lower() else _as_spelled(hits, mention.text)
                yield replace(mention, payload=tuple(spelled))
        if hits := self._abbreviated(first) or self._related_values(first):
            yield self._mention(Kind.VALUE, first, first + 1, term_score(1, hits, 0.1), tuple(hits))
        if hits := self._numbered(first):
            yield self._mention(Kind.VALUE, first, first + 1, 3.0, tuple(hits))

    def _as_said(self, hits: Sequence[ValueHit], first: int, last: int) -> list[ValueHit]:
        """The values without codes that are not in capitals among other words: give us, in US; show me, in ME."""
        text = self._tokens[first].text if last == first + 1 else ""
        if last > first + 1 or (text.isupper() and not self._is_shouted()):
            return list(hits)
        return [h for h in hits if not (h.said.isupper() or (text.lower() in w.ENGLISH and _is_code(h.value)))]

    def _is_shouted(self) -> bool:
        return all(token.text.isupper() for token in self._tokens if token.kind == "word")

    def _value_score(self, first: int, last: int, count: int, hits: Sequence[ValueHit]) -> float:
        score = term_score(count, hits, 0.1)
        if any(hit.full for hit in hits):
            score += _WHOLE_VALUE * (count - 1)
        after_by = self._norm(first - 1) == "by" and self._lexicon.dimensions_in_full(self._stems[first:last])
        return score - _AFTER_BY if after_by else score

    def _related_values(self, at: int) -> list[ValueHit]:
        """Values that a word of their family stands for, where that is within reach: "African countries"."""
        within = self._reach is Reach.RELATED and not self._lexicon.knows(self._norm(at))
        return self._lexicon.related_values(self._norm(at)) if within else []

    def _abbreviated(self, at: int) -> list[ValueHit]:
        """Values said by their initials, in capitals among other words: "customers in the UAE"."""
        text = self._tokens[at].text
        said = text.isupper() and len(text) > 1 and not self._is_shouted()
        return self._lexicon.initials(text.lower()) if said else []

    def _numbered(self, at: int) -> list[ValueHit]:
        """Values that a number in a list names by the word before the list: the 2 in "wards 1, 2 and 3"."""
        head = at - 1
        while self._number(head) is not None or self._norm(head) in w.AND_WORDS | w.OR_WORDS:
            head -= 1
        listed = self._norm(at - 1) in w.AND_WORDS | w.OR_WORDS and self._number(head + 1) is not None
        if self._number(at) is None or head < 0 or not listed:
            return []
        return [hit for hit in self._lexicon.values([self._norm(head), self._norm(at)]) if hit.full]

    def _literals_at(self, at: int) -> Iterator[Mention]:
        for found in self._literals.at(at):
            score = _LITERAL * (found.last - found.first)
            yield self._mention(Kind.VALUE, found.first, found.last, score, found.hits)

    def _range_end(self, at: int) -> int:
        """Where the other end of a range stands that a token begins: 3 to 7, 3-7, "ward 3 to ward 7"."""
        if self._norm(at + 1) == "to":
            return at + 3 if self._norm(at + 2) == self._norm(at - 1) else at + 2
        following = self._tokens[at + 1].start if at + 1 < len(self._tokens) else self._tokens[at].end
        between = self._question[self._tokens[at].end : following].strip()
        return at + 1 if between in ("-", "–") else len(self._tokens)

    def _in_range(self, at: int) -> Iterator[Mention]:
        """Numbered values from one to another: "wards 3 to 7", "wards 3-7"."""
        start, end_at = self._number(at), self._range_end(at)
        end = self._number(end_at)
        if start is None or end is None or not 0 < end - start < _WIDEST_RANGE or not at:
            return
        numbers = (str(number) for number in range(int(start), int(end) + 1))
        found = [[hit for hit in self._lexicon.values([self._norm(at - 1), n]) if hit.full] for n in numbers]
        for name in sorted({hit.dimension for hit in found[0]} & {hit.dimension for hit in found[-1]}):
            values = tuple(hit.value for hits in found for hit in hits if hit.dimension == name)
            first = at if self._lexicon.dimensions_in_full(self._stems[at - 1 : at]) else at - 1
            hit = ValueHit(name, values, 1.0)
            yield self._mention(Kind.VALUE, first, end_at + 1, _LITERAL * (end_at + 1 - first), (hit,))

    def _absent(self, first: int) -> Iterator[Mention]:
        """Places that the layer has none of, though it has others of their kind."""
        said: list[str] = []
        for at in range(first, min(first + self._lexicon.longest_value, len(self._tokens))):
            token = self._tokens[at]
            if token.kind != "word":
                return
            said.append(token.norm)
            if found := self._lexicon.absent(said):
                code = len(said) == 1 and said[0].upper() in found[1].letters
                if not code or (token.text.isupper() and not self._is_shouted()):
                    yield self._mention(Kind.UNKNOWN, first, at + 1, UNKNOWN + _ABSENT, found)


def term_score(count: int, hits: Sequence[Hit | ValueHit], bonus: float) -> float:
    """What words add that may mean these: more words more, a whole name more than a part of one."""
    if any(hit.full for hit in hits):
        return 3.0 * count - 1.0 + bonus
    return 3.0 * count * max(hit.coverage for hit in hits) - 1.5 + bonus


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and value.isupper() and len(value) <= _LONGEST_CODE


def _as_spelled(hits: Sequence[ValueHit], text: str) -> list[ValueHit]:
    """The values without those that only differ by case from one that is spelled exactly so."""
    exact = {hit.dimension for hit in hits if same_form(hit.value) == text}
    return [hit for hit in hits if hit.dimension not in exact or same_form(hit.value) == text]
