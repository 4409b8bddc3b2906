"""What the addresses do, without HTTP: ask, query, queue, replay, judge.

Belongs here: the course of each, for an asker who was admitted. Does not belong here: requests and responses
(``routes``), admitting (``access``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lakehouse_assets.domains import demo_questions
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger, request_id, shortened
from lakehouse_assets.lakehouse.engines.protocol import (
    EngineRefusedError,
    QueryCancelledError,
    QueryRefusedError,
    QueryTimeoutError,
)
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.questions.models import (
    Ask,
    Enqueue,
    Feedback,
    FeedbackGiven,
    Query,
    QuestionDocument,
    Replay,
)
from nlq.answering.answer import Answerer
from nlq.answering.catalog import Catalog, catalog_of
from nlq.answering.document.chart import Kind, changed_to, kinds_of
from nlq.answering.document.drawing import Drawing, drawing_of
from nlq.answering.document.model import Answer, AnswerNotFoundError, StoredPlan
from nlq.answering.document.sameness import same_rows
from nlq.answering.run import failed_answer
from nlq.core.guard import Caller, GuardError, may_see
from nlq.core.naming import AmbiguousNameError, dimensions_meant, full_name, in_full
from nlq.core.plan import Plan, problem_of
from nlq.core.vocabulary import Vocabulary
from nlq.storage.store import stored_answer

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.storage.journal import Journal
    from nlq.storage.queue import QuestionQueue


@dataclass(frozen=True)
class Again:
    """A question that may have been answered before, and the context that its answer is logged in."""

    asker: Asker
    request: Ask
    context: Context


def vocabulary_of(answerer: Answerer, asker: Asker) -> Vocabulary:
    """What an asker may ask about.

    Raises:
        ApiError: nothing.
    """
    try:
        return answerer.vocabulary(asker.caller)
    except GuardError as error:
        raise ApiError(403, error.code, str(error), {"nearest": list(error.nearest)}) from None


def plan_of(given: Mapping[str, Any], vocabulary: Vocabulary) -> Plan:
    """A plan from its document, in which dimensions may be named in short.

    Raises:
        ApiError: it is none, or a short name is that of several dimensions.
    """
    dimensions = dimensions_meant(given, vocabulary)
    try:
        return Plan.model_validate(in_full(given, lambda name: full_name(name, dimensions)))
    except AmbiguousNameError as error:
        raise ApiError(422, "ambiguous_name", f"{error}.", {"nearest": error.found}) from None
    except ValidationError as error:
        raise ApiError(422, "invalid_plan", f"{problem_of(error)}.") from None


@dataclass(frozen=True)
class Handlers:
    """The parts that answering needs. All methods wait for the engine or a database: call them in worker threads."""

    lake: Lake
    answerer: Answerer
    queue: QuestionQueue
    journal: Journal

    def catalog(self, asker: Asker, search: str) -> Catalog:
        """What the asker can ask about."""
        vocabulary = vocabulary_of(self.answerer, asker)
        return catalog_of(vocabulary, search, self.answerer.unpublished(asker.caller), demo_questions())

    def again(self, asked: Sequence[Again]) -> list[str | Exception | None]:
        """Answer questions whose answers are remembered, without planning or reading anything; each is written down.

        Returns:
            By question: the answer's document; None where none is remembered, the error where there was one.
        """
        try:
            heads = self.lake.catalog.heads()
        except Exception:  # answering in full meets it again, and tells it
            return [None] * len(asked)
        found = [one.context.run(self._known, one.asker, one.request, heads) for one in asked]
        documents = iter(self.journal.record([answer for answer in found if isinstance(answer, Answer)]))
        told: list[str | Exception | None] = []
        for one, answer in zip(asked, found, strict=True):
            if isinstance(answer, Answer):
                one.context.run(_log, one.asker, answer)
                told.append(next(documents))
            else:
                told.append(answer)
        return told

    def _known(self, asker: Asker, request: Ask, heads: Mapping[str, str]) -> Answer | Exception | None:
        if request.previous is not None:
            return None
        try:
            return self.answerer.again(request.question, asker.caller, heads, request.now, asked_by=asker.name)
        except Exception as error:
            return error

    def ask(self, asker: Asker, request: Ask) -> str:
        """Answer a question; whatever comes of it is written down.

        Returns:
            The answer's document, as it is written down.
        """
        try:
            answer = self.answerer.ask(
                request.question, asker.caller, request.now, asked_by=asker.name, previous=request.previous
            )
        except QueryCancelledError:
            raise
        except Exception:
            failed = failed_answer(request.question, asker.caller, asked_by=asker.name, told_as=request_id())
            self.journal.record([failed])
            raise
        return self._recorded(asker, answer)

    def query(self, asker: Asker, request: Query) -> str:
        """Answer a plan given by names.

        Returns:
            The answer's document, as it is written down.

        Raises:
            ApiError: the plan cannot be read, or the guard or the layer refuses it, or it took too long.
        """
        plan = self._plan(asker, request)
        answer = self.answerer.run(plan, asker.caller, question=request.question)
        document = self._recorded(asker, answer)
        if answer.outcome == "answered":
            return document
        code = answer.code or answer.outcome
        status = 503 if answer.outcome == "failed" else 422
        details = {"nearest": list(answer.nearest), "answer_id": answer.answer_id}
        if answer.choices:
            details["choices"] = [choice.model_dump(mode="json", exclude_defaults=True) for choice in answer.choices]
        raise ApiError(status, code, answer.sentence, details)

    def enqueue(self, asker: Asker, request: Enqueue) -> QuestionDocument:
        """Put a question into the queue."""
        key = request.idempotency_key
        question = self.queue.enqueue(
            request.question,
            tenant=asker.caller.tenant,
            role=asker.caller.role,
            asked_by=asker.name,
            # One asker's keys mean nothing to another: none can find the other's question by guessing.
            idempotency_key=f"{asker.key_id or asker.name}:{key}" if key else None,
        )
        return QuestionDocument.of(question)

    def queued(self, asker: Asker, question_id: str) -> QuestionDocument:
        """A question of the queue, with its answer once there is one.

        Raises:
            ApiError: there is none that the asker may see.
        """
        try:
            question = self.queue.get(question_id)
        except KeyError:
            raise _no_question(question_id) from None
        if not may_see(asker.caller, Caller(question.tenant, question.role)):
            raise _no_question(question_id)
        answer = stored_answer(self.lake, question.answer_id) if question.answer_id else None
        return QuestionDocument.of(question, answer)

    def answer(self, asker: Asker, answer_id: str) -> Answer:
        """An answer given before.

        Raises:
            ApiError: there is none that the asker may see.
        """
        found = self.journal.find(answer_id) or stored_answer(self.lake, answer_id)
        if found is None or not may_see(asker.caller, Caller(found.tenant, found.role)):
            raise _no_answer(answer_id)
        return found

    def chart(self, asker: Asker, answer_id: str, kind: Kind | None) -> Drawing:
        """An answer given before as a picture, of its own kind or another that its figures can be.

        Raises:
            ApiError: there is none that the asker may see, or it has no such picture.
        """
        found = self.answer(asker, answer_id)
        if found.chart is None:
            raise ApiError(404, "no_chart", "The answer's rows say more than a picture of them would.")
        kinds = kinds_of(found.chart, found.columns, found.rows)
        if kind and kind not in kinds:
            message = f"These figures cannot be drawn as {kind.replace('_', ' ')}."
            raise ApiError(422, "no_such_chart", message, {"nearest": list(kinds)})
        drawn = changed_to(found.chart, kind) if kind else found.chart
        return drawing_of(
            found.columns, found.rows, drawn, partial=found.partial, says=found.sentence, whole=found.whole
        )

    def replay(self, asker: Asker, answer_id: str) -> Replay:
        """An answer given before, read again at its snapshots.

        Raises:
            ApiError: there is none that the asker may see, or it has no rows to read again, or they are gone.
        """
        first = self.answer(asker, answer_id)
        stored = StoredPlan.of(first)
        if stored is None:
            raise ApiError(409, "nothing_to_replay", f"The question was {first.outcome}: it read nothing.")
        try:
            again = self.answerer.rerun(stored, answer_id, asker.caller)
        except AnswerNotFoundError:
            raise _no_answer(answer_id) from None
        except EngineRefusedError:
            logger().exception("not_replayed", answer_id=answer_id)
            raise ApiError(409, "nothing_to_replay", "The engine no longer reads what was read then.") from None
        except QueryRefusedError as error:
            raise ApiError(409, "nothing_to_replay", f"It cannot be read again: {error}.") from None
        except QueryTimeoutError:
            raise ApiError(503, "took_too_long", "Reading it again took too long this time; try later.") from None
        return Replay(answer=again, same_rows=same_rows(again.rows, first.rows))

    def judge(self, asker: Asker, answer_id: str, request: Feedback) -> FeedbackGiven:
        """Write down what the asker thinks of an answer.

        Raises:
            ApiError: there is none that the asker may see.
        """
        self.answer(asker, answer_id)
        given = self.journal.judge(
            answer_id,
            request.verdict,
            tenant=asker.caller.tenant,
            comment=request.comment,
            given_by=asker.name,
        )
        return FeedbackGiven(id=given.id, answer_id=answer_id, verdict=given.verdict, given_at=given.given_at)

    # --- inside

    def _plan(self, asker: Asker, request: Query) -> Plan:
        return plan_of(request.model_dump(exclude={"question"}), vocabulary_of(self.answerer, asker))

    def _recorded(self, asker: Asker, answer: Answer) -> str:
        (document,) = self.journal.record([answer])
        _log(asker, answer)
        return document


def _log(asker: Asker, answer: Answer) -> None:
    logger().info(
        "asked",
        answer_id=answer.answer_id,
        question=shortened(answer.question),
        outcome=answer.outcome,
        plan=answer.plan.canonical() if answer.plan else None,
        rows=answer.row_count,
        ms=answer.elapsed_ms,
        planner=answer.planner,
        cached=answer.cached,
        tenant=asker.caller.tenant,
        role=asker.caller.role,
        key_id=asker.key_id,
    )


def _no_question(question_id: str) -> ApiError:
    return ApiError(404, "unknown_question", f"There is no question “{question_id[:64]}”.")


def _no_answer(answer_id: str) -> ApiError:
    return ApiError(404, "unknown_answer", f"There is no answer “{answer_id[:64]}”.")
