"""`asklake serve` and `asklake key` as people run them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lakehouse_assets.http.server import END_S
from tests.e2e.conftest import ASKLAKE, Sample, call, free_port, healthy, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
QUESTION = "Which ward has the most complaints?"


@contextmanager
def idle_client(port: int, sent: bytes = b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n") -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        yield


@contextmanager
def serving(sample: Sample, home: Path, *options: str, **env: str) -> Iterator[tuple[str, Path]]:
    port = free_port()
    log = home / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*ASKLAKE, "serve", "--port", str(port), *options],
            env={**sample.env, **env}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: healthy(url), 120, lambda: log.read_text()[-3000:])
        yield url, log
    finally:
        # As a supervisor ends it, while a client that was answered, and one that sent half a request, stay.
        with idle_client(port), idle_client(port, b"GET /live HT"):
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_S + 5) in (0, -signal.SIGTERM)


@contextmanager
def _broken_queue(sample: Sample) -> Iterator[None]:
    """A lake whose queue cannot be written meanwhile."""
    with closing(sqlite3.connect(Path(sample.env["ASKLAKE_HOME"]) / "questions.db", timeout=30)) as database:
        database.execute("alter table questions rename to away")
        try:
            yield
        finally:
            database.execute("alter table away rename to questions")


def test_asked_over_http_and_published_when_it_ends(sample: Sample, tmp_path: Path) -> None:
    with serving(sample, tmp_path) as (url, log):
        assert "There is no key: everyone on this machine may ask" in log.read_text()
        status, answer = call(f"{url}/nlq", {"question": QUESTION})
        assert (status, answer["outcome"]) == (200, "answered")
        made = json.loads(sample.asklake("key", "create", "viewer", "--tenant", "pb.amritsar", "--role", "viewer",
                                         "--json").stdout)  # fmt: skip
        assert call(f"{url}/nlq", {"question": QUESTION})[0] == 401
        status, own = call(f"{url}/nlq", {"question": "complaints by tenant"}, made["key"])
        assert [row[0] for row in own["rows"]] == ["pb.amritsar"]
        listed = json.loads(sample.asklake("key", "list", "--json").stdout)["keys"]
        assert [(k["id"], k["tenant"]) for k in listed] == [(made["id"], "pb.amritsar")]
        with _broken_queue(sample):
            assert call(f"{url}/questions?key={made['key']}", {"question": QUESTION}, made["key"])[0] == 500
        assert "`asklake key forget`" in sample.asklake("key", "revoke", made["id"]).stdout
        assert call(f"{url}/nlq", {"question": QUESTION}, made["key"])[0] == 401
        status, said = call(f"{url}/nlq", {"question": QUESTION})
        assert status == 401 and "Every key was revoked" in said["error"]["message"]
        assert "everyone may ask" in sample.asklake("key", "forget").stdout
        assert call(f"{url}/nlq", {"question": QUESTION})[0] == 200
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        assert {"asked", "request", "failed"} <= {line["event"] for line in lines}
        assert made["key"].split("_", 2)[2] not in log.read_text()
        assert max(map(len, log.read_text().splitlines())) < 20_000
    stored = sample.rows(f"select sentence from semantic.nlq_answers where answer_id = '{answer['answer_id']}'")
    assert stored == [{"sentence": answer["sentence"]}]


def test_several_processes_count_calls_together_and_one_that_dies_is_started_again(
    sample: Sample, tmp_path: Path
) -> None:
    rates = {"ASKLAKE_RATE_PER_MINUTE": "0", "ASKLAKE_RATE_PER_HOUR": "20"}
    with serving(sample, tmp_path, "--processes", "2", **rates) as (url, log):

        def begun() -> list[int]:
            return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", log.read_text())]

        wait_for(lambda: log.read_text().count("startup complete") == 2, 60, lambda: log.read_text()[-3000:])
        # Each call has a connection of its own, which the kernel gives to either.
        statuses = [call(f"{url}/nlq", {"question": QUESTION})[0] for _ in range(30)]
        refused = statuses.count(429)
        assert statuses.count(200) == 30 - refused and refused in (9, 10), "20, and one may come back meanwhile"
        os.kill(begun()[0], signal.SIGKILL)
        wait_for(lambda: log.read_text().count("startup complete") == 3, 60, lambda: log.read_text()[-3000:])
        assert all(healthy(url) for _ in range(10)) and "process_ended" in log.read_text()
    assert not any(Path(f"/proc/{pid}").exists() for pid in begun())
    count = "select count(*), count(distinct answer_id) from semantic.nlq_answers"
    (row,) = sample.rows(count)
    total, distinct = row.values()
    assert total == distinct >= 20, "both publish at their end, each answer once"


def test_keys_say_what_is_wrong(sample: Sample) -> None:
    done = sample.asklake("key", "create", "x", "--role", "viewer", check=False)
    assert done.returncode == 2 and "for one tenant" in done.stderr
    done = sample.asklake("key", "revoke", "nothing", check=False)
    assert done.returncode == 2 and "asklake key list" in done.stderr
