"""Grammar: what each mention of a cover adds to the draft of a plan.

Belongs here: which dimension groups and which names a filter, what is negated, what stands for a metric and what for
a dimension. Every mention must end up with a part in the plan; one that does not is a problem. Does not belong here:
finding mentions (``mentions``), choosing terms (``resolve``), putting the plan together (``finishing``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from nlq.draft import Chosen, Decision, Draft, NotReadableError, Rank, Reading
from nlq.events import Event
from nlq.finishing import Finisher
from nlq.lexicon import Hit, ValueHit
from nlq.measures import is_amount
from nlq.mentions import GrainWord, Growth, Kind, Mention, Top
from nlq.neighbours import NOT_SIGNIFICANT, Neighbours
from nlq.resolve import Assignment, Problem
from nlq.timewords import TIME_WORDS
from nlq.vocabulary import Vocabulary
from nlq.words import ENGLISH, GLUE, NUMBERING, PER_WORDS, PREDICATES, singular, stem, words_of

_GROUPING = {Kind.BY, Kind.WHICH, Kind.TOP, Kind.SUPERLATIVE}
_JOINING = {Kind.AND, Kind.VERSUS, Kind.BY, Kind.THRESHOLD, Kind.SUPERLATIVE, Kind.TOP, Kind.ORDER}
_AFTER_BY = (Kind.DIMENSION, Kind.METRIC, Kind.GRAIN, Kind.BY, Kind.SUPERLATIVE)


class Reader(Neighbours):
    """Reads one cover under one assignment; ``event`` says what a participle beside a time means."""

    def __init__(
        self, vocabulary: Vocabulary, mentions: Iterable[Mention], assignment: Assignment, event: Event | None = None
    ) -> None:
        super().__init__(mentions, assignment)
        self._vocabulary, self._event = vocabulary, event
        self._draft = Draft()
        self._used: set[int] = set()
        self._negated: set[int] = set()

    def read(self) -> list[Reading] | Problem:
        """The readings (several only where a word leaves something open), or the problem."""
        try:
            self._forbid_unknown()
            for position, mention in enumerate(self._mentions):
                self._take(position, mention)
            self._drop_nouns()
            self._averages()
            self._imply_metric()
            self._move_to_event()
            self._check_leftovers()
            finisher = Finisher(self._vocabulary, self._all, self._assignment, self._draft, self._event)
            return finisher.readings()
        except NotReadableError as refusal:
            return refusal.problem
        except OverflowError:
            return Problem(2, "That time lies beyond every calendar.")

    # --- one mention at a time

    def _take(self, position: int, mention: Mention) -> None:
        handler = {
            Kind.METRIC: self._metric,
            Kind.DIMENSION: self._dimension,
            Kind.VALUE: self._value,
            Kind.TIME: self._time,
            Kind.GRAIN: self._grain,
            Kind.TREND: self._trend,
            Kind.TOP: self._top,
            Kind.SUPERLATIVE: self._superlative,
            Kind.THRESHOLD: self._threshold,
            Kind.ORDER: self._order,
            Kind.SHARE: self._share,
            Kind.GROWTH: self._growth,
            Kind.VERSUS: self._versus,
        }.get(mention.kind)
        if handler:
            handler(position, mention)

    def _metric(self, position: int, mention: Mention) -> None:
        draft, hit = self._draft, self._assignment.metrics[mention.first]
        metric = self._vocabulary.metrics[hit.ref]
        ratio = self._is_ratio(position)
        if mention.contested and not ratio and self._stands_for_dimension(position):
            raise NotReadableError(3, f"“{mention.text}” is read as a dimension here.", mention.text)
        self._check_beside(position, mention, hit)
        if ratio:
            draft.ratio = True
        elif self._kind(position - 1) is Kind.BY and not (
            draft.ranks or draft.groups or draft.first_rows or draft.asked
        ):
            raise NotReadableError(2, f"{metric.label} is a figure; nothing can be split by it.", mention.text)
        if hit.ref not in draft.metrics:
            draft.metrics.append(hit.ref)
        draft.metric_at.append((position, hit.ref))
        self._believe(mention, f"metric {metric.label}", 1.0 if hit.full else 0.6 + 0.3 * hit.coverage)

    def _check_beside(self, position: int, mention: Mention, hit: Hit) -> None:
        """What names a metric only in part must not stand beside another: "complaints … resolve"."""
        if self._kind(position - 1) is Kind.METRIC and hit.ref not in self._draft.metrics and not hit.full:
            raise NotReadableError(2, f"It is not clear what “{mention.text}” adds.", mention.text)
        if self._draft.share is not None and set(words_of(mention.text)) & PREDICATES:
            raise NotReadableError(3, f"“{mention.text}” is read as a whole and its part here.", mention.text)

    def _drop_nouns(self) -> None:
        """Two metrics need a word between them; else one is the noun the other is about, or it is not clear.

        "How long do garbage complaints take" asks for no number of complaints.
        """
        draft = self._draft
        for (left, a), (right, b) in itertools.pairwise(list(draft.metric_at)):
            if a == b or self._is_joined(left, right):
                continue
            noun = next((n for n, other in (((right, b), a), ((left, a), b)) if self._is_noun(*n, other)), None)
            if noun is None:
                text = self._mentions[right].text
                raise NotReadableError(2, f"It is not clear what “{text}” adds.", text)
            draft.metric_at.remove(noun)
            if noun[1] not in [name for _, name in draft.metric_at]:
                draft.metrics.remove(noun[1])

    def _is_joined(self, left: int, right: int) -> bool:
        kinds = {m.kind for m in self._mentions[left + 1 : right]}
        return bool(kinds & _JOINING) or "with" in {m.text.lower() for m in self._between(left, right)}

    def _is_noun(self, position: int, metric: str, other: str) -> bool:
        """Whether a metric's mention says nothing but what the other metric is about."""
        about = {stem(w) for name in self._vocabulary.metrics[other].entities for w in words_of(name)}
        said = {stem(w) for w in words_of(self._mentions[position].text) if w not in GLUE}
        return self._vocabulary.metrics[metric].type == "simple" and said <= about

    def _is_ratio(self, position: int) -> bool:
        """Whether the metric stands after "per", right after another: "orders per customer"."""
        per = self._kind(position - 1) is Kind.BY and self._mentions[position - 1].text.lower() == "per"
        return per and self._kind(position - 2) is Kind.METRIC

    def _dimension(self, position: int, mention: Mention) -> None:
        draft, hit = self._draft, self._assignment.dimensions[mention.first]
        dimension = self._vocabulary.dimensions[hit.ref]
        if dimension.is_time:
            raise NotReadableError(2, f"{dimension.label} is a time; metrics go by their own time.", mention.text)
        if self._names_value(position, hit):
            self._believe(mention, f"names the dimension {dimension.label}", 1.0)
            return
        before = self._kind(position - 1)
        if mention.contested and (self._is_ratio(position) or not self._stands_for_dimension(position)):
            raise NotReadableError(3, f"“{mention.text}” is read as a metric here.", mention.text)
        if self._is_counted(position):
            raise NotReadableError(2, f"I cannot tell how many of {dimension.label} there are.", mention.text)
        if dimension.is_boolean and before not in _GROUPING:
            raise NotReadableError(3, f"It is not clear whether to split by {dimension.label}.", mention.text)
        strong = before in _GROUPING or (before in (Kind.AND, Kind.DIMENSION) and bool(draft.groups))
        if hit.ref not in draft.groups:
            draft.groups.append(hit.ref)
        if self._is_singular(mention) and self._asks_for_one(position):
            draft.singular_rank = True
        if self._is_per(position):
            draft.per = True
            draft.each.append(hit.ref)
        factor = (1.0 if strong else 0.9) * (1.0 if hit.full else 0.85)
        self._believe(mention, f"by {dimension.label}", factor)

    def _is_counted(self, position: int) -> bool:
        """Whether a number of the dimension's values is asked for: "how many products", "more than 3 items"."""
        if self._kind(position - 1) is Kind.THRESHOLD:
            return True
        said = self._all[: self._all.index(self._mentions[position])]
        last = next((m for m in reversed(said) if m.kind is not Kind.FILLER), None)
        return last is not None and last.kind is Kind.COUNT and last.text.lower() in NUMBERING

    def _asks_for_one(self, position: int) -> bool:
        """Whether one of the dimension is asked for: "which ward", "best ward", "best selling category"."""
        before = self._kind(position - 1)
        if before is Kind.METRIC:
            return self._kind(position - 2) is Kind.SUPERLATIVE
        return before in (Kind.WHICH, None, Kind.SUPERLATIVE)

    def _names_value(self, position: int, hit: Hit) -> bool:
        """Whether the dimension only says what a value beside it is a value of."""
        before = self._kind(position - 1)
        after = position + 2 if self._kind(position + 1) is Kind.NOT else position + 1
        beside = self._value_dimension(after) == hit.ref or (
            self._value_dimension(position - 1) == hit.ref and before not in _GROUPING
        )
        return beside and before is not Kind.BY

    def _value(self, position: int, mention: Mention) -> None:
        hit = self._assignment.values[mention.first]
        if self._event and self._event.first == mention.first and self._event.known:
            return
        dimension = self._vocabulary.dimensions[hit.dimension]
        named = self._names(position - 1, hit.dimension) or self._names(position + 1, hit.dimension)
        listed = self._kind(position - 1) in (Kind.AND, Kind.OR) and self._same_dimension(position - 2, hit)
        if _is_weak(mention, hit) and not (named or listed or len(words_of(mention.text)) > 1):
            raise NotReadableError(
                1, f"It is not clear whether “{mention.text}” means a {dimension.label}.", mention.text
            )
        negated = self._is_negated(position, hit)
        if negated:
            self._negated.add(position)
        self._joined_by_or(position, hit)
        value, wanted = hit.value, not negated
        if isinstance(value, bool) and negated:
            value, wanted = False, True
        self._draft.chosen.append(Chosen(mention.first, hit.dimension, value, wanted))
        self._believe(mention, f"{dimension.label} is {'not ' if negated else ''}{hit.value}", 1.0 if hit.full else 0.8)

    def _time(self, position: int, mention: Mention) -> None:
        if self._kind(position - 1) is Kind.NOT:
            reason = f"A time cannot be left out ({mention.text}); say which time to include."
            raise NotReadableError(2, reason, mention.text)
        self._draft.times.append((position, mention.payload, mention.text))

    def _grain(self, position: int, mention: Mention) -> None:
        draft, word = self._draft, mention.payload
        assert isinstance(word, GrainWord)
        before = self._kind(position - 1)
        ranked = Kind.SUPERLATIVE in (before, self._kind(position + 1))
        allowed = ranked or before in _GROUPING | {Kind.DIMENSION} or (before is Kind.AND and draft.groups)
        if word.bare and not allowed:
            raise NotReadableError(1, f"It is not clear what “{mention.text}” asks for.", mention.text)
        if draft.grain and draft.grain is not word.grain:
            raise NotReadableError(2, f"One step of time at a time: {draft.grain} or {word.grain}?", mention.text)
        draft.grain = word.grain
        draft.per |= mention.text.split()[0].lower() in PER_WORDS or self._is_averaged(mention)
        if not word.plural and (word.which or before is Kind.WHICH or ranked):
            draft.singular_rank = True
        self._believe(mention, f"one row per {word.grain}", 1.0)

    def _trend(self, position: int, mention: Mention) -> None:
        self._draft.trend = True

    def _top(self, position: int, mention: Mention) -> None:
        top: Top = mention.payload
        if top.count > 1000:
            raise NotReadableError(2, "An answer has at most 1,000 rows.", mention.text)
        if top.end is None:
            self._draft.first_rows = top.count
            self._believe(mention, f"the first {top.count}", 1.0)
        elif top.end == "asked":
            self._draft.asked = (top.count, mention.text)
        else:
            self._draft.ranks.append(Rank(top.end, top.count, position, mention.text, top.skip))

    def _superlative(self, position: int, mention: Mention) -> None:
        self._draft.ranks.append(Rank(mention.payload, None, position, mention.text))

    def _threshold(self, position: int, mention: Mention) -> None:
        self._draft.bounds.append((position, mention.payload))

    def _order(self, position: int, mention: Mention) -> None:
        self._draft.sort = mention.payload
        self._believe(mention, f"sorted, {mention.payload} first", 1.0)

    def _share(self, position: int, mention: Mention) -> None:
        if self._draft.share is not None:
            raise NotReadableError(2, "One share at a time, please.", mention.text)
        after = self._all[self._all.index(mention) + 1 :]
        if self._draft.metrics and after and after[0].text.lower() == "of":
            # "late deliveries in percent of deliveries" is one figure by another
            raise NotReadableError(2, f"“{mention.text}” of what? Ask for “A per B”.", mention.text)
        self._draft.share = mention.first

    def _growth(self, position: int, mention: Mention) -> None:
        growth: Growth = mention.payload
        if self._draft.growth and self._draft.growth.comparison and growth.comparison:
            raise NotReadableError(2, "One comparison at a time, please.", mention.text)
        if self._draft.growth is None or growth.comparison:
            self._draft.growth = growth
        self._believe(mention, "the change of the figures", 1.0)

    def _versus(self, position: int, mention: Mention) -> None:
        self._draft.versus = mention.text

    def _averages(self) -> None:
        for at, mention in enumerate(self._all):
            if mention.kind is not Kind.AVERAGE:
                continue
            following = next((m for m in self._all[at + 1 :] if m.kind is not Kind.FILLER), None)
            if following and following.kind in (Kind.AND, Kind.OR):
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” is of.", mention.text)
            self._draft.averages.append(mention.text)

    # --- values: negation and any-of

    def _is_negated(self, position: int, hit: ValueHit) -> bool:
        """Whether a "not" stands right before the value, or before a list of values of the same dimension."""
        at = self._before_value(position)
        if self._kind(at) is Kind.NOT:
            self._used.add(at)
            return True
        if self._kind(at) not in (Kind.AND, Kind.OR):
            return False
        previous = self._before_value(at)
        if previous not in self._negated:
            return False
        if self._value_dimension(previous) != hit.dimension:
            said = self._mentions[position].text
            raise NotReadableError(2, f"It is not clear whether “{said}” is left out as well; say it of each.", said)
        return True

    def _joined_by_or(self, position: int, hit: ValueHit) -> None:
        """An "or" may only stand between values of one dimension."""
        at = self._before_value(position)
        if self._kind(at) is not Kind.OR:
            return
        if self._value_dimension(self._before_value(at)) != hit.dimension:
            raise NotReadableError(2, "“or” works between values of one dimension only; ask two questions.", "or")
        self._used.add(at)

    # --- what must hold at the end

    def _forbid_unknown(self) -> None:
        unknown = [at for at, mention in enumerate(self._all) if mention.kind is Kind.UNKNOWN]
        if not unknown:
            return
        words = [self._all[at].text for at in unknown]
        before = self._all[unknown[0] - 1] if unknown[0] else None
        if len(unknown) == 1 and before and before.kind is Kind.DIMENSION:
            dimension = self._vocabulary.dimensions[self._assignment.dimensions[before.first].ref]
            if dimension.values.items:
                known = [str(value) for value in dimension.values.items[:5]]
                reason = f"There is no {dimension.label} called “{words[0]}”."
                raise NotReadableError(1, reason, *words, nearest=known)
        said = ", ".join(f"“{word}”" for word in words)
        raise NotReadableError(1, f"I do not know what {said} means here.", *words)

    def _imply_metric(self) -> None:
        draft, implied = self._draft, self._assignment.implied
        if not implied or draft.metrics:
            return
        draft.metrics.extend(implied)
        draft.metric_at.extend((-1, name) for name in implied)
        labels = " and ".join(self._vocabulary.metrics[name].label for name in implied)
        draft.because.append(Decision("", f"metric {labels}, because none was named"))
        draft.confidence *= 0.8

    def _move_to_event(self) -> None:
        """Count the event itself where a metric does, instead of what its time is not of."""
        event, draft = self._event, self._draft
        if event is None or event.metric is None:
            return
        if len(draft.metrics) != 1:
            raise NotReadableError(2, f"It is not clear which figure “{event.word}” belongs to.", event.word)
        label = self._vocabulary.metrics[event.metric].label
        if not self._vocabulary.metrics[event.metric].dimensions >= {
            *draft.groups,
            *(c.dimension for c in draft.chosen),
        }:
            raise NotReadableError(2, f"{label} cannot be split or filtered like that.", event.word)
        draft.metrics = [event.metric]
        draft.metric_at = [(at, event.metric) for at, _ in draft.metric_at]
        draft.because.append(Decision(event.word, f"{label}: the time is when they were {event.word}"))

    def _check_leftovers(self) -> None:
        for position, mention in enumerate(self._mentions):
            if mention.kind is Kind.NOT and position not in self._used:
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” leaves out.", mention.text)
            if mention.kind is Kind.OR and position not in self._used:
                raise NotReadableError(2, "“or” works between values of one dimension only; ask two questions.", "or")
            if mention.kind is Kind.BY and self._kind(position + 1) not in _AFTER_BY:
                self._dangling_by(position, mention)
        self._check_counts()

    def _dangling_by(self, position: int, mention: Mention) -> None:
        said = mention.text.lower()
        if said == "wise" and self._kind(position - 1) is Kind.DIMENSION:
            return
        if said == "by" and self._kind(position + 1) is Kind.VALUE:
            following = self._mentions[position + 1].first
            if not isinstance(self._assignment.values[following].value, bool):
                return
        raise NotReadableError(2, f"I cannot tell what stands after “{mention.text}”.", mention.text)

    def _check_counts(self) -> None:
        """How many, number of, total: only of things that are amounts."""
        for at, mention in enumerate(self._all):
            if mention.kind is not Kind.COUNT:
                continue
            following = next((m for m in self._all[at + 1 :] if m.kind not in NOT_SIGNIFICANT), None)
            if following and following.kind is Kind.METRIC:
                metric = self._vocabulary.metrics[self._assignment.metrics[following.first].ref]
                if not is_amount(metric):
                    raise NotReadableError(2, f"{metric.label} is not an amount (“{mention.text}”).", mention.text)

    def _stands_for_dimension(self, position: int) -> bool:
        """Whether words that name a metric and a dimension stand where a dimension does: "by order", "which order".

        After a ranking, "by" is followed by the metric to rank by.
        """
        before = self._kind(position - 1)
        if self._is_numbered(position):
            return False
        if before is Kind.BY:
            return not (self._draft.ranks or self._draft.first_rows or self._draft.asked)
        if before is Kind.SUPERLATIVE:
            return singular(self._mentions[position - 1].text.lower()) in ("top", "bottom", "best", "worst")
        return before in (Kind.WHICH, Kind.TOP)

    def _believe(self, mention: Mention, meaning: str, factor: float) -> None:
        self._draft.because.append(Decision(mention.text, meaning))
        self._draft.confidence *= factor


def _is_weak(mention: Mention, hit: ValueHit) -> bool:
    """Values that are also plain words or bare numbers need their dimension named, quotes or capitals."""
    if mention.text.startswith(('"', "'", "“")) or (len(mention.text) > 1 and mention.text == str(hit.value)):
        return mention.text.isdigit()
    return all(word.isdigit() or word in ENGLISH or word in TIME_WORDS for word in words_of(mention.text))
