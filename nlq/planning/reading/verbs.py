"""Whether a support verb says no more than the figure beside it: then it is passed over, else it is an unknown word.

Belongs here: what each class of support verbs needs of the metrics. Does not belong here: which verbs those are
(``english.verbs``).
"""

from __future__ import annotations

from nlq.core.vocabulary import Metric
from nlq.english.forms import singular
from nlq.english.tokens import set_of, words_of
from nlq.english.verbs import Support
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.reading.sentence import Sentence

_EXTENT = set_of("area surface size length distance width land territory acre hectare km kilometre kilometer mile")
_PEOPLE = set_of("population people inhabitant resident citizen")


def unsupported(sentence: Sentence) -> list[Mention]:
    """The support verbs of a sentence that would say more than its figures do."""
    assignment = sentence.assignment
    names = {hit.ref for hit in assignment.metrics.values()} | set(assignment.implied)
    metrics = [sentence.vocabulary.metrics[name] for name in sorted(names)]
    verbs = [m for m in sentence.all if m.kind is Kind.FILLER and isinstance(m.payload, Support)]
    return [m for m in verbs if not any(_carries(metric, m.payload, sentence) for metric in metrics)]


def _carries(metric: Metric, need: Support, sentence: Sentence) -> bool:
    """Whether the metric tells what the verb tells."""
    if need is Support.OFFER:
        return metric.name in sentence.lexicon.counts or metric.tally
    said = _said(metric.label, *metric.synonyms, metric.unit or "")
    return {Support.EVENT: True, Support.EXTENT: bool(said & _EXTENT), Support.LIVING: bool(said & _PEOPLE)}[need]


def _said(*texts: str) -> set[str]:
    return {singular(word) for text in texts for word in words_of(text)}
