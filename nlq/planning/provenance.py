"""Provenance: which words of a question became which part of a plan, or had none.

Belongs here: the places of words in the question as it was typed, the part they became, what that is called and what it
was known by. Does not belong here: reading them (``reading``), or showing it to people (the page, the command).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nlq.core.outcome import Because, Choice, Clarify, Outcome, Part, Planned, Problem, Refused, Why
from nlq.core.plan import Plan
from nlq.core.spelling import places
from nlq.core.vocabulary import Vocabulary
from nlq.english.tokens import Token
from nlq.planning.drafts.draft import Decision, Reading
from nlq.planning.drafts.mentions import Cover, Kind, Mention, Slip
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import INITIALS, ValueHit
from nlq.wording.explain import say_time

_SAYS: dict[Kind, str] = {
    Kind.BY: "by what follows",
    Kind.WHICH: "asks which",
    Kind.NOT: "leaves out what follows",
    Kind.MISSING: "where there is no value",
    Kind.OR: "either of them",
    Kind.VERSUS: "compares",
    Kind.MORE: "compares",
    Kind.COUNT: "asks for an amount",
    Kind.SHARE: "as a share of the whole",
    Kind.RATIO: "one by the other",
    Kind.AVERAGE: "asks for a mean",
    Kind.GROWTH: "the change of the figures",
    Kind.TREND: "the course over time",
    Kind.TOP: "ranks",
    Kind.SUPERLATIVE: "ranks",
    Kind.ORDER: "sorts",
    Kind.THRESHOLD: "a limit",
    Kind.LIST: "asks for a list",
    Kind.SHOW: "asks for columns",
    Kind.RUNNING: "along time",
    Kind.UNIT: "the unit of the answer",
    Kind.ASKS: "what is asked for",
    Kind.DOMAIN: "only figures of this subject",
    Kind.GRAIN: "steps of time",
    Kind.TIME: "a time",
}
"""What operators ask, where reading them decided nothing more telling."""
_SILENT = frozenset({Kind.FILLER, Kind.AND})
_CONTEXT = "says only what is spoken of"


@dataclass(frozen=True)
class Typed:
    """A question as it was typed, its tokens, what was mended in them, and how many of them only go on from before."""

    question: str
    tokens: Sequence[Token]
    slips: Sequence[Slip] = ()
    lead: int = 0
    passed: tuple[tuple[Token, ...], ...] = ()
    """Stretches that are said beside the question; ``tokens`` are the others."""


class Provenance:
    """Tells what became of the words of one question."""

    def __init__(self, typed: Typed, vocabulary: Vocabulary) -> None:
        self._tokens, self._lead = typed.tokens, typed.lead
        self._vocabulary = vocabulary
        self._question, self._places = typed.question, places(typed.question)
        self._passed = [self._beside(stretch) for stretch in typed.passed]
        self._mended = {slip.written: slip.read_as for slip in typed.slips if slip.read_as}

    def of(self, outcome: Outcome, readings: Sequence[Reading], left_out: Sequence[str] = ()) -> Outcome:
        """The outcome of readings with what they took the words for; each choice with its own."""
        if isinstance(outcome, Planned):
            by_plan = {other.plan: self.words(other) for other in readings[0].others}
            others = tuple(self._choice(choice, by_plan[choice.plan]) for choice in outcome.others)
            return outcome.model_copy(update={"because": self.words(readings[0], left_out), "others": others})
        if not isinstance(outcome, Clarify):
            return outcome
        by_plan = {reading.plan: self.words(reading, left_out) for reading in reversed(readings)}
        choices = tuple(self._choice(choice, by_plan.get(choice.plan, ())) for choice in outcome.choices)
        return outcome.model_copy(update={"choices": choices, "because": by_plan[readings[0].plan]})

    @staticmethod
    def _choice(choice: Choice, because: tuple[Because, ...]) -> Choice:
        return choice.model_copy(update={"because": because})

    def words(self, reading: Reading, left_out: Sequence[str] = ()) -> tuple[Because, ...]:
        """What the words became in a reading, by their place; then what no word asked for."""
        decisions = _Decisions(reading.because)
        found = [self._read(mention, reading.plan, decisions, left_out) for mention in reading.mentions]
        told = [one for one in found if one] + self._passed + self._corrections() + self._going_on()
        told.sort(key=lambda one: (one.start or 0, one.end or 0))
        known = {one.meaning for one in told}
        rest = [one for one in decisions.rest() if one.meaning not in known]
        return (*told, *(Because(words=one.words, meaning=one.meaning, part="implied") for one in rest))

    def refused(self, outcome: Refused, cover: Cover, problem: Problem) -> Refused:
        """The refusal with what is known of its words, and which stand in the way."""
        found = [self._known(mention, problem) for mention in cover.mentions]
        told = [one for one in found if one] + self._passed + self._corrections()
        told.sort(key=lambda one: (one.start or 0, one.end or 0))
        return outcome.model_copy(update={"because": tuple(told)})

    def operator(self, said: Sequence[Token], meaning: str) -> Because:
        """That words beside each other say what is to be done."""
        words = " ".join(token.text for token in said)
        return self._at(said[0], said[-1], words, meaning, "operator", label=meaning)

    @property
    def passed(self) -> list[str]:
        """What is said beside the question, as it was typed."""
        return [one.words for one in self._passed]

    # --- one mention

    def _read(self, mention: Mention, plan: Plan, decisions: _Decisions, left_out: Sequence[str]) -> Because | None:
        """What a mention became in a plan."""
        said = decisions.take(mention.text)
        if mention.kind in _SILENT:
            return self._told(mention, "left_out", "left out") if mention.text in left_out else None
        if mention.kind is Kind.METRIC:
            return self._metric(mention, plan, said)
        if mention.kind is Kind.DIMENSION:
            return self._dimension(mention, plan, said)
        if mention.kind is Kind.VALUE:
            return self._value(mention, plan, said)
        return self._operator(mention, said)

    def _metric(self, mention: Mention, plan: Plan, said: str) -> Because:
        hit: Hit = mention.payload
        used = {*plan.metrics, *(bound.metric for bound in plan.having)}
        if hit.ref not in used:
            return self._told(mention, "operator", _CONTEXT if said.startswith("metric ") else said or _CONTEXT)
        return self._term(mention, "metric", hit, said)

    def _dimension(self, mention: Mention, plan: Plan, said: str) -> Because:
        hit: Hit = mention.payload
        if self._vocabulary.dimensions[hit.ref].is_time and hit.ref not in plan.group_by:
            return self._told(mention, "time", said or _SAYS[Kind.GRAIN])
        if hit.ref not in _dimensions_of(plan):
            return self._told(mention, "operator", _CONTEXT if said.startswith("by ") else said or _CONTEXT)
        return self._term(mention, "dimension", hit, said)

    def _value(self, mention: Mention, plan: Plan, said: str) -> Because:
        hit: ValueHit = mention.payload
        if hit.dimension not in _dimensions_of(plan):
            return self._told(mention, "operator", said or _CONTEXT)
        return self._told(
            mention, "value", said or f"{self._label(hit.dimension)} is {hit.value}", name=hit.dimension,
            label=str(hit.value), why=self._why_value(mention, hit),
        )  # fmt: skip

    def _operator(self, mention: Mention, said: str) -> Because:
        meaning = said or _SAYS.get(mention.kind, "")
        if mention.kind is Kind.TIME and not said and mention.payload.range:
            meaning = say_time(mention.payload.range)
        if mention.kind is Kind.UNKNOWN:
            return self._told(mention, "unknown", "means nothing here")
        part: Part = "time" if mention.kind in (Kind.TIME, Kind.GRAIN) else "operator"
        return self._told(mention, part, meaning, label=said or None)

    def _known(self, mention: Mention, problem: Problem) -> Because | None:
        """What is known of a mention of a question that was refused; several terms are told as such."""
        if mention.kind is Kind.UNKNOWN:
            return self._told(mention, "unknown", "means nothing here")
        if mention.text in problem.words:
            return self._told(mention, "left_out", "is what I cannot take into account")
        if mention.kind in _SILENT:
            return None
        if mention.kind in (Kind.METRIC, Kind.DIMENSION, Kind.VALUE):
            return self._candidates(mention)
        return self._operator(mention, "")

    def _candidates(self, mention: Mention) -> Because:
        hits: Sequence[Any] = mention.payload
        part: Part = "metric" if mention.kind is Kind.METRIC else "value" if mention.kind is Kind.VALUE else "dimension"
        names = list(dict.fromkeys(hit.dimension if part == "value" else hit.ref for hit in hits))
        labels = list(dict.fromkeys(self._label(name) for name in names))
        only = names[0] if len(names) == 1 else None
        if part == "value":
            return self._told(mention, part, f"a value of {' or '.join(labels[:3])}", name=only, why="value")
        why = self._why(mention, hits[0])
        return self._told(mention, part, " or ".join(labels[:3]), name=only, label=labels[0] if only else None, why=why)

    # --- what is told

    def _term(self, mention: Mention, part: Part, hit: Hit, said: str) -> Because:
        label = self._label(hit.ref)
        return self._told(mention, part, said or label, name=hit.ref, label=label, why=self._why(mention, hit))

    def _label(self, name: str) -> str:
        metric = self._vocabulary.metrics.get(name)
        return metric.label if metric else self._vocabulary.dimensions[name].label

    def _why(self, mention: Mention, hit: Hit) -> Why:
        if self._is_mended(mention):
            return "spelling"
        known: dict[str, Why] = {"label": "label", "synonym": "synonym", "description": "description"}
        return "related" if hit.likeness < 1 and hit.source != "description" else known.get(hit.source, "name")

    def _why_value(self, mention: Mention, hit: ValueHit) -> Why:
        if self._is_mended(mention):
            return "spelling"
        return "initials" if hit.coverage == INITIALS else "value"

    def _is_mended(self, mention: Mention) -> bool:
        said = self._tokens[self._lead :][mention.first : mention.last] if self._mended else ()
        return any(token.text in self._mended for token in said)

    def _told(self, mention: Mention, part: Part, meaning: str, **more: Any) -> Because:
        first, last = self._tokens[self._lead + mention.first], self._tokens[self._lead + mention.last - 1]
        # As it was typed: it may have been read in other words.
        words = self._question[self._places[first.start] : self._places[last.end]]
        return self._at(first, last, words, meaning, part, **more)

    def _beside(self, stretch: Sequence[Token]) -> Because:
        first, last = stretch[0], stretch[-1]
        words = self._question[self._places[first.start] : self._places[last.end]]
        return self._at(first, last, words, "said beside the question", "left_out")

    def _at(self, first: Token, last: Token, words: str, meaning: str, part: Part, **more: Any) -> Because:
        start, end = self._places[first.start], self._places[last.end]
        return Because(words=words, meaning=meaning, part=part, start=start, end=end, **more)

    def _corrections(self) -> list[Because]:
        return [
            self._at(token, token, token.text, f"read as “{self._mended[token.text]}”", "corrected")
            for token in self._tokens
            if token.text in self._mended
        ]

    def _going_on(self) -> list[Because]:
        if not self._lead:
            return []
        first, last = self._tokens[0], self._tokens[self._lead - 1]
        words = " ".join(token.text for token in self._tokens[: self._lead])
        return [self._at(first, last, words, "goes on from the question before", "operator")]


class _Decisions:
    """What was decided while a reading was made, by the words it was decided of; each is told once."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._all = list(dict.fromkeys(decisions))
        self._by_words: dict[str, list[Decision]] = defaultdict(list)
        for one in self._all:
            for words in dict.fromkeys((one.words, *one.words.split(", "))):
                self._by_words[words].append(one)
        self._taken: set[Decision] = set()

    def take(self, words: str) -> str:
        """What was decided of these words, nothing where reading them decided nothing."""
        found = self._by_words.get(words, ()) if words else ()
        self._taken.update(found)
        return "; ".join(dict.fromkeys(one.meaning for one in found))

    def rest(self) -> list[Decision]:
        """What no mention stands for."""
        return [one for one in self._all if one not in self._taken]


def _dimensions_of(plan: Plan) -> set[str]:
    """The dimensions that a plan names anywhere."""
    parts = plan.share.part if plan.share else ()
    return {*plan.group_by, *plan.within, *(f.dimension for f in (*plan.filters, *parts))}
