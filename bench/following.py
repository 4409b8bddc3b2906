"""Work of the benchmark of a stream: how long after an event was sent an answer counts it.

Belongs here: sending to `asklake dev` at a steady rate with bursts, and asking meanwhile. Does not belong here: how
many events a second can be taken (`bench.intake`), or which figures are wanted (`bench.__main__`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.serving import START_S, free_port

CLI = [sys.executable, "-m", "lakehouse_assets.cli"]
BURST_EVERY_S, BURST_S = 60, 5
ASKS_EVERY_S = 0.5
PATIENCE_S = 300.0


def follow(folder: str, per_second: int, burst: int, seconds: int) -> tuple[float, dict[str, Any]]:
    """The 95th percentile of seconds from an event's being sent to an answer that counts it, and other figures.

    Args:
        folder: An empty folder.
        per_second: Events that are sent each second, in one request.
        burst: So many times as many are sent for some seconds of each minute.
        seconds: How long is sent.
    """
    home = Path(folder) / "following"
    home.mkdir(parents=True)
    env = {**os.environ, "ASKLAKE_HOME": str(home), "ASKLAKE_RATE_PER_MINUTE": "0", "ASKLAKE_RATE_PER_HOUR": "0"}
    subprocess.run([*CLI, "demo"], env=env, check=True, stdout=subprocess.DEVNULL)
    with _developing(env, home) as port:
        before = _counted(port)
        sent, seen = Sent(), [(time.monotonic(), 0)]
        sender = threading.Thread(target=_send, args=(port, per_second, burst, seconds, sent))
        sender.start()
        until = time.monotonic() + seconds + PATIENCE_S
        while (sender.is_alive() or seen[-1][1] < sent.total) and time.monotonic() < until:
            seen.append((time.monotonic(), _counted(port) - before))
            time.sleep(ASKS_EVERY_S)
    waits = sorted(_waits(sent.requests, seen))
    if len(waits) < len(sent.requests):
        raise RuntimeError(f"{sent.total - seen[-1][1]} of {sent.total} events were never counted")
    return waits[int(len(waits) * 0.95)], {
        "events": sent.total,
        "median_s": round(waits[len(waits) // 2], 1),
        "p95_s": round(waits[int(len(waits) * 0.95)], 1),
        "worst_s": round(waits[-1], 1),
    }


class Sent:
    """Requests that were acknowledged: when each was sent, and how many events had been sent with it."""

    def __init__(self) -> None:
        """None yet."""
        self.requests: list[tuple[float, int]] = []

    @property
    def total(self) -> int:
        """Events in all."""
        return self.requests[-1][1] if self.requests else 0


def _send(port: int, per_second: int, burst: int, seconds: int, sent: Sent) -> None:
    begun = time.monotonic()
    for second in range(seconds):
        time.sleep(max(0.0, begun + second - time.monotonic()))
        events = per_second * (burst if second % BURST_EVERY_S < BURST_S else 1)
        began = time.monotonic()
        _call(port, "/events/pgr_events", b"".join(_event() for _ in range(events)), "application/x-ndjson")
        sent.requests.append((began, sent.total + events))


def _event() -> bytes:
    return json.dumps({
        "tenant_id": "pg.citya", "service": "PGR", "entity_type": "COMPLAINT", "event_type": "CREATED",
        "entity_id": f"PGR-{uuid.uuid4().hex[:12]}", "event_time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }).encode() + b"\n"  # fmt: skip


def _waits(requests: list[tuple[float, int]], seen: list[tuple[float, int]]) -> Iterator[float]:
    """Seconds from each request to the first answer that counts all of it."""
    counts = [count for _, count in seen]
    for began, total in requests:
        if (first := bisect_right(counts, total - 1)) < len(seen):
            yield seen[first][0] - began


def _counted(port: int) -> int:
    answer = _call(port, "/query", json.dumps({"metrics": ["pgr_complaints"]}).encode(), "application/json")
    return int(answer["rows"][0][0])


def _call(port: int, path: str, body: bytes, kind: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"content-type": kind})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@contextmanager
def _developing(env: dict[str, str], home: Path) -> Iterator[int]:
    """`asklake dev`: the port of its API."""
    port = free_port()
    command = [*CLI, "dev", "--port", str(free_port()), "--api-port", str(port)]
    with (home / "dev.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                _counted(port)
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"asklake dev did not start: {(home / 'dev.log').read_text()[-2000:]}"
                    ) from error
            time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait(60)
