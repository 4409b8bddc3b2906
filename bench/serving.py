"""Work of the API benchmarks: askers over HTTP against `asklake serve` in a process of its own.

Belongs here: asking and timing. Does not belong here: which figures are wanted (`bench.__main__`).
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

START_S = 180
_DAYS = [f"2025-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)]
_SPANS = [*(f"since {day}" for day in _DAYS), *(f"from {day} until 2026-{m:02}-15" for m in (4, 5, 6) for day in _DAYS)]


@contextmanager
def serving(home: str) -> Iterator[int]:
    """`asklake serve` on a free port, without limits."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    unlimited = {"ASKLAKE_RATE_PER_MINUTE": "0", "ASKLAKE_RATE_PER_HOUR": "0", "ASKLAKE_QUEUE_TIMEOUT_S": "60"}
    env = {**os.environ, "ASKLAKE_HOME": home, **unlimited}
    command = [sys.executable, "-m", "lakehouse_assets.cli", "serve", "--port", str(port)]
    with (Path(home) / "serve.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_S
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"asklake serve did not start: {(Path(home) / 'serve.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def ask_over_http(home: str, questions: Sequence[str], askers: int, asks: int, fresh: bool) -> tuple[float, Any]:
    """The 95th percentile of POST /nlq, seconds, and the other figures.

    Args:
        home: Data folder of the lakehouse.
        questions: What is asked, in turn; each was asked once before.
        askers: How many ask at the same time, each on a connection of its own, without a pause.
        asks: How many questions in all.
        fresh: Whether each asks about days of its own, so that no plan and no answer is remembered.
    """
    numbers = count()

    def body() -> bytes:
        n = next(numbers)
        question = questions[n % len(questions)]
        return json.dumps({"question": f"{question} {_SPANS[n]}" if fresh else question}).encode()

    def asker(times: int) -> list[tuple[float, bool, str]]:
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        found = []
        for _ in range(times):
            data = body()
            begun = time.perf_counter()
            connection.request("POST", "/nlq", data, {"content-type": "application/json"})
            response = connection.getresponse()
            document = json.load(response)
            if response.status != 200:
                raise RuntimeError(f"{response.status}: {document}")
            found.append((time.perf_counter() - begun, document["cached"], document["outcome"]))
        connection.close()
        return found

    with serving(home) as port:
        asker(len(questions) * 2)
        begun = time.perf_counter()
        with ThreadPoolExecutor(askers) as pool:
            answers = [one for many in pool.map(asker, [asks // askers] * askers) for one in many]
        wall = time.perf_counter() - begun
    if any(outcome != "answered" for _, _, outcome in answers):
        raise RuntimeError("a question was not answered")
    times = sorted(seconds for seconds, _, _ in answers)
    return times[int(len(times) * 0.95)], {
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "slowest_ms": round(times[-1] * 1000, 1),
        "answers_per_s": round(len(times) / wall, 1),
        "remembered": sum(cached for _, cached, _ in answers),
        "asked": len(answers),
    }
