"""Which figures a question is about that names none: all of them, or those of a subject.

Belongs here: telling the words of a subject and of a time from others. Does not belong here: which metrics of a subject
are judged (``core.judged``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nlq.core.judged import domains_of, metrics_of, metrics_of_all
from nlq.english.general import FILLER, VERSUS_WORDS
from nlq.english.tokens import Token, set_of
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.times.words import TimeSpan

_MOST = 10
"""The most metrics that a plan has."""
_SUBJECT = set_of("domain area side department business subject team our my data numbers figures metrics kpis things")
_VOID = FILLER | _SUBJECT | VERSUS_WORDS | set_of("than since between until with to in about around near and")


class Scope:
    """Finds the figures that questions are about which name none."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Nothing is looked for yet."""
        self._lexicon, self._vocabulary = lexicon, lexicon.vocabulary

    @staticmethod
    def telling(tokens: Sequence[Token]) -> list[Token]:
        """The words that name something."""
        return [token for token in tokens if token.kind == "quoted" or token.norm not in _VOID]

    def of(self, tokens: Sequence[Token], times: Iterable[TimeSpan]) -> tuple[list[str], list[Token]]:
        """The metrics that are meant where no figure is named, and the words that say a time; none where one is."""
        spans = _apart(times)
        timed = {at for span in spans for at in range(span.first, span.last)}
        telling = self.telling([token for at, token in enumerate(tokens) if at not in timed])
        left = [token for at, token in enumerate(tokens) if at in timed or token.norm in VERSUS_WORDS | {"than"}]
        if not telling:
            return [metric.name for metric in metrics_of_all(self._vocabulary, _MOST)], left
        domains = {self._lexicon.domain(token.norm) for token in telling}
        domain = domains.pop() if len(domains) == 1 else None
        found = metrics_of(self._vocabulary, domain) if domain else []
        return [metric.name for metric in found], left if found else []

    def domains(self) -> list[list[str]]:
        """The metrics of each subject that are judged."""
        every = [metrics_of(self._vocabulary, name) for name in domains_of(self._vocabulary)]
        return [[metric.name for metric in one] for one in every]


def _apart(times: Iterable[TimeSpan]) -> list[TimeSpan]:
    """The longest times that do not overlap."""
    chosen: list[TimeSpan] = []
    for span in sorted(times, key=lambda one: (one.first - one.last, one.first)):
        if all(span.last <= other.first or span.first >= other.last for other in chosen):
            chosen.append(span)
    return chosen
