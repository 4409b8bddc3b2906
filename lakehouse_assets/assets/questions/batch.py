"""A batch of questions: claimed from the queue, answered, stored in one publication, completed.

Belongs here: the course of a batch and what happens when a part of it fails. Does not belong here: when batches
start (the sensor), the queue's transitions (``queue``).
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from nlq.answering.run import failed_answer
from nlq.core.guard import Caller
from nlq.storage.queue import MAX_TRIES, Finished, Question, QuestionQueue, Status
from nlq.storage.store import store_answers, stored_or_refused

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from nlq.answering.answer import Answerer
    from nlq.answering.document.model import Answer

LEASE_S = 120.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch: the answers, and what was published of them."""

    answers: tuple[Answer, ...]
    published: Published | None

    def counts(self) -> dict[str, int]:
        """How many answers there are of each outcome."""
        outcomes = [answer.outcome for answer in self.answers]
        return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


def answer_batch(
    queue: QuestionQueue,
    answerer: Answerer,
    lake: Lake,
    limit: int = 100,
    *,
    run_id: str | None = None,
    now: datetime | None = None,
    progress: Callable[[Question, Answer], None] | None = None,
) -> BatchResult:
    """Answer up to ``limit`` waiting questions at one state of the lake, and store all answers at once.

    A question's id is its answer's id, so that answering it twice stores it once. A question that raises an error
    goes back to the queue and fails alone after its last try. If storing fails, every question goes back and the
    error is raised; an answer that breaks the contract fails alone.
    """
    owner = f"{run_id or 'batch'}-{uuid.uuid4()}"
    questions = queue.claim(limit, owner, LEASE_S)
    if not questions:
        return BatchResult((), None)
    try:
        with _lease_kept(queue, owner):
            answers = _answer_all(queue, answerer, lake, questions, owner, now, progress)
            published, refused = stored_or_refused(store_answers, lake, answers, run_id or owner)
            ends = {answer.answer_id: _finished(answer) for answer in answers}
            queue.complete(owner, ends | {answer.answer_id: _not_kept(answer, why) for answer, why in refused})
    except BaseException:
        queue.release(owner)
        raise
    return BatchResult(tuple(answers), published[-1] if published else None)


def _answer_all(
    queue: QuestionQueue,
    answerer: Answerer,
    lake: Lake,
    questions: Sequence[Question],
    owner: str,
    now: datetime | None,
    progress: Callable[[Question, Answer], None] | None,
) -> list[Answer]:
    heads = lake.catalog.heads()
    answers: list[Answer] = []
    closing: list[str] = []
    for question in questions:
        if not queue.open(question.id, owner, closing=closing):
            closing = []
            continue
        caller = Caller(question.tenant, question.role)
        closing = []
        try:
            answer = answerer.ask(
                question.question, caller, now, heads=heads, answer_id=question.id, asked_by=question.asked_by
            )
        except Exception:  # whatever it is, it must not take the other questions with it
            _log.exception("question %s could not be answered", question.id)
            if question.tries + 1 < MAX_TRIES:
                queue.give_back(question.id, owner)
                continue
            answer = failed_answer(question.question, caller, question.id, question.asked_by)
        answers.append(answer)
        closing = [question.id]
        if progress:
            progress(question, answer)
    queue.close_opened(owner)
    return answers


def _finished(answer: Answer) -> Finished:
    return Finished(Status(answer.outcome), answer.answer_id, answer.error)


def _not_kept(answer: Answer, why: str) -> Finished:
    _log.error("the answer to question %s breaks its contract and is not stored: %s", answer.answer_id, why)
    return Finished(Status.FAILED, None, "broken_contract")


@contextmanager
def _lease_kept(queue: QuestionQueue, owner: str) -> Iterator[None]:
    """Extend the lease in the background for as long as the batch runs."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(LEASE_S / 4):
            queue.heartbeat(owner, LEASE_S)

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
