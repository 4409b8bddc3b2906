"""Alerts whose key holds no more: they are told of once, and of nothing else, whatever became of the key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.alerts.keeper import Around, Keeper
from lakehouse_assets.alerts.model import Draft
from lakehouse_assets.alerts.platform import FailedRunOf
from lakehouse_assets.alerts.store import AlertStore
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.alerts.parts import AlertParts
from lakehouse_assets.settings import Settings
from nlq.core.guard import Caller
from nlq.core.zones import Zones
from nlq.storage.keys import KeyStore
from nlq.watching.conditions import FailedRun
from nlq.watching.states import State

NOW = datetime(2026, 1, 5, 12, 0)
NEVER: Any = None
"""What no look of these tests needs."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/questions.db"


@pytest.fixture
def store(url: str) -> Iterator[AlertStore]:
    made = AlertStore(url)
    yield made
    made.close()


def failed(run: str) -> FailedRunOf:
    return FailedRunOf(run, "ingest", NOW + timedelta(hours=1))


def test_an_alert_tells_nothing_once_its_key_was_revoked_or_forgotten(store: AlertStore, url: str) -> None:
    keys = KeyStore(url)
    key, _ = keys.create("me")
    draft = Draft(name="runs", condition=FailedRun(), targets=("ops",))
    of_key, of_nobody = (
        store.add(draft, Caller(), key_id=owner, made_by="me", now=NOW).id for owner in (key.id, "")
    )  # fmt: skip
    valid = lambda: frozenset(one.id for one in keys.list() if not one.revoked_at)  # noqa: E731
    around = Around(Zones(), valid, lambda _: False, "", NEVER, NEVER, NEVER)
    keeper = Keeper(store, NEVER, NEVER, around)
    assert keeper.failed(failed("1")) == 2

    keys.revoke(key.id)
    assert keeper.failed(failed("2")) == 0, "the one of nobody fires already, and the other reads nothing more"
    assert keeper.look(store.get(of_key), {}, NOW, ended="its key was revoked") == 1
    keys.forget_revoked()
    history = len(store.history(of_key))
    assert keeper.failed(failed("3")) == 0
    assert len(store.history(of_key)) == history
    assert store.get(of_key).standings[""].state is State.UNKNOWN
    assert store.get(of_nobody).state is State.FIRING
    _, ended = keeper._alerts()
    assert set(ended) == {of_key}, "forgotten is not valid again"
    keys.close()


def test_what_pages_made_without_a_key_ends_with_the_first_one(store: AlertStore, url: str, settings: Settings) -> None:
    parts = AlertParts.open(Lake(settings), url)
    draft = Draft(name="runs", condition=FailedRun(), targets=("ops",))
    nobodys, operators = (
        store.add(draft, Caller(), key_id="", made_by=name, now=NOW).id for name in ("anonymous", "asklake alert")
    )
    keeper = parts.keeper(Lake(settings), NEVER, lambda *_: False, "ingest")
    assert keeper.failed(failed("1")) == 2
    key, _ = parts.keys.create("first")
    assert keeper.failed(failed("2")) == 0, "nobody's rights are known for the one, and the other fires already"
    assert keeper.round({}, NOW + timedelta(hours=2)).told == 1
    assert "there are keys now" in store.get(nobodys).says
    assert store.get(nobodys).standings[""].state is State.UNKNOWN
    assert keeper.round({}, NOW + timedelta(hours=3)).told == 0, "it is told once"
    parts.keys.revoke(key.id)
    assert nobodys in keeper._alerts()[1], "a revoked key is no way back to nobody's"
    assert operators not in keeper._alerts()[1]
    parts.close()
