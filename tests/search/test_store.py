"""What is kept is what was gathered last, changed by difference; what is held in memory follows it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.search.index import Index
from lakehouse_assets.search.meaning import SIZE
from lakehouse_assets.search.model import OPERATORS, Passage, namespace_of
from lakehouse_assets.search.store import KEPT, Difference, Store
from tests.search.passages import document, store_of

NAMESPACE = namespace_of("a")
STATES = st.lists(
    st.dictionaries(st.sampled_from("klmnop"), st.sampled_from(["red", "green", "blue"]), max_size=6),
    min_size=1,
    max_size=7,
)
VECTOR = bytes([1] * SIZE)
TODAY = date(2026, 1, 1)


def passages(state: dict[str, str]) -> list[Passage]:
    return [document(text, NAMESPACE, key=key) for key, text in state.items()]


def held(index: Index, store: Store) -> set[tuple[str, str]]:
    """Key and text of what is alive in memory, as it is shown."""
    namespaces = index.opened([NAMESPACE])
    numbers = [
        int(n) for namespace in namespaces.values() for block in namespace.blocks for n in block.numbers[block.alive]
    ]
    assert len(numbers) == len(set(numbers))
    return {(one.source["key"]["id"], one.text) for one in store.shown(NAMESPACE, numbers).values()}


@settings(max_examples=25)
@given(STATES, st.data())
def test_an_index_held_for_long_is_that_of_the_last_state(states: list[dict[str, str]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        store = store_of(Path(folder))
        index, before = Index(store), {}
        for number, state in enumerate(states):
            done = store.replace("test", str(number), passages(state))
            same = {key for key in state.keys() & before.keys() if state[key] == before[key]}
            assert done.added == len(state.keys() - before.keys())
            assert done.changed == len(state.keys() & before.keys()) - len(same)
            assert done.removed == len(before.keys() - state.keys())
            if data.draw(st.booleans()):
                store.give_vectors({one.vector_key: VECTOR for one in store.without_vector(2)})
            if data.draw(st.booleans()):
                assert held(index, store) == set(state.items())
            if data.draw(st.booleans()):
                store.forget_gone(TODAY + number * KEPT)
            before = state
        assert held(index, store) == held(Index(store), store) == set(before.items())
        store.close()


def test_what_has_gone_for_long_takes_no_room(database_url: str) -> None:
    store = Store(database_url)
    store.replace("test", "1", passages({"k": "red", "l": "blue"}))
    index = Index(store)
    assert store.forget_gone(TODAY) == 0 and len(held(index, store)) == 2
    store.replace("test", "2", passages({"l": "blue"}))
    assert store.forget_gone(TODAY + timedelta(days=1)) == 0  # a process may hold it still
    store.replace("test", "3", passages({"l": "blue", "m": "green"}))
    assert store.forget_gone(TODAY + timedelta(days=9)) == 1
    assert [row.gone for row in store.changed(NAMESPACE, 0)] == [False, False]
    (namespace,) = index.opened([NAMESPACE]).values()
    assert sum(int(block.alive.sum()) for block in namespace.blocks) == 2
    store.replace("other", "1", [document("far", OPERATORS)])
    store.forget_gone(TODAY + timedelta(days=20))
    store.forget_gone(TODAY + timedelta(days=30))  # by now nothing of this namespace is as new as what is kept
    assert store.namespaces()[NAMESPACE] < store.oldest()
    again = index.opened([NAMESPACE])[NAMESPACE]
    assert index.opened([NAMESPACE])[NAMESPACE] is again
    store.close()


def test_a_text_that_was_read_is_not_read_again(database_url: str) -> None:
    store = Store(database_url)
    store.replace("test", "1", [document("street light", NAMESPACE, key="1"), document("road", NAMESPACE, key="2")])
    assert [one.text for one in store.without_vector(9)] == ["street light", "road"]
    store.give_vectors({one.vector_key: VECTOR for one in store.without_vector(9)})
    assert store.without_vector(9) == [] and store.standing()[:2] == (2, 0)
    # The same text of another tenant, and one that comes back, are known; a new one is not.
    store.replace("other", "1", [document("road", OPERATORS, key="9"), document("bridge", OPERATORS, key="8")])
    assert store.replace("test", "2", [document("road", NAMESPACE, key="1")]) == Difference(0, 1, 1)
    assert [one.text for one in store.without_vector(9)] == ["bridge"]
    assert store.states() == {"test": "2", "other": "1"}
    assert store.forget_origins(but=["test"]) == 1
    assert store.standing()[:2] == (1, 0)
    store.close()


def test_a_text_with_the_character_nul_is_kept(database_url: str) -> None:
    """PostgreSQL has no such character: one row with it would keep its whole table from being indexed."""
    store = Store(database_url)
    store.replace("test", "1", [document("street\0light", NAMESPACE, key="1", title="a\0b")])
    assert [(one.title, one.text) for one in store.shown(NAMESPACE, [1]).values()] == [("a b", "street light")]
    assert store.replace("test", "1", [document("street\0light", NAMESPACE, key="1", title="a\0b")]) == Difference()
    store.close()


def test_a_namespace_shows_none_of_another(tmp_path: Path) -> None:
    store = store_of(tmp_path, [document("mine", NAMESPACE), document("theirs", namespace_of("b"))])
    numbers = list(range(1, 9))
    assert [one.text for one in store.shown(NAMESPACE, numbers).values()] == ["mine"]
    assert [row.text for row in store.changed(NAMESPACE, 0)] == ["mine"]
    store.close()
