"""The largest of things that are counted: "the biggest order" is the one with the most money, not the most orders.

Belongs here: by which figure such a thing is ranked. Does not belong here: ends of figures that are named
(``operators``), the maximum of an average (``leftovers``).
"""

from __future__ import annotations

from nlq.core.vocabulary import Dimension, Metric
from nlq.english.forms import stem
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Decision
from nlq.planning.drafts.mentions import Mention
from nlq.planning.reading.sentence import KEY_ENDINGS, Sentence


def rank_things(sentence: Sentence, counted: Mention) -> bool:
    """Rank the things that a metric counts by the layer's first sum of money; false where there is none to rank by.

    Args:
        sentence: The sentence, whose draft is changed.
        counted: What is counted, in the singular.
    """
    draft, name = sentence.draft, sentence.assignment.metrics[counted.first].ref
    if draft.metrics != [name] or draft.groups or draft.grain or len(draft.ranks) != 1:
        return False
    thing = _key_of(sentence, name, stem(words_of(counted.text.lower())[-1]))
    figure = _money_of(sentence, thing) if thing else None
    if thing is None or figure is None:
        return False
    draft.metrics = [figure.name]
    draft.metric_at = [(at, figure.name) for at, _ in draft.metric_at]
    draft.groups.append(thing.name)
    draft.singular_rank = True
    told = f"{thing.label} ranked by {figure.label}, because nothing else says how large one is"
    draft.because.append(Decision("", told))
    return True


def _key_of(sentence: Sentence, metric: str, noun: str) -> Dimension | None:
    """The dimension that tells the counted things apart."""
    known = sentence.vocabulary.dimensions
    for name in sorted(sentence.vocabulary.metrics[metric].dimensions):
        dimension = known.get(name)
        if dimension is None or dimension.is_time or noun not in {stem(word) for word in words_of(dimension.label)}:
            continue
        own = noun in {stem(word) for word in words_of(dimension.thing)} or stem(dimension.label.lower()) == noun
        if own and (words_of(dimension.column)[-1:] in KEY_ENDINGS or stem(dimension.label.lower()) == noun):
            return dimension
    return None


def _money_of(sentence: Sentence, thing: Dimension) -> Metric | None:
    """The first sum of money among the layer's headlines that the things have."""
    needed = {thing.name, *(chosen.dimension for chosen in sentence.draft.chosen)}
    found = [
        metric
        for metric in sentence.vocabulary.metrics.values()
        if metric.headline and metric.is_money and metric.additive and needed <= metric.dimensions
    ]
    return min(found, key=lambda metric: metric.headline, default=None)
