"""A caller finds what is near and for it, and nothing of another tenant, whatever is searched for."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.search import meaning, searching
from lakehouse_assets.search.gathering.elsewhere import of_elsewhere
from lakehouse_assets.search.model import OPERATORS, SHARED, Kind, Passage, namespace_of
from lakehouse_assets.search.searching import NOTHING_NEAR, NOTHING_YET, Searcher, SearchRefusedError
from lakehouse_assets.search.store import Store
from nlq.core.guard import Caller
from tests.search.passages import KNOWS, document, found, store_of

OWN = Caller("a", "viewer")
WORDS = st.lists(st.sampled_from(["road", "water", "light"]), min_size=1, max_size=3).map(" ".join)
#: Some look like namespaces of others.
TENANTS = st.sampled_from(["a", "b", "shared", "operators", "tenant:a", "A"])


@st.composite
def any_passages(draw: st.DrawFn) -> list[Passage]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        namespace = draw(st.one_of(TENANTS.map(namespace_of), st.sampled_from([SHARED, OPERATORS])))
        needs = draw(st.sets(st.sampled_from(["sold", "late", "secret"]), max_size=2))
        roles = tuple(draw(st.sets(st.sampled_from(["viewer", "analyst", "admin"]), max_size=2)))
        made.append(
            Passage(
                namespace, Kind.QUESTION, draw(WORDS), "", str(number), {"answer": str(number)}, frozenset(needs),
                needs_all=draw(st.booleans()), roles=roles,
            )
        )  # fmt: skip
    return made


def may_be_found(passage: Passage, caller: Caller) -> bool:
    """As the rules are put in words: the namespace, the role, and what the caller knows."""
    own = caller.tenant is None or passage.namespace in (SHARED, namespace_of(caller.tenant))
    role = not passage.roles or caller.role in passage.roles
    known = [name in KNOWS.metrics for name in passage.needs]
    return own and role and (not known or (all(known) if passage.needs_all else any(known)))


@settings(max_examples=40)
@given(any_passages(), WORDS, TENANTS, st.sampled_from(["viewer", "analyst", "admin"]), st.booleans(), st.booleans())
def test_a_caller_finds_all_that_is_for_it_and_nothing_else(
    made: list[Passage], query: str, tenant: str, role: str, every: bool, read: bool
) -> None:
    caller = Caller(None if every and role != "viewer" else tenant, role)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        store = store_of(Path(folder), made)
        if read:  # all mean what is searched for, so that rules alone decide
            same = meaning.packed(meaning.of_query(query))
            store.give_vectors({one.vector_key: same for one in store.without_vector(50)})
        else:
            patch.setattr(meaning, "is_installed", lambda: False)
        allowed = {one.key for one in made if may_be_found(one, caller)}
        for _ in range(2):  # as it is read, and as it is held
            answer = found(store, query, caller)
            assert {hit.source["answer"] for hit in answer.hits} <= allowed and answer.passages == len(allowed)
            if read:
                assert {hit.source["answer"] for hit in answer.hits} == allowed
        store.close()


def test_a_held_index_of_many_callers_stays_apart(tmp_path: Path) -> None:
    store = store_of(tmp_path, [document(f"note of {t} on roads", namespace_of(t)) for t in "abc"])
    searcher = Searcher(store)
    for tenant in "abcabc":
        hits = searcher.find("note on roads", Caller(tenant, "viewer"), KNOWS).hits
        assert [hit.passage for hit in hits] == [f"note of {tenant} on roads"]
    assert len(searcher.find("note on roads", Caller(None, "analyst"), KNOWS).hits) == 3
    store.close()


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A few texts that were read for their meaning."""
    texts = [
        "Street lamps are out of order at night",
        "Refund of an order that never arrived",
        "Stray dogs bark",
    ]
    store = store_of(tmp_path_factory.mktemp("read"), [document(text, SHARED) for text in texts])
    store.replace("elsewhere", "1", of_elsewhere())
    waiting = store.without_vector(99)
    vectors = meaning.of_passages([(one.title, one.text) for one in waiting])
    store.give_vectors({one.vector_key: vector for one, vector in zip(waiting, vectors, strict=True)})
    return store


