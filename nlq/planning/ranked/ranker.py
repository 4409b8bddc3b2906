"""Ranks whole plans for a question that the rules are not sure of, to offer the likeliest ones.

A ranked plan is only ever offered, never an answer: it may leave words of the question unexplained, and says which.

Belongs here: from a question to the plans worth offering, with what became of the words. Does not belong here: which
plans there are (``candidates``), what speaks for them (``features``, ``model``), what is said (``asking``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nlq.core.outcome import MOST_CHOICES, Clarify
from nlq.core.plan import DimensionFilter, Plan
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit
from nlq.planning.ranked.candidates import Candidates
from nlq.planning.ranked.features import Features, Part
from nlq.planning.ranked.model import Model, chances, load
from nlq.planning.ranked.near import Fit, NearIndex
from nlq.planning.ranked.signals import Signals, Span, signals
from nlq.planning.ranked.sketch import Sketch, sketch_of
from nlq.planning.search import Asked
from nlq.wording.explain import as_question

_LEAST = 0.02
"""What is offered is at least this part as likely as the likeliest."""
_MOST_NAMES = 2
"""How many names, quoted texts and words of no English may be left out where the rules refuse."""
_MOST_KEPT = 16
"""How many of the best sketches are made plans."""
_MOST_WEIGHED = 120
"""How many of the best sketches the chances are of."""


@dataclass(frozen=True)
class Ranked:
    """The likeliest plans of a question, the likeliest first, and the words that none of them takes into account.

    ``is_likely`` says whether the one that is meant is likely enough to be among them.
    """

    readings: tuple[Reading, ...]
    left_out: tuple[str, ...]
    is_likely: bool


@dataclass(frozen=True)
class Scored:
    """A plan with its sketch, its features, its score, and its chance among all that come near."""

    plan: Plan
    sketch: Sketch
    features: dict[str, float]
    score: float
    chance: float = 0.0


class Ranker:
    """Ranks plans over one vocabulary."""

    def __init__(self, lexicon: Lexicon, model: Model | None = None) -> None:
        self._lexicon, self._model = lexicon, model or load()
        self._near = NearIndex(lexicon.vocabulary)

    def rank(
        self, asked: Asked, mentions: Sequence[Mention], unclear: Sequence[str] = (), offered: Clarify | None = None
    ) -> Ranked:
        """The likeliest plans.

        Args:
            asked: The question.
            mentions: What its stretches of words may be, as far as the search reaches.
            unclear: The words that stand in the way of the rules.
            offered: What the rules offer without these, which counts; without it, what is counted must be named.
        """
        said, features = self.look(asked, mentions)
        scored = self.scored(said, features, offered)
        if not scored or (offered is None and not _is_about(scored[0], said)):
            return Ranked((), (), is_likely=False)
        chosen = self._different([one for one in scored if one.chance >= _LEAST * scored[0].chance])
        readings = tuple(self._reading(one, said, features, asked) for one in chosen)
        is_likely = sum(one.chance for one in chosen) >= self._model.chance
        return Ranked(readings, _unused(chosen, said, features, unclear), is_likely)

    def look(self, asked: Asked, mentions: Sequence[Mention]) -> tuple[Signals, Features]:
        """What the question says, and the features of plans for it."""
        said = signals(asked.tokens, mentions, self._near, self._lexicon.vocabulary)
        return said, Features(said, self._lexicon)

    def scored(
        self, said: Signals, features: Features, offered: Clarify | None = None, most: int = _MOST_KEPT
    ) -> list[Scored]:
        """All plans that are worth a look, the likeliest first."""
        worth: dict[int, float] = {}

        def value(part: Part) -> float:
            key = id(part.features)
            if key not in worth:
                worth[key] = self._model.score(part.features)
            return worth[key]

        sketches = dict.fromkeys(Candidates(said, self._lexicon, features, value).all())
        found = [(sketch, counted := features.of(sketch), self._model.score(counted)) for sketch in sketches]
        found.sort(key=lambda item: -item[2])
        known: dict[str, Scored] = {}
        for sketch, counted, score in found[:most]:
            if plan := sketch.plan():
                known.setdefault(plan.fingerprint, Scored(plan, sketch, counted, score))
        for plan, more in _offered(offered) if offered else ():
            one = known.get(plan.fingerprint)
            sketch = one.sketch if one else sketch_of(plan)
            counted = (one.features if one else features.of(sketch)) | more
            known[plan.fingerprint] = Scored(plan, sketch, counted, self._model.score(counted))
        scored = sorted(known.values(), key=lambda one: -one.score)
        others = [score for _, _, score in found[most:_MOST_WEIGHED]]
        likely = chances([*(one.score for one in scored), *others])
        return [replace(one, chance=chance) for one, chance in zip(scored, likely, strict=False)]

    def _different(self, scored: Sequence[Scored]) -> list[Scored]:
        """The likeliest that differ in words."""
        chosen: dict[str, Scored] = {}
        for one in scored:
            chosen.setdefault(as_question(one.plan, self._lexicon.vocabulary), one)
            if len(chosen) == MOST_CHOICES:
                break
        return list(chosen.values())

    # --- what became of the words

    def _reading(self, one: Scored, said: Signals, features: Features, asked: Asked) -> Reading:
        """The plan with what its words became, each told once."""
        told: list[Mention] = []
        for mention in self._told(one.sketch, said, features, asked):
            if all(mention.last <= other.first or mention.first >= other.last for other in told):
                told.append(mention)
        return Reading(one.plan, 0.0, (), sure=False, mentions=tuple(sorted(told, key=lambda m: m.first)))

    def _told(self, sketch: Sketch, said: Signals, features: Features, asked: Asked) -> Iterator[Mention]:
        """What words became, the surest first; some words more than once."""

        def mention(kind: Kind, first: int, last: int, payload: object) -> Mention:
            text = asked.question[said.tokens[first].start : said.tokens[last - 1].end]
            return Mention(kind, first, last, 0.0, text, payload)

        for span, hit in _values_said(sketch, said):
            yield mention(Kind.VALUE, min(span.at), max(span.at) + 1, hit)
        terms = [(Kind.METRIC, fit) for fit in said.metrics if fit.ref in sketch.metrics]
        terms += [(Kind.DIMENSION, fit) for fit in said.dimensions if fit.ref in sketch.groups]
        for kind, fit in terms:
            for first, last in _runs(fit):
                yield mention(kind, first, last, Hit(fit.ref, fit.coverage, fit.source, fit.likeness))
        taken = features.explained(sketch)
        operators = [*said.times, *said.bounds, *(one for one in (said.grain, said.rank) if one)]
        yield from (one for one in operators if taken >> one.first & 1)
        for at in said.classes:
            if not taken >> at & 1:
                yield mention(Kind.FILLER, at, at + 1, None)


def _is_about(best: Scored, said: Signals) -> bool:
    """Whether what is counted is named, by more than its way of summing up, and few names mean nothing here."""
    fits = (fit for fit in said.metrics if fit.ref == best.sketch.metrics[0])
    named = any(said.classes.get(at) not in (None, "aggregate", "share") for fit in fits for at in fit.at)
    return named and sum(best.features.get(f"u_{kind}", 0.0) for kind in ("rare", "name", "quoted")) <= _MOST_NAMES


def _values_said(sketch: Sketch, said: Signals) -> Iterator[tuple[Span, ValueHit]]:
    """The stretches of words that became filters."""
    for item in (*sketch.filters, *(sketch.share or ())):
        for span in said.spans:
            if option := next((one for one in span.options if one.dimension == item.dimension), None):
                yield span, ValueHit(item.dimension, _said_value(item), option.coverage)


def _said_value(item: DimensionFilter) -> object:
    return " or ".join(str(value) for value in item.values)


def _offered(offered: Clarify) -> Iterator[tuple[Plan, dict[str, float]]]:
    """What the rules say of the plans that they offer."""
    for place, plan in enumerate(choice.plan for choice in offered.choices):
        other = plan.share or plan.ratio or plan.average or plan.compares or plan.running or plan.within or plan.time_of
        yield (
            plan,
            {
                "p_offered": 1.0,
                "p_first": float(place == 0),
                "p_left": float(bool(offered.words)),
                "p_only": float(len(offered.choices) == 1),
                "n_other": float(bool(other)),
            },
        )


def _runs(fit: Fit) -> Iterator[tuple[int, int]]:
    """The stretches of neighbouring words of a fit."""
    for _, run in itertools.groupby(enumerate(sorted(fit.at)), key=lambda pair: pair[1] - pair[0]):
        places = [at for _, at in run]
        yield places[0], places[-1] + 1


def _unused(chosen: Sequence[Scored], said: Signals, features: Features, unclear: Sequence[str]) -> tuple[str, ...]:
    """The telling words, and those that the rules say unclear, that no plan takes into account."""
    taken = 0
    for one in chosen:
        taken |= features.explained(one.sketch)
    left = [(at, token.text) for at, token in enumerate(said.tokens) if not taken >> at & 1]
    return tuple(text for at, text in left if at in said.classes or text in unclear)
