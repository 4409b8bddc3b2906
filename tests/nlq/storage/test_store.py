"""Answers as rows and back: all that an asker was told with the rows is stored with them, in lakes of before, too."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from datetime import datetime

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.storage import store
from nlq.storage.store import answer_rows, store_answers, store_given_answers, stored_answer
from tests.lakehouse.readings import without_column

NOW = datetime(2026, 2, 20)


@pytest.fixture(scope="module")
def followed(answerer: Answerer) -> Answer:
    """An answer that takes something over from the one before, and has a month that is not over."""
    before = answerer.ask("complaints by channel", None, NOW)
    return answerer.ask("and by month?", None, NOW, previous=before.plan)


def test_what_was_told_with_the_rows_comes_back(followed: Answer, asked_lake: Lake) -> None:
    assert followed.carried and followed.partial
    store_given_answers(asked_lake, [followed], "run")
    found = stored_answer(asked_lake, followed.answer_id)
    assert found
    assert (found.carried, found.partial, found.rows) == (followed.carried, followed.partial, followed.rows)
    assert found.because == followed.because and found.because[0].start == 0


def test_answers_that_are_there_are_found_by_their_days_or_wherever_they_are(
    followed: Answer, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store_given_answers(lake, [followed], "run")
    assert store_given_answers(lake, [followed], "run") is None
    retried = followed.model_copy(update={"asked_at": datetime(2026, 3, 20)})
    assert store_answers(lake, [retried], "run") is None


def test_of_many_answers_that_become_rows_some_are_held_at_a_time() -> None:
    made: list[weakref.ref[Answer]] = []
    held = 0

    def one_after_another() -> Iterator[Answer]:
        nonlocal held
        for number in range(450):
            answer = Answer(
                answer_id=f"a{number}", question="q", outcome="clarify", sentence="s",
                asked_at=NOW, answered_at=NOW, elapsed_ms=1.0,
            )  # fmt: skip
            made.append(weakref.ref(answer))
            held = max(held, sum(known() is not None for known in made))
            yield answer

    rows = answer_rows(one_after_another())
    assert rows.column("answer_id").to_pylist() == [f"a{number}" for number in range(450)]
    assert held <= 200


def test_a_table_of_before_gets_the_new_columns(followed: Answer, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = without_column(without_column(store.ANSWERS, "partial_json"), "carried_json")
    with monkeypatch.context() as patched:
        patched.setattr(store, "ANSWERS", earlier)
        store_answers(lake, [followed], "run")
        assert store_answers(lake, [followed], "run") is None
    later = followed.model_copy(update={"answer_id": "later"})
    store_answers(lake, [later], "run")
    before, after = stored_answer(lake, followed.answer_id), stored_answer(lake, "later")
    assert before and after
    assert (before.carried, before.partial, before.rows) == ((), (), followed.rows)
    assert (after.carried, after.partial) == (followed.carried, followed.partial)
