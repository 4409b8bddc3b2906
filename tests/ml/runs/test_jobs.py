"""Jobs: one runs at a time whoever asks, and one whose service is gone ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakehouse_assets.ml.declared import find_model
from lakehouse_assets.ml.runs import jobs
from lakehouse_assets.ml.runs.jobs import JobStore, TooManyJobsError

SPEC = find_model("retail_demand")


def test_one_runs_at_a_time_in_the_order_that_they_were_asked_for(database_url: str) -> None:
    here, there = JobStore(database_url), JobStore(database_url)
    first, second = here.add("k", SPEC, 1.0), there.add("k", SPEC, 2.0)
    assert here.claim() == (first.id, SPEC, 1.0)
    assert there.claim() is None
    here.tell(first.id, stage="searching", tried=3)
    found = there.find(first.id)
    assert found and (found.state, found.stage, found.tried) == ("running", "searching", 3)
    here.end(first.id, outcome={"version": 1})
    assert there.claim() == (second.id, SPEC, 2.0)
    there.end(second.id, problem="no rows")
    ended = [here.find(job.id) for job in (first, second)]
    assert [(j.state, j.outcome, j.problem) for j in ended if j] == [
        ("done", {"version": 1}, None),
        ("failed", None, "no rows"),
    ]
    assert not here.waits()
    here.close()
    there.close()


def test_a_job_whose_service_is_gone_ends_and_lets_others_run(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = JobStore(database_url)
    gone, next_one = store.add("k", SPEC, 1.0), store.add("k", SPEC, 1.0)
    store.claim()
    monkeypatch.setattr(jobs, "LOST_AFTER", timedelta(seconds=-1))
    claimed = store.claim()
    assert claimed and claimed[0] == next_one.id
    monkeypatch.setattr(jobs, "LOST_AFTER", timedelta(seconds=30))
    found = store.find(gone.id)
    assert found and found.state == "failed" and found.problem == "the service that ran it ended: ask again"
    store.end(gone.id, outcome={"version": 9})  # should it be at work after all, that is too late
    assert store.find(gone.id) == found
    store.close()


def test_few_wait_and_ended_ones_are_forgotten(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = JobStore(database_url)
    first = store.add("k", SPEC, 1.0)
    monkeypatch.setattr(jobs, "MOST_WAITING", 1)
    with pytest.raises(TooManyJobsError, match="1 trainings wait already"):
        store.add("k", SPEC, 1.0)
    store.claim()
    store.end(first.id, problem="x")
    monkeypatch.setattr(jobs, "KEPT", timedelta(seconds=-1))
    store.add("k", SPEC, 1.0)
    assert store.find(first.id) is None
    store.close()