@pytest.mark.parametrize(("most", "tenants"), [(7, "abc"), (6, "ab"), (3, "a"), (1, "")])
def test_a_search_over_all_tenants_reads_no_more_than_may_be_held_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, tenants: str
) -> None:
    monkeypatch.setattr(searching, "MOST_HELD", most)
    made = [
        document(f"{n} note of {t} on roads", namespace_of(t)) for many, t in enumerate("abc", 1) for n in range(many)
    ]
    store = store_of(tmp_path, [*made, document("note of all on roads", SHARED)])
    answer = found(store, "note on roads", Caller(None, "analyst"), limit=20)
    assert {hit.passage.split()[-3] for hit in answer.hits} == {*tenants, "all"}
    assert ("Tenants not searched" in answer.note) == (tenants != "abc")
    assert found(store, "note on roads", Caller("c", "analyst")).hits, "a single tenant is searched whatever its size"
    store.close()


def test_other_words_of_the_same_meaning_find_it(read: Store) -> None:
    hits = found(read, "streetlights that are broken", OWN).hits
    assert hits[0].passage.startswith("Street lamps") and "meaning" in hits[0].by
    assert found(read, "money back for a missing delivery", OWN).hits[0].passage.startswith("Refund")


def test_what_is_near_nothing_finds_nothing(read: Store) -> None:
    for query in ("the capital of France", "integral of a polynomial", "qwxz"):
        answer = found(read, query, OWN)
        assert answer.hits == () and answer.note == NOTHING_NEAR, query


def test_words_alone_find_and_say_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    store = store_of(tmp_path, [document("Road repair in ward seven", SHARED), document("Water supply", SHARED)])
    answer = found(store, "repaired roads", OWN)
    assert [hit.passage for hit in answer.hits] == ["Road repair in ward seven"] and not answer.by_meaning
    assert answer.note == meaning.MISSING and "asklake[insight]" in answer.note
    assert found(store, "bridges", OWN).note == f"{NOTHING_NEAR} {meaning.MISSING}"
    store.close()


def test_an_empty_index_says_so(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    assert found(store, "road", OWN).note.startswith(NOTHING_YET)
    store.close()


def test_texts_of_everyday_life_judge_and_are_never_found(read: Store) -> None:
    for caller in (OWN, Caller(None, "admin")):
        answer = found(read, "How long do I boil an egg?", caller)
        assert answer.hits == () and answer.passages == 3
    assert read.standing()[0] == 3


def test_what_is_told_counts_no_other_tenants_passages(tmp_path: Path) -> None:
    store = store_of(tmp_path, [document(f"road {n}", namespace_of("b")) for n in range(3)])
    assert found(store, "road", OWN).note.startswith(NOTHING_YET) and found(store, "road", OWN).passages == 0
    assert "3 of the passages" in found(store, "road", Caller("b", "viewer")).note
    store.close()


def test_kinds_and_limit_are_kept_to(tmp_path: Path) -> None:
    many = [document(f"road {n}", SHARED) for n in range(9)]
    metric = Passage(SHARED, Kind.METRIC, "Roads", "", "sold", {"metric": "sold"}, frozenset(["sold"]))
    store = store_of(tmp_path, [*many, metric])
    assert [hit.kind for hit in found(store, "road", OWN, [Kind.METRIC]).hits] == [Kind.METRIC]
    assert found(store, "road", OWN, [Kind.METRIC]).hits[0].link == "/dictionary#metric/sold"
    assert len(found(store, "road", OWN, limit=4).hits) == 4
    store.close()


@pytest.mark.parametrize(
    ("query", "caller", "code"),
    [
        (" ", OWN, "nothing_asked"), ("x" * 501, OWN, "too_long"), ("road", Caller(None, "viewer"), "tenant_missing"),
        ("road", Caller("", "viewer"), "tenant_missing"), ("road", Caller("a", "writer"), "forbidden"),
        ("road", Caller("a", "king"), "forbidden"),
    ],
)  # fmt: skip
def test_what_is_no_search_is_refused(tmp_path: Path, query: str, caller: Caller, code: str) -> None:
    store = store_of(tmp_path)
    with pytest.raises(SearchRefusedError) as refused:
        found(store, query, caller)
    assert refused.value.code == code
    store.close()
