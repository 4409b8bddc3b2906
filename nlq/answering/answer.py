"""Answering: plan, guard, compile, run, explain; and replaying an answer at the snapshots it was read at.

Belongs here: the course from a question to its answer. Does not belong here: the answer's shape (``document``),
understanding (``planning``), permission (``core.guard``), the queue and the table of answers (``storage``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from lakehouse_assets.lakehouse.engines.cancelling import check_wanted
from lakehouse_assets.lakehouse.engines.protocol import EngineRefusedError, QueryRefusedError, QueryTimeoutError
from nlq.answering.analysing import Analyst
from nlq.answering.cache import Course, Courses, KeptAnswers, Outcomes, RememberingPlanner
from nlq.answering.compiling.computed import statements_of
from nlq.answering.compiling.costs import CostLimit, TooCostlyError
from nlq.answering.compiling.othertimes import ONE_DAY, OneDayError
from nlq.answering.document import caveats
from nlq.answering.document.carrying import carried_over
from nlq.answering.document.model import Answer, AnswerNotFoundError, StoredPlan
from nlq.answering.executing import Executor
from nlq.answering.figures import Figures
from nlq.answering.parts import STATES_KEPT, Layer, PlansQuestions, StaleLayer
from nlq.answering.run import Run
from nlq.answering.tables.coverage import Coverage, Known
from nlq.answering.tables.states import TableStates
from nlq.answering.texts import FindsTexts, TextWanted, in_text, text_wanted
from nlq.answering.unpublished import UnpublishedMetrics
from nlq.core.guard import ROLES, TIMEOUT_S, AmbiguousValueError, Caller, Guard, GuardError, Role, may_see
from nlq.core.outcome import MOST_CHOICES, Choice, Clarify, ErrorCode, Outcome, Planned, Refused
from nlq.core.periods import BeyondCalendarError
from nlq.core.plan import Plan
from nlq.core.utc import utc_now
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.core.zones import Zones
from nlq.planning.planner import Planner
from semantic.errors import SemanticError

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_log = logging.getLogger(__name__)


class Answerer:
    """Answers questions over one lake. Thread-safe."""

    def __init__(
        self,
        lake: Lake,
        layer: Layer,
        *,
        roles: Mapping[str, Role] = ROLES,
        planner: Callable[[Vocabulary], PlansQuestions] = Planner,
        planner_name: str = Planner.name,
        summarise: Callable[[Answer], str | None] | None = None,
        kept: KeptAnswers | None = None,
        most_figures: int = 0,
        zones: Zones | None = None,
        days_of: str | None = None,
        analyst: Analyst | None = None,
        texts: FindsTexts | None = None,
    ) -> None:
        """Nothing is read until the first question.

        Args:
            lake: Where the tables are.
            layer: What they mean.
            roles: What each role may do.
            planner: Makes what plans questions over a vocabulary.
            planner_name: Which planners those are.
            summarise: Puts an answer into a sentence of its own beside the built-in one; nothing does if None.
            kept: Answers given already, to give again while the tables they read are the same; none if None.
            most_figures: What a question may cost, see ``compiling.costs``; 0 is any.
            zones: Where "today" is, by tenant; UTC if None.
            days_of: The time zone that rows have days of; None where that is somebody else's affair.
            analyst: Finds out why figures moved and the like; such questions are refused if None.
            texts: Finds passages for questions that ask for no figure; such questions are refused if None.
        """
        self._lake, self._layer, self._roles = lake, layer, roles
        self._zones = zones or Zones()
        self._make_planner, self.planner_name, self._summarise, self._kept = planner, planner_name, summarise, kept
        # LRU; by the identity of a vocabulary, so another one invalidates them. Each tenant has its own, and with it a
        # planner of some megabytes.
        self._guards: LRUCache[int, Guard] = LRUCache(STATES_KEPT)
        self._planners: LRUCache[tuple[int, Caller], RememberingPlanner] = LRUCache(STATES_KEPT)
        self._outcomes = Outcomes()
        self._courses = Courses()
        self._states, self._coverage = TableStates(lake, days_of), Coverage()
        self._limit = CostLimit(most_figures, layer, self._coverage, self._states)
        self.figures = Figures(layer, self._guard, self._coverage, self._states)
        self._executor = Executor(layer, self._guard, self._coverage, self._states, self.figures, analyst)
        self._unpublished = UnpublishedMetrics(layer, self._guard, self._planner_over)
        self._texts, self._lock = texts, Lock()

    @property
    def stale_layer(self) -> StaleLayer | None:
        """Why answers are by an earlier semantic layer than the project's files, if they are."""
        return self._layer.stale

    def vocabulary(self, caller: Caller | None = None) -> Vocabulary:
        """What may be asked about now: everything, or what a caller may know of.

        Raises:
            GuardError: the caller's role is unknown, or it needs a tenant and there is none.
        """
        whole = self._layer.vocabulary(self._lake.catalog.heads(), caller.tenant if caller else None)
        return self._guard(whole).visible(caller) if caller else whole

    def ask(
        self,
        question: str,
        caller: Caller | None = None,
        now: datetime | None = None,
        *,
        heads: Mapping[str, str] | None = None,
        answer_id: str | None = None,
        asked_by: str | None = None,
        previous: Plan | None = None,
    ) -> Answer:
        """Answer a question. Never raises for what the question says; what prevents an answer is in the answer.

        Args:
            question: The text.
            caller: Who asks; whoever has no tenant sees all of them, if the role allows.
            now: The moment, UTC, whose day "last month" is relative to, in the caller's time zone; the clock's if None.
            heads: The state of the lake to read, to answer several questions at one; the newest if None.
            answer_id: The identifier to give the answer; a new one if None.
            asked_by: Name of the asker, kept with the answer.
            previous: Plan of the answer before in the same conversation, for follow-ups such as "and by ward?";
                as if there were none, where it names what this caller does not know (any more).
        """
        run = self._begin(question, caller, heads, answer_id, asked_by, now)
        try:
            planner = self._planner(run)
            before = self._guard(run.vocabulary).still_known(previous, run.caller) if previous else None
            outcome = planner.plan(question, run.today, before)
            wanted = text_wanted(question, outcome) if self._texts else None
            told, why = self._in_text(run, wanted, outcome) if wanted and wanted.by_form else (None, "")
            if told:
                return told
            unplaced = outcome.words if isinstance(outcome, Refused | Clarify) else ()
            if (unplaced or isinstance(outcome, Refused)) and (
                missing := self._unpublished.meant(run, question, unplaced)
            ):
                return self._never_published(run, missing)
            if wanted and not wanted.by_form and (told := self._in_text(run, wanted, outcome)[0]):
                return told
        except GuardError as error:
            return run.answer("refused", str(error), error=error.code, nearest=error.nearest)
        if isinstance(outcome, Planned) and before:
            run.carried = outcome.carried
        answer = self._conclude(run, outcome)
        if why and answer.outcome != "answered":
            answer = answer.model_copy(update={"notes": (*answer.notes, why)})
        if isinstance(outcome, Planned) and run.key and not previous:
            course = Course(outcome, run.key)
            self._courses.remember(question, run.caller, run.today, run.vocabulary.fingerprint, course)
        return answer

    def again(
        self,
        question: str,
        caller: Caller,
        heads: Mapping[str, str],
        now: datetime | None = None,
        *,
        asked_by: str | None = None,
    ) -> Answer | None:
        """What `ask` gives for a first question whose answer is remembered, without planning or reading anything.

        None where it is not, or the tables it read have changed.
        """
        check_wanted()
        run = Run(question, caller, None, asked_by)
        today = self.today(caller, now or run.asked_at)
        course = self._courses.find(question, caller, today, self._layer.fingerprint(heads))
        known = course and self._kept and self._kept.find(course.key, heads)
        return self._as_concluded(run, course.outcome, run.again(known, course.outcome)) if course and known else None

    def run(
        self,
        plan: Plan,
        caller: Caller | None = None,
        *,
        question: str = "",
        heads: Mapping[str, str] | None = None,
        answer_id: str | None = None,
        now: datetime | None = None,
    ) -> Answer:
        """Answer a plan, e.g. a choice that was offered; it passes the guard like any other."""
        run = self._begin(question, caller, heads, answer_id, None, now)
        return self._conclude(run, Planned(plan=plan, confidence=1.0))

    def run_again(
        self, plan: Plan, caller: Caller, heads: Mapping[str, str], now: datetime | None = None
    ) -> Answer | None:
        """What `run` gives for a plan whose answer is remembered, without reading anything.

        None where it is not, or the tables it read have changed, or the guard stops the plan.
        """
        run = self._begin("", caller, heads, None, None, now)
        planned = Planned(plan=plan, confidence=1.0)
        try:
            allowed = self._guard(run.vocabulary).check(plan, caller)
        except GuardError:
            return None
        key = KeptAnswers.key(allowed, caller, run.vocabulary, run.today)
        known = self._kept.find(key, run.heads) if self._kept and key else None
        return self._as_concluded(run, planned, run.again(known, planned)) if known else None

    def understood(
        self, question: str, caller: Caller, heads: Mapping[str, str], now: datetime | None = None
    ) -> Plan | None:
        """The plan that `ask` would run for a question, if it would be answered without asking back."""
        run = self._begin(question, caller, heads, None, None, now)
        outcome = self._planner(run).plan(question, run.today)
        return outcome.plan if isinstance(outcome, Planned) else None

    def expect(self, plans: Iterable[Plan], caller: Caller, heads: Mapping[str, str]) -> None:
        """Say which plans are about to be run, so that what several of them read is read once."""
        guard = self._guard(self._layer.vocabulary(heads, caller.tenant))
        with self._lake.session(heads=heads) as session:
            session.expect(statements_of(plans, lambda plan: guard.check(plan, caller), self._layer))

    def today(self, caller: Caller, now: datetime | None = None) -> date:
        """The day it is where a caller is, at a moment in UTC or now."""
        return self._zones.day(now or utc_now(), caller.tenant)

    def days(self, metrics: Iterable[str], caller: Caller, heads: Mapping[str, str]) -> Known | None:
        """The days of which all of some metrics have data, see ``Coverage.known``."""
        with self._lake.session(heads=heads) as session:
            return self._coverage.known(session, self._layer.sources(metrics), caller.tenant)

    def unpublished(self, caller: Caller | None = None) -> Mapping[Metric, tuple[str, ...]]:
        """The metrics that a caller may know of and that have no figures yet, with their tables that are missing."""
        return self._unpublished.all(self._begin("", caller, None, None, None))

    def rerun(self, stored: StoredPlan, answer_id: str, caller: Caller | None = None) -> Answer:
        """Replay a stored answer: its plan at its snapshots, as whoever asked it first; as the platform without caller.

        Raises:
            AnswerNotFoundError: the caller may not see it.
            QueryRefusedError: its snapshots are no longer kept, or the layer has lost what it names.
            QueryTimeoutError: it takes too long this time.
        """
        if caller is not None and not may_see(caller, stored.caller):
            raise AnswerNotFoundError(f"there is no answer {answer_id}")
        run = self._begin(stored.question, stored.caller, None, answer_id, None)
        plan = self._guard(run.vocabulary).still_known(stored.plan, stored.caller)
        if plan is None:
            raise QueryRefusedError("the semantic layer no longer has what the answer names")
        with self._lake.session(at=stored.snapshots) as session:
            return self._executor.answer(run, plan, Planned(plan=plan, confidence=1.0), session)

    def _in_text(self, run: Run, wanted: TextWanted, outcome: Outcome) -> tuple[Answer | None, str]:
        """The passages that a question asks for, as an answer; or why there are none."""
        assert self._texts is not None
        return in_text(run, wanted, outcome, self._texts, self._planner(run).vocabulary)

    # --- from outcome to answer

    def _begin(
        self,
        question: str,
        caller: Caller | None,
        heads: Mapping[str, str] | None,
        answer_id: str | None,
        asked_by: str | None,
        now: datetime | None = None,
    ) -> Run:
        check_wanted()
        run = Run(question, caller or Caller(), answer_id, asked_by)
        run.heads = self._lake.catalog.heads() if heads is None else heads
        run.vocabulary = self._layer.vocabulary(run.heads, run.caller.tenant)
        run.today = self.today(run.caller, now or run.asked_at)
        run.says = partial(self._say, run)
        return run

    def _conclude(self, run: Run, outcome: Outcome) -> Answer:
        try:
            answer = self._come_to(run, outcome)
        except BeyondCalendarError as error:
            answer = run.answer("refused", str(error), error=ErrorCode.BAD_TIME)
        return self._as_concluded(run, outcome, answer)

    def _as_concluded(self, run: Run, outcome: Outcome, answer: Answer) -> Answer:
        """An answer with what holds for it whatever it came to."""
        update: dict[str, Any] = {"planner": outcome.planner, "because": outcome.because}
        update |= {"notes": (*answer.notes, *outcome.notes), "stale_layer": self._layer.stale}
        if isinstance(outcome, Planned) and answer.outcome == "answered":
            update["choices"] = outcome.others
        if isinstance(outcome, Planned) and run.carried and answer.plan:
            update["carried"] = carried_over(outcome.plan, run.carried, run.vocabulary, run.says)
        return answer.model_copy(update=update)

    def _come_to(self, run: Run, outcome: Outcome) -> Answer:
        if isinstance(outcome, Clarify):
            return run.answer("clarify", outcome.question, choices=outcome.choices)
        if isinstance(outcome, Refused):
            return run.answer("refused", outcome.reason, error=outcome.reason, nearest=outcome.nearest)
        try:
            plan = self._guard(run.vocabulary).check(outcome.plan, run.caller)
        except GuardError as error:
            return self._stopped(run, outcome.plan, error)
        if missing := self._unpublished.among(run, plan.metrics):
            return self._never_published(run, missing, plan)
        run.key = key = KeptAnswers.key(plan, run.caller, run.vocabulary, run.today)
        if self._kept and key and (known := self._kept.find(key, run.heads)):
            return run.again(known, outcome)
        return self._read(run, plan, outcome, key)

    def _read(self, run: Run, plan: Plan, planned: Planned, key: str) -> Answer:
        """The answer to a plan that may run, read from the tables and kept."""
        try:
            with self._lake.session(heads=run.heads) as session:
                self._limit.check(plan, run.vocabulary, session, run.caller.tenant)
                answer = self._executor.answer(run, plan, planned, session)
            if self._summarise:
                answer = answer.model_copy(update={"summary": self._summarise(answer)})
            if self._kept and key:
                self._kept.keep(key, answer, run.heads)
            return answer
        except OneDayError as error:
            choices = tuple(self._choice(run, one) for one in error.plans)
            return run.answer("clarify", ONE_DAY, plan=plan, choices=choices)
        except TooCostlyError as error:
            choices = tuple(self._choice(run, one) for one in error.smaller)
            outcome = "clarify" if choices else "refused"
            return run.answer(outcome, str(error), plan=plan, error=ErrorCode.TOO_COSTLY, choices=choices)
        except SemanticError as error:
            return run.answer("refused", f"{error}.", plan=plan, error=ErrorCode.NOT_ANSWERABLE)
        except QueryTimeoutError:
            reason = f"The question took longer than {TIMEOUT_S:g} seconds; narrow it, e.g. to a shorter time."
            return run.answer("failed", reason, plan=plan, error=ErrorCode.TOOK_TOO_LONG)
        except EngineRefusedError:
            _log.exception("the engine refuses the SQL of answer %s", run.id)
            return run.failed(plan=plan)
        except QueryRefusedError as error:
            return run.answer("failed", f"The figures cannot be read: {error}.", plan=plan, error=ErrorCode.UNREADABLE)

    @staticmethod
    def _never_published(run: Run, missing: Mapping[Metric, tuple[str, ...]], plan: Plan | None = None) -> Answer:
        return run.answer("failed", caveats.say_never_published(missing), plan=plan, error=ErrorCode.NEVER_PUBLISHED)

    def _stopped(self, run: Run, plan: Plan, error: GuardError) -> Answer:
        """The answer to a plan that the guard stopped: why, or what one of its filters may mean."""
        if missing := self._unpublished.among(run, plan.metrics):
            return self._never_published(run, missing)
        if not isinstance(error, AmbiguousValueError):
            return run.answer("refused", str(error), error=error.code, nearest=error.nearest)
        every = [value for option in error.options for value in option]
        plans = [error.chosen(plan, option) for option in (*error.options[: MOST_CHOICES - 1], every)]
        choices = tuple(self._choice(run, one) for one in plans)
        return run.answer("clarify", str(error), error=error.code, choices=choices, nearest=error.nearest)

    def _choice(self, run: Run, plan: Plan) -> Choice:
        return Choice(question=self._say(run, plan), plan=plan)

    def _say(self, run: Run, plan: Plan) -> str:
        """A plan as a question that its asker can ask."""
        return self._planner(run).say(plan, run.vocabulary, run.today)

    # --- what is kept

    def _guard(self, vocabulary: Vocabulary) -> Guard:
        """The guard over a vocabulary; it keeps the vocabulary alive, so that its id stays its own."""
        with self._lock:
            if id(vocabulary) not in self._guards:
                self._guards[id(vocabulary)] = Guard(vocabulary, self._roles)
            return self._guards[id(vocabulary)]

    def _planner(self, run: Run) -> RememberingPlanner:
        return self._planner_over(self._guard(run.vocabulary).visible(run.caller), run.caller)

    def _planner_over(self, visible: Vocabulary, caller: Caller) -> RememberingPlanner:
        """The planner over what a caller may know of; it is kept."""
        key = (id(visible), caller)
        with self._lock:
            found = self._planners.get(key)
        if found is None or found.vocabulary is not visible:
            found = self._outcomes.of(self._make_planner(visible))
            with self._lock:
                self._planners[key] = found
        return found
