"""Metrics in a cover: which are asked for, and which only say what another is about.

Does not belong here: choosing among the metrics that words may mean (``resolve``).
"""

from __future__ import annotations

import itertools

from nlq.core.plan import Grain
from nlq.core.vocabulary import Metric
from nlq.english.forms import singular, stem
from nlq.english.general import (
    BEST,
    CUMULATIVE,
    FREQUENT,
    GLUE,
    GRAIN_ADJECTIVES,
    HIGHEST,
    LONGEST,
    LOWEST,
    POSSESSIVES,
    PREDICATES,
    RELATIVES,
    ROLLING,
    SHORTEST,
    TOTALLING,
    WORST,
)
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import NotReadableError, Rank
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.amounts import AMOUNTS
from nlq.planning.finding.events import is_participle
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.reading.sentence import GROUPING, Sentence

_LEAST_COVERAGE = 0.4
"""The least of a metric's name that must be said to be sure of it."""
_DOUBT = 0.45
"""What is left of the confidence where less was said: too little to answer."""
_JOINING = {Kind.AND, Kind.VERSUS, Kind.BY, Kind.THRESHOLD, Kind.SUPERLATIVE, Kind.TOP, Kind.ORDER}
_OF_THINGS = ("top", "bottom", "best", "worst", "busiest", "leading")
"""Ends that are of things, not of numbers: the top stores are no number of stores."""


_ENDS = HIGHEST | LOWEST | LONGEST | SHORTEST | BEST | WORST


