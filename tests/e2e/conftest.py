"""A lakehouse with a small sample in it, made once by the real command, and Dagit over it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import ODD

ROOT = Path(__file__).resolve().parents[2]
ASKLAKE = (sys.executable, "-m", "lakehouse_assets.cli")
START_S = 300


@dataclass(frozen=True)
class Sample:
    """A data folder, the environment that names it, and what `asklake demo --json` printed.

    `files` is the folder of its files by a name that means nothing to a glob, for those who read them by one.
    """

    home: Path
    env: dict[str, str]
    demo: dict[str, Any]
    files: Path

    def asklake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command on this data."""
        done = subprocess.run(
            [*ASKLAKE, *arguments], env=self.env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    @property
    def lake(self) -> Lake:
        """The lakehouse, as this process reads it."""
        return Lake(Settings(profile="local", home=self.home, landing="", dagster_home=None))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query of its tables, read in this process: a command to read them costs two seconds."""
        with self.lake.session() as session:
            return session.query(sql).to_pylist()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The demo, small: a build costs by the day. In a folder named with all that means something to someone."""
    home = tmp_path_factory.mktemp("e2e") / ODD / "home"
    env = {**os.environ, "ASKLAKE_HOME": str(home)}
    command = [*ASKLAKE, "demo", "--size", "1000", "--days", "120", "--json"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    files = tmp_path_factory.mktemp("files") / "sample"
    files.symlink_to(home / "sample")
    return Sample(home, env, json.loads(done.stdout), files)


@dataclass(frozen=True)
class Dagit:
    """A running `asklake dev`: Dagit, and the API beside it; what they say is in the log."""

    url: str
    api: str
    log: Path

    def graphql(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request to Dagster's GraphQL."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@pytest.fixture(scope="module")
def dagit(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagit]:
    """`asklake dev` on a free port; the processes it started are gone afterwards, for they are at work all the time."""
    port, api_port = free_port(), free_port()
    log = tmp_path_factory.mktemp("dagit") / "dev.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*ASKLAKE, "dev", "--port", str(port), "--api-port", str(api_port)], env=sample.env, cwd=sample.home,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    server = Dagit(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{api_port}", log)
    try:
        wait_for(lambda: _loaded(server), START_S, lambda: log.read_text()[-3000:])
        yield server
    finally:
        try:
            _interrupt(process)
            wait_for(lambda: not _listens(api_port), 30, lambda: "the API outlived `asklake dev`")
        except (subprocess.TimeoutExpired, AssertionError):
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C, and again if nothing came of it: Python drops one that meets a callback of its collector."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _loaded(server: Dagit) -> bool:
    try:
        data = server.graphql("{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return bool(data["repositoriesOrError"].get("nodes"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(ready: Callable[[], Any], limit_s: float, explain: Callable[[], str] = str) -> Any:
    """Poll until something is true; fail with an explanation after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.5)
    raise AssertionError(f"not ready after {limit_s} s\n{explain()}")


def healthy(url: str) -> bool:
    """Whether the API at this address answers."""
    try:
        return call(f"{url}/health")[0] == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def call(url: str, body: Any = None, key: str = "") -> tuple[int, Any]:
    """One request to the API: the status, and what the body says."""
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
