"""Plans of questions that ask to find something out: the figure is planned as any is, the rest is their kind.

Belongs here: from a frame and the outcome for what stands in it to the outcome for the whole. Does not belong here: the
words of frames (``frames``), reading plain questions (``reading``), finding anything out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from pydantic import ValidationError

from nlq.core.analysis import Analysis, AnalysisKind
from nlq.core.judged import can_be_judged
from nlq.core.outcome import MOST_CHOICES, Because, Choice, Clarify, Outcome, Planned, Refused
from nlq.core.plan import MAX_ROWS, DimensionFilter, Grain, Plan, problem_of
from nlq.english.general import ENGLISH, VERSUS_WORDS
from nlq.english.tokens import Token, set_of
from nlq.planning.analyses.frames import Claim, Frame, Place
from nlq.planning.analyses.scope import Scope
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.followups import REST_AS_BEFORE
from nlq.planning.times.tokens import PREVIOUS
from nlq.planning.times.words import TimeSpan
from nlq.wording.analyses import say_kind
from nlq.wording.explain import as_question

_MOST_MOVES = 4
_ONLY_MOVES = "“Why” is told of how a figure moved from one time to another. Do you mean this?"
_TWO_TIMES = "“Why” is told of one figure at two times, not of two groups at one: ask for both figures instead."
_NO_PAIR = "A difference is of one figure for two values of a dimension, or at two times: name both."
_NO_TWO = "A correlation is of two different figures, or of one for two values of a dimension: name both."
_DIFFER = set_of("different differ differs differed")
_PARTING = set_of("with and to on from or")
_OVER = "That time is over: ask for what was. A forecast is of days to come."


class PlansFigures(Protocol):
    """Plans what stands in a frame, as a question of its own."""

    @property
    def today(self) -> date:
        """The day that times are relative to."""
        ...

    def plan(self, tokens: Sequence[Token], about: Plan | None = None, *, ahead: bool = False) -> Outcome:
        """The outcome for the tokens; of what they leave open it is ``about``; times are to come with ``ahead``."""
        ...

    def times(self, tokens: Sequence[Token], *, ahead: bool = False) -> list[TimeSpan]:
        """The times that they name."""
        ...

    def told(self, tokens: Sequence[Token], meaning: str) -> Because:
        """That these words, which stand beside each other, mean this."""
        ...


@dataclass(frozen=True)
class _Asked:
    """A framed question under way."""

    frame: Frame
    tokens: Sequence[Token]
    figures: PlansFigures
    claim: Claim | None = None
    move: Place | None = None

    @property
    def rest(self) -> list[Token]:
        """What is left of it for a plain question."""
        return self.frame.rest(self.tokens, *([self.move] if self.move else []))

    @property
    def ahead(self) -> bool:
        return self.frame.kind is AnalysisKind.FORECAST

    @property
    def with_growth(self) -> list[Token]:
        """The rest, with the word that says it moved as one that a plain question knows."""
        if self.move is None:
            return self.rest
        first = self.tokens[self.move[0]]
        return sorted([*self.rest, replace(first, norm="growth")], key=lambda token: token.start)

    @property
    def differs_from(self) -> set[int]:
        """Where "from" stands that parts two: "X differs from Y"."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return {one.start for before, one in pairs if one.norm == "from" and before.norm in _DIFFER}

    def because(self) -> list[Because]:
        """What its own words mean."""
        meaning = say_kind(self.frame.kind, self.claim)
        places: list[Place] = sorted({*self.frame.said, *((self.move,) if self.move else ())})
        return [self.figures.told(self.tokens[a:b], meaning) for a, b in places if b > a]


