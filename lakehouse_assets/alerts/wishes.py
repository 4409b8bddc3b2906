"""From a wish in words, or a form, to a draft that can be kept: planned, checked, and said back.

Belongs here: the planner's part in a wish, what must hold between condition, figure, caller and targets, the words it
is said back in. Does not belong here: the frame of a sentence (``nlq.watching.frames``), keeping (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from lakehouse_assets.alerts.model import Draft
from lakehouse_assets.alerts.targets import Targets, UnknownTargetError
from lakehouse_assets.alerts.unusual import not_judged
from lakehouse_assets.domains import title_of
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.core.judged import domains_of
from nlq.core.plan import Plan
from nlq.core.spelling import nearest_values
from nlq.watching import conditions, times
from nlq.watching.conditions import AboveOrBelow, Condition, OfFigures, Unusual
from nlq.watching.frames import Sent, Told, Unclear, frame_of
from nlq.watching.judging import answer_label, column_of, misfit

EXAMPLES = (
    "tell me when backlog in any ward passes 100", "tell me when complaints drop by 20 % week over week",
    "send me backlog by ward every Monday at 8:00", "tell me when something unusual happens to complaints",
)  # fmt: skip
_LONGEST_NAME = 120


class WishError(ValueError):
    """A wish that cannot be kept: a code for programs, the text for people, the nearest that can."""

    def __init__(self, code: str, message: str, nearest: Collection[str] = ()) -> None:
        super().__init__(message)
        self.code, self.nearest = code, tuple(nearest)


@dataclass(frozen=True)
class Offer:
    """A draft and what it means in plain words, with what the figure is now."""

    draft: Draft
    says: str
    now: str = ""


@dataclass(frozen=True)
class Understood:
    """What a sentence came to: one offer to confirm; or a question back, with offers or with other sentences."""

    offers: tuple[Offer, ...] = ()
    question: str = ""
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """Makes drafts for one caller.

    Attributes:
        answerer: Plans and answers their questions.
        targets: Where messages may go.
        zone: The time zone of a tenant.
        dashboards: The dashboards the caller may see: titles by id.
        sources: Names of the sources.
    """

    answerer: Answerer
    targets: Targets
    zone: Callable[[str | None], str]
    dashboards: Callable[[], dict[str, str]]
    sources: Callable[[], Collection[str]]

    def understand(self, sentence: str, caller: Caller, now: datetime | None = None) -> Understood:
        """What a sentence wishes for.

        Raises:
            WishError: it is no wish, or its figure is not known.
        """
        frame = frame_of(sentence)
        if frame is None:
            raise WishError(
                "no_wish", "Say what to be told of, or what to be sent when, as in these sentences.", EXAMPLES
            )
        if isinstance(frame, Unclear):
            return Understood(question=frame.question, sentences=frame.choices)
        if isinstance(frame, Told) and not frame.question:
            return Understood((self.offer(_draft(sentence, condition=frame.condition), caller),))
        if isinstance(frame, Sent) and frame.dashboard:
            return Understood((self._of_dashboard(sentence, frame, caller),))
        answer = self.answerer.ask(frame.question, caller, now)
        if answer.outcome == "clarify" and not self._domain(frame, caller):
            offers = [self._offered(sentence, frame, one.question, one.plan, caller, now) for one in answer.choices]
            kept = tuple(one for one in offers if one)
            if kept:
                return Understood(kept, answer.sentence)
        if answer.outcome != "answered" and (domain := self._domain(frame, caller)):
            return Understood((self.offer(_draft(sentence, condition=Unusual(domain=domain)), caller),))
        if answer.outcome != "answered" or answer.plan is None:
            raise WishError("not_understood", answer.sentence, answer.nearest)
        found = self._framed(sentence, frame, frame.question, answer, caller)
        return Understood((found,)) if isinstance(found, Offer) else found

    def _domain(self, frame: Told | Sent, caller: Caller) -> str | None:
        """The domain that a wish for unusual things names, where it is no figure."""
        if not (isinstance(frame, Told) and isinstance(frame.condition, Unusual)):
            return None
        wanted = frame.question.casefold()
        known = domains_of(self.answerer.vocabulary(caller))
        return next((name for name in known if wanted in (name.casefold(), title_of(name).casefold())), None)

    def _offered(
        self, sentence: str, frame: Told | Sent, question: str, plan: Plan, caller: Caller, now: datetime | None
    ) -> Offer | None:
        """A reading of the question as an offer; None where the condition does not fit it."""
        answer = self.answerer.run(plan, caller, question=question, now=now)
        if answer.outcome != "answered":
            return None
        try:
            found = self._framed(sentence, frame, question, answer, caller)
        except WishError:
            return None
        return found if isinstance(found, Offer) else None

    def _framed(
        self, sentence: str, frame: Told | Sent, question: str, answer: Answer, caller: Caller
    ) -> Offer | Understood:
        assert answer.plan is not None
        if isinstance(frame, Sent):
            return self.offer(_draft(sentence, question, answer.plan, cron=frame.cron), caller, answer)
        condition = frame.condition
        if answer.plan.analysis and isinstance(condition, OfFigures | Unusual):
            raise WishError("misfit", misfit(condition, answer.plan))
        if isinstance(condition, AboveOrBelow):
            share = next(c.format == "percent" for c in answer.columns if c.name == column_of(answer.plan))
            if frame.percent and not share:
                label = answer_label(answer)
                return Understood(
                    question=f"{label} is no share. Of what is it to be {condition.value:g} %?",
                    sentences=(f"tell me when {question} passes {condition.value:g}",
                               f"tell me when {question} changes by {condition.value:g} % week over week"),
                )  # fmt: skip
            if share:
                hundredth = {
                    n: getattr(condition, n) / 100 for n in ("value", "clear") if getattr(condition, n) is not None
                }
                condition = condition.model_copy(update=hundredth)
        return self.offer(_draft(sentence, question, answer.plan, condition=condition), caller, answer)

    def _of_dashboard(self, sentence: str, frame: Sent, caller: Caller) -> Offer:
        there = self.dashboards()
        wanted = frame.question.casefold()
        found = [i for i, title in there.items() if wanted in (title.casefold(), i.casefold())]
        if len(found) != 1:
            raise WishError(
                "unknown_dashboard", f"There is no dashboard “{frame.question}” for you.", sorted(there.values())
            )
        return self.offer(_draft(sentence, dashboard=found[0], cron=frame.cron), caller)

    def offer(self, draft: Draft, caller: Caller, answer: Answer | None = None) -> Offer:
        """A draft that can be kept, and what it means.

        Args:
            draft: What is asked for, in words or by a form.
            caller: Who asks.
            answer: The answer to its plan, where it is at hand.

        Raises:
            WishError: the figure, the condition or a target is not for the caller, or they do not fit.
        """
        for name in draft.targets:
            try:
                self.targets.find(name, caller)
            except UnknownTargetError as error:
                raise WishError("unknown_target", str(error), [one.name for one in self.targets.of(caller)]) from None
        if draft.of_platform:
            self._check_platform(draft, caller)
            return Offer(draft, f"You are told when {conditions.said(_condition(draft))}.")
        if draft.dashboard is not None:
            there = self.dashboards()
            if draft.dashboard not in there:
                raise WishError(
                    "unknown_dashboard", f"There is no dashboard “{draft.dashboard}” for you.", sorted(there)
                )
            return Offer(draft, f"The dashboard {there[draft.dashboard]} is sent to you {self._when(draft, caller)}.")
        condition = draft.condition
        if isinstance(condition, Unusual) and draft.plan is None:
            self._check_judged(condition, None, caller)
            where = title_of(condition.domain) if condition.domain else "Any figure"
            return Offer(draft, f"You are told when {where} {conditions.said(condition)}. Each is told once.")
        assert draft.plan is not None
        if isinstance(condition, OfFigures | Unusual) and (words := misfit(condition, draft.plan)):
            raise WishError("misfit", words)
        answer = answer or self.answerer.run(draft.plan, caller)
        if answer.outcome != "answered":
            raise WishError(answer.code or answer.outcome, answer.sentence, answer.nearest)
        return self._of_figure(draft, answer, caller)

    def _of_figure(self, draft: Draft, answer: Answer, caller: Caller) -> Offer:
        about = _about(draft, answer)
        if isinstance(draft.condition, Unusual):
            self._check_judged(draft.condition, draft.plan, caller)
        if draft.cron is not None:
            return Offer(draft, f"{about} is sent to you {self._when(draft, caller)}.", answer.sentence)
        column = next(c for c in answer.columns if c.name == column_of(answer.plan)) if answer.plan else None
        percent = column is not None and column.format == "percent"
        words = conditions.said(_condition(draft), percent=percent)
        return Offer(draft, f"You are told when {about} {words}.", answer.sentence)

    def _when(self, draft: Draft, caller: Caller) -> str:
        assert draft.cron is not None
        return times.said(draft.cron, self.zone(caller.tenant))

    def _check_judged(self, condition: Unusual, plan: Plan | None, caller: Caller) -> None:
        words, nearest = not_judged(condition, plan, self.answerer.vocabulary(caller))
        if words:
            raise WishError("not_judged", words, nearest)

    def _check_platform(self, draft: Draft, caller: Caller) -> None:
        if caller.tenant is not None or caller.role == "writer":
            message = (
                "Runs, loads and quarantine are of the whole platform: a key without a tenant may be told of them."
            )
            raise WishError("forbidden", message)
        source = getattr(draft.condition, "source", None)
        if source is not None and source not in (known := self.sources()):
            raise WishError("unknown_source", f"There is no source “{source}”.", nearest_values(source, sorted(known)))


def _draft(
    sentence: str, question: str = "", plan: Plan | None = None, *, condition: Condition | None = None,
    cron: str | None = None, dashboard: str | None = None,
) -> Draft:  # fmt: skip
    name = " ".join(sentence.split()).rstrip(".!?")[:_LONGEST_NAME]
    return Draft(
        name=name, sentence=sentence.strip(), question=question, plan=plan, condition=condition, cron=cron,
        dashboard=dashboard,
    )  # fmt: skip


def _condition(draft: Draft) -> Condition:
    assert draft.condition is not None
    return draft.condition


def _about(draft: Draft, answer: Answer) -> str:
    """What a draft is about: the figure as it is called; where its days move, the words that say which."""
    assert answer.plan is not None
    if draft.question and (answer.plan.time_range or answer.plan.analysis):
        return f"“{draft.question}”"
    groups = [column.label.lower() for column in answer.columns if column.kind == "dimension"]
    by = f" of any {' and '.join(groups)}" if groups else ""
    narrowed = f" ({'; '.join(answer.filters)})" if answer.filters else ""
    return f"“{answer_label(answer)}”{by}{narrowed}"
