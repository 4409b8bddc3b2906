"""How often a run is asked for: again where it died or met what passes, not where data or code would fail it again.

Belongs here: what earlier runs of the same cause mean for the next. Does not belong here: what a cause is (sensors), or
which errors pass (assets.steps.trying).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from lakehouse_assets.assets.steps.trying import HOST, NO_USE, PROCESS

CAUSE = "asklake/cause"
"""Tag of a run: what it was asked for because of."""
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After each run that failed, how long the next of the same cause is put off; after the last there is no other."""
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def unfinished_run(instance: dg.DagsterInstance, job_name: str) -> str | None:
    """Id of a run of the job that has not ended, if there is one; one whose process died is reported as failed."""
    return next((run.run_id for run in unfinished_runs(instance, job_name)), None)


def unfinished_runs(instance: dg.DagsterInstance, job_name: str) -> Iterator[dg.DagsterRun]:
    """Runs of the job that have not ended; those whose process died are reported as failed."""
    for run in instance.get_runs(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED)):
        if not _died(instance, run):
            yield run


def free_places(instance: dg.DagsterInstance) -> None:
    """Free the places in pools that runs left behind: a run that was killed keeps its own, and the next would wait."""
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids() if storage.supports_global_concurrency_limits else ():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished or _died(instance, run):
            storage.free_concurrency_slots_for_run(run_id)


def _died(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the process of a run is gone, which is then reported."""
    process = _process_of(run)
    if process is None or _lives(process):
        return False
    instance.report_run_failed(run, f"Its process, {process}, has ended without a word: it was killed.")
    return True


def _process_of(run: dg.DagsterRun) -> int | None:
    """Id of the process on this machine that executes a run; None where it is not known, or on another machine."""
    return int(run.tags[PROCESS]) if run.tags.get(HOST) == socket.gethostname() else None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def next_attempt(instance: dg.DagsterInstance, cause: str) -> tuple[int, str]:
    """The number of the run that a cause asks for now, from 1, or 0 with the reason why it asks for none."""
    runs = instance.get_run_records(dg.RunsFilter(tags={CAUSE: cause}), limit=len(WAITS) + 1)
    if not runs:
        return 1, ""
    last, tried = runs[0], len(runs)
    run = last.dagster_run
    if run.status != dg.DagsterRunStatus.FAILURE:
        return 0, f"run {run.run_id} was of the same data and ended as {run.status.value}"
    if NO_USE in run.tags:
        return 0, f"run {run.run_id} was refused, and would be again until data or code change; it says why"
    if tried > len(WAITS):
        return 0, f"{tried} runs failed, run {run.run_id} the last; `asklake materialize` tries again"
    due = (last.end_time or time.time()) + WAITS[tried - 1].total_seconds()
    if due > time.time():
        return 0, f"run {run.run_id} failed; the next is due in {due - time.time():.0f} seconds"
    return tried + 1, ""
