"""A server that is killed while it loads a file that was sent: the next one goes on, and every row is there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse_assets.settings.lake import PROJECT_ROOT
from lakehouse_assets.uploads.jobs import Job, Jobs
from tests.faults import steps

pytestmark = pytest.mark.timeout(600)
ROWS = 150_000
PATIENCE_S = 240.0
SERVER = """
import sys, time
from tests.faults.steps import lake_of
from lakehouse_assets.uploads.working import Workers

if __name__ == "__main__":
    Workers(lake_of(sys.argv[1]).settings).start()
    time.sleep(600)
"""


def started(script: Path, home: str) -> subprocess.Popen[bytes]:
    """The part of a server that has files loaded, with the processes that it starts in a group of their own."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    return subprocess.Popen([sys.executable, str(script), home], env=environment, start_new_session=True)


def until(jobs: Jobs, job_id: str, reached: Callable[[Job], bool]) -> Job:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job = jobs.get(job_id)
        if job and reached(job):
            return job
        time.sleep(0.005)
    raise AssertionError(f"it is still {job and job.state}")


def test_a_load_goes_on_after_its_server_was_killed_and_loads_each_row_once(tmp_path: Path) -> None:
    home, script = str(tmp_path / "lake"), tmp_path / "server.py"
    script.write_text(SERVER)
    jobs = Jobs(steps.lake_of(home).settings)
    receiving = jobs.begin("someone", "t1", "sales.csv", source="sales_csv")
    receiving.write(b"sale_time,order_id,line_id,product_id,quantity,unit_price\n")
    receiving.write(b"".join(b"2026-02-01 10:00:00,o%d,1,P1,1,2.50\n" % number for number in range(ROWS)))
    job = receiving.keep()
    receiving.close()
    jobs.change(job.id, lambda _: {"state": "loading", "checked": True})
    jobs.mark("load", job.id)

    first = started(script, home)
    assert until(jobs, job.id, lambda job: job.attempts == 1 and job.read > 0).state == "loading"
    os.killpg(first.pid, signal.SIGKILL)  # all of it, as where its machine or container goes away
    second = started(script, home)
    assert until(jobs, job.id, lambda job: job.attempts == 2).state == "loading"
    os.kill(second.pid, signal.SIGKILL)  # the server alone: what loads goes on, and the next server waits for it
    third = started(script, home)
    try:
        done = until(jobs, job.id, lambda job: job.state in ("loaded", "failed"))
    finally:
        for server in (first, second, third):
            server.kill()
            server.wait()
    assert done.state == "loaded" and done.loaded and done.loaded.rows_loaded == ROWS, done.problem
    with steps.lake_of(home).session() as session:
        sql = "select count(*) as n, count(distinct order_id) as orders from bronze.sample_sales"
        assert session.query(sql).to_pylist() == [{"n": ROWS, "orders": ROWS}]
        assert session.query("select count(*) as n from bronze.loads").to_pylist() == [{"n": 1}]
