"""The server of a followed table is killed, restored to an earlier state, or promoted: once, told, and as it was."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pydantic import SecretStr

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.loads import following as loads
from lakehouse_assets.ingest.loads.fetching import fetch
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.followed import TABLE, TRUTH, Database, following, live
from tests.servers import Servers

pytestmark = pytest.mark.cluster
SESSION_S = 30


@contextmanager
def session_of(address: str) -> Iterator[Database]:
    """A session of a server that may still be starting to write."""
    session: Any = psycopg2.connect(address)
    session.autocommit = True
    try:
        found, ends = Database(address, session), time.monotonic() + SESSION_S
        while found.run("select pg_is_in_recovery()") == [(True,)]:
            assert time.monotonic() < ends
            time.sleep(0.05)
        yield found
    finally:
        session.close()


@pytest.fixture
def address(postgres_server: Servers, logical_postgres: str) -> Iterator[str]:
    """Address of the database of the server itself, with the table; both as before when the test is over."""
    address = f"{logical_postgres}/postgres"
    with session_of(address) as shop:
        shop.run(TABLE)
    yield address
    postgres_server.script("up", "postgres")
    with session_of(address) as shop:
        shop.run("drop table lines; drop publication lake")
        for slot in shop.slots:
            shop.run("select pg_drop_replication_slot(%s)", slot)


def lake_of(settings: Settings, address: str) -> Lake:
    return Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(address)}}))


def added(address: str, first: int, last: int) -> list[Any]:
    """Insert rows; what the table has then."""
    with session_of(address) as shop:
        shop.add(first, last)
        return shop.run(TRUTH)


def test_a_restored_database_is_told_and_a_promoted_one_is_followed_on(
    settings: Settings, postgres_server: Servers, address: str, tmp_path: Path
) -> None:
    """Either way its log parts from the earlier one; what counts is whether bronze has what came after that."""
    lake, source = lake_of(settings, address), following()
    added(address, 1, 2)
    fetch(lake, source)
    with session_of(address) as shop:
        data = Path(shop.run("show data_directory")[0][0])
    kept = tmp_path / "kept"

    def part(restored: bool) -> None:
        postgres_server.script("down", "postgres")
        if restored:
            shutil.rmtree(data)
            subprocess.run(["cp", "-a", kept, data], check=True)
        subprocess.run(["cp", "-a", data / "postgresql.auto.conf", data / "recovery.signal"], check=True)
        with (data / "postgresql.auto.conf").open("a") as file:
            file.write("restore_command = '/bin/false'\n")
        postgres_server.script("up", "postgres")

    postgres_server.script("down", "postgres")
    subprocess.run(["cp", "-a", data, kept], check=True)
    postgres_server.script("up", "postgres")
    added(address, 3, 3)
    assert [result.rows_read for result in fetch(lake, source)] == [1]
    part(restored=True)
    added(address, 4, 40)
    with pytest.raises(IngestError, match=r"restored, or a standby of it promoted: its log goes on at .*--anew"):
        fetch(lake, source)
    fetch(lake, source, anew=True)
    added(address, 41, 41)
    part(restored=False)
    truth = added(address, 42, 42)
    assert sum(result.rows_read for result in fetch(lake, source)) == 2
    assert live(lake) == truth


def test_a_server_with_the_files_of_an_earlier_state_is_told_and_a_slot_that_fell_behind_is_not(
    settings: Settings, postgres_server: Servers, address: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Files that were put back change neither the server's number nor that of its log, which has gone on since."""
    lake, source = lake_of(settings, address), following()
    added(address, 1, 2)
    fetch(lake, source)
    added(address, 3, 3)
    with monkeypatch.context() as killed:  # after bronze had the rows, and before the server knew
        killed.setattr(loads.Server, "move_on", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fetch(lake, source)
    assert fetch(lake, source) == []
    with session_of(address) as shop:
        data = Path(shop.run("show data_directory")[0][0])
    postgres_server.script("down", "postgres")
    subprocess.run(["cp", "-a", data, tmp_path / "kept"], check=True)
    postgres_server.script("up", "postgres")
    for number in (4, 5):
        added(address, number, number)
        assert [result.rows_read for result in fetch(lake, source)] == [1]
    postgres_server.script("down", "postgres")
    shutil.rmtree(data)
    subprocess.run(["cp", "-a", tmp_path / "kept", data], check=True)
    postgres_server.script("up", "postgres")
    for number in range(14, 60):  # as many and as long transactions as before, and more
        truth = added(address, number, number)
    with pytest.raises(IngestError, match=r"older state of its files.*--anew"):
        fetch(lake, source)
    fetch(lake, source, anew=True)
    assert live(lake) == truth


def test_a_server_that_is_killed_while_it_is_read_loses_nothing_and_nothing_comes_twice(
    settings: Settings, postgres_server: Servers, address: str, monkeypatch: Any
) -> None:
    lake, source = lake_of(settings, address), following()
    added(address, 1, 50)
    take, told = loads.ChangedRows.take, 0

    def kill_at(self: Any, data: bytes) -> None:
        nonlocal told
        told += 1
        if told == 1_000:
            postgres_server.script("kill", "postgres")
        take(self, data)

    fetch(lake, source)
    added(address, 51, 3_000)
    with monkeypatch.context() as killing:
        killing.setattr(loads.ChangedRows, "take", kill_at)
        with pytest.raises(IngestError):
            fetch(lake, source)
    assert told >= 1_000
    with pytest.raises(IngestError, match="connect"):
        fetch(lake, source)
    postgres_server.script("up", "postgres")
    truth = added(address, 3_001, 3_001)
    assert sum(result.rows_read for result in fetch(lake, source)) == 2_951 and fetch(lake, source) == []
    assert live(lake) == truth
    with lake.session() as session:
        rows = session.query("select count(*) as n, count(distinct order_id) as d from bronze.sample_sales").to_pylist()
    assert rows == [{"n": 3_001, "d": 3_001}]
