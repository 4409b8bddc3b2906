"""The words of one semantic layer, indexed: which words may mean which metric, dimension or value.

Belongs here: turning names, labels, synonyms and values into phrases, looking phrases up, and mending spelling
slips. Does not belong here: what a question means as a whole (``mentions`` finds spans, ``reading`` reads them).
Nothing here knows a name of any domain: everything comes from the vocabulary.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from nlq.core.vocabulary import TIME_DIMENSION, Dimension, Metric, Vocabulary
from nlq.english.forms import OCCURRENCE, singular, stem
from nlq.english.general import CALENDAR_WORDS, ENGLISH, FILLER, GENERIC, GLUE, OPERATORS, SORTING
from nlq.english.places import Place
from nlq.english.tokens import words_of
from nlq.english.words import base_of, family, is_english, synonyms
from nlq.planning.drafts.units import UNIT_WORDS
from nlq.planning.finding.amounts import Amounts
from nlq.planning.finding.durations import Durations
from nlq.planning.finding.happenings import Happenings, is_verb
from nlq.planning.finding.phraseindex import Hit, PhraseIndex, content, without_measure_words
from nlq.planning.finding.valueindex import Key, ValueHit, ValueIndex, bag
from nlq.planning.times.words import TIME_WORDS

_ALIKE = frozenset({"stats"})
"""General words whose stem is that of another word: states are no statistics."""
_ID_SUFFIXES = frozenset({"id", "key", "code", "name"})
_NEAR = 0.5
_LONG_ENOUGH_TO_MEND = 6
_SHORT = 6
_SHORTEST_TO_MEND = 4
_MOST_ALIKE = 3
_SAME_WORD, _SAME_FAMILY, _FAMILY_OF_FAMILY, _SYNONYM, _DESCRIBED = 1.0, 0.85, 0.8, 0.7, 0.5
_PREFIX = 4
"""The letters that words share which belong together by way of a third: spender, spending."""
_CLEARLY = 0.2
"""Terms that are covered this much less than the best one are not meant."""
_SORTS = frozenset(stem(word) for word in SORTING)
_RAREST = 2
"""Words in the descriptions of more terms than this tell none from another."""


class _Described:
    """The words of a term, to tell how near a text comes to it."""

    def __init__(self, term: Metric | Dimension) -> None:
        self._phrases = [phrase.lower() for phrase in (term.label, *term.synonyms)]
        self._named = {stem(w) for phrase in self._phrases for w in words_of(phrase)}
        self.words = {stem(w) for w in words_of(term.description)}

    def closeness(self, wanted: set[str], text: str) -> float:
        """Words in the name count double, words in the description once, likeness in spelling up to one."""
        spelled = max(DamerauLevenshtein.normalized_similarity(text, phrase) for phrase in self._phrases)
        return 2 * len(wanted & self._named) + len(wanted & self.words) + spelled


class Lexicon:
    """Looks words up in one vocabulary. Immutable after construction, safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.happenings, self.durations = Happenings(vocabulary), Durations(vocabulary)
        self.amounts = Amounts(vocabulary)
        self._metrics, self._dimensions = PhraseIndex(), PhraseIndex()
        self._values = ValueIndex()
        self._said_whole: dict[str, set[Key]] = defaultdict(set)
        self._surface: set[str] = set()
        self._subjects_of = self._subject_words()
        self.subjects = frozenset[str]().union(*self._subjects_of.values())
        self._english_stems = frozenset(stem(word) for word in ENGLISH if word not in _ALIKE)
        self._untelling = self.subjects | GENERIC | self._english_stems
        self._domains = {word: m.domain for m in vocabulary.metrics.values() for word in words_of(m.domain)}
        for metric in vocabulary.metrics.values():
            self._add_metric(metric)
        for dimension in vocabulary.dimensions.values():
            self._add_dimension(dimension)
        self._values.drop_common_parts(self._dimensions.words())
        self._surface |= self._values.surface
        self._of_values = sorted(word for word in self._values.surface if len(word) >= _SHORTEST_TO_MEND)
        self._called = [Hit(d.name, 1.0, "name") for d in vocabulary.dimensions.values() if d.is_name]
        self.weekdays = frozenset(
            hit.ref for words in (["weekday"], ["day", "week"]) for hit in self._dimensions.whole(words)
        )
        """The layer's own dimensions that are called weekday."""
        self._stems = {*self._metrics.words(), *self._dimensions.words()}
        english = OPERATORS | TIME_WORDS | CALENDAR_WORDS
        general = {word for word in english if len(word) >= _LONG_ENOUGH_TO_MEND and word not in FILLER}
        self._spellings = sorted({word for word in self._surface if len(word) > 3} | general)
        self._described = {term.name: _Described(term) for term in self._terms()}
        self._by_description: dict[str, list[str]] = defaultdict(list)
        for name, described in self._described.items():
            for word in described.words - self._untelling:
                self._by_description[word].append(name)

    @property
    def longest(self) -> int:
        """The most content words a phrase has."""
        return max(self._metrics.longest, self._dimensions.longest) + 2

    # --- look-ups

    def metrics(self, stems: Sequence[str]) -> list[Hit]:
        """Metrics these words may mean: those said in full, else those said in part."""
        sorts = set(stems) <= _SORTS  # "types of fuel" are no vehicle types
        return self._metrics.whole(stems) or ([] if sorts else self._part_of(self._metrics, stems))

    def metrics_in_full(self, stems: Sequence[str]) -> list[Hit]:
        """Metrics whose whole phrase these words are."""
        return self._metrics.whole(stems)

    def metrics_renamed(self, stems: Sequence[str]) -> list[Hit]:
        """Metrics whose whole phrase these words are, if the last says what is counted by another name: largest blaze.

        What is spoken of is the last word of several: a student club is no club student.
        """
        *rest, noun = stems
        others = set().union(*(nouns for nouns in self._counting.values() if noun in nouns)) - {noun}
        found = (self._metrics.whole([*rest, other]) for other in sorted(others) if rest)
        return [Hit(hit.ref, hit.coverage, "synonym") for hit in next((hits for hits in found if hits), ())]

    def dimensions(self, stems: Sequence[str]) -> list[Hit]:
        """Dimensions these words may mean: those said in full, else those said in part."""
        return self._dimensions.whole(stems) or self._part_of(self._dimensions, stems)

    def dimensions_in_full(self, stems: Sequence[str]) -> list[Hit]:
        """Dimensions whose whole phrase these words are."""
        return self._dimensions.whole(stems)

    def _part_of(self, index: PhraseIndex, stems: Sequence[str]) -> list[Hit]:
        """Terms said in part; general words and those that only name the subject tell no term from another."""
        return index.partial(stems) if set(stems) - self._untelling else []

    def related_metrics(self, norms: Sequence[str]) -> list[Hit]:
        """Metrics that these words may mean by what belongs to them: their family, synonyms, the descriptions."""
        return self._related(self._metrics, norms, self.vocabulary.metrics)

    def related_dimensions(self, norms: Sequence[str]) -> list[Hit]:
        """Dimensions that these words may mean by what belongs to them."""
        return self._related(self._dimensions, norms, self.vocabulary.dimensions)

    def _related(self, index: PhraseIndex, norms: Sequence[str], terms: Container[str]) -> list[Hit]:
        options = [related_stems(norm) for norm in norms]
        telling = any(stems.keys() - self._untelling for stems in options)
        found = index.related(options) if telling else []
        found = [hit for hit in found if hit.coverage > found[0].coverage - _CLEARLY]
        if found or len(norms) > 1:
            return found
        described = [ref for ref in self._by_description.get(stem(norms[0]), ()) if ref in terms]
        return [Hit(ref, _DESCRIBED, "description", _DESCRIBED) for ref in described if len(described) <= _RAREST]

    def called(self) -> list[Hit]:
        """The dimensions that tell what things are called, where none is called just "name"."""
        return [] if self._dimensions.whole(["name"]) else self._called

    def is_contested(self, stems: Sequence[str]) -> bool:
        """Whether these words are the whole phrase of a metric and of a dimension as well: "orders", "order"."""
        named = [self.vocabulary.dimensions[hit.ref] for hit in self._dimensions.whole(stems)]
        return bool(self._metrics.whole(stems)) and any(not dimension.is_time for dimension in named)

    @property
    def longest_value(self) -> int:
        """The most words a value has, and one more."""
        return self._values.longest

    def values(self, norms: Sequence[str]) -> list[ValueHit]:
        """Values these words, in this order, may mean: in full, run together, or by a telling part."""
        return self._values.find(norms)

    def related_values(self, norm: str) -> list[ValueHit]:
        """Values of one word of the same family: African, where Africa is one."""
        return self._values.related(norm)

    def initials(self, norm: str) -> list[ValueHit]:
        """Values of several words whose first letters these are: the UAE."""
        return self._values.initials(norm)

    def absent(self, norms: Sequence[str]) -> tuple[Dimension, Place] | None:
        """The place that these words name and the dimension that has places of its kind, but not this one."""
        return self._values.absent(norms)

    def metrics_with(self, stems: Sequence[str]) -> list[Hit]:
        """Metrics of whose phrases these words are a part, however general the words."""
        return self._metrics.partial(stems)

    def subject_words(self, metric: str) -> frozenset[str]:
        """Stems that name what the metric is about, e.g. complaint: they add nothing to its name."""
        return self._subjects_of.get(metric, frozenset())

    def things(self, entity: str) -> frozenset[str]:
        """Stems of the nouns that name an entity: its own, and those of a metric that counts it."""
        own = frozenset(stem(word) for word in words_of(entity))
        return own.union(*(nouns for nouns in self._counting.values() if nouns & own))

    def counting(self, entity: str) -> list[str]:
        """The metrics that count the things of an entity."""
        own = {stem(word) for word in words_of(entity)}
        return [name for name, nouns in self._counting.items() if nouns & own]

    def name_words(self, metric: str) -> frozenset[str]:
        """Stems of the words of a metric's label and synonyms."""
        term = self.vocabulary.metrics[metric]
        return frozenset(stem(word) for phrase in (term.label, *term.synonyms) for word in words_of(phrase))

    def is_one_each(self, metric: str, dimensions: Iterable[str]) -> bool:
        """Whether the metric counts the different values of one of the dimensions: each of them has one."""
        return not self._counted_by[metric].isdisjoint(dimensions)

    @cached_property
    def _counted_by(self) -> Mapping[str, frozenset[str]]:
        """The dimensions whose different values each metric counts, by its names."""
        found: dict[str, frozenset[str]] = {}
        for term in self.vocabulary.metrics.values():
            names = (term.label, *term.synonyms) if term.tally else ()
            phrases = (without_measure_words(content(words_of(text))) for text in names)
            found[term.name] = frozenset(hit.ref for stems in phrases for hit in self._dimensions.whole(stems))
        return found

    def is_called(self, term: str, words: Iterable[str]) -> bool:
        """Whether these words, "total" and "number" among them, are a whole name of the metric or dimension."""
        return bag(word for word in words if word not in GLUE) in self._said_whole[term]

    def domain(self, norm: str) -> str | None:
        """The domain this word names."""
        return self._domains.get(norm)

    def knows(self, norm: str) -> bool:
        """Whether the word means something here or in general English."""
        if norm in ENGLISH or norm in TIME_WORDS or norm in self._domains:
            return True
        one = singular(norm)
        general = one in ENGLISH or one in TIME_WORDS or one in CALENDAR_WORDS or one in UNIT_WORDS
        return general or self.names(norm)

    def names(self, norm: str) -> bool:
        """Whether the word is one of a name, a synonym, a description or a value here."""
        return singular(norm) in self._surface or stem(norm) in self._stems

    def spelling(self, norm: str) -> list[str]:
        """The known words an unknown word is a slip of; one when it is clear, several when it is not."""
        word = singular(norm)
        cutoff = 0 if len(word) < _SHORTEST_TO_MEND else 1 if len(word) < 8 else 2
        if not cutoff or not word.isalpha():
            return []
        found = process.extract(word, self._spellings, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff, limit=8)
        same_start = [(candidate, distance) for candidate, distance, _ in found if _is_slip(word, candidate)]
        if not same_start:
            return []
        least = min(distance for _, distance in same_start)
        nearest = sorted(candidate for candidate, distance in same_start if distance == least)
        return nearest if len({stem(candidate) for candidate in nearest}) > 1 else nearest[:1]

    def alike(self, norm: str) -> list[str]:
        """The words of values that an unknown word is a letter away from: too near to pass over, too far to be sure."""
        if len(norm) < _SHORTEST_TO_MEND or not norm.isalpha():
            return []
        distance = DamerauLevenshtein.distance
        found = process.extract(norm, self._of_values, scorer=distance, score_cutoff=1, limit=_MOST_ALIKE + 1)
        alike = sorted(word for word, _, _ in found if word[0] == norm[0])
        return alike if len(alike) <= _MOST_ALIKE else []

    def nearest(self, text: str, count: int = 3, metrics: Iterable[str] | None = None) -> list[str]:
        """Labels of the metrics and dimensions whose names or descriptions come nearest to a text."""
        wanted = {stem(word) for word in words_of(text)} - GENERIC - self._english_stems
        scored = []
        for term in self._terms():
            if metrics is not None and term.name not in metrics:
                continue
            score = self._described[term.name].closeness(wanted, text.lower())
            if score >= _NEAR:
                scored.append((-score, term.label))
        return list(dict.fromkeys(label for _, label in sorted(scored)))[:count]

    def _terms(self) -> tuple[Metric | Dimension, ...]:
        return (*self.vocabulary.metrics.values(), *self.vocabulary.dimensions.values())

    # --- construction

    def _subject_words(self) -> dict[str, frozenset[str]]:
        """By metric what it is about: the words of its entities, and what a metric that counts them calls them."""
        metrics = self.vocabulary.metrics.values()
        own = {
            metric.name: frozenset(stem(word) for entity in metric.entities for word in words_of(entity)) - GENERIC
            for metric in metrics
        }
        counted = {m.name: _nouns(m) for m in metrics if m.type == "simple" and not m.is_money}
        self.counts = frozenset(name for name, nouns in counted.items() if nouns & own[name])
        """The metrics that count what they are about, such as complaints."""
        self._counting = {name: nouns for name, nouns in counted.items() if name in self.counts}
        return {
            name: words.union(*(nouns for nouns in self._counting.values() if nouns & words))
            for name, words in own.items()
        }

    def _learn(self, words: Iterable[str]) -> None:
        self._surface.update(singular(word) for word in words)

    def _add_metric(self, metric: Metric) -> None:
        domain = set(words_of(metric.domain))
        name = tuple(word for word in words_of(metric.name) if word not in domain)
        phrases = [
            (words_of(metric.label), "label"),
            (words_of(_plain(metric.label)), "label"),
            (name, "name"),
        ]
        phrases += [(words_of(synonym), "synonym") for synonym in metric.synonyms]
        phrases.append((tuple(word for word in words_of(metric.label) if word not in OCCURRENCE | {"sold"}), "name"))
        for words, source in phrases:
            self._learn(words)
            self._metrics.add(metric.name, words, source)
            self._said_whole[metric.name].add(bag(word for word in words if word not in GLUE))

    def _add_dimension(self, dimension: Dimension) -> None:
        if dimension.name == TIME_DIMENSION or dimension.is_calendar:
            return  # these are general English
        owner = () if dimension.is_name else {*words_of(dimension.entity)} - {*words_of(dimension.column)}
        for words, source in _dimension_phrases(dimension):
            self._learn(words)
            whose = owner if source == "name" else ()
            self._dimensions.add(
                dimension.name, words, source, partial=not dimension.is_time, measured=False, owner=whose
            )
            self._said_whole[dimension.name].add(bag(word for word in words if word not in GLUE))
        self._values.add(dimension)


