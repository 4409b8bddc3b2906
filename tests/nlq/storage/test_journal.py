"""The journal: written at once, published once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.upkeep import maintenance
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.storage import journal as module
from nlq.storage import store, turns
from nlq.storage.journal import Journal, NotRecordedError
from nlq.storage.turns import Failing
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
    journal.record([answer])
    journal.record([answer])
    assert journal.find(answer.answer_id) == answer
    assert journal.find("other") is None
    assert journal.waiting() == 1
    assert journal.waiting(older_than=timedelta(minutes=1)) == 0


def test_an_answer_that_two_write_down_is_there_once(journal: Journal, answer: Answer, database_url: str) -> None:
    others = [Journal(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda other: other.record([answer]), others))
    for other in others:
        other.close()
    assert journal.waiting() == 1


def test_published_once_though_two_publish(
    journal: Journal, answer: Answer, asked_lake: Lake, database_url: str
) -> None:
    journal.record([answer])
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
    journal.record([answer])

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
        journal.record([one])
    journal.publish(asked_lake, "run")
    assert sql_rows(asked_lake, COUNT.format("answers", "good-one")) == [(1,)]
    assert sql_rows(asked_lake, COUNT.format("answers", "bad-one")) == [(0,)]
    assert journal.waiting() == 0
    assert journal.find("bad-one") == bad, "lost"


def test_published_answers_leave_after_a_day(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record([answer])
    monkeypatch.setattr(module, "KEPT", timedelta(seconds=-60))
    journal.publish(asked_lake, "run")
    assert journal.find(answer.answer_id) is None


def test_published_answers_leave_when_there_are_many(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    ids = [f"{answer.answer_id}-many-{n}" for n in range(4)]
    for one in ids:
        journal.record([answer.model_copy(update={"answer_id": one})])
        journal.publish(asked_lake, "run")
    assert [bool(journal.find(one)) for one in ids] == [False, True, True, True]


def test_few_answers_are_published_once_a_minute_whatever_the_number_of_processes(
    journal: Journal, answer: Answer, asked_lake: Lake, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [journal, Journal(database_url)]
    clock = datetime(2026, 2, 20, 12)
    monkeypatch.setattr(module, "utc_now", lambda: clock)
    monkeypatch.setattr(turns, "utc_now", lambda: clock)
    published = []
    for second in range(0, 300, 5):
        clock = datetime(2026, 2, 20, 12) + timedelta(seconds=second)
        journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-{second}"})])
        for other in others:
            published += [(second, p.rows) for p in other.publish_due(asked_lake, "run")]
    others[1].close()
    assert published == [(60, 13), (125, 13), (190, 13), (255, 13)]


def test_many_answers_wait_for_no_others_and_a_batch_is_bounded(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    for n in range(9):
        journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-at-once-{n}"})])
    assert [p.rows for p in journal.publish_due(asked_lake, "run")] == [4, 4, 1]
    monkeypatch.setattr(module, "_BATCH_BYTES", 1)
    for n in range(4):
        journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-large-{n}"})])
    assert [p.rows for p in journal.publish_due(asked_lake, "run")] == [1, 1, 1, 1]


def test_the_files_of_a_day_are_put_together_now_and_then(
    journal: Journal, answer: Answer, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "TENDED_EVERY", 9)
    for n in range(10):
        journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-{n}"})])
        journal.publish(lake, "run")
    table = lake.catalog.load_table("semantic.nlq_answers")
    assert [f.record_count for f in maintenance.data_files(table)] == [1, 9]
    assert sql_rows(lake, "select count(distinct answer_id) from semantic.nlq_answers") == [(10,)]


def test_publishing_that_fails_is_told_and_tried_again_a_minute_later(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock = datetime(2026, 2, 20, 12)
    monkeypatch.setattr(module, "utc_now", lambda: clock)
    monkeypatch.setattr(turns, "utc_now", lambda: clock)
    journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-held-back"})])

    def fails(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store, "_store", fails)
        for seconds in (60, 65, 121):
            clock = start + timedelta(seconds=seconds)
            if seconds == 65:
                assert journal.publish_due(asked_lake, "run") == []
                continue
            with pytest.raises(OSError, match="No space"):
                journal.publish_due(asked_lake, "run")
    assert journal.failing == Failing(start + timedelta(seconds=60), "OSError: No space left on device")
    clock = start + timedelta(seconds=182)
    assert [p.rows for p in journal.publish_due(asked_lake, "run")] == [1]
    assert journal.failing is None


def test_no_answer_is_given_that_could_not_be_kept(
    journal: Journal, answer: Answer, asked_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    monkeypatch.setattr(module, "_COUNTED_EVERY", 1)
    journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-last-one"})])
    with pytest.raises(NotRecordedError, match=r"1 answers wait to be published$"):
        journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-one-too-many"})])
    journal.publish(asked_lake, "run")
    journal.record([answer.model_copy(update={"answer_id": f"{answer.answer_id}-one-too-many"})])
    assert journal.waiting() == 1


def test_a_comment_has_a_bound(journal: Journal) -> None:
    with pytest.raises(ValueError, match="at most 2,000"):
        journal.judge("a", "wrong", comment="x" * 2_001)
