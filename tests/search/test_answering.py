"""Questions for no figure are answered with passages: each asker's own, with their source, never for a figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search import meaning
from lakehouse_assets.search.answering import open_answerer
from lakehouse_assets.search.model import namespace_of
from lakehouse_assets.search.searching import NOTHING_NEAR, NOTHING_YET, Searcher
from lakehouse_assets.search.store import Store
from lakehouse_assets.search.texts import LONGEST, MOST
from lakehouse_assets.search.updating import update
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.storage.store import store_answers, stored_answer
from tests.search.passages import document

AMRITSAR, JALANDHAR = Caller("pb.amritsar", "viewer"), Caller("pb.jalandhar", "viewer")
LAMP = "The lamp at the market has been dark since Monday. " * 40


@pytest.fixture(scope="module")
def store(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """What is described of the lake, by words alone, and a note of a tenant."""
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('texts')}/search.db")
    update(asked_lake, platform_contracts(), made, reading_s=0.0)
    made.replace("notes", "1", [document(LAMP, namespace_of("pb.amritsar"), key="N1", title="Note")], snapshot="17")
    yield made
    made.close()


@pytest.fixture(scope="module")
def asks(asked_lake: Lake, store: Store) -> Answerer:
    return open_answerer(asked_lake, searcher=Searcher(store))


def passages(answer: Answer) -> list[dict[str, Any]]:
    assert answer.outcome == "found", answer.sentence
    assert answer.plan is None and answer.sql is None and answer.chart is None and answer.confidence is None
    assert answer.sentence.startswith("Text, no figures: ")
    return [dict(zip((c.name for c in answer.columns), row, strict=True)) for row in answer.rows]


def test_what_something_means_is_told_by_its_definition(asks: Answerer) -> None:
    first, *_ = passages(asks.ask("What does SLA breach rate mean?", AMRITSAR))
    assert (first["title"], first["kind"]) == ("SLA breach rate", "metric")
    assert first["source"] == "figure pgr_sla_breach_rate of gold.gold_pgr_case_lifecycle"
    assert first["link"] == "/dictionary#metric/pgr_sla_breach_rate"


def test_dashboards_are_found_and_the_figure_is_offered(asks: Answerer) -> None:
    answer = asks.ask("which dashboard shows the backlog", AMRITSAR)
    found = passages(answer)
    assert len(found) <= MOST and {one["kind"] for one in found} <= {"dashboard", "tile"}
    assert found[0]["link"] == "/dashboards/pgr.complaints"
    assert [choice.plan.metrics for choice in answer.choices] == [("pgr_backlog",)]


def test_documents_are_those_of_the_askers_tenant(asks: Answerer) -> None:
    (own,) = passages(asks.ask("find documents about the lamp at the market", AMRITSAR))
    assert own["source"] == "silver.notes: id N1; snapshot 17"
    assert own["text"].startswith("The lamp at the market") and len(own["text"]) <= LONGEST + 1
    other = asks.ask("find documents about the lamp at the market", JALANDHAR)
    assert "Monday" not in other.model_dump_json() and "silver.notes" not in other.model_dump_json()
    assert passages(asks.ask("find documents about the lamp at the market", Caller(role="admin")))


@pytest.mark.parametrize("question", ["complaints by ward", "complaints in Ward 01", "mean turnaround by channel"])
def test_a_figure_is_never_replaced(asks: Answerer, answerer: Answerer, question: str) -> None:
    given, plain = asks.ask(question, AMRITSAR), answerer.ask(question, AMRITSAR)
    assert (given.outcome, given.rows, given.sentence) == (plain.outcome, plain.rows, plain.sentence)
    assert given.outcome != "found"


def test_without_a_form_every_word_has_to_be_there(asks: Answerer) -> None:
    assert passages(asks.ask("lamp dark at the market", AMRITSAR))[0]["title"] == "Note"
    assert asks.ask("lamp dark at the harbour", AMRITSAR).outcome == "refused"


def test_nothing_near_leaves_the_refusal_and_says_so(asks: Answerer, answerer: Answerer) -> None:
    given, plain = (a.ask("find documents about zygotes", AMRITSAR) for a in (asks, answerer))
    assert given.outcome == plain.outcome != "found" and given.sentence == plain.sentence
    assert any(NOTHING_NEAR in note for note in given.notes)
    assert not any(NOTHING_NEAR in note for note in asks.ask("the zygotes of Atlantis", AMRITSAR).notes)


def test_what_is_left_without_words_is_not_searched_for(asks: Answerer) -> None:
    assert asks.ask("what does that mean", AMRITSAR).outcome != "found"


def test_where_nothing_was_indexed_the_answer_says_how(asked_lake: Lake, tmp_path: Path) -> None:
    empty = Store(f"sqlite:///{tmp_path}/search.db")
    answer = open_answerer(asked_lake, searcher=Searcher(empty)).ask("find documents about lamps", AMRITSAR)
    assert answer.outcome != "found" and any(NOTHING_YET in note for note in answer.notes)
    empty.close()


def test_without_the_extra_words_find_and_one_sentence_says_so(asks: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    answer = asks.ask("find documents about the lamp at the market", AMRITSAR)
    assert passages(answer) and answer.notes == (meaning.MISSING,)


def test_a_role_that_is_shown_nothing_finds_nothing(asks: Answerer) -> None:
    assert asks.ask("what does SLA breach rate mean", Caller("pb.amritsar", "writer")).outcome == "refused"


def test_it_is_kept_and_read_back_as_it_was(asks: Answerer, asked_lake: Lake) -> None:
    answer = asks.ask("what does SLA breach rate mean", AMRITSAR)
    store_answers(asked_lake, [answer], "texts")
    again = stored_answer(asked_lake, answer.answer_id)
    assert again and passages(again) == passages(answer)
