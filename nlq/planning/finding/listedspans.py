"""Spans of several words, and of lists in which words share a noun: "average and median delay", "first and last name".

Belongs here: the windows of content words, and the terms of which a list says only a part. Does not belong here: which
terms windows may mean (``spans``), values (``valuespans``).
"""

from __future__ import annotations

from collections.abc import Iterator

from nlq.english import general as w
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.events import is_participle
from nlq.planning.finding.valuespans import ValueFinder

PLACING = frozenset({"in", "for", "to"})
METRIC_GLUE = w.GLUE | PLACING | w.COUNTING
"""Words that stand between the words of a metric's name."""


class ListedFinder(ValueFinder):
    """Finds windows of words, and terms in lists."""

    def _windows(self, first: int, glue: frozenset[str]) -> Iterator[tuple[int, list[int]]]:
        """Ends and places of the content words of the windows that start at a content word and end with one."""
        if self._norm(first) in glue or self._is_done(first) or self._sorts(first):
            return
        content: list[int] = []
        for at in range(first, len(self._tokens)):
            token = self._tokens[at]
            if token.kind in ("quoted", "date") or (token.kind == "symbol" and token.norm != "%"):
                return
            if token.norm in glue or self._is_passive(at):
                continue
            content.append(at)
            if len(content) > self._lexicon.longest:
                return
            yield at + 1, content

    def _shared_noun(self, at: int) -> Iterator[Mention]:
        """A term whose noun comes later: the average of "average and median delay", the first of "first and last name".

        In a list of single words each may have the noun of the last.
        """
        last = self._last_listed(at)
        if last is None:
            return
        for _, content in self._windows(last, METRIC_GLUE):
            stems = [self._stems[one] for one in content]
            for kind, terms in (
                (Kind.METRIC, self._lexicon.metrics_in_full),
                (Kind.DIMENSION, self._lexicon.dimensions_in_full),
            ):
                if len(stems) > 1 and terms(stems):
                    if hits := terms([self._stems[at], *stems[1:]]):
                        yield self._mention(kind, at, at + 1, 2.2, tuple(hits))
                    return

    def _last_listed(self, at: int) -> int | None:
        """Where the last of a list of single words begins, of which this is an earlier one."""
        last = at
        while self._norm(last + 1) in w.AND_WORDS:
            last += 2
            while self._norm(last) in w.AND_WORDS | w.GLUE:
                last += 1
        return last if at < last < len(self._tokens) else None

    def _bare_name(self, at: int) -> Iterator[Mention]:
        """What things are called, where a list of columns has a name among them: "name and district of cities"."""
        beside = self._norm(at + 1) in w.AND_WORDS or self._norm(at - 1) in w.AND_WORDS | {"their", "its"}
        beside = beside and self._norm(at - 1) in w.FILLER | w.LISTING | w.AND_WORDS | w.WHICH_WORDS | {""}
        if self._norm(at) in {"name", "names"} and beside and (hits := self._lexicon.called()):
            yield self._mention(Kind.DIMENSION, at, at + 1, 2.0, tuple(hits))

    def _shared_name(self, at: int) -> Iterator[Mention]:
        """A metric whose name is that of the one before but for a word: the winners of "age of losers and winners"."""
        if self._norm(at - 1) not in w.AND_WORDS:
            return
        for first in range(max(0, at - 2 - self._lexicon.longest), at - 1):
            stems = [self._stems[n] for n in range(first, at - 1) if self._norm(n) not in METRIC_GLUE]
            if len(stems) < 2 or not self._lexicon.metrics_in_full(stems):
                continue
            for other in range(len(stems)):
                changed = [*stems[:other], *stems[other + 1 :], self._stems[at]]
                if hits := self._lexicon.metrics_in_full(changed):
                    yield self._mention(Kind.METRIC, at, at + 1, 2.8, tuple(hits))
                    return

    def _is_done(self, at: int) -> bool:
        """Whether the word is only the verb of what somebody did: "how many sales did each agent make"."""
        before = [self._norm(n) for n in range(max(0, at - 5), at)]
        if not {"do", "does", "did"} & set(before) or before[-1] in w.BY_WORDS | w.WHICH_WORDS | w.GLUE:
            return False
        return self._norm(at) in w.PREDICATES

    def _sorts(self, at: int) -> bool:
        """Whether the word only says that rows are in an order: "ordered from most to least"."""
        return self._norm(at) in w.SORTED - {"order"} and self._norm(at + 1) in {"by", "from"}

    def _is_passive(self, at: int) -> bool:
        """Whether the word only makes a passive of the participle after it: "orders that got cancelled"."""
        return self._norm(at) in {"get", "gets", "got", "getting"} and is_participle(self._norm(at + 1))
