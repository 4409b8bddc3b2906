"""Whether a support verb or a word of the frame says no more than the figure beside it: then it is passed over.

Else it is an unknown word.

Belongs here: what each class of such words needs of the terms. Does not belong here: which words those are
(``english.verbs``, ``english.frames``).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.core.vocabulary import Metric
from nlq.english.business import same_as
from nlq.english.forms import singular, stem
from nlq.english.frames import Frame
from nlq.english.tokens import set_of, words_of
from nlq.english.verbs import Support
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.drafts.units import measures_money
from nlq.planning.reading.sentence import Sentence

_EXTENT = set_of("area surface size length distance width land territory acre hectare km kilometre kilometer mile")
_PEOPLE = set_of("population people inhabitant resident citizen")


def unsupported(sentence: Sentence) -> list[Mention]:
    """The support verbs of a sentence that would say more than its figures do."""
    assignment = sentence.assignment
    names = {hit.ref for hit in assignment.metrics.values()} | set(assignment.implied)
    metrics = [sentence.vocabulary.metrics[name] for name in sorted(names)]
    verbs = [m for m in sentence.all if m.kind is Kind.FILLER and isinstance(m.payload, Support)]
    framing = [m for m in sentence.all if is_framing(m)]
    return [
        *(m for m in verbs if not any(_carries(metric, m.payload, sentence) for metric in metrics)),
        *(m for m in framing if not _frames(m, metrics, sentence)),
    ]


def is_framing(mention: Mention) -> bool:
    """Whether it is a word of the frame, which is passed over and told."""
    return mention.kind is Kind.FILLER and isinstance(mention.payload, Frame)


def _frames(mention: Mention, metrics: Sequence[Metric], sentence: Sentence) -> bool:
    """Whether what a word of the frame needs is there."""
    need: Frame = mention.payload
    if need is Frame.COURSE:
        return any(m.kind in (Kind.GRAIN, Kind.TREND) for m in sentence.all)
    if need is Frame.OWNER:
        said = mention.text.lower()
        return any(_is_named_by(stem(word), sentence) for word in (singular(said), *same_as(said)))
    if need is Frame.SELF:
        shared = sentence.vocabulary.shared_dimensions(tuple(metric.name for metric in metrics))
        return bool(metrics) and not shared & {h.dimension for h in sentence.lexicon.values([mention.text.lower()])}
    if need is Frame.RATE:
        return any(metric.is_ratio for metric in metrics)
    if need is Frame.MONEY:
        return any(measures_money(metric) for metric in metrics)
    if need is Frame.NUMBER:
        return any(is_amount(metric) and not measures_money(metric) for metric in metrics)
    return bool(metrics)


def _is_named_by(owner: str, sentence: Sentence) -> bool:
    """Whether a value that is chosen is of a dimension whose name says whose it is: Rio, a customer city."""
    chosen = [sentence.vocabulary.dimensions[hit.dimension] for hit in sentence.assignment.values.values()]
    return any(owner in {stem(word) for word in words_of(dimension.label)} for dimension in chosen)


def _carries(metric: Metric, need: Support, sentence: Sentence) -> bool:
    """Whether the metric tells what the verb tells."""
    if need is Support.OFFER:
        return metric.name in sentence.lexicon.counts or metric.tally
    said = _said(metric.label, *metric.synonyms, metric.unit or "")
    return {Support.EVENT: True, Support.EXTENT: bool(said & _EXTENT), Support.LIVING: bool(said & _PEOPLE)}[need]


def _said(*texts: str) -> set[str]:
    return {singular(word) for text in texts for word in words_of(text)}
