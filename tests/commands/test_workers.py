"""Processes that work on domains side by side: what they give back, and that none of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse_assets.commands.lake.building import Builder
from lakehouse_assets.commands.workers import Workers
from lakehouse_assets.settings.lake import PROJECT_ROOT
from tests.forkservers import end_server

pytestmark = pytest.mark.timeout(120)
STARTED = """
import signal
import sys
from tests.commands.test_workers import slow
from lakehouse_assets.commands.workers import Workers

if __name__ == "__main__":
    if sys.argv[2] == "in front":
        signal.signal(signal.SIGINT, signal.default_int_handler)
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Workers(1) as workers:
        workers.submit(slow, sys.argv[1]).result()
"""


@pytest.fixture(autouse=True, scope="module")
def server() -> Iterator[None]:
    """A server of these tests' own."""
    end_server()
    yield
    end_server()


def home_and_process(made: Builder) -> tuple[Path, int]:
    return made.settings.home, os.getpid()


def threads(made: Builder) -> int:
    return made.settings.threads


def fail(made: Builder) -> None:
    raise ValueError("of the task")


def slow(made: Builder, note: str) -> None:
    Path(note).write_text(str(os.getpid()))
    time.sleep(60)


def wait_for(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_tasks_are_done_elsewhere_on_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    with Workers(1) as workers:
        home, process = workers.submit(home_and_process).result()
        assert home == tmp_path / "home" and process != os.getpid()
        with pytest.raises(ValueError, match="of the task"):
            workers.submit(fail).result()
    assert not lives(process)
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "other"))
    with Workers(1) as workers:
        assert workers.submit(home_and_process).result()[0] == tmp_path / "other"


@pytest.mark.parametrize(("given", "expected"), [(None, os.cpu_count()), ("3", 3)])
def test_each_engine_has_its_share_of_the_cores(
    given: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ASKLAKE_THREADS", raising=False)
    if given:
        monkeypatch.setenv("ASKLAKE_THREADS", given)
    with Workers(1) as workers:
        assert workers.submit(threads).result() == expected


@pytest.mark.parametrize(
    ("where", "how", "code"),
    [
        ("in front", signal.SIGKILL, -signal.SIGKILL),
        ("in the background", signal.SIGKILL, -signal.SIGKILL),
        ("in front", signal.SIGINT, None),
    ],
)
def test_none_outlives_the_process_that_started_it(
    tmp_path: Path, where: str, how: signal.Signals, code: int | None
) -> None:
    script, note = tmp_path / "start.py", tmp_path / "note"
    script.write_text(STARTED)
    env = {**os.environ, "ASKLAKE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, str(script), str(note), where]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as started:
        wait_for(lambda: note.is_file() and note.read_text())
        started.send_signal(how)
        assert started.wait(20) == code if code else started.wait(20) != 0
    worker = int(note.read_text())
    wait_for(lambda: not lives(worker))
