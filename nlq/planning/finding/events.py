"""Participles beside a time: "closed last month" asks when things were closed, not when they were submitted.

A metric counts by one time of its own. Where the question names an event by a participle (closed, delivered) and a
time, and the metric's own time is another event's (submitted, purchased), the time belongs to the participle: to a
metric that counts those events when they happen, or else to a date of that event. Before a noun ("closed complaints
last month") it may be either, and is asked back. A part of the calendar is a time as well: "closed on Mondays".

Belongs here: finding such participles and what they mean. Does not belong here: any word of a domain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlq.core.dateparts import first_date_part
from nlq.core.vocabulary import Metric
from nlq.english.forms import OCCURRENCE, stem
from nlq.english.general import EVENT_WORDS, GLUE, IRREGULAR_PARTICIPLES
from nlq.english.tokens import words_of
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.amounts import AMOUNTS
from nlq.planning.finding.assignments import Assignment
from nlq.planning.finding.lexicon import Lexicon


@dataclass(frozen=True)
class Event:
    """A participle with a time: the mention it is in, and the metric or the date that its time belongs to.

    Neither is there where the layer knows no time of that event: then the reading is not sure.
    """

    first: int
    word: str
    metric: str | None = None
    dimension: str | None = None

    @property
    def known(self) -> bool:
        """Whether the layer knows when it happened."""
        return self.metric is not None or self.dimension is not None


def is_participle(word: str) -> bool:
    """Whether the word is the past participle of an event; those that only say that a thing came about are not."""
    if word in OCCURRENCE or word.startswith("un"):
        return False
    return word in IRREGULAR_PARTICIPLES or (word.endswith("ed") and len(word) >= 5)


def events(mentions: Sequence[Mention], assignment: Assignment, lexicon: Lexicon) -> list[Event | None]:
    """The ways to take a participle beside a time; None is to leave the time to the metric."""
    timed = any(m.kind is Kind.TIME and m.payload.range for m in mentions)
    named = [hit.ref for hit in assignment.dimensions.values()] + [v.dimension for v in assignment.values.values()]
    if not timed and not first_date_part(named):
        return [None]
    for at, mention in enumerate(mentions):
        if mention.kind not in (Kind.METRIC, Kind.VALUE) or _is_left_out(mentions[:at]):
            continue
        if words_of(mention.text.lower())[0] in AMOUNTS:
            continue  # the amount paid has no other time than payments
        said = _participle(mention, mentions[at + 1 :])
        metric = _metric_of(mention, assignment, lexicon)
        if said is None or metric is None or not _is_of_another_event(metric, said[0]):
            continue
        word, attributive = said
        if any(m.kind is Kind.SHARE for m in mentions):
            # What happened in that time is no part of what came in that time.
            return [Event(mention.first, word)]
        event = _found(mention.first, word, metric, lexicon)
        if not event.known and _is_named_so(mention, metric):
            return [None]
        if attributive:
            return [None, event] if event.known else [None]
        return [event]
    return [None]


def _is_left_out(before: Sequence[Mention]) -> bool:
    """Whether a "not" stands right before: what did not happen has no time."""
    return next((m.kind for m in reversed(before) if m.kind is not Kind.FILLER), None) is Kind.NOT


def _is_named_so(mention: Mention, metric: Metric) -> bool:
    """Whether the words are the metric's label as it stands: "items sold" has no other time than the metric's."""
    said = [stem(word) for word in words_of(mention.text)]
    return mention.kind is Kind.METRIC and said == [stem(word) for word in words_of(metric.label)]


def _participle(mention: Mention, following: Sequence[Mention]) -> tuple[str, bool] | None:
    """The participle in a mention, and whether a noun follows it: "closed complaints"."""
    words = [word for word in words_of(mention.text) if word not in GLUE]
    found = next((n for n, word in enumerate(words) if is_participle(word)), None)
    if found is None:
        return None
    noun_next = next((m.kind for m in following if m.kind not in (Kind.COUNT, Kind.AND)), None)
    after = found + 1 < len(words) or (mention.kind is Kind.VALUE and noun_next is Kind.METRIC)
    return words[found], after


def _metric_of(mention: Mention, assignment: Assignment, lexicon: Lexicon) -> Metric | None:
    names = {hit.ref for hit in assignment.metrics.values()} or set(assignment.implied)
    if mention.first in assignment.metrics:
        names = {assignment.metrics[mention.first].ref}
    name = names.pop() if len(names) == 1 else None
    return lexicon.vocabulary.metrics[name] if name else None


def _is_of_another_event(metric: Metric, word: str) -> bool:
    """Whether the metric's time is that of an event other than the one the participle names."""
    if not metric.time_names:
        return False
    own = {stem(w) for text in metric.time_names for w in words_of(text)}
    named = [w for text in metric.time_names[:2] for w in words_of(text)]
    return stem(word) not in own and any(_names_event(w) for w in named)


def _names_event(word: str) -> bool:
    return word in OCCURRENCE or is_participle(word)


def _found(first: int, word: str, metric: Metric, lexicon: Lexicon) -> Event:
    vocabulary, wanted = lexicon.vocabulary, stem(word)
    counted = [
        other.name
        for other in vocabulary.metrics.values()
        if other.type == "simple" and other.domain == metric.domain and other.time_names
        and not _is_of_another_event(other, word) and _counts(other, wanted, lexicon.subject_words(metric.name))
    ]  # fmt: skip
    if len(counted) == 1:
        return Event(first, word, metric=counted[0])
    dates = [
        name
        for name in metric.dimensions
        if name in vocabulary.dimensions and vocabulary.dimensions[name].is_time
        and wanted in {stem(w) for w in words_of(vocabulary.dimensions[name].column)}
    ]  # fmt: skip
    dates = [name for name in dates if name.count("__") == min(d.count("__") for d in dates)]
    return Event(first, word, dimension=dates[0]) if len(dates) == 1 and not counted else Event(first, word)


def _counts(metric: Metric, wanted: str, subject: Iterable[str]) -> bool:
    """Whether a name of the metric says nothing but the event, up to what it happens to."""
    domain = {stem(w) for w in words_of(metric.domain)}
    void = {stem(w) for w in EVENT_WORDS} | set(subject) | domain
    phrases = (metric.name, metric.label, *metric.synonyms)
    return any({stem(w) for w in words_of(phrase)} - void == {wanted} for phrase in phrases)
