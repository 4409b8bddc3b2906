"""The part of a catalog that a question is about, for a model that cannot be shown all of it.

Belongs here: choosing metrics, dimensions and sample values by the words of the question. Does not belong here: the
prompt (``prompt``), or deciding what the question means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz, utils

from nlq.core.vocabulary import Dimension, Metric, Vocabulary

MOST_METRICS = 10
MOST_DIMENSIONS = 12
MOST_VALUES = 8
_FEWEST = 2
_VALUE_LENGTH = 80
_NAMED = 85.0


@dataclass(frozen=True)
class Part:
    """What is shown of a catalog: metrics and dimensions, the likeliest first, with values by dimension."""

    metrics: tuple[Metric, ...]
    dimensions: tuple[Dimension, ...]
    values: dict[str, tuple[Any, ...]]

    def smaller(self) -> Part | None:
        """The part without the least likely of what it has most of; None where nothing more can be left out."""
        longest = max(map(len, self.values.values()), default=0)
        if longest > _FEWEST and longest >= MOST_VALUES // 2:
            return replace(self, values={name: values[: longest - 1] for name, values in self.values.items()})
        if len(self.metrics) > max(_FEWEST, len(self.dimensions)):
            return replace(self, metrics=self.metrics[:-1])
        if len(self.dimensions) > _FEWEST:
            kept = self.dimensions[:-1]
            return Part(self.metrics, kept, {d.name: self.values[d.name] for d in kept})
        return replace(self, metrics=self.metrics[:-1]) if len(self.metrics) > 1 else None


def part_for(question: str, vocabulary: Vocabulary, also: Iterable[str] = ()) -> Part:
    """The part of a vocabulary that a question is about.

    Args:
        question: The words.
        vocabulary: What the caller may know of.
        also: Names of metrics to show in any case, such as those of the question before.
    """
    plainest = vocabulary.plain_metrics()
    scored = sorted(plainest, key=lambda m: -_score(question, (m.label, *m.synonyms, m.name, m.description)))
    first = [vocabulary.metrics[name] for name in also if name in vocabulary.metrics]
    metrics = tuple(dict.fromkeys((*first, *scored[:MOST_METRICS])))
    reachable = {name for metric in metrics for name in metric.dimensions if name in vocabulary.dimensions}
    values = {name: _values(question, vocabulary.dimensions[name]) for name in sorted(reachable)}
    ranked = sorted(
        (vocabulary.dimensions[name] for name in sorted(reachable)),
        key=lambda d: -max(_score(question, (d.label, *d.synonyms, d.column)), 99.0 * _named(question, values[d.name])),
    )[:MOST_DIMENSIONS]
    return Part(metrics, tuple(ranked), {d.name: values[d.name] for d in ranked})


def _score(question: str, texts: Iterable[str]) -> float:
    """How much of a text the question says, 0 to 100; descriptions are longer, so they count less by nature."""
    process = utils.default_process
    return max((fuzz.token_set_ratio(text, question, processor=process) for text in texts if text), default=0.0)


def _values(question: str, dimension: Dimension) -> tuple[Any, ...]:
    """The values that the question names, the longest first, then the most frequent ones."""
    if dimension.is_time:
        return ()
    items = [item for item in dimension.values.items if len(str(item)) <= _VALUE_LENGTH]
    said = {item: _said(question, item) for item in items}
    named = sorted((i for i in items if said[i] >= _NAMED), key=lambda item: (-said[item], -len(str(item))))
    return tuple(dict.fromkeys((*named, *items)))[:MOST_VALUES]


def _named(question: str, values: Iterable[Any]) -> bool:
    return any(_said(question, value) >= _NAMED for value in values)


def _said(question: str, value: Any) -> float:
    """How much of a value stands in the question as it is, 0 to 100."""
    text = str(value).replace("_", " ")
    return fuzz.partial_ratio(text, question, processor=utils.default_process) if len(text) > 1 else 0.0