class MetricReader:
    """Reads metrics, and tells them from nouns and verbs."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def read(self, position: int, mention: Mention) -> None:
        """A metric, where its words do not stand for a dimension."""
        draft, hit = self._draft, self._sentence.assignment.metrics[mention.first]
        metric = self._vocabulary.metrics[hit.ref]
        ratio = self.is_ratio(position) or (self._draft.percent and self._sentence.kind(position - 1) is Kind.SHARE)
        self._check_names(position, mention, ratio=ratio)
        if metric.cumulative and any(m.kind is Kind.TIME for m in self._sentence.all):
            self._draft.doubtful |= self._kind_of_words(mention) is Kind.RUNNING
        if self._is_limited_noun(position):
            self._sentence.believe(mention, "what the limit is on", 1.0)
            return
        self._check_beside(position, mention, hit)
        if self._is_across(position, hit):
            self._sentence.believe(mention, "all that the figures are of", 1.0)
            return
        if ratio:
            draft.ratio, draft.pair = True, (position - 2, position)
            draft.sorts_ratio = self._sentence.sorts_by(self._sentence.mentions[position - 2])
        elif self._sentence.kind(position - 1) is Kind.BY and not (
            self._sentence.sorts_by(mention) or draft.ranks or draft.groups or draft.first_rows or draft.asked
        ):
            raise NotReadableError(2, f"{metric.label} is a figure; nothing can be split by it.", mention.text)
        if self._sentence.sorts_by(mention):
            draft.sort_by.append(hit.ref)
        self._step_in_name(mention, metric)
        if hit.ref not in draft.metrics:
            draft.metrics.append(hit.ref)
        draft.metric_at.append((position, hit.ref))
        if (end := _end_named(mention, metric)) and self._asks_for_whose(position):
            draft.ranks.append(Rank(end, None, position - 1, mention.text))
        rate_of_things = metric.is_ratio and not hit.full and not self._sentence.is_singular(mention)
        draft.doubtful |= rate_of_things  # cancellations are no rate of them
        averaged = any(
            m.kind is Kind.AVERAGE for m in self._sentence.all
        )  # said beside, it is a part of the name as well
        partly = 0.6 + 0.3 * hit.coverage if averaged or hit.coverage >= _LEAST_COVERAGE else _DOUBT
        self._sentence.believe(mention, f"metric {metric.label}", 1.0 if hit.full else partly)

    def _step_in_name(self, mention: Mention, metric: Metric) -> None:
        """The step of time that is a part of the words of a sum: "daily sales" are those of each day."""
        steps = [GRAIN_ADJECTIVES[word] for word in words_of(mention.text.lower()) if word in GRAIN_ADJECTIVES]
        taken = self._draft.grain or any(m.kind in (Kind.GRAIN, Kind.AVERAGE) for m in self._sentence.all)
        if steps and metric.additive and not taken:
            self._draft.grain = Grain(steps[0])
            self._sentence.believe(mention, f"one row per {steps[0]}", 1.0)

    def _check_names(self, position: int, mention: Mention, *, ratio: bool) -> None:
        """Names of things and words that stand for a dimension are no figures."""
        if self._asks_for_names(position):
            raise NotReadableError(3, f"“{mention.text}” are the names here, not how many there are.", mention.text)
        named = mention.contested and not ratio and self.stands_for_dimension(position)
        partly = not mention.payload[0].full and self._names_value_beside(position)
        if named or partly:
            raise NotReadableError(3, f"“{mention.text}” is read as a dimension here.", mention.text)

    def _asks_for_whose(self, position: int) -> bool:
        """Whether the question is which group has the figure: "which state had the largest fire"."""
        said = [self._sentence.kind(at) for at in range(position)]
        whose = said == [Kind.WHICH, Kind.DIMENSION] or (
            said == [Kind.GRAIN] and self._sentence.mentions[0].payload.which
        )
        return whose and not any(m.kind is Kind.SUPERLATIVE for m in self._sentence.mentions)

    @staticmethod
    def _kind_of_words(mention: Mention) -> Kind | None:
        """Whether the words ask for a total along time: within the time asked for, or since the beginning?"""
        said = set(words_of(mention.text.lower()))
        return Kind.RUNNING if said & CUMULATIVE or (said & ROLLING and said & TOTALLING) else None

    def _is_across(self, position: int, hit: Hit) -> bool:
        """Whether things are named that the figures before are of: "age across all matches", "cost for all parcels".

        Raises:
            NotReadableError: there are no figures before; nothing is ranked across something.
        """
        before = self._sentence.kind(position - 1) is Kind.BY and self._sentence.mentions[position - 1].text.lower()
        if before != "across":
            said = {m.text.lower() for m in self._sentence.between(position - 1, position)} | {before or ""}
            together = "all" in said and bool(said & {"for", "over"}) and bool(self._draft.metrics)
            return together and (hit.ref in self._sentence.lexicon.counts or self._vocabulary.metrics[hit.ref].tally)
        if not self._draft.metrics:
            text = self._sentence.mentions[position].text
            raise NotReadableError(2, f"It is not clear what is told across “{text}”.", text)
        return hit.ref in self._sentence.lexicon.counts

    def _is_limited_noun(self, position: int) -> bool:
        """Whether the words say of what the figure before is, to limit that: "visits of patients older than 65"."""
        between = {m.text.lower() for m in self._sentence.between(position - 1, position)}
        limited = position in self._sentence.limited and self._sentence.kind(position - 1) is Kind.METRIC
        return limited and bool(between & {"of", "for", "from", "by"})

    def _check_beside(self, position: int, mention: Mention, hit: Hit) -> None:
        """What names a metric only in part must not stand beside another: "complaints … resolve"."""
        asks = any(m.kind is Kind.ASKS for m in self._sentence.all)  # of patients wait, patients do it
        beside = self._sentence.kind(position - 1) is Kind.METRIC and not asks
        if beside and hit.ref not in self._draft.metrics and not hit.full:
            raise NotReadableError(1, f"It is not clear what “{mention.text}” adds.", mention.text)
        amount = words_of(mention.text.lower())[0] in AMOUNTS
        if self._draft.share is not None and not amount and set(words_of(mention.text)) & PREDICATES:
            raise NotReadableError(3, f"“{mention.text}” is read as a whole and its part here.", mention.text)

    def drop_nouns(self) -> None:
        """Two metrics need a word between them; else one is the noun the other is about, or it is not clear.

        "How long do garbage complaints take" asks for no number of complaints.
        """
        self._drop_denominator()
        while noun := self._noun():
            self._drop(noun)

    def _drop(self, noun: tuple[int, str]) -> None:
        draft = self._draft
        draft.metric_at.remove(noun)
        if noun[1] not in [name for _, name in draft.metric_at]:
            draft.metrics.remove(noun[1])

    def _drop_denominator(self) -> None:
        """What a mean is over says nothing new: the pieces of "average price per piece".

        Raises:
            NotReadableError: it is over something else, and no mean is divided once more.
        """
        draft, known = self._draft, self._vocabulary.metrics
        if not draft.ratio or draft.percent or len(draft.metric_at) != 2:
            return
        (_, mean), (at, by) = draft.metric_at
        if is_amount(known[mean]):
            return
        unit = {stem(word) for word in words_of((known[mean].unit or "").partition(" per ")[2])}
        if by not in known[mean].parts[1:] and not (unit and unit <= self._sentence.lexicon.name_words(by)):
            text = self._sentence.mentions[at].text
            raise NotReadableError(2, f"{known[mean].label} is no sum; it cannot be told per “{text}”.", text)
        self._drop((at, by))
        draft.ratio = False

    def _noun(self) -> tuple[int, str] | None:
        """The first metric, with its place, that only says what the one beside it is about."""
        for (left, a), (right, b) in itertools.pairwise(self._draft.metric_at):
            if a == b:
                continue
            joined = self._is_joined(left, right) and not self._is_of_attribute(left)
            spare = self._is_verb if joined else self._is_noun
            pairs = [((right, b), a), ((left, a), b)]
            if right == left + 1 and not self._sentence.between(left, right):
                pairs.reverse()  # of two nouns side by side the last is the one that counts: car makers
                if not self._is_noun(left, a, b) and self._is_modifier(left, b):
                    self._draft.doubtful = True
                    return left, a
            if self._is_of(left, right):
                if self._says_of_what(right, b, a):
                    return right, b
                pairs = pairs[:1]  # "visits of patients" are visits
            if self._is_deed(left, right, a):
                return right, b
            if noun := next((n for n, other in pairs if spare(*n, other)), None):
                return noun
            if not joined:
                text = self._sentence.mentions[right].text
                raise NotReadableError(1, f"It is not clear what “{text}” adds.", text)
        return None

    def _is_deed(self, left: int, right: int, counted: str) -> bool:
        """Whether a part of a metric's name is the verb of what was counted: "how many parcels did Norden ship".

        Raises:
            NotReadableError: the verb tells something else.
        """
        mention = self._sentence.mentions[right]
        between = {m.text.lower() for m in self._sentence.between(left, right)}
        done = self._sentence.is_numbered(left) and between & {"do", "does", "did"}
        if not done or self._sentence.assignment.metrics[mention.first].full:
            return False
        metric = self._vocabulary.metrics[counted]
        told = {stem(w) for text in (metric.label, metric.description, *metric.synonyms) for w in words_of(text)}
        if not {stem(word) for word in words_of(mention.text)} <= told:
            raise NotReadableError(1, f"It is not clear what “{mention.text}” adds.", mention.text)
        return True

    def _is_modifier(self, position: int, other: str) -> bool:
        """Whether a thing in the singular only says which kind the noun after it is of: "patient visits"."""
        mention = self._sentence.mentions[position]
        if not (mention.contested and self._sentence.is_singular(mention)):
            return False
        named = self._sentence.lexicon.dimensions_in_full([stem(word) for word in words_of(mention.text)])
        return any(hit.ref in self._vocabulary.metrics[other].dimensions for hit in named)

    def _is_of_attribute(self, position: int) -> bool:
        """Whether the metric's words only say whose attribute is asked for: "the names of all players"."""
        between = {m.text.lower() for m in self._sentence.between(position - 1, position)}
        return self._sentence.kind(position - 1) is Kind.DIMENSION and bool(between & {"of", "for", "from"})

    def _is_of(self, left: int, right: int) -> bool:
        """Whether nothing but "of" stands between: the head of both comes first."""
        between = [m.text.lower() for m in self._sentence.between(left, right)]
        return right == left + 1 and "of" in between and {*between} <= GLUE

    def _says_of_what(self, position: int, metric: str, other: str) -> bool:
        """Whether a plain noun only says what the figure before is of, each of which has one: "loans of readers"."""
        mention, known = self._sentence.mentions[position], self._vocabulary.metrics
        thing = metric in self._sentence.lexicon.counts or mention.contested
        plain = len(words_of(mention.text)) == 1 and not self._sentence.is_numbered(position)
        return thing and plain and known[metric].dimensions <= known[other].dimensions

    def _is_joined(self, left: int, right: int) -> bool:
        first, last = self._sentence.mentions[left].first, self._sentence.mentions[right].first
        if any(m.kind is Kind.SHOW and first < m.first < last for m in self._sentence.all):
            return True
        kinds = {m.kind for m in self._sentence.mentions[left + 1 : right]}
        if (self._draft.percent and Kind.SHARE in kinds) or self._sentence.kind(left - 1) is Kind.RATIO:
            return True
        return bool(kinds & _JOINING) or "with" in {m.text.lower() for m in self._sentence.between(left, right)}

    def _is_noun(self, position: int, metric: str, other: str) -> bool:
        """Whether a metric's mention says nothing but what the other metric is about."""
        mention = self._sentence.mentions[position]
        said = {stem(w) for w in words_of(mention.text) if w not in GLUE}
        about = self._sentence.lexicon.subject_words(other)
        if mention.contested:
            about |= self._sentence.lexicon.name_words(other)
        return (
            self._vocabulary.metrics[metric].type == "simple"
            and said <= about
            and not self._sentence.is_numbered(position)
            and not self._is_head_of_number(position)
        )

    def _is_head_of_number(self, position: int) -> bool:
        """Whether it is counted, though told more of before: the districts of "how many Ohio school districts"."""
        told = position
        while self._sentence.kind(told - 1) in (Kind.VALUE, Kind.DIMENSION) and not self._sentence.is_numbered(told):
            told -= 1
        between = self._sentence.between(told, position) if told < position else ()
        beside = {m.kind for m in between} <= {Kind.VALUE, Kind.DIMENSION}
        return told < position and beside and self._sentence.is_numbered(told)

    def _is_verb(self, position: int, metric: str, other: str) -> bool:
        """Whether a metric's mention is only the verb of what another is limited to: "sold fewer than 50 units"."""
        said = words_of(self._sentence.mentions[position].text)
        limits = self._sentence.kind(position + 1) is Kind.THRESHOLD and all(is_participle(word) for word in said)
        return limits and {stem(word) for word in said} <= self._sentence.lexicon.name_words(other)

    def _names_value_beside(self, position: int) -> bool:
        """Whether the words only say what a value beside them is a value of: "Gloucester county"."""
        mention = self._sentence.mentions[position]
        places = [position - 1, position + 1]
        if self._sentence.is_singular(mention) and self._sentence.kind(position + 1) in (Kind.METRIC, Kind.DIMENSION):
            places.append(position + 2)  # "the country with code USA"
        beside = {self._sentence.value_dimension(at) for at in places}
        said = [stem(word) for word in words_of(mention.text)]
        lexicon = self._sentence.lexicon
        full = mention.payload[0].full
        return any(
            hit.ref in beside for hit in (lexicon.dimensions_in_full(said) if full else lexicon.dimensions(said))
        )

    def _asks_for_names(self, position: int) -> bool:
        """Whether the names of things are asked for, not how many there are."""
        said = words_of(self._sentence.mentions[position].text.lower())[:1]
        return said in (("name",), ("names",)) and not self._sentence.is_numbered(position)

    def _is_owned(self, position: int) -> bool:
        """Whether it is counted for each that was named before: "wards and their complaints", but not their names."""
        said = [stem(word) for word in words_of(self._sentence.mentions[position].text)]
        counted = any(hit.ref in self._sentence.lexicon.counts for hit in self._sentence.lexicon.metrics_in_full(said))
        owned = any(m.text.lower() in POSSESSIVES for m in self._sentence.between(position - 1, position))
        return owned and counted

    def _is_of_figure(self, position: int) -> bool:
        """Whether a figure is said to have it, which can only be what it is split by: "downloads and their types"."""
        owned = any(m.text.lower() in POSSESSIVES for m in self._sentence.between(position - 1, position))
        only = not any(m.kind is Kind.DIMENSION for m in self._sentence.mentions[:position])
        return owned and only and self._sentence.kind(position - 2) is Kind.METRIC and not self._draft.groups

    def _is_listed(self, position: int) -> bool:
        """Whether one of a thing is named in a list of columns: "return the make, the model and total sales"."""
        if self._sentence.is_column(self._sentence.mentions[position]):
            beside = {self._sentence.kind(position - 1), self._sentence.kind(position + 1)}
            return Kind.AND in beside or self._sentence.kind(position + 1) is None
        return any(self._is_attribute(position, step) for step in (-1, 1))

    def _is_attribute(self, position: int, step: int) -> bool:
        """Whether what is listed beside is one attribute as well: the winner of "winner, loser and score"."""
        at = position + step
        while self._sentence.kind(at) is Kind.AND:
            at += step
        if at == position + step or not 0 <= at < len(self._sentence.mentions):
            return False
        other = self._sentence.mentions[at]
        named = other.kind is Kind.DIMENSION or (other.kind is Kind.METRIC and other.contested)
        grouped = any(m.kind in GROUPING for m in self._sentence.mentions[: min(at, position)])
        return named and self._sentence.is_singular(other) and not grouped

    def _is_of_each(self, position: int) -> bool:
        """Whether each of the things is only what the attributes before are of: "name and area of every country"."""
        said = [
            m.text.lower() for m in self._sentence.all[: self._sentence.all.index(self._sentence.mentions[position])]
        ]
        return said[-2:] in (["of", "each"], ["of", "every"]) and bool(self._draft.groups) and not self._draft.metrics

    def _is_whose(self, position: int) -> bool:
        """Whether what follows is ranked or limited for each of them: "the school with the lowest score"."""
        if position in self._sentence.limited:
            return False
        limited = self._sentence.kind(position + 1) in (Kind.SUPERLATIVE, Kind.TOP, Kind.THRESHOLD)
        between = {m.text.lower() for m in self._sentence.between(position, position + 1)}
        by_figure = self._sentence.kind(position + 1) is Kind.METRIC and bool(between & RELATIVES)
        by_figure = by_figure and self._sentence.kind(position + 2) is Kind.THRESHOLD
        return by_figure or (limited and any(m.kind is Kind.METRIC for m in self._sentence.mentions[position + 2 :]))

    def is_ratio(self, position: int) -> bool:
        """Whether the metric stands after "per", right after another: "orders per customer"."""
        if self._sentence.kind(position - 2) is not Kind.METRIC or not self._says_per(position - 1):
            return False
        mention = self._sentence.mentions[position]
        if mention.contested and self._is_shown_as_column(mention):
            return False
        if mention.contested and not is_amount(self._metric_at(position - 2)):
            return False  # an average of each of them is no ratio
        # Of several "per" each splits: "revenue per store per day".
        return not (mention.contested and self._splits_further(position))

    def _is_doing(self, position: int) -> bool:
        """Whether it says what something is the best at, right before that: the selling of "best selling store"."""
        said = words_of(self._sentence.mentions[position].text.lower())
        ranked = self._sentence.kind(position - 1) in (Kind.SUPERLATIVE, Kind.TOP)
        beside = not self._sentence.between(position, position + 1)
        return ranked and beside and len(said) == 1 and said[0].endswith("ing")

    def _is_shown_as_column(self, mention: Mention) -> bool:
        """Whether a further sentence names the same among the columns: "sales per make? Return make and sales"."""
        said = {stem(word) for word in words_of(mention.text)}
        shown = [m for m in self._sentence.mentions if m.first > mention.first and self._sentence.is_column(m)]
        return any({stem(word) for word in words_of(m.text)} == said for m in shown)

    def _metric_at(self, position: int) -> Metric:
        return self._vocabulary.metrics[self._sentence.assignment.metrics[self._sentence.mentions[position].first].ref]

    def _splits_further(self, position: int) -> bool:
        return self._says_per(position + 1) or (
            self._sentence.kind(position + 1) is Kind.GRAIN
            and self._sentence.mentions[position + 1].text.lower().startswith("per ")
        )

    def _says_per(self, position: int) -> bool:
        return self._sentence.kind(position) is Kind.BY and self._sentence.mentions[position].text.lower() == "per"

    def stands_for_dimension(self, position: int) -> bool:
        """Whether words that name a metric and a dimension stand where a dimension does: "by order", "which order".

        After a ranking, "by" is followed by the metric to rank by.
        """
        before = self._sentence.kind(position - 1)
        limited = self._sentence.kind(position + 1) is Kind.THRESHOLD
        if self._sentence.is_numbered(position) and not (limited and self._is_whose(position)):
            return False
        if self._is_whose(position) or self._asks_for_names(position):
            return True
        if before is Kind.BY and self._is_of_each(position):
            return False
        if before is Kind.BY:
            return not (self._draft.ranks or self._draft.first_rows or self._draft.asked)
        if self._names_value_beside(position):
            return True
        if before is Kind.SUPERLATIVE:
            said = self._sentence.mentions[position - 1].text.lower()
            return bool(FREQUENT & set(words_of(said))) or singular(said) in _OF_THINGS
        if self._sentence.is_singular(self._sentence.mentions[position]) and self._is_listed(position):
            return True
        if before is Kind.AND and self._is_of_figure(position):
            return True
        if before is Kind.METRIC and self._is_doing(position - 1):
            return True
        listed = before is Kind.AND and self._sentence.kind(position - 2) is Kind.DIMENSION and bool(self._draft.groups)
        return (listed and not self._is_owned(position)) or before in (Kind.WHICH, Kind.TOP)


def _end_named(mention: Mention, metric: Metric) -> str | None:
    """The end that is a part of the metric's name, where it was said: "largest fire" of "Highest fire size"."""
    if not {*words_of(mention.text.lower())} & _ENDS:
        return None
    named = {singular(word) for word in words_of(metric.label)}
    return next((end for end, word in (("highest", "maximum"), ("lowest", "minimum")) if word in named), None)
