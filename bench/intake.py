"""Work of the intake benchmarks: events over HTTP into bronze, and what the same bytes cost without it.

Belongs here: sending events to `asklake serve`, and its limits: a bare log, and DuckDB alone. Does not belong here: the
connections (`bench.askers`), or which figures are wanted (`bench.__main__`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.askers import ask
from bench.machine import cpu_s
from bench.measure import Clock
from bench.serving import serving
from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

SENDERS, WARMERS = 16, 64
SOURCE = "sales_csv"
PATIENCE_S = 600.0
LOOKS_EVERY_S = 0.25


def bodies(batch: int, events: int) -> Iterator[bytes]:
    """So many order lines, as NDJSON of so many each."""
    line = {
        "sale_time": "2026-02-01T10:00:00", "line_id": "1", "product_id": "P-17", "product_name": "Green tea",
        "category": "Drinks", "country": "IN", "channel": "WEB", "quantity": "2", "unit_price": "2.50",
        "tenant_id": "bench",
    }  # fmt: skip
    text = json.dumps(line)[1:]
    for first in range(0, events, batch):
        yield b"".join(f'{{"order_id": "O-{n}", {text}\n'.encode() for n in range(first, first + batch))


def send_events(folder: str, batch: int, events: int) -> tuple[float, dict[str, Any]]:
    """Seconds until all events are acknowledged, each durable by then; and until all are in bronze."""
    home = Path(folder) / f"events-{time.time_ns()}"
    home.mkdir(parents=True)
    sent, lake = list(bodies(batch, events)), Lake(Settings(profile="local", home=home))
    with serving(str(home)) as server:
        warm = [next(bodies(1, 1))] * WARMERS  # connections are dealt out by chance: with many, every process is met
        ask(server.port, warm.__getitem__, WARMERS, len(warm), path=f"/events/{SOURCE}")
        _wait(lake, len(warm))
        before = cpu_s(server.pid)
        begun = time.perf_counter()
        became = ask(server.port, sent.__getitem__, SENDERS, len(sent), path=f"/events/{SOURCE}")
        used = cpu_s(server.pid) - before
        taken = events - batch * became.refused
        _wait(lake, taken + len(warm))
        visible = time.perf_counter() - begun
    return became.wall_s, {
        "events_per_s": round(taken / became.wall_s),
        "ack_p50_ms": round(became.percentile(0.5) * 1000, 1),
        "ack_p95_ms": round(became.percentile(0.95) * 1000, 1),
        "all_visible_s": round(visible, 2),
        "visible_events_per_s": round(taken / visible),
        "server_cpu_us_per_event": round(used / taken * 1e6, 1),
        "sender_cpu_us_per_event": round(became.own_cpu_s / taken * 1e6, 1),
        "refused": became.refused,
    }


def _wait(lake: Lake, records: int) -> None:
    """Wait until so many records are in bronze or quarantine.

    Raises:
        RuntimeError: they do not come.
    """
    until = time.monotonic() + PATIENCE_S
    while (found := _read(lake)) < records:
        if time.monotonic() > until:
            raise RuntimeError(f"{records - found} of {records} records never came into bronze")
        time.sleep(LOOKS_EVERY_S)
    if found > records:
        raise RuntimeError(f"{found} records are in bronze, and {records} were sent")


def _read(lake: Lake) -> int:
    table = loads_table(lake)
    if table is None or table.current_snapshot() is None:
        return 0
    with lake.session() as session:
        (row,) = session.query(f"select sum(rows_read) as n from {LOADS.identifier}").to_pylist()
    return int(row["n"] or 0)


def bare_log(folder: str, batch: int, events: int) -> tuple[float, dict[str, Any]]:
    """The limit of accepting: the same bytes appended to a file, synced once for every SENDERS requests."""
    sent = list(bodies(batch, events))
    file = os.open(Path(folder) / "bare.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    with Clock() as clock:
        for first in range(0, len(sent), SENDERS):
            os.writev(file, sent[first : first + SENDERS])
            os.fdatasync(file)
    os.close(file)
    return clock.seconds, {"events_per_s": round(events / clock.seconds)}


def duckdb_alone(folder: str, batch: int, events: int) -> tuple[float, dict[str, Any]]:
    """The limit of making them visible: DuckDB reading the same bytes from one file to Parquet."""
    whole = Path(folder) / "events.ndjson"
    whole.write_bytes(b"".join(bodies(batch, events)))
    con = open_instance()
    with Clock() as clock:
        con.execute(f"copy (select * from read_json_auto('{whole}')) to '{folder}/events.parquet' (compression zstd)")
    return clock.seconds, {"events_per_s": round(events / clock.seconds)}