class Analyses:
    """Plans framed questions over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Nothing is planned yet."""
        self._lexicon, self._vocabulary = lexicon, lexicon.vocabulary
        self._scope = Scope(lexicon)

    def plan(
        self, frame: Frame, tokens: Sequence[Token], figures: PlansFigures, previous: Plan | None = None
    ) -> Outcome | None:
        """The outcome for a framed question; None where it is a plain one after all."""
        asked = _Asked(frame, tokens, figures)
        plain = None if frame.sure else figures.plan(tokens)
        own = self._is_own(frame) or frame.kind is not AnalysisKind.FORECAST
        if (own and isinstance(plain, Planned)) or (self._is_own(frame) and not isinstance(plain, Refused)):
            return None
        if frame.kind is AnalysisKind.WHY:
            found = self._why(asked, previous)
        elif frame.kind.of_pairs:
            found = self._pair(asked, previous)
        elif frame.kind is AnalysisKind.FORECAST:
            found = self._forecast(asked, previous)
        else:
            found = self._many(asked)
        if isinstance(found, Refused) and isinstance(plain, Clarify) and not plain.words:
            return None
        return found

    def _is_own(self, frame: Frame) -> bool:
        """Whether one of the words that make the frame is a word of the layer: reasons of returns, drivers of buses."""
        words = [word for cue in frame.cues for word in cue.split() if word not in ENGLISH]
        moves = frame.kind is AnalysisKind.WHY and frame.moves
        return not (frame.sure or moves) and any(self._lexicon.names(word) for word in words)

    # --- of one figure

    def _why(self, asked: _Asked, previous: Plan | None) -> Outcome:
        moves = asked.frame.moves[:_MOST_MOVES]
        tried = [self._of_one(replace(asked, move=move, claim=claim), previous) for move, claim in moves]
        if tried:
            return next((one for one in tried if isinstance(one, Planned)), tried[0])
        found = self._of_one(asked, previous)
        if not asked.frame.sure or isinstance(found, Refused):
            return found
        choices = found.choices if isinstance(found, Clarify) else (self._choice(found.plan),)
        words = found.words if isinstance(found, Clarify) else ()
        return Clarify(question=_ONLY_MOVES, choices=choices, because=found.because, words=words)

    def _forecast(self, asked: _Asked, previous: Plan | None) -> Outcome | None:
        if asked.frame.ahead:
            today = asked.figures.today
            ends = [span.range.end for span in asked.figures.times(asked.rest, ahead=True) if span.range]
            if not any(end and end > today for end in ends):
                return None
        return self._of_one(asked, previous)

    def _pair(self, asked: _Asked, previous: Plan | None) -> Outcome:
        """The outcome of what is found out about two figures, two values or two times beside each other."""
        claims = {claim for _, claim in asked.frame.moves if claim}
        asked = replace(asked, claim=claims.pop() if len(claims) == 1 else None)
        rest = asked.rest
        if not self._scope.telling(rest):
            return self._of_none(asked, previous)
        times = asked.figures.times(rest)
        if asked.frame.kind is AnalysisKind.DIFFERENCE and any(map(_ends_apart, times)):
            first = asked.tokens[asked.frame.said[0][0]]
            moved = asked.figures.plan(sorted([*rest, replace(first, norm="growth")], key=lambda one: one.start))
            if isinstance(moved, Planned) and moved.plan.compares:
                return self._as_analysis(asked, moved)
        rest = [replace(one, norm="versus") if one.start in asked.differs_from else one for one in rest]
        joint = "versus" if asked.frame.kind is AnalysisKind.DIFFERENCE else "and"
        tokens = _beside_this(_parted(rest, joint), times) if joint == "versus" else _parted(rest, joint)
        return self._as_analysis(asked, asked.figures.plan(tokens))

    def _of_one(self, asked: _Asked, previous: Plan | None) -> Outcome:
        """The outcome of what is found out about one figure."""
        rest = asked.rest
        if not self._scope.telling(rest):
            return self._of_none(asked, previous)
        outcome: Outcome | None = None
        if asked.move and any(_ends_apart(span) for span in asked.figures.times(rest)):
            moved = asked.figures.plan(asked.with_growth)
            outcome = moved if isinstance(moved, Planned) and moved.plan.compares else None
        if outcome is None:
            outcome = asked.figures.plan(_beside_this(rest, asked.figures.times(rest)), ahead=asked.ahead)
        return self._as_analysis(asked, outcome)

    def _of_none(self, asked: _Asked, previous: Plan | None) -> Outcome:
        """What is found out about the figure of the question before, where this one names none: "why?"."""
        if previous is None:
            reason = f"{say_kind(asked.frame.kind).capitalize()} of which figure? Name one."
            return Refused(reason=reason, nearest=self._examples(), because=tuple(asked.because()))
        about = Plan(metrics=previous.metrics, filters=previous.filters)
        if asked.frame.kind is AnalysisKind.WHY and not previous.grain:
            span = previous.time_range if previous.time_range and previous.time_range.start else None
            compared = {"comparison": previous.comparison, "compare_with": previous.compare_with} if span else {}
            about = about.model_copy(update={"time_range": span, **compared})
        if asked.frame.kind.of_pairs and previous.group_by:
            about = about.model_copy(update={"group_by": previous.group_by, "time_range": previous.time_range})
        if asked.frame.kind is AnalysisKind.DIFFERENCE and not previous.group_by and not previous.grain:
            compared = {name: getattr(previous, name) for name in ("time_range", "comparison", "compare_with")}
            about = about.model_copy(update=compared)
        if asked.rest and not asked.frame.kind.of_pairs:
            found = asked.figures.plan(asked.rest, about, ahead=asked.ahead)
            if isinstance(found, Planned):
                about = found.plan
        return self._as_analysis(asked, Planned(plan=about, confidence=1.0))

    # --- of many figures

    def _many(self, asked: _Asked) -> Outcome:
        rest = asked.rest
        metrics, left = self._scope.of(rest, asked.figures.times(rest))
        if metrics:
            if not left:
                plan = Plan(metrics=tuple(metrics))
                return self._as_analysis(asked, Planned(plan=plan, confidence=1.0), rest)
            return self._as_analysis(asked, self._about(asked, left, metrics), rest)
        if not self._scope.telling(rest):
            return Refused(reason="There are no figures by day to judge.", because=tuple(asked.because()))
        outcome = asked.figures.plan(rest)
        if isinstance(outcome, Planned) or any(one.part == "metric" and one.words for one in outcome.because):
            return self._as_analysis(asked, outcome)
        found = [
            one for one in (self._about(asked, rest, m) for m in self._scope.domains()) if isinstance(one, Planned)
        ]
        if len(found) == 1:
            return self._as_analysis(asked, found[0])
        if found:
            asks = "Figures of several subjects are by that. Which do you mean?"
            choices = tuple(self._choice(one.plan) for one in found)
            return self._as_analysis(
                asked, Clarify(question=asks, choices=choices[:MOST_CHOICES], because=found[0].because)
            )
        return self._as_analysis(asked, outcome)

    def _about(self, asked: _Asked, rest: Sequence[Token], metrics: Sequence[str]) -> Outcome:
        """The outcome for words that name no figure, about the metrics of a subject."""
        about = Plan(metrics=tuple(metrics[:1]))
        outcome: Outcome | None = None
        if asked.frame.kind is AnalysisKind.CHANGED and any(map(_ends_apart, asked.figures.times(rest))):
            first = asked.tokens[asked.frame.moves[0][0][0]]
            moved = asked.figures.plan([replace(first, norm="growth"), *rest], about)
            outcome = moved if isinstance(moved, Planned) and moved.plan.compares else None
        outcome = outcome or asked.figures.plan(rest, about)
        if not isinstance(outcome, Planned):
            return outcome
        needed = {*outcome.plan.group_by, *(item.dimension for item in outcome.plan.filters)}
        fitting = tuple(name for name in metrics if needed <= self._vocabulary.metrics[name].dimensions)
        because = tuple(one for one in outcome.because if one.meaning != REST_AS_BEFORE)
        plan = outcome.plan.model_copy(update={"metrics": fitting, "order_by": ()})
        return outcome.model_copy(update={"plan": plan, "because": because})

    # --- from plain plans to those of a kind

    def _as_analysis(self, asked: _Asked, outcome: Outcome, scope: Sequence[Token] = ()) -> Outcome:
        """The outcome with plans of the kind; where none of them can be one, why."""
        because = sorted((*outcome.because, *asked.because()), key=lambda one: one.start or 0)
        told = tuple(because)
        if isinstance(outcome, Refused):
            return outcome.model_copy(update={"because": told})
        if isinstance(outcome, Planned):
            made = [self._made(asked, plan) for plan in _one_by_one(outcome.plan, asked.frame.kind)]
            if len(made) == 1 and isinstance(made[0], Plan):
                return outcome.model_copy(update={"because": told, "plan": made[0], "carried": ()})
            asks = f"{say_kind(asked.frame.kind).capitalize()} is told of one figure at a time. Which comes first?"
            words: tuple[str, ...] = ()
        else:
            every = (one for choice in outcome.choices for one in _one_by_one(choice.plan, asked.frame.kind))
            made = [self._made(asked, plan) for plan in every]
            asks, words = outcome.question, outcome.words
        choices = tuple(self._choice(plan) for plan in made if isinstance(plan, Plan))
        if choices:
            return Clarify(question=asks, choices=choices[:MOST_CHOICES], words=words, because=told)
        reason = next(one for one in made if isinstance(one, str))
        words = tuple(word for word in words if word not in ("and", "versus"))
        if words:
            reason = f"I cannot place {', '.join(f'“{word}”' for word in words)}. {reason}"
        return Refused(reason=reason, words=words, nearest=self._examples(), because=told)

    def _made(self, asked: _Asked, plan: Plan) -> Plan | str:
        """A plan of the kind from a plain one, or why there is none."""
        kind = asked.frame.kind
        apart = next((m for m in map(self._vocabulary.metrics.__getitem__, plan.metrics) if not can_be_judged(m)), None)
        if apart:
            return f"{apart.label} has no figures of single days that could be set beside each other."
        if plan.ties or plan.limit != MAX_ROWS or plan.skip:
            return f"{say_kind(kind).capitalize()} is told of plain figures, not of ranks."
        steps = plan.grain if kind is AnalysisKind.FORECAST else None
        if (
            plan.grain
            and not steps
            and (kind.of_pairs or plan.time_range or plan.comparison or plan.grain is Grain.YEAR)
        ):
            return f"{say_kind(kind).capitalize()} goes by no steps: name the time, or both."
        if refused := self._time_refused(asked, plan):
            return refused
        if kind.of_pairs:
            paired = self._paired(plan, kind, asked)
            if isinstance(paired, str):
                return paired
            plan = paired
        given = {
            **plan.model_dump(exclude={"order_by", "grain", "analysis"}),
            "grain": steps, "analysis": Analysis(kind=kind, claim=None if plan.pair else asked.claim),
        }  # fmt: skip
        try:
            return Plan.model_validate(given)
        except ValidationError as error:
            said = problem_of(error)
            return f"{said[:1].upper()}{said[1:]}."

    def _time_refused(self, asked: _Asked, plan: Plan) -> str | None:
        """Why nothing of the kind can be told of the time of a plan."""
        kind, span = asked.frame.kind, plan.time_range
        if kind is AnalysisKind.FORECAST and span and (span.end is None or span.end < asked.figures.today):
            return _OVER
        if kind is AnalysisKind.WHY:
            if not plan.compares and any(token.norm in VERSUS_WORDS | {"than"} for token in asked.rest):
                return _TWO_TIMES
            if span and span.start is None:
                return "Since when? Name both ends of the time in which it moved."
        return None

    def _paired(self, plan: Plan, kind: AnalysisKind, asked: _Asked) -> Plan | str:
        """The plan with the two values of its dimension, where there are no others; or what is not told of."""
        by = self._vocabulary.dimensions.get(plan.group_by[0]) if len(plan.group_by) == 1 else None
        if by and not any(item.dimension == by.name for item in plan.filters):
            values = tuple(value for value in by.values.items if value is not None) if by.values.complete else ()
            if len(values) == 2:  # no others are there to be named
                both = DimensionFilter(dimension=by.name, values=values)
                plan = plan.model_copy(update={"filters": (*plan.filters, both)})
        if kind is AnalysisKind.CORRELATION:
            both = [item.dimension for item in plan.filters if len(item.values) == 2]
            if len(plan.metrics) == 1 and not plan.group_by and len(both) == 1:
                plan = plan.model_copy(update={"group_by": tuple(both)})
            fits = (len(plan.metrics) == 2 and not plan.group_by) or (len(plan.metrics) == 1 and plan.pair)
            return plan if fits and not plan.compares else _NO_TWO
        if len(plan.metrics) > 1 or (plan.group_by and not plan.pair):
            return _NO_PAIR
        two = any(token.norm in VERSUS_WORDS | {"than", "between"} for token in asked.rest)
        return _NO_PAIR if two and not plan.pair and not plan.compares else plan

    def _choice(self, plan: Plan) -> Choice:
        return Choice(question=as_question(plan, self._vocabulary), plan=plan)

    def _examples(self) -> tuple[str, ...]:
        return tuple(metric.label for metric in self._vocabulary.plain_metrics() if can_be_judged(metric))[:3]


