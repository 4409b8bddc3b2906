"""Work of the benchmark of a stream: how long after an event was sent an answer counts it.

Belongs here: sending to `asklake dev` at a steady rate with bursts, and asking meanwhile; what a publication costs into
a day that holds millions. Does not belong here: how many events a second can be taken (`bench.intake`), or which
figures are wanted (`bench.__main__`).
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.serving import START_S, free_port
from bench.work import settings_of

CLI = [sys.executable, "-m", "lakehouse_assets.cli"]
BURST_EVERY_S, BURST_S = 60, 5
ASKS_EVERY_S = 0.5
PATIENCE_S = 300.0
HELD = 4_000_000
"""Events of a day that are there before."""


@dataclass(frozen=True)
class Stream:
    """A source that events are sent to, one of them, and the metric that counts them."""

    source: str
    event: Callable[[], bytes]
    metric: str


def follow(
    folder: str, per_second: int, burst: int, seconds: int, stream: str = "pgr_events", held: int = 0
) -> tuple[float, dict[str, Any]]:
    """The 95th percentile of seconds from an event's being sent to an answer that counts it, and other figures.

    Args:
        folder: An empty folder.
        per_second: Events that are sent each second, in one request.
        burst: So many times as many are sent for some seconds of each minute.
        seconds: How long is sent.
        stream: Source of the events.
        held: Events that the day holds before, of a stream of calls.
    """
    sent_to = STREAMS[stream]
    home = Path(folder) / stream
    home.mkdir(parents=True)
    env = {**os.environ, "ASKLAKE_HOME": str(home), "ASKLAKE_RATE_PER_MINUTE": "0", "ASKLAKE_RATE_PER_HOUR": "0"}
    subprocess.run([*CLI, "demo"], env=env, check=True, stdout=subprocess.DEVNULL)
    if held:
        file = home / "held.ndjson"
        calls_of_today(file, held)
        subprocess.run([*CLI, "ingest", str(file), "--source", stream], env=env, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*CLI, "materialize"], env=env, check=True, stdout=subprocess.DEVNULL)
    with _developing(env, home, sent_to.metric) as port:
        before = _counted(port, sent_to.metric)
        sent, seen = Sent(), [(time.monotonic(), 0)]
        sender = threading.Thread(target=_send, args=(port, sent_to, per_second, burst, seconds, sent))
        sender.start()
        looking = threading.Thread(target=_look, args=(port, sent_to, seconds, sent))
        looking.start()
        until = time.monotonic() + seconds + PATIENCE_S
        while (sender.is_alive() or seen[-1][1] < sent.total) and time.monotonic() < until:
            seen.append((time.monotonic(), _counted(port, sent_to.metric) - before))
            time.sleep(ASKS_EVERY_S)
        looking.join(PATIENCE_S)
    waits = sorted(_waits(sent.requests, seen))
    if len(waits) < len(sent.requests):
        raise RuntimeError(f"{sent.total - seen[-1][1]} of {sent.total} events were never counted")
    return waits[int(len(waits) * 0.95)], {
        "events": sent.total,
        "held": held,
        "visible_p95_s": round(sorted(sent.visible)[int(len(sent.visible) * 0.95)], 1),
        "median_s": round(waits[len(waits) // 2], 1),
        "p95_s": round(waits[int(len(waits) * 0.95)], 1),
        "worst_s": round(waits[-1], 1),
    }


class Sent:
    """Requests that were acknowledged: when each was sent, and how many events had been sent with it.

    Of each in their order also the position, and the seconds after which it was visible in bronze.
    """

    def __init__(self) -> None:
        """None yet."""
        self.requests: list[tuple[float, int]] = []
        self.positions: list[str] = []
        self.visible: list[float] = []

    @property
    def total(self) -> int:
        """Events in all."""
        return self.requests[-1][1] if self.requests else 0


def _send(port: int, stream: Stream, per_second: int, burst: int, seconds: int, sent: Sent) -> None:
    begun = time.monotonic()
    for second in range(seconds):
        time.sleep(max(0.0, begun + second - time.monotonic()))
        events = per_second * (burst if second % BURST_EVERY_S < BURST_S else 1)
        began = time.monotonic()
        body = b"".join(stream.event() for _ in range(events))
        accepted = _call(port, f"/events/{stream.source}", body, "application/x-ndjson")
        sent.requests.append((began, sent.total + events))
        sent.positions.append(accepted["position"])


def _look(port: int, stream: Stream, seconds: int, sent: Sent) -> None:
    """Ask for the oldest position that is not visible yet, until all are."""
    until = time.monotonic() + seconds + PATIENCE_S
    while len(sent.visible) < seconds and time.monotonic() < until:
        at = len(sent.visible)
        if at < len(sent.positions):
            became = _call(port, f"/events/{stream.source}/position/{sent.positions[at]}")
            if became["state"] != "accepted":
                sent.visible.append(time.monotonic() - sent.requests[at][0])
                continue
        time.sleep(ASKS_EVERY_S)


def _event() -> bytes:
    return json.dumps({
        "tenant_id": "pg.citya", "service": "PGR", "entity_type": "COMPLAINT", "event_type": "CREATED",
        "entity_id": f"PGR-{uuid.uuid4().hex[:12]}", "event_time": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }).encode() + b"\n"  # fmt: skip


def _api_call() -> bytes:
    return json.dumps({
        "tenant_id": "pg.citya", "call_id": uuid.uuid4().hex, "called_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "endpoint": "/v1/search", "status": 200, "duration_ms": 12,
    }).encode() + b"\n"  # fmt: skip


STREAMS = {
    s.source: s
    for s in (
        Stream("pgr_events", _event, "pgr_complaints"),
        Stream("telemetry_api_calls", _api_call, "telemetry_api_calls"),
    )
}


def calls_of_today(file: Path, count: int) -> None:
    """Write calls of the API, spread evenly over the day so far."""
    from lakehouse_assets.lakehouse.engines.instances import open_instance
    from lakehouse_assets.lakehouse.sql import literal

    now = datetime.now(UTC).replace(tzinfo=None)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    step = (now - midnight) // timedelta(microseconds=1) / count
    with open_instance() as con:
        con.execute(f"""
            copy (
                select 'pg.citya' as tenant_id, 'held-' || i as call_id,
                    strftime(timestamp '{midnight}' + to_microseconds(cast(i * {step} as bigint)), '%Y-%m-%d %H:%M:%S')
                        as called_at,
                    'user_' || i % 5000 as user_id, '/v1/' || ['search', 'reports', 'users'][1 + i % 3] as endpoint,
                    case when i % 50 = 0 then 500 else 200 end as status, i % 300 as duration_ms
                from range({count}) t (i)
            ) to {literal(str(file))} (format json)
        """)


def publications(home: str, held: int, unit: str, arriving: int = 580, times: int = 5) -> tuple[float, dict[str, Any]]:
    """Seconds of CPU from events in bronze to hours and days that count them, in a day that holds many before.

    Args:
        home: An empty folder.
        held: Events of the day before.
        unit: What is made again, "hour", as is done, or "day", as if the tables were by day.
        arriving: Events of each publication, of the current hour.
        times: How many publications are measured.
    """
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds import dbt_graph
    from lakehouse_assets.builds.days import dirty_days
    from lakehouse_assets.builds.groups import groups
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.ingest.loads.loader import load
    from lakehouse_assets.lakehouse.dbt import manifest
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.periods import periods_in

    folder = Path(home)
    folder.mkdir(parents=True, exist_ok=True)
    lake, contracts, source = Lake(settings_of(folder)), platform_contracts(), "telemetry_api_calls"
    manifest.load(lake.settings)
    graph = dbt_graph.load(lake.settings)
    stream = [g for g in groups(graph, contracts) if g.domain == "telemetry" and (g.unit == "hour" or g.follows_hours)]
    used: dict[str, list[float]] = {g.name: [] for g in stream}

    def follow_up() -> None:
        for group in stream:
            behind = dirty_days(lake, graph, group.tables, group.unit)
            if unit == "day":
                behind = periods_in(periods_in(behind, "day"), group.unit)
            began = time.process_time()
            result = rebuild(lake, graph, contracts, group.tables, behind, run_id="bench")
            used[group.name].append(time.process_time() - began)
            if result.failures:
                raise RuntimeError("; ".join(result.failures))

    calls_of_today(folder / "held.ndjson", held)
    load(lake, [str(folder / "held.ndjson")], source)
    follow_up()
    for number in range(times):
        file = folder / f"arriving-{number}.ndjson"
        file.write_bytes(b"".join(_api_call() for _ in range(arriving)))
        load(lake, [str(file)], source)
        follow_up()
    mean = {name: round(sum(seconds[1:]) / times, 2) for name, seconds in used.items()}
    return sum(mean.values()), {"held": held, "first_s": {n: round(s[0], 1) for n, s in used.items()}, "mean_s": mean}


def _waits(requests: list[tuple[float, int]], seen: list[tuple[float, int]]) -> Iterator[float]:
    """Seconds from each request to the first answer that counts all of it."""
    counts = [count for _, count in seen]
    for began, total in requests:
        if (first := bisect_right(counts, total - 1)) < len(seen):
            yield seen[first][0] - began


def _counted(port: int, metric: str) -> int:
    answer = _call(port, "/query", json.dumps({"metrics": [metric]}).encode(), "application/json")
    return int(answer["rows"][0][0])


def _call(port: int, path: str, body: bytes | None = None, kind: str = "") -> Any:
    headers = {"content-type": kind} if kind else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@contextmanager
def _developing(env: dict[str, str], home: Path, metric: str) -> Iterator[int]:
    """`asklake dev`: the port of its API."""
    port = free_port()
    command = [*CLI, "dev", "--port", str(free_port()), "--api-port", str(port)]
    with (home / "dev.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                _counted(port, metric)
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
