"""Amounts by what was done with the money: "the amount paid" is that of payments, "the value refunded" of refunds.

Belongs here: finding the sums of money whose names speak of what is done. Does not belong here: how long something
takes (``durations``), units and currencies (``drafts.units``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nlq.core.vocabulary import Vocabulary
from nlq.english.forms import singular
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.units import measures_money
from nlq.planning.finding.happenings import SAME_FAMILY, forms, is_verb, kin

AMOUNTS = set_of("amount amounts value sum sums money")
"""Nouns that what was done with money stands behind."""
_PIECES = set_of("unit item piece article quantity number count line order")
"""What sums of are no money, though they are sold and paid for."""
_BETWEEN = set_of("that was were is are")


class Amounts:
    """The sums of money of one layer by what they are sums of."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Index every sum of money by the words of its names."""
        self._named: dict[str, dict[str, None]] = {}
        for metric in vocabulary.metrics.values():
            pieces = not metric.is_money and _PIECES & {singular(word) for word in words_of(metric.label)}
            if pieces or not (measures_money(metric) and is_amount(metric)):
                continue
            for text in (metric.label, *metric.synonyms):
                for form in {form for word in words_of(text) for form in forms(word)}:
                    self._named.setdefault(form, {})[metric.name] = None

    def at(self, norm: Callable[[int], str], at: int) -> Iterator[tuple[int, str]]:
        """Where an amount of what was done ends that begins here, and the metrics that are of that.

        Args:
            norm: Gives the word at a place, empty beyond the ends.
            at: Where it may begin.
        """
        if norm(at) not in AMOUNTS:
            return
        verb = at + 1
        while norm(verb) in _BETWEEN and verb < at + 3:
            verb += 1
        if norm(verb) and is_verb(norm(verb), norm(verb - 1)):
            for name in self._of(norm(verb)):
                yield verb + 1, name

    def _of(self, verb: str) -> list[str]:
        """The metrics that are called so, or by a word that belongs to it: payments, of what is paid."""
        for near in (forms(verb), [form for form, likeness in kin(forms(verb)) if likeness >= SAME_FAMILY]):
            if found := {name: None for form in near for name in self._named.get(form, {})}:
                return list(found)
        return []
