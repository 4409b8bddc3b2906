"""Answers that are given again without planning or reading: the same as ever, to the same caller, while they hold."""

from __future__ import annotations

from datetime import datetime

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.cache import AnswersInProcess, KeptAnswers
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.factory import open_answerer

NOW, QUESTION = datetime(2026, 2, 20), "complaints by channel"
EVERYONE, AMRITSAR = Caller(), Caller("pb.amritsar", "viewer")
OWN = {"answer_id", "asked_at", "answered_at", "elapsed_ms", "asked_by", "cached"}


@pytest.fixture(scope="module")
def remembering(asked_lake: Lake) -> Answerer:
    return open_answerer(asked_lake, kept=KeptAnswers(AnswersInProcess()))


def shown(answer: Answer) -> dict[str, object]:
    return answer.model_dump(exclude=OWN)


@pytest.mark.parametrize("caller", [EVERYONE, AMRITSAR])
def test_it_is_what_was_answered_before(remembering: Answerer, asked_lake: Lake, caller: Caller) -> None:
    heads = asked_lake.catalog.heads()
    assert remembering.again(QUESTION, caller, heads, NOW) is None, "nobody has asked it yet"
    first = remembering.ask(QUESTION, caller, NOW, asked_by="one")
    again = remembering.again(QUESTION, caller, heads, NOW, asked_by="two")
    assert again is not None
    assert shown(again) == shown(first) == shown(remembering.ask(QUESTION, caller, NOW))
    assert again.cached and again.asked_by == "two" and again.answer_id != first.answer_id
    assert again.tenant == caller.tenant


def test_it_is_nobody_elses_and_of_no_other_day_or_state(remembering: Answerer, asked_lake: Lake) -> None:
    heads = asked_lake.catalog.heads()
    answer = remembering.ask(QUESTION, AMRITSAR, NOW)
    for other in (Caller("pb.jalandhar", "viewer"), Caller("pb.amritsar", "analyst"), Caller(None, "admin")):
        assert remembering.again(QUESTION, other, heads, NOW) is None
    assert remembering.again(QUESTION, AMRITSAR, heads, datetime(2026, 2, 21)) is None
    assert remembering.again(f"{QUESTION}?", AMRITSAR, heads, NOW) is None
    for table in answer.snapshots:
        assert remembering.again(QUESTION, AMRITSAR, {**heads, table: "moved"}, NOW) is None
