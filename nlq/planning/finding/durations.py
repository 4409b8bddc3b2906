"""Questions of how long something takes: "how long does it take to resolve a complaint" is the average that tells it.

Belongs here: finding the average duration whose names or description speak of what is done. Does not belong here: times
of events (``happenings``), limits on durations (``drafts.measures``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nlq.core.vocabulary import Metric, Vocabulary
from nlq.english.forms import stem
from nlq.english.general import GLUE
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.measures import duration_unit
from nlq.planning.finding.happenings import DESCRIBED, forms, kin

_AVERAGES = set_of("average avg mean")
_AUXILIARIES = set_of("does do did will would")
_PASSIVE = set_of("be get")
_TAKING = set_of("take takes took")
_PATIENTS = set_of("us them people you")


class Durations:
    """The average durations of one layer by what they are the duration of."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Index every average that is counted in hours, days or another unit of time."""
        self._told: dict[str, dict[str, float]] = {}
        for metric in vocabulary.metrics.values():
            if not duration_unit(metric) or not _AVERAGES & {*words_of(metric.label), *words_of(metric.name)}:
                continue
            for word, likeness in _telling(metric):
                for form in forms(word):
                    found = self._told.setdefault(form, {})
                    found[metric.name] = max(likeness, found.get(metric.name, 0.0))

    def at(
        self, norm: Callable[[int], str], at: int, subjects: Callable[[str], frozenset[str]]
    ) -> Iterator[tuple[int, str, float]]:
        """Where a question of how long something takes ends that begins here, the metrics that tell it, how surely.

        Args:
            norm: Gives the word at a place, empty beyond the ends.
            at: Where it may begin.
            subjects: Gives the stems of what a metric is about.
        """
        verb = _verb_of(norm, at)
        for name, likeness in self.of(norm(verb)).items() if verb else ():
            yield _end_of(norm, verb or at, subjects(name)), name, likeness

    def of(self, verb: str) -> dict[str, float]:
        """The metrics that tell how long something takes, by how near they come to the verb; the nearest alone."""
        near = [*((form, 1.0) for form in forms(verb)), *kin(forms(verb))]
        found: dict[str, float] = {}
        for form, likeness in near:
            for name, told in self._told.get(form, {}).items():
                found[name] = max(likeness * told, found.get(name, 0.0))
        return {name: likeness for name, likeness in found.items() if likeness == max(found.values())}


def _verb_of(norm: Callable[[int], str], at: int) -> int | None:
    """The place of the verb in "how long does it take (us) to resolve", "the time it takes to resolve"."""
    here = at
    if (norm(here), norm(here + 1)) == ("how", "long"):
        here += 2
        here += norm(here) in _AUXILIARIES
    elif norm(here) == "time":
        here += 1
    else:
        return None
    here += norm(here) == "it"
    here += norm(here) in _TAKING
    here += norm(here) in _PATIENTS
    if norm(here) != "to" or here < at + 2:
        return None
    here += 1 + (norm(here + 1) in _PASSIVE)
    return here if norm(here) else None


def _end_of(norm: Callable[[int], str], verb: int, subjects: frozenset[str]) -> int:
    """The place after what it is done to, where that is the very thing that the figure is about."""
    noun = verb + 1
    while norm(noun) in GLUE and noun < verb + 3:
        noun += 1
    return noun + 1 if stem(norm(noun)) in subjects else verb + 1


def _telling(metric: Metric) -> list[tuple[str, float]]:
    named = [(word, 1.0) for text in (metric.label, metric.name, *metric.synonyms) for word in words_of(text)]
    return [*named, *((word, DESCRIBED) for word in words_of(metric.description))]
