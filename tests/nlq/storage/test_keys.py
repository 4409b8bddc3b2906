"""Keys and sessions: what is kept of them, who they are for, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from nlq.core.guard import Caller
from nlq.core.utc import utc_now
from nlq.storage import keys as keys_module
from nlq.storage.keys import MOST_SESSIONS, KeyStore


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
    assert store.find(f"alk_\ud800_{text}") is None, "a lone surrogate is in no key"


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


HOUR = timedelta(hours=1)


def test_a_session_is_of_its_key_in_every_process_and_ends_with_it(store: KeyStore, database_url: str) -> None:
    key, _ = store.create("page", tenant="pb.amritsar", role="viewer")
    session, text = store.open_session(key, HOUR)
    other = KeyStore(database_url)  # as another process would
    assert other.find_session(text) == session
    assert session.key == key and timedelta(0) < session.expires_at - utc_now() <= HOUR
    assert store.find_session(text + "x") is None and store.find_session(key.id) is None
    store.revoke(key.id)
    assert other.find_session(text) is None and store.find_session(text) is None
    other.close()


def test_a_session_ends_when_it_is_ended_and_when_its_time_is_over(
    store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = store.create("page")
    (_, ended), (kept, text) = store.open_session(key, HOUR), store.open_session(key, HOUR)
    store.end_session(ended)
    store.end_session("none of them")
    assert store.find_session(ended) is None and store.find_session(text) == kept
    monkeypatch.setattr(keys_module, "utc_now", lambda: kept.expires_at)
    assert store.find_session(text) is None


def test_a_session_opened_while_its_key_is_revoked_does_not_hold(store: KeyStore) -> None:
    key, _ = store.create("page")
    store.revoke(key.id)
    assert store.find_session(store.open_session(key, HOUR)[1]) is None


def test_sessions_are_bounded_and_leave_nothing(
    store: KeyStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> list[str]:
        engine = sa.create_engine(database_url)
        with engine.connect() as con:
            hashes = [str(row) for row in con.execute(sa.text("select * from api_sessions"))]
        engine.dispose()
        return hashes

    one, other = store.create("one")[0], store.create("other")[0]
    first = store.open_session(one, HOUR)[1]
    apart = store.open_session(other, HOUR)[1]
    texts = [store.open_session(one, HOUR)[1] for _ in range(MOST_SESSIONS)]
    assert store.find_session(first) is None, "the oldest of the key makes room"
    assert store.find_session(apart) and all(store.find_session(text) for text in texts)
    assert not [text for text in texts if any(text in row for row in kept())], "a session can be had from the database"
    monkeypatch.setattr(keys_module, "utc_now", lambda: utc_now() + 2 * HOUR)
    store.open_session(one, HOUR)
    assert len(kept()) == 1, "those whose time is over are still there"


def test_revoked_keys_can_be_forgotten_and_then_there_never_was_one(store: KeyStore) -> None:
    (kept, _), (gone, _) = store.create("kept"), store.create("gone")
    store.revoke(gone.id)
    assert store.forget_revoked() == 1 and store.list() == [kept]
    assert store.any() and store.any_valid()
    store.revoke(kept.id)
    assert store.any() and not store.any_valid()
    assert store.forget_revoked() == 1 and not store.any()


@given(st.text(max_size=200))
def test_no_text_is_a_key_by_chance(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = KeyStore(f"sqlite:///{tmp_path_factory.getbasetemp()}/chance.db")
    if not store.any():
        store.create("one")
    assert store.find(text) is None
    store.close()
