"""Work of the API benchmarks: askers over HTTP against `asklake serve` in processes of its own.

Belongs here: serving, and what a run of askers comes to. Does not belong here: asking itself (`bench.askers`), or which
figures are wanted (`bench.__main__`).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.askers import ask
from bench.machine import cpu_s

START_S = 180
ASKED = ("Complaints by ward", "Complaints by channel", "SLA breach rate by priority", "Complaints by month")
WARMERS = 16
DAYS = [f"2025-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)]
SPANS = [*(f"since {day}" for day in DAYS), *(f"from {day} until 2026-{m:02}-15" for m in (4, 5, 6) for day in DAYS)]


@dataclass(frozen=True)
class Server:
    """A server that runs: its port, and the process that started the others."""

    port: int
    pid: int


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(home: str, **settings: str) -> Iterator[Server]:
    """`asklake serve` on a free port, without limits of calls; settings by their names in capitals."""
    port = free_port()
    unlimited = {"ASKLAKE_RATE_PER_MINUTE": "0", "ASKLAKE_RATE_PER_HOUR": "0"}
    env = {**os.environ, "ASKLAKE_HOME": home, **unlimited, **settings}
    command = [sys.executable, "-m", "lakehouse_assets.cli", "serve", "--port", str(port)]
    with (Path(home) / "serve.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_S
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"asklake serve did not start: {(Path(home) / 'serve.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def ask_over_http(
    home: str, questions: Sequence[str], askers: int, asks: int, fresh: bool, patience_s: str = ""
) -> tuple[float, Any]:
    """The 95th percentile of POST /nlq, seconds, and the other figures.

    Args:
        home: Data folder of the lakehouse.
        questions: What is asked, in turn; each was asked before.
        askers: How many ask at the same time, each on a connection of its own, without a pause.
        asks: How many questions in all.
        fresh: Whether each asks about days of its own, so that no plan and no answer is remembered.
        patience_s: How long a question may wait for its turn; as the service is set up if empty.

    Raises:
        RuntimeError: a connection broke.
    """

    def body(number: int) -> bytes:
        question = questions[number % len(questions)]
        return json.dumps({"question": f"{question} {SPANS[number // len(questions)]}" if fresh else question}).encode()

    def known(number: int) -> bytes:
        return json.dumps({"question": questions[number % len(questions)]}).encode()

    with serving(home, **({"ASKLAKE_QUEUE_TIMEOUT_S": patience_s} if patience_s else {})) as server:
        # Connections are dealt out by chance: with a few, every process has been asked.
        ask(server.port, known, WARMERS, WARMERS * len(questions) * 2)
        before = cpu_s(server.pid)
        became = ask(server.port, body, askers, asks)
        used = cpu_s(server.pid) - before
    if became.broken:
        raise RuntimeError(f"{became.broken} connections broke before their response")
    answered = len(became.seconds)
    return became.percentile(0.95), {
        "p50_ms": round(became.percentile(0.5) * 1000, 1),
        "p95_ms": round(became.percentile(0.95) * 1000, 1),
        "slowest_ms": round(became.percentile(1) * 1000, 1),
        "answers_per_s": round(answered / became.wall_s, 1),
        "server_cpu_ms": round(used / asks * 1000, 2),
        "askers_cpu_ms": round(became.own_cpu_s / asks * 1000, 2),
        "remembered": became.remembered,
        "refused": became.refused,
        "slowest_refusal_ms": round(became.slowest_refusal_s * 1000, 1),
        "asked": asks,
    }
