"""The servers that a command starts: they end with it, and with one another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.serving.servers import Servers, of_dagster
from lakehouse_assets.settings.lake import PROJECT_ROOT
from tests.commands.test_workers import lives, wait_for

LASTING = ["http.server", "0", "--bind", "127.0.0.1"]
STARTED = """
import sys
from pathlib import Path
from lakehouse_assets.commands.serving.servers import Servers, of_dagster

with Servers(Path(sys.argv[1])) as servers:
    servers.start("a server", of_dagster(["http.server", "0", "--bind", "127.0.0.1"]))
    Path(sys.argv[2]).write_text(str(next(iter(servers._started.values())).pid))
    servers.wait()
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_where_one_ends_by_itself_all_end(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Dagit ended by itself with code 0"), Servers(tmp_path) as servers:
        servers.start("the daemon", LASTING)
        servers.start("Dagit", ["this"])
        lasting = next(iter(servers._started.values()))
        servers.wait()
    assert lasting.poll() is not None


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_none_outlives_the_command(tmp_path: Path, how: signal.Signals) -> None:
    script, note = tmp_path / "start.py", tmp_path / "note"
    script.write_text(STARTED)
    command = [sys.executable, str(script), str(tmp_path), str(note)]
    env = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as started:
        wait_for(lambda: note.is_file() and note.read_text())
        server = int(note.read_text())
        # Until it watches the one that started it, only that one can end it.
        wait_for(lambda: how != signal.SIGKILL or (Path(f"/proc/{server}/task").is_dir() and _threads(server) > 1))
        started.send_signal(how)
        started.wait(30)
    wait_for(lambda: not lives(server))


def _threads(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/task"))


@pytest.mark.parametrize("command", ["dev", "dagit"])
def test_dagit_is_not_opened_to_others_without_a_token(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path))
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        done = CliRunner().invoke(app, [command, "--host", host])
        assert done.exit_code == 2
        assert "ASKLAKE_DAGIT_TOKEN" in done.stderr


def test_what_runs_a_module_of_dagsters_knows_it_by_name() -> None:
    assert of_dagster(["dagster", "--version"])[0] == "lakehouse_assets.commands.serving.servers"
