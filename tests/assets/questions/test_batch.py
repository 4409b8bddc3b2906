"""Batches: from waiting questions to stored answers, with questions that raise and answers that cannot be stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.assets.questions.batch import answer_batch
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.storage.contracts import ANSWERS
from nlq.storage.queue import MAX_TRIES, QuestionQueue, Status

NOW = datetime(2026, 4, 20)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[QuestionQueue]:
    queue = QuestionQueue(f"sqlite:///{tmp_path / 'questions.db'}")
    yield queue
    queue.close()


def stored(lake: Lake, ids: list[str]) -> dict[str, str]:
    with lake.session() as session:
        rows = session.query(f"select answer_id, outcome from {ANSWERS.identifier}").to_pylist()
    return {row["answer_id"]: row["outcome"] for row in rows if row["answer_id"] in ids}


def test_a_batch_is_stored_in_one_publication(queue: QuestionQueue, answerer: Answerer, asked_lake: Lake) -> None:
    texts = ["complaints by ward", "turnaround by ward", "rainfall", "how many complaints are there"]
    asked = [queue.enqueue(text, tenant="pb.amritsar", role="viewer", asked_by="me") for text in texts]
    result = answer_batch(queue, answerer, asked_lake, now=NOW)
    assert result.counts() == {"answered": 2, "clarify": 1, "refused": 1}
    assert result.published
    assert result.published.rows == 4
    assert [queue.get(q.id).status.value for q in asked] == ["answered", "clarify", "refused", "answered"]
    assert stored(asked_lake, [q.id for q in asked]) == {q.id: queue.get(q.id).status.value for q in asked}
    assert not answer_batch(queue, answerer, asked_lake).answers


def test_a_run_that_died_after_storing_stores_nothing_twice(
    queue: QuestionQueue, answerer: Answerer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = queue.enqueue("complaints by channel")

    def die(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(queue, "complete", die)
        with pytest.raises(KeyboardInterrupt):
            answer_batch(queue, answerer, asked_lake, now=NOW)
    assert queue.get(asked.id).status is Status.QUEUED
    assert answer_batch(queue, answerer, asked_lake, now=NOW).published is None
    assert queue.get(asked.id).status is Status.ANSWERED
    assert stored(asked_lake, [asked.id]) == {asked.id: "answered"}


class Touchy(Answerer):
    """Raises on one question, and gives an answer that breaks the contract on another."""

    def ask(self, question: str, *args: Any, **kwargs: Any) -> Answer:
        if question == "raise":
            raise RuntimeError("boom")
        answer = super().ask(question.removeprefix("break "), *args, **kwargs)
        return answer.model_copy(update={"confidence": 7.0}) if question.startswith("break ") else answer


def test_bad_questions_fail_alone(
    queue: QuestionQueue, answerer: Answerer, asked_lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    touchy = Touchy(asked_lake, answerer._layer)
    good, raising, breaking = (queue.enqueue(t) for t in ("complaints by ward", "raise", "break backlog by ward"))
    for _ in range(MAX_TRIES):
        answer_batch(queue, touchy, asked_lake, now=NOW)
    ends = {q.id: queue.get(q.id) for q in (good, raising, breaking)}
    assert [end.status for end in ends.values()] == [Status.ANSWERED, Status.FAILED, Status.FAILED]
    assert (ends[raising.id].error, ends[breaking.id].error) == ("internal", "broken_contract")
    # What it was is for the log alone, under the id of the question.
    told = [record for record in caplog.records if raising.id in record.getMessage()]
    assert told and all(record.exc_info and "boom" in str(record.exc_info[1]) for record in told)
    assert any(breaking.id in r.getMessage() and "audit failed" in r.getMessage() for r in caplog.records)
    assert stored(asked_lake, list(ends)) == {good.id: "answered", raising.id: "failed"}
