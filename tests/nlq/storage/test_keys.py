"""Keys: what is kept of them, who they are for, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from nlq.guard import Caller
from nlq.storage.keys import KeyStore


@pytest.fixture
def store(database_url: str) -> Iterator[KeyStore]:
    store = KeyStore(database_url)
    yield store
    store.close()


def test_a_key_is_found_by_its_text_alone(store: KeyStore) -> None:
    key, text = store.create("dashboards", tenant="pb.amritsar", role="viewer")
    found = store.find(text)
    assert found and found == key and found.caller == Caller("pb.amritsar", "viewer")
    assert text.startswith(f"alk_{key.id}_")
    assert store.find(text[:-1]) is None
    assert store.find(text + "x") is None
    assert store.find(text.replace(key.id, "0" * 16)) is None


def test_the_text_is_kept_nowhere(store: KeyStore, database_url: str) -> None:
    key, text = store.create("dashboards")
    secret = text.split("_", 2)[2]
    engine = sa.create_engine(database_url)
    with engine.connect() as con:
        (row,) = con.execute(sa.text("select * from api_keys")).mappings()
    engine.dispose()
    assert (row["id"], len(row["hash"])) == (key.id, 64)
    assert not [name for name, value in row.items() if secret in str(value)]


def test_the_text_is_in_no_file(tmp_path: Path) -> None:
    store = KeyStore(f"sqlite:///{tmp_path}/q.db")
    _, text = store.create("dashboards")
    store.close()
    assert all(text.split("_", 2)[2].encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_revoked_key_is_found_no_more_and_there_was_one(store: KeyStore) -> None:
    assert not store.any()
    key, text = store.create("dashboards")
    ended = store.revoke(key.id)
    assert ended.revoked_at is not None and store.find(text) is None
    assert store.revoke(key.id) == ended
    assert store.any(), "the last key's end must not open the door"
    assert [k.id for k in store.list()] == [key.id]
    with pytest.raises(KeyError):
        store.revoke("none")


@pytest.mark.parametrize(
    ("name", "tenant", "role", "problem"),
    [(" ", None, "analyst", "a name"), ("a", None, "king", "no role"), ("a", None, "viewer", "for one tenant")],
)
def test_what_cannot_be_a_key(store: KeyStore, name: str, tenant: str | None, role: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        store.create(name, tenant=tenant, role=role)
    assert not store.any()


@given(st.text(max_size=200))
def test_no_text_is_a_key_by_chance(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = KeyStore(f"sqlite:///{tmp_path_factory.getbasetemp()}/chance.db")
    if not store.any():
        store.create("one")
    assert store.find(text) is None
    store.close()
