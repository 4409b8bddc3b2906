"""What is written into a home is for its owner alone; a home that others can read is told of."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lakehouse_assets.commands.lake import orchestrator
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.private import make_database, make_folder, open_to_others
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore


@pytest.fixture(autouse=True)
def _everyone_may_read() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("first", ["lake", "keys", "dagster", "engine"])
def test_whatever_is_first_makes_the_home_private(settings: Settings, first: str) -> None:
    assert not settings.home.exists()
    if first == "lake":
        assert Lake(settings).catalog.heads() == {}
    elif first == "keys":
        store = KeyStore(settings.queue_url)
        store.create("one")
        for file in settings.home.glob("questions.db*"):
            assert mode(file) == 0o600
        store.close()
    elif first == "engine":
        with Lake(settings).engine.session({}):
            pass
    else:
        with orchestrator.instance(settings):
            assert mode(Path(settings.landing_root)) == 0o700
            assert mode(settings.dagster_storage) == 0o700
    assert mode(settings.home) == 0o700
    if settings.catalog_file.exists():
        assert mode(settings.catalog_file) == 0o600


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o664, 0o660), (0o666, 0o660), (0o600, 0o600)])
def test_a_database_that_others_can_read_is_closed_to_them(tmp_path: Path, before: int, after: int) -> None:
    file = tmp_path / "questions.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table t (i int)")
        for one in tmp_path.iterdir():
            one.chmod(before)
        make_database(file)
        assert {mode(one) for one in tmp_path.iterdir()} == {after}
        assert database.execute("select count(*) from t").fetchone() == (0,)


def test_who_was_let_in_by_a_group_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "home"
    make_folder(folder)
    assert (mode(folder), mode(folder.parent), open_to_others(folder)) == (0o700, 0o700, False)
    for given, told in ((0o755, True), (0o750, True), (0o770, False), (0o775, True), (0o711, True)):
        folder.chmod(given)
        make_folder(folder)
        assert (mode(folder), open_to_others(folder)) == (given, told)
    assert not open_to_others(tmp_path / "nowhere")
