"""The built-in planner: from a question to an outcome, by rules that can be explained, without a model.

Belongs here: the course of planning, and what a reading must have to be answered. Does not belong here: finding
readings (``search``), what is said instead of an answer (``asking``), permission (``core.guard``).

Safety: every word of a question has a part in the plan, or the question is refused or asked back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from nlq.core.outcome import MOST_CHOICES, RULES, UNCLEAR, Because, Clarify, Outcome, Planned, Problem, Refused
from nlq.core.plan import Plan
from nlq.core.spelling import same_form
from nlq.core.vocabulary import Vocabulary
from nlq.english.tokens import Token, reworded, tokenize
from nlq.english.verbs import in_the_passive
from nlq.planning.analyses.frames import frames_of
from nlq.planning.analyses.planning import Analyses
from nlq.planning.asides import Asides
from nlq.planning.asking import Asking
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Cover, Kind, Reach, Slip
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.finding.spans import MentionFinder
from nlq.planning.followups import without_lead
from nlq.planning.mending import mend
from nlq.planning.parting import begins_to_ask, linked_of, parts_of
from nlq.planning.provenance import Provenance, Typed
from nlq.planning.ranked.ranker import Ranker
from nlq.planning.reading.verbs import is_framing
from nlq.planning.renaming import adds_figure, renamed
from nlq.planning.search import Asked, Search, quoted
from nlq.planning.times.words import TimeSpan

MAX_CHARACTERS = 1000
MAX_WORDS = 80
CONFIDENT = 0.5
"""Readings below this confidence are asked back."""
_SLIP_FACTOR = 0.9
_MOST_UNUSED = 3
"""The most words of its frame without which a question is answered."""


class _Round:
    """One round of the search, as far as it is needed."""

    def __init__(self, search: Search, asked: Asked, reach: Reach) -> None:
        self._search, self._asked, self._reach = search, asked, reach

    @cached_property
    def finder(self) -> MentionFinder:
        """What finds the mentions within its reach."""
        return self._search.finder(self._asked, self._reach)

    @cached_property
    def covers(self) -> list[Cover]:
        """The best covers, best first."""
        return self.finder.covers()


@dataclass(frozen=True)
class _Figures:
    """Plans the figures that stand in a question which asks for more than them."""

    plain: Callable[..., Outcome]
    typed: str
    today: date
    fiscal_start: int | None
    vocabulary: Vocabulary

    def plan(self, tokens: Sequence[Token], about: Plan | None = None, *, ahead: bool = False) -> Outcome:
        """The outcome for some of the words; of what they leave open it is ``about``."""
        return self.plain(self.typed, tokens, self.today, about, follows=about is not None, ahead=ahead)

    def times(self, tokens: Sequence[Token], *, ahead: bool = False) -> list[TimeSpan]:
        """The times that they name."""
        return Asked(same_form(self.typed), tokens, self.today, self.fiscal_start, ahead=ahead).times

    def told(self, tokens: Sequence[Token], meaning: str) -> Because:
        """That these words mean this."""
        return Provenance(Typed(self.typed, tokens), self.vocabulary).operator(tokens, meaning)


def _day(now: date | datetime) -> date:
    return now.date() if isinstance(now, datetime) else now


class Planner:
    """Plans questions over one vocabulary. Thread-safe; planning does no input or output."""

    name = RULES

    def __init__(self, vocabulary: Vocabulary, *, fiscal_start: int | None = None, ranks: bool = True) -> None:
        """A planner; ``ranks`` says whether it offers the likeliest plans where the rules are not sure."""
        self.vocabulary, self._fiscal_start = vocabulary, fiscal_start
        self.lexicon = Lexicon(vocabulary)
        self._search, self._asking = Search(self.lexicon), Asking(self.lexicon)
        self._ranker = Ranker(self.lexicon) if ranks else None
        self._analyses, self._asides = Analyses(self.lexicon), Asides(self.lexicon)

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """The outcome for a question; relative times are relative to ``now``. Never raises on any text.

        ``previous`` is the plan of the question before in the same conversation, for "and by ward?".
        """
        if len(question) > MAX_CHARACTERS:
            return Refused(reason=f"The question is too long: at most {MAX_CHARACTERS:,} characters, please.")
        typed, question = question, same_form(question)
        tokens = tokenize(question)
        if len(tokens) > MAX_WORDS:
            return Refused(reason=f"The question is too long: at most {MAX_WORDS} words, please.")
        if tokens and (told := self._asking.help(tokens)):
            return told
        today = _day(now)
        if not previous and (several := self._several(question, tokens, now)):
            return several
        figures = _Figures(self._plain, typed, today, self._fiscal_start, self.vocabulary)
        for frame in frames_of(tokens):
            if found := self._analyses.plan(frame, tokens, figures, previous):
                return found
        return self._plain(typed, tokens, today, previous)

    def _plain(
        self,
        typed: str,
        tokens: Sequence[Token],
        today: date,
        previous: Plan | None = None,
        *,
        follows: bool = False,
        ahead: bool = False,
    ) -> Outcome:
        """The outcome for a question about figures alone; it ``follows`` the one before, or says so itself."""
        question = same_form(typed)
        whole, slips = mend(tokens, self.lexicon)
        tokens, leads = without_lead(whole) if previous else (whole, False)
        if not tokens:
            return Refused(reason="There is no question.", nearest=self._asking.examples())
        provenance = Provenance(Typed(typed, whole, slips, len(whole) - len(tokens)), self.vocabulary)
        asked = Asked(question, tokens, today, self._fiscal_start, previous, follows or leads, ahead)
        # Layers say what was done with things: of what somebody did with them they know but the verb.
        if words := in_the_passive(tokens):
            said, passive = reworded(question, tokens, words)
            outcome = self._find(replace(asked, question=said, tokens=passive), slips, provenance)
            if isinstance(outcome, Planned):
                return outcome
        outcome = self._find(asked, slips, provenance)
        return outcome if isinstance(outcome, Planned) or previous else self._apart(typed, asked, slips, outcome)

    def _apart(self, typed: str, asked: Asked, slips: Sequence[Slip], outcome: Outcome) -> Outcome:
        """The outcome without what is said beside the question, where that is better than what the whole came to."""
        timed = [at for span in asked.times for at in range(span.first, span.last)]
        kept = self._asides.without(asked.question, asked.tokens, timed)
        if not kept:
            return outcome
        written = {token.text for token in kept.typed}
        slips = [slip for slip in slips if slip.written in written]
        provenance = Provenance(Typed(typed, kept.typed, slips, passed=kept.passed), self.vocabulary)
        found = self._find(replace(asked, question=kept.question, tokens=kept.tokens), slips, provenance)
        if isinstance(found, Planned):
            return found.model_copy(update={"notes": (*found.notes, f"I passed over {quoted(provenance.passed)}.")})
        clearer = isinstance(found, Clarify) and (
            not isinstance(outcome, Clarify) or len(found.words) < len(outcome.words)
        )
        return found if clearer else outcome

    def _several(self, question: str, tokens: Sequence[Token], now: date | datetime) -> Outcome | None:
        """The choice among several questions in one that can be answered; sentences are never put together."""
        plans: list[Plan] = []
        parts, sentences = parts_of(question, tokens)
        for part in parts:
            outcome = self.plan(part, now)
            if isinstance(outcome, Planned):
                plans.append(outcome.plan)
            elif not sentences:
                return None
            elif isinstance(outcome, Clarify) and not outcome.words:
                plans.append(outcome.choices[0].plan)
        return self._asking.several(plans) if plans else self._linked(question, tokens, now)

    def _linked(self, question: str, tokens: Sequence[Token], now: date | datetime) -> Outcome | None:
        """The choice among sentences of which a later one asks for another figure or time of what was asked before."""
        first, *later = linked_of(question, tokens) or [""]
        head = self.plan(first, now) if later else None
        if isinstance(head, Clarify) and head.words:
            return head
        if not isinstance(head, Planned | Clarify) or (isinstance(head, Clarify) and not head.choices):
            return None
        plans, asks = [head.plan if isinstance(head, Planned) else head.choices[0].plan], False
        for part in later:
            outcome = self.plan(part, now, plans[-1])
            words = tokenize(part)
            asks = asks or bool(Asked(same_form(part), words, _day(now), self._fiscal_start).times)
            if isinstance(outcome, Planned):
                asks = asks or (begins_to_ask(words) and outcome.plan.metrics != plans[-1].metrics)
                plans.append(outcome.plan)
        return self._asking.several(plans) if asks else None

    def _find(self, asked: Asked, slips: Sequence[Slip], provenance: Provenance) -> Outcome:
        """The outcome of the first round that reads the question, else what can be offered or told."""
        rounds = [_Round(self._search, asked, reach) for reach in (Reach.EXACT, Reach.RELATED)]
        outcome, problem = self._by_rules(asked, slips, provenance, rounds)
        if self._ranker is None or asked.previous or problem is None or problem.final:
            return outcome
        offered = outcome if isinstance(outcome, Clarify) else None
        ranked = self._ranker.rank(asked, rounds[-1].finder.mentions, problem.words, offered)
        if not ranked.readings or not (offered or ranked.is_likely):
            return outcome
        asks = provenance.of(self._asking.ranked(ranked, problem), ranked.readings, ranked.left_out)
        return self._asking.first(offered, asks) if offered else asks

    def _by_rules(
        self, asked: Asked, slips: Sequence[Slip], provenance: Provenance, rounds: Sequence[_Round]
    ) -> tuple[Outcome, Problem | None]:
        """The outcome that the rules come to, and the problem where words stand in their way."""
        problems: list[Problem] = []
        for one in rounds:
            found = self._search.readings(asked, one.covers)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            outcome = provenance.of(self._settle(found, slips), found)
            if isinstance(outcome, Planned) or one is not rounds[-1]:
                return outcome, None
            # What is only near, business may have a plain word for.
            return self._by_other_names(asked, slips, provenance) or outcome, None
        if framed := self._framed(asked, slips, provenance):
            return framed, None
        if found := self._guessed(asked, slips):
            return provenance.of(self._asking.guessed(found, slips), found), None
        problem = problems[-1]
        if problem.rank <= UNCLEAR and (offer := self._search.offer(asked, rounds[-1].covers)):
            return provenance.of(self._asking.without(offer), offer.readings, offer.left_out), problem
        problem, cover = problems[0], rounds[0].covers[0]
        refused = self._asking.refuse(problem, slips, asked.question, cover)
        return provenance.refused(refused, cover, problem), problem

    def _framed(self, asked: Asked, slips: Sequence[Slip], provenance: Provenance) -> Outcome | None:
        """The answer without the words of the frame, in the question's own words or by other names for things."""
        return self._without_frame(asked, {}, slips, provenance) or self._by_other_names(asked, slips, provenance)

    def _by_other_names(self, asked: Asked, slips: Sequence[Slip], provenance: Provenance) -> Outcome | None:
        """What comes of the question with things called as the layer calls them; None where it knows them all."""
        asked, taken = renamed(asked, self.lexicon)
        return self._without_frame(asked, taken, slips, provenance) if taken else None

    def _without_frame(
        self, asked: Asked, taken: Mapping[str, str], slips: Sequence[Slip], provenance: Provenance
    ) -> Outcome | None:
        """The answer where what remains is one question in the layer's own words; ``taken`` are those of other names.

        Where other names have several meanings, these are the choices.
        """
        found = self._search.readings(asked, _Round(self._search, asked, Reach.FRAMED).covers)
        if isinstance(found, Problem) or not all(_is_named(one) and not adds_figure(one, taken) for one in found):
            return None
        outcome = self._settle(found, slips)
        if len(found) > 1:
            return provenance.of(outcome, found) if taken else None
        unused = tuple(m.text for m in found[0].mentions if is_framing(m))
        if not isinstance(outcome, Planned) or len(unused) > _MOST_UNUSED:
            return None
        notes = [f"I took “{said}” for {word}." for said, word in taken.items() if said not in unused]
        notes += [f"I did not use {quoted(unused)}."] if unused else []
        return provenance.of(outcome.model_copy(update={"notes": (*outcome.notes, *notes)}), found, unused)

    def _guessed(self, asked: Asked, slips: Sequence[Slip]) -> list[Reading]:
        """The readings with unclear words read as what comes near them; they can only be offered."""
        unclear = [slip for slip in slips if not slip.read_as]
        readings: list[Reading] = []
        for words in itertools.islice(itertools.product(*(slip.near for slip in unclear)), MOST_CHOICES):
            read = dict(zip((slip.written for slip in unclear), words, strict=True))
            tokens = [replace(token, norm=read.get(token.text, token.norm)) for token in asked.tokens]
            mended = replace(asked, tokens=tokens)
            found = self._search.readings(mended, self._search.covers(mended)) if read else []
            readings += [] if isinstance(found, Problem) else found
        return readings

    def _settle(self, readings: Sequence[Reading], slips: Sequence[Slip]) -> Outcome:
        if len(readings) > 1:
            return self._asking.which(readings)
        reading = readings[0]
        confidence = reading.confidence * _SLIP_FACTOR ** sum(slip.read_as is not None for slip in slips)
        if not reading.sure or confidence < CONFIDENT:
            return self._asking.unsure(reading)
        notes, others = self._asking.others(reading)
        return Planned(
            plan=reading.plan, confidence=round(confidence, 3), carried=reading.carried, notes=notes, others=others
        )


def _is_named(reading: Reading) -> bool:
    """Whether figures are named in the words of the layer: only then may other words be passed over."""
    named = [m.payload for m in reading.mentions if m.kind is Kind.METRIC]
    return bool(named) and all(hit.sure for hit in named)
