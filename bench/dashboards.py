"""The built-in dashboards over HTTP: how long a page takes at first, and again.

Belongs here: the work that is measured. Does not belong here: timing itself (measure), serving (serving).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.machine import cpu_s
from bench.measure import Contender, Result, compare, in_own_process
from bench.serving import Server, serving

_TIMES = 3
"""How often each page is looked at, each time over other days."""


def dashboards(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """Every page of every built-in dashboard over the demo's data, by one caller; its 95th percentile."""
    home = folder / "demo"
    in_own_process(make_demo, str(home), scale)
    aim = "p95 at most 1 s first, 0.2 s again"
    first, again = (Contender(name, look, (str(home), name == "again")) for name in ("first", "again"))
    yield compare("dashboards", [first, again], repeat=min(repeat, 3), aim=aim)


def make_demo(home: str, scale: float) -> float:
    """Make the demo in a folder; seconds it took."""
    began = time.perf_counter()
    sized = [] if scale == 1.0 else ["--size", str(int(20_000 * scale))]
    command = [sys.executable, "-m", "lakehouse_assets.cli", "demo", *sized]
    subprocess.run(command, env={**os.environ, "ASKLAKE_HOME": home}, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def look(home: str, again: bool) -> tuple[float, dict[str, Any]]:
    """Look at every page, over days that nobody looked at before; or once more, over the same days.

    Returns:
        The 95th percentile in seconds, and what a page takes otherwise.
    """
    with serving(home, ASKLAKE_PROCESSES="1") as server:
        pages = [(one["id"], page["id"]) for one in call(server, "/dashboards")["dashboards"] for page in one["pages"]]
        for dashboard, page in pages:  # what a process does once is not what a look takes
            _tiles(server, dashboard, page, 0)
        taken, cpu, failed = [], [], 0
        for days in range(1, 1 + _TIMES):
            for dashboard, page in pages:
                if again:
                    _tiles(server, dashboard, page, days)
                busy, began = cpu_s(server.pid), time.perf_counter()
                found = _tiles(server, dashboard, page, days)
                taken.append(time.perf_counter() - began)
                cpu.append(cpu_s(server.pid) - busy)
                failed += sum(tile["answer"]["outcome"] != "answered" for tile in found["tiles"])
    facts = {
        "pages": len(pages), "median_s": round(statistics.median(taken), 4), "tiles_not_answered": failed,
        "cpu_s_of_a_page": round(statistics.mean(cpu), 4), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    return statistics.quantiles(taken, n=20)[-1], facts


def _tiles(server: Server, dashboard: str, page: str, days: int) -> Any:
    last: date = datetime.now(UTC).date() - timedelta(days=1 + days)
    span = {"start": (last - timedelta(days=89)).isoformat(), "end": last.isoformat()}
    return call(server, f"/dashboards/{dashboard}/tiles", {"page": page, "time_range": span})


def call(server: Server, path: str, body: Any = None) -> Any:
    """What the server says to a request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", data, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)
