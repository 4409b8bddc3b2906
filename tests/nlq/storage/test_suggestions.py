"""What suggestions are learnt from is read within bounds and of one tenant; what was refused is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.answering.suggesting import suggestions
from nlq.core.guard import Caller
from nlq.core.utc import utc_now
from nlq.storage.store import store_answers, store_verdicts
from nlq.storage.suggestions import MOST_DAYS, MOST_QUESTIONS, Dismissed, OutOfBoundsError, asked_lately
from nlq.storage.verdict import Verdict

NOW = utc_now()
OURS, THEIRS = "pb.amritsar", "pb.jalandhar"


@pytest.fixture(scope="module")
def stored(answerer: Answerer, asked_lake: Lake) -> list[Answer]:
    """Two askers of one tenant and one of another say borough for ward; one answer is said to be wrong."""

    def asked(question: str, asker: str, tenant: str, minutes: int) -> Answer:
        answer = answerer.ask(question, Caller(tenant), asked_by=asker)
        at = NOW - timedelta(minutes=minutes)
        return answer.model_copy(update={"asked_at": at, "answered_at": at})

    found = [
        asked(question, asker, tenant, minutes)
        for asker, tenant, late in (("ada", OURS, 30), ("bob", OURS, 60), ("eve", THEIRS, 90))
        for question, minutes in (("complaints by borough", late), ("complaints by ward", late - 1))
    ]
    store_answers(asked_lake, found, "run")
    wrong = Verdict("v", found[3].answer_id, OURS, "wrong", None, "bob", NOW)
    store_verdicts(asked_lake, [wrong], "run")
    return found


def test_questions_come_back_with_their_words_choices_and_verdicts(stored: list[Answer], asked_lake: Lake) -> None:
    read = {one.answer_id: one for one in asked_lately(asked_lake, 30, 1000)}
    for answer in stored:
        one = read[answer.answer_id]
        assert (one.question, one.outcome, one.tenant) == (answer.question, answer.outcome, answer.tenant)
        assert one.because == answer.because
        assert [choice.because for choice in one.choices] == [choice.because for choice in answer.choices]
    assert read[stored[3].answer_id].verdict == "wrong"


def test_an_operator_learns_of_all_and_a_tenant_of_its_own(
    stored: list[Answer], asked_lake: Lake, answerer: Answerer
) -> None:
    ids = {answer.answer_id for answer in stored}
    every = [one for one in asked_lately(asked_lake, 30, 1000) if one.answer_id in ids]
    (found,) = suggestions(every, answerer.vocabulary())[0]
    assert (found.word, found.label, found.asked, found.meant, found.tenants) == ("borough", "Ward", 3, 2, 2)
    ours = asked_lately(asked_lake, 30, 1000, OURS)
    assert {one.tenant for one in ours} == {OURS}
    assert suggestions(ours, answerer.vocabulary())[0] == []


def test_reading_is_bounded(stored: list[Answer], asked_lake: Lake, lake: Lake) -> None:
    assert len(asked_lately(asked_lake, 30, 2)) == 2
    assert asked_lately(lake, 30, 2) == []
    for days, limit in ((0, 1), (MOST_DAYS + 1, 1), (1, 0), (1, MOST_QUESTIONS + 1)):
        with pytest.raises(OutOfBoundsError):
            asked_lately(asked_lake, days, limit)


def test_what_was_refused_is_remembered(database_url: str) -> None:
    dismissed = Dismissed(database_url)
    dismissed.add("abc", "takings", "sales_net_amount")
    dismissed.add("abc", "takings", "sales_net_amount")
    dismissed.close()
    again = Dismissed(database_url)
    assert again.ids() == {"abc"}
    again.close()
