"""docker/native/cluster.sh on real processes: starting twice, faults, strangers, and leaving nothing behind.

With the parts that start in a second; the JVMs go the same way.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest

from tests.servers import SCRIPT, Servers, missing

pytestmark = pytest.mark.cluster
QUICK = ("postgres", "redis", "s3")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Servers]:
    if absent := missing():
        pytest.skip(absent)
    servers = Servers.fresh(tmp_path / "cluster")
    try:
        yield servers
    finally:
        servers.script("wipe")
    assert not servers.processes()


def test_a_second_start_changes_nothing_and_a_stop_leaves_nothing(small: Servers) -> None:
    assert "redis     ready on 127.0.0.1" in small.script("up", *QUICK).stdout
    pids = {part: small.pid(part) for part in QUICK}
    assert all(pids.values())
    again = small.script("up", *QUICK)
    assert {part: small.pid(part) for part in QUICK} == pids
    assert again.stdout == ""
    assert [line.split()[1] for line in small.script("status", *QUICK).stdout.splitlines()] == ["ready"] * 3

    small.script("down", "redis")
    assert [small.pid(part) for part in QUICK] == [pids["postgres"], None, pids["s3"]]
    status = small.script("status", check=False)
    assert status.returncode == 1
    assert "redis     down" in status.stdout

    small.script("down")
    assert small.processes() == []
    small.script("down")


def test_data_outlives_a_kill(small: Servers) -> None:
    small.script("up", "postgres", "s3")
    with _database(small) as connection, connection.cursor() as cursor:
        cursor.execute("create table kept as select 42 as answer")
    before = small.pid("postgres")
    small.script("kill", "postgres", "s3")
    with pytest.raises(psycopg2.OperationalError):
        _database(small)
    small.script("up", "postgres", "s3")
    assert small.pid("postgres") != before
    with _database(small) as connection, connection.cursor() as cursor:
        cursor.execute("select answer from kept")
        assert cursor.fetchall() == [(42,)]


def test_a_server_that_died_is_started_again(small: Servers) -> None:
    small.script("up", "redis")
    died = small.pid("redis")
    assert died
    os.kill(died, signal.SIGKILL)
    small.script("up", "redis")
    assert small.pid("redis") not in (died, None)


def test_a_pid_that_is_another_programs_by_now_is_left_alone(small: Servers) -> None:
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        (small.home / "run").mkdir(parents=True)
        (small.home / "run" / "redis.pid").write_text(f"{stranger.pid} 12345\n")
        assert "redis     down" in small.script("status", "redis", check=False).stdout
        small.script("down", "redis")
        small.script("kill", "redis")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_named(small: Servers) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(small.environ["LAKE_REDIS_PORT"])))
        taken.listen()
        done = small.script("up", "redis", check=False)
    assert done.returncode == 1
    assert f"port {small.environ['LAKE_REDIS_PORT']} of redis is taken" in done.stderr
    assert "LAKE_REDIS_PORT" in done.stderr


def test_a_server_that_does_not_start_is_named_with_the_end_of_its_log(small: Servers) -> None:
    broken = Servers(small.home, {**small.environ, "LAKE_REDIS_PASSWORD": '"'})
    done = broken.script("up", "redis", check=False)
    assert done.returncode == 1
    assert "redis ended while it started. The end of" in done.stderr
    assert "FATAL CONFIG FILE ERROR" in done.stderr


def test_nessie_says_what_it_needs(small: Servers) -> None:
    done = small.script("up", "nessie", check=False)
    assert done.returncode == 1
    assert "nessie needs postgres, which does not run: cluster.sh up postgres s3 nessie" in done.stderr


def test_two_starts_at_once_are_one(small: Servers) -> None:
    command = [str(SCRIPT), "up", "postgres"]
    both = [subprocess.Popen(command, env=small.environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(bool(text) for text in said) == [False, True]


def _database(servers: Servers) -> psycopg2.extensions.connection:
    return psycopg2.connect(servers.variables["ASKLAKE_POSTGRES_URL"], connect_timeout=5)
