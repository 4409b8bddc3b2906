"""Links: found by their secret alone, kept as a hash, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from nlq.core.guard import Caller
from nlq.storage import links as links_module
from nlq.storage.links import LinkStore, Shown, TooManyLinksError

BOARD = Shown("dashboard", "pgr.complaints", "Complaints")
WHO = Caller("pb.amritsar", "viewer")
DAY = timedelta(days=1)


@pytest.fixture
def store(database_url: str) -> Iterator[LinkStore]:
    store = LinkStore(database_url)
    yield store
    store.close()


def test_a_link_is_found_by_its_secret_alone(store: LinkStore, database_url: str) -> None:
    link, text = store.create("me", WHO, BOARD, DAY, ["https://example.org"])
    assert store.find(link.id, text) == link
    assert (link.caller, link.state, link.origins) == (WHO, "open", ("https://example.org",))
    for wrong in ("", text[:-1], text + "x", text.swapcase(), "é", "\ud800"):
        assert store.find(link.id, wrong) is None
    other, _ = store.create("me", WHO, BOARD, DAY)
    assert store.find(other.id, text) is None
    engine = sa.create_engine(database_url)
    with engine.connect() as con:
        rows = con.execute(sa.text("select * from shared_links")).mappings().all()
    engine.dispose()
    assert text not in str([dict(row) for row in rows])


def test_a_link_ends_and_its_owner_alone_ends_it(store: LinkStore) -> None:
    link, text = store.create("me", WHO, BOARD, DAY)
    assert not store.revoke(link.id, ["another"])
    store.count(link.id)
    assert [(one.opened, one.state) for one in store.of(["me"])] == [(1, "open")]
    assert store.of(["another"]) == []
    assert store.revoke(link.id, ["me"])
    assert store.find(link.id, text) is None
    late, text = store.create("me", WHO, BOARD, -DAY, ["https://example.org"])
    assert store.find(late.id, text) is None
    assert store.origins(late.id) == ()
    assert {one.state for one in store.of(["me"])} == {"revoked", "expired"}


def test_open_links_are_bounded_and_old_ones_forgotten(store: LinkStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "MOST_LINKS", 2)
    store.create("me", WHO, BOARD, -timedelta(days=40))
    first, _ = store.create("me", WHO, BOARD, DAY)
    store.create("me", WHO, BOARD, DAY)
    with pytest.raises(TooManyLinksError):
        store.create("me", WHO, BOARD, DAY)
    store.create("another", WHO, BOARD, DAY)
    store.revoke(first.id, ["me"])
    store.create("me", WHO, BOARD, DAY)
    assert len(store.of(["me"])) == 3, "what ended long ago is gone"