def is_common(norm: str) -> bool:
    """Whether a word is common English in the form it has, or in another: experiences, covered."""
    return any(is_english(form) for form in (norm, singular(norm), stem(norm), f"{stem(norm)}e"))


def related_stems(norm: str) -> Mapping[str, float]:
    """The stems of the words that belong to a word, by how near they are (0..1], itself first."""
    words = {norm, singular(norm), base_of(norm), base_of(singular(norm))}
    near = set().union(*(family(word) for word in words))
    found: dict[str, float] = {}
    for weight, group in (
        (_SAME_WORD, words),
        (_SAME_FAMILY, near),
        (_FAMILY_OF_FAMILY, {far for word in near for far in family(word) if far[:_PREFIX] == norm[:_PREFIX]}),
        (_SYNONYM, set().union(*(synonyms(word) for word in words))),
    ):
        for word in group:
            found.setdefault(stem(word), weight)
    return found


def _dimension_phrases(dimension: Dimension) -> Iterator[tuple[tuple[str, ...], str]]:
    column, label = words_of(dimension.column), words_of(_plain(dimension.label))
    yield label, "label"
    yield column, "name"
    for words in (label, column):
        if len(words) > 1 and words[-1] in _ID_SUFFIXES:
            yield words[:-1], "name"
    for synonym in dimension.synonyms:
        yield words_of(synonym), "synonym"
    entity = words_of(dimension.entity)
    short = column[:-1] if len(column) > 1 and column[-1] in _ID_SUFFIXES else column
    happened = dimension.is_time and any(is_verb(word, "") for word in short)
    if entity and not happened and not set(entity) & set(column):
        yield (*entity, *short), "name"


def _nouns(metric: Metric) -> frozenset[str]:
    """The single words that are a whole name of the metric."""
    domain = set(words_of(metric.domain))
    name = tuple(word for word in words_of(metric.name) if word not in domain)
    phrases = (words_of(metric.label), name, *(words_of(synonym) for synonym in metric.synonyms))
    return frozenset(stem(phrase[0]) for phrase in phrases if len(phrase) == 1) - GENERIC


def _is_slip(word: str, known: str) -> bool:
    """Whether a word may be a slip of a known one: same start; in short words no letter for another (older, order).

    In the shortest ones letters may only have changed places (wrad, ward).
    """
    if word[0] != known[0] or (len(word) == _SHORTEST_TO_MEND and sorted(word) != sorted(known)):
        return False
    return len(word) > _SHORT or len(word) != len(known) or sorted(word) == sorted(known)


def _plain(label: str) -> str:
    """The label without what stands in brackets: "Turnaround (hours)" gives "Turnaround"."""
    return re.sub(r"\s*[(\[].*?[)\]]", "", label)
