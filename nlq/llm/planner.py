"""Planning with a model beside the rules: where they agree it is surer, where they differ the asker chooses.

A model only offers: whatever is answered, the rules have read, and can show which word became what.

Belongs here: asking the model for a plan, the repair turn, and settling between the two. Does not belong here: the
rules (``nlq.planning.planner``), permission for the caller (``nlq.core.guard`` checks every plan again).
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from nlq.core.guard import Caller, Guard, GuardError
from nlq.core.outcome import MOST_CHOICES, Choice, Clarify, Outcome, Planned, Refused
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.llm.client import ModelClient, ModelUnavailableError
from nlq.llm.prompt import Reply, UnreadableReplyError, fitting, read, repair_messages
from nlq.llm.retrieval import part_for
from nlq.llm.schema import reply_schema
from nlq.planning.planner import MAX_CHARACTERS, Planner
from nlq.wording.explain import as_question

BOTH = "model+rules"
_DOUBTED = 0.8
SURE = 0.9
"""The confidence from which the rules answer without asking the model."""
_log = logging.getLogger(__name__)


class ModelPlanner:
    """Finds plans by a model over one vocabulary. Thread-safe."""

    def __init__(self, vocabulary: Vocabulary, client: ModelClient) -> None:
        """The vocabulary is what the caller may know of; the model sees nothing else."""
        self.vocabulary, self._client = vocabulary, client
        self._guard = Guard(vocabulary)

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Reply:
        """The model's reply: a plan that the guard passed, or that there is none.

        Raises:
            ModelUnavailableError: there is no reply, or none that can be used after one repair.
        """
        deadline = self._client.deadline()
        part = part_for(question, self.vocabulary, previous.metrics if previous else ())
        if not part.metrics:
            return Reply()
        today = now.date() if isinstance(now, datetime) else now
        messages, part = fitting(question, today, part, previous)
        schema = reply_schema(part)
        text = self._client.reply(messages, schema, deadline)
        try:
            return self._checked(text)
        except (UnreadableReplyError, GuardError) as problem:
            said = _said(problem)
        again = self._client.reply([*messages, *repair_messages(text, said)], schema, deadline)
        try:
            return self._checked(again)
        except (UnreadableReplyError, GuardError) as problem:
            raise ModelUnavailableError(f"its plan cannot be used: {problem}") from problem

    def _checked(self, text: str) -> Reply:
        reply = read(text)
        if reply.plan is None:
            return reply
        # Names and values only: whose rows it may read is checked for the caller, as for every plan.
        return reply.model_copy(update={"plan": self._guard.check(reply.plan, Caller(role="admin"))})


class BothPlanners:
    """The rules and a model together; the rules alone where the model does not answer. Thread-safe."""

    name = BOTH

    def __init__(self, rules: Planner, model: ModelPlanner, *, sure_from: float = SURE) -> None:
        """Both over the same vocabulary; from which confidence on the rules answer without the model."""
        self.rules, self._model, self._sure_from = rules, model, sure_from
        self._guard = Guard(rules.vocabulary)

    @property
    def vocabulary(self) -> Vocabulary:
        """What they can be asked about."""
        return self.rules.vocabulary

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """See PlansQuestions. Where the rules are sure, they answer at once; the model is asked where they are not."""
        ruled = self.rules.plan(question, now, previous)
        if not question.strip() or len(question) > MAX_CHARACTERS or self._is_sure(ruled):
            return ruled
        try:
            reply = self._model.plan(question, now, previous)
        except ModelUnavailableError as error:
            _log.warning("the language model is not used: %s", error)
            told = "; the built-in rules understood this" if isinstance(ruled, Planned) else ""
            note = f"The language model was of no help ({error}){told}."
            return ruled.model_copy(update={"notes": (note,), "lasting": False})
        if reply.plan is None:
            return _without_model(ruled)
        if isinstance(ruled, Refused):
            return self._offered(ruled, reply.plan)
        if isinstance(ruled, Clarify):
            return self._one_of(ruled, reply.plan)
        return self._settled(ruled, reply.plan)

    def _is_sure(self, ruled: Outcome) -> bool:
        if isinstance(ruled, Clarify):
            return ruled.is_help
        return isinstance(ruled, Planned) and ruled.confidence >= self._sure_from

    def _settled(self, ruled: Planned, plan: Plan) -> Outcome:
        if same_meaning(self._canonical(ruled.plan), plan):
            return ruled.model_copy(update={"planner": BOTH, "confidence": max(ruled.confidence, 0.95)})
        texts = [as_question(p, self.vocabulary) for p in (ruled.plan, plan)]
        if texts[0] == texts[1]:
            return ruled.model_copy(update={"confidence": round(ruled.confidence * _DOUBTED, 3)})
        choices = (
            Choice(question=texts[0], plan=ruled.plan, because=ruled.because),
            Choice(question=texts[1], plan=plan),
        )
        question = "This can be read in two ways. Which do you mean?"
        return Clarify(question=question, choices=choices, planner=BOTH, because=ruled.because)

    def _one_of(self, ruled: Clarify, plan: Plan) -> Outcome:
        """The choices, the one that the model takes first; its own reading last, if it is none of them."""
        own = self._choice(plan)
        same = [c for c in ruled.choices if c.question == own.question or same_meaning(self._canonical(c.plan), plan)]
        rest = tuple(choice for choice in ruled.choices if choice not in same)
        choices = (*same, *rest) if same else (*rest[: MOST_CHOICES - 1], own)
        return ruled.model_copy(update={"choices": choices, "planner": BOTH})

    def _offered(self, ruled: Refused, plan: Plan) -> Outcome:
        """The model's reading of what the rules cannot read: whoever asked can tell what it makes of the words."""
        question = f"{ruled.reason} The language model reads it like this; do you mean it?"
        return Clarify(
            question=question, words=ruled.words, choices=(self._choice(plan),), planner=BOTH, because=ruled.because
        )

    def _choice(self, plan: Plan) -> Choice:
        return Choice(question=as_question(plan, self.vocabulary), plan=plan)

    def _canonical(self, plan: Plan) -> Plan:
        try:
            return self._guard.check(plan, Caller(role="admin"))
        except GuardError:
            return plan


def same_meaning(one: Plan, other: Plan) -> bool:
    """Whether two plans give the same figures; how rows are sorted matters only where it chooses them."""

    def essence(plan: Plan, ranked: bool) -> str:
        update: dict[str, object] = {
            "metrics": plan.metrics if plan.ratio else tuple(sorted(plan.metrics)),
            "group_by": tuple(sorted(plan.group_by)),
        }
        if not ranked:
            update |= {"order_by": ()}
        return plan.model_copy(update=update).canonical()

    ranked = any(plan.ties or plan.limit != Plan.model_fields["limit"].default for plan in (one, other))
    return essence(one, ranked) == essence(other, ranked)


def _without_model(ruled: Outcome) -> Outcome:
    """The rules' outcome where the model finds no plan: a plan is a little less sure then."""
    if isinstance(ruled, Planned):
        return ruled.model_copy(update={"confidence": round(ruled.confidence * _DOUBTED, 3)})
    return ruled


def _said(problem: Exception) -> str:
    nearest = getattr(problem, "nearest", ())
    return f"{problem} Nearest that exists: {', '.join(nearest)}." if nearest else str(problem)