def _one_by_one(plan: Plan, kind: AnalysisKind) -> list[Plan]:
    """The plan for each of its metrics, where the kind is of one and nothing is computed from several."""
    if kind.of_many or plan.ratio or len(plan.metrics) == 1:
        return [plan]
    kept = tuple(item for item in plan.order_by if item.field not in plan.metrics)
    return [plan.model_copy(update={"metrics": (name,), "order_by": kept}) for name in plan.metrics]


def _parted(tokens: Sequence[Token], joint: str) -> list[Token]:
    """The tokens with the word that parts the two as one that every question knows: "between A and B", "A with B"."""
    norms = [token.norm for token in tokens]
    start = norms.index("between") if "between" in norms else -1
    at = next((n for n, norm in enumerate(norms) if n > max(start, 0) and norm in _PARTING), None)
    if joint == "versus" and start < 0:  # there only "than" and "versus" part two
        return list(tokens)
    given = [replace(token, norm=joint) if n == at else token for n, token in enumerate(tokens)]
    return [token for n, token in enumerate(given) if n != start]


def _beside_this(tokens: Sequence[Token], times: Sequence[TimeSpan]) -> list[Token]:
    """The tokens with the time that is compared where they leave it open: "than last month" is this month beside it."""
    at = next((n for n, token in enumerate(tokens) if token.norm in VERSUS_WORDS | {"than"}), None)
    if at is None:
        return list(tokens)
    versus = replace(tokens[at], norm="versus")
    units = {span.unit for span in times if span.first > at and tokens[span.last - 2].norm in PREVIOUS}
    unit = units.pop() if len(units) == 1 and all(span.first > at for span in times) else None
    this = [replace(versus, norm=word, kind="word") for word in ("this", unit)] if unit else []
    return [*tokens[:at], *this, versus, *tokens[at + 1 :]]


def _ends_apart(span: TimeSpan) -> bool:
    """Whether a time names two whole periods, the first of which is what is compared with: "from July to August"."""
    return span.ends is not None and all(one.start != one.end for one in span.ends)
