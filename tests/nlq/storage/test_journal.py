"""The journal: written at once, published once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answer, Answerer
from nlq.storage import journal as module
from nlq.storage.journal import Journal
from tests.nlq.answering.test_answer import sql_rows

NOW = datetime(2026, 2, 20)
COUNT = "select count(*) from semantic.nlq_{} where answer_id = '{}'"


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    journal = Journal(database_url)
    yield journal
    journal.close()


@pytest.fixture
def answer(answerer: Answerer) -> Answer:
    return answerer.ask("complaints by channel", None, NOW)


def test_an_answer_comes_back_as_it_was(journal: Journal, answer: Answer) -> None:
    journal.record(answer)
    journal.record(answer)
    assert journal.find(answer.answer_id) == answer
    assert journal.find("other") is None
    assert journal.waiting() == 1
    assert journal.waiting(older_than=timedelta(minutes=1)) == 0


def test_an_answer_that_two_write_down_is_there_once(journal: Journal, answer: Answer, database_url: str) -> None:
    others = [Journal(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda other: other.record(answer), others))
    for other in others:
        other.close()
    assert journal.waiting() == 1


def test_published_once_though_two_publish(
    journal: Journal, answer: Answer, asked_lake: Lake, database_url: str
) -> None:
    journal.record(answer)
    given = journal.judge(answer.answer_id, "wrong", comment="no", given_by="me")
    other = Journal(database_url)
    published = [p.identifier for p in (*journal.publish(asked_lake, "a"), *other.publish(asked_lake, "b"))]
    other.close()
    assert published == ["semantic.nlq_answers", "semantic.nlq_feedback"]
    assert journal.waiting() == 0
    assert sql_rows(asked_lake, COUNT.format("answers", answer.answer_id)) == [(1,)]
    assert sql_rows(asked_lake, f"select verdict from semantic.nlq_feedback where feedback_id = '{given.id}'") == [
        ("wrong",)
    ]


def test_a_crash_between_publishing_and_noting_it_doubles_nothing(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record(answer)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Journal, "_settle", crash)
        journal.publish(asked_lake, "first")
    assert journal.waiting() == 1
    assert journal.publish(asked_lake, "second") == []
    assert journal.waiting() == 0
    assert sql_rows(asked_lake, COUNT.format("answers", answer.answer_id)) == [(1,)]


def test_what_breaks_the_contract_takes_nothing_with_it(journal: Journal, answer: Answer, asked_lake: Lake) -> None:
    good = answer.model_copy(update={"answer_id": "good-one"})
    bad = answer.model_copy(update={"answer_id": "bad-one", "elapsed_ms": -1.0})
    for one in (bad, good):
        journal.record(one)
    journal.publish(asked_lake, "run")
    assert sql_rows(asked_lake, COUNT.format("answers", "good-one")) == [(1,)]
    assert sql_rows(asked_lake, COUNT.format("answers", "bad-one")) == [(0,)]
    assert journal.waiting() == 0
    assert journal.find("bad-one") == bad, "lost"


def test_published_answers_leave_after_a_day(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record(answer)
    monkeypatch.setattr(module, "KEPT", timedelta(seconds=-60))
    journal.publish(asked_lake, "run")
    assert journal.find(answer.answer_id) is None


def test_a_comment_has_a_bound(journal: Journal) -> None:
    with pytest.raises(ValueError, match="at most 2,000"):
        journal.judge("a", "wrong", comment="x" * 2_001)
