"""An update indexes what moved and nothing else, and never what tells of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search import meaning, updating
from lakehouse_assets.search.declared import Documents, all_documents, at_odds, personal_columns
from lakehouse_assets.search.model import Kind
from lakehouse_assets.search.searching import Searcher
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.search.updating import is_due, update
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.lake import PROJECT_ROOT
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.core.utc import utc_now
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.storage.store import store_answers, store_verdicts
from nlq.storage.verdict import Verdict, VerdictName
from semantic.layer import SemanticLayer
from tests.search.gathering.test_documents import CONTRACT, publish

CONTRACTS = platform_contracts()
KNOWS = Vocabulary.of([Metric("pgr_complaints", "Complaints")], [])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home: Path = tmp_path_factory.mktemp("updated")
    made = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    manifest.ensure(made.settings)
    publish(made, [("a", "D1", "Sacks of rice were torn"), ("b", "D1", "Sugar arrived too late")])
    return made


@pytest.fixture
def store(lake: Lake, tmp_path: Path) -> Iterator[Store]:
    """An index that was brought up to date by words alone: reading all that is described takes a minute."""
    opened = Store(f"sqlite:///{tmp_path}/search.db")
    update(lake, CONTRACTS, opened, reading_s=0.0)
    yield opened
    opened.close()


def test_all_there_is_to_find_is_indexed_once(lake: Lake, store: Store) -> None:
    assert {"catalog", "dictionary", "dashboards", "elsewhere", f"table:{CONTRACT.identifier}"} <= store.states().keys()
    again = update(lake, CONTRACTS, store, reading_s=0.0)
    assert again.origins == () and again.difference.added == again.difference.changed == again.difference.removed == 0
    assert again.unread > 0 and again.faults == ()


def test_a_publication_changes_its_own_passages_alone(lake: Lake, store: Store) -> None:
    publish(lake, [("a", "D1", "Sacks of rice were torn"), ("b", "D1", "Salt arrived too late")])
    assert is_due(lake, CONTRACTS, store) == f"table:{CONTRACT.identifier} moved"
    done = update(lake, CONTRACTS, store, reading_s=0.0)
    assert done.origins == (f"table:{CONTRACT.identifier}",)
    assert (done.difference.added, done.difference.changed, done.difference.removed) == (1, 0, 1)
    searcher = Searcher(store)
    hits = searcher.find("torn sacks", Caller("a", "viewer"), KNOWS, [Kind.DOCUMENT]).hits
    assert hits[0].source["snapshot"] and hits[0].source["key"]["document_id"] == "D1"
    assert searcher.find("torn sacks", Caller("b", "viewer"), KNOWS, [Kind.DOCUMENT]).hits == ()
    publish(lake, [("a", "D1", "Sacks of rice were torn"), ("b", "D1", "Sugar arrived too late")])


def test_texts_are_read_as_time_allows_and_never_twice(
    lake: Lake, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    of_passages = meaning.of_passages

    def counted(texts: list[tuple[str, str]]) -> list[bytes]:
        read.extend(text for _, text in texts)
        return of_passages(texts)

    monkeypatch.setattr(meaning, "of_passages", counted)
    for _ in range(2):
        update(lake, CONTRACTS, store, reading_s=0.5)
    assert len(read) == len(set(read)) > 0
    assert is_due(lake, CONTRACTS, store) == "passages wait to be read for their meaning"


def test_without_the_model_words_are_all_there_is_to_do(
    lake: Lake, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    assert is_due(lake, CONTRACTS, store) == "" and update(lake, CONTRACTS, store).read == 0


def test_questions_that_were_answered_right_are_found_by_who_may_see_them(lake: Lake, store: Store) -> None:
    asked = {"how many ponds": ("a", "right"), "how many lakes": ("a", "wrong"), "how many rivers": ("b", "right")}
    for number, (question, (tenant, verdict)) in enumerate(asked.items()):
        judged(lake, f"answer-{number}", question, tenant, verdict)  # pyright: ignore[reportArgumentType]
    judged(lake, "answer-0", "", "a", "right")
    update(lake, CONTRACTS, store, reading_s=0.0)
    searcher = Searcher(store)

    def questions(query: str, caller: Caller) -> list[str]:
        return [hit.title for hit in searcher.find(query, caller, KNOWS, [Kind.QUESTION]).hits]

    assert questions("ponds", Caller("a", "viewer")) == ["how many ponds"]
    for query, caller in (
        ("ponds", Caller("b", "viewer")),
        ("ponds", Caller("a", "analyst")),
        ("lakes", Caller("a", "viewer")),
    ):
        assert questions(query, caller) == []
    assert set(questions("many rivers ponds", Caller(None, "admin"))) == {"how many ponds", "how many rivers"}


def judged(lake: Lake, answer_id: str, question: str, tenant: str, verdict: VerdictName) -> None:
    """Store an answer, if it has a question, and a verdict on it."""
    now = utc_now()
    if question:
        plan = Plan(metrics=("pgr_complaints",))
        answer = Answer(
            answer_id=answer_id, question=question, tenant=tenant, role="viewer", outcome="answered", sentence="1",
            planner="rules", plan=plan, asked_at=now, answered_at=now, elapsed_ms=1.0,
        )  # fmt: skip
        store_answers(lake, [answer], "test")
    given = Verdict(f"{answer_id}{now.timestamp()}", answer_id, tenant, verdict, None, None, now + timedelta(seconds=1))
    store_verdicts(lake, [given], "test")


def test_what_tells_of_a_person_is_a_fault_and_is_not_indexed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    (documents,) = all_documents(PROJECT_ROOT, CONTRACTS, ())[0]
    assert at_odds(documents, CONTRACTS, ()) == []
    (fault,) = at_odds(documents, CONTRACTS, ["content"])
    assert "tells of a person" in fault
    assert all_documents(PROJECT_ROOT, CONTRACTS, ["content"])[0] == []
    monkeypatch.setattr(updating, "personal_columns", lambda _: frozenset(["content"]))
    found, faults = updating.origins(lake, CONTRACTS)
    assert f"table:{CONTRACT.identifier}" not in {one.name for one in found} and "retail.yml, line" in faults[0]


def test_columns_of_persons_are_those_of_their_dimensions(lake: Lake) -> None:
    catalog = SemanticLayer(lake.settings).catalog()
    personal = personal_columns(catalog)
    assert {d.element for d in catalog.dimensions.values() if d.personal} <= personal
    wanted = Documents(table="silver.no_such", text=("a",))
    assert "no contract declares" in at_odds(wanted, CONTRACTS, personal)[0]


def test_the_index_is_kept_where_the_profile_keeps_things(settings: Settings) -> None:
    assert url_of(settings).endswith("/home/search.db")
    cluster = settings.model_copy(
        update={"profile": "cluster", "postgres_url": SecretStr("postgresql://me@127.0.0.1/asklake")}
    )
    assert url_of(cluster) == cluster.queue_url
