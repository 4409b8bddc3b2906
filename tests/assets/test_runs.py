"""What Dagster tells of its runs, read by what it calls public."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from lakehouse_assets.assets import runs as module
from lakehouse_assets.assets.metadata.specs import CHECKS_BROKEN, CHECKS_KEPT
from lakehouse_assets.assets.runs import RunsOf
from lakehouse_assets.assets.steps.trying import CPU_S, told
from lakehouse_assets.domains.platform.contracts import RUN_HISTORY


@dg.asset(key=["gold", "made"])
def works(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    with told(context):
        sum(range(200_000))
        return dg.MaterializeResult(metadata={CHECKS_KEPT: 4, CHECKS_BROKEN: 1})


@dg.asset(key=["gold", "refused"])
def refused(context: dg.AssetExecutionContext) -> None:
    with told(context):
        raise KeyError("amount")


def test_runs_of_a_day_are_told_with_what_asked_for_them_and_what_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", 2)
    today = datetime.now(UTC).date()
    with dg.DagsterInstance.ephemeral() as instance:
        by_clock = {"dagster/schedule_name": "nightly", "source": "pgr_events"}
        done = dg.materialize([works], instance=instance, tags=by_clock)
        failed = dg.materialize([refused], instance=instance, raise_on_error=False)
        junk = dg.materialize([works], instance=instance, tags={CPU_S: "much"})
        told_of = RunsOf(instance)
        rows = {row["run_id"]: row for row in told_of.runs_of(today)}
        assert not list(told_of.runs_of(today - timedelta(days=1)))
        assert told_of.checks_of(["gold.made", "gold.refused", "gold.never"]) == {"gold.made": (4, 1)}
    assert len(rows) == 3 and all(set(row) == set(RUN_HISTORY.column_names) for row in rows.values())
    one, other = rows[done.run_id], rows[failed.run_id]
    assert (one["status"], one["started_by"], one["source"]) == ("SUCCESS", "schedule", "pgr_events")
    assert one["cpu_s"] > 0 and one["seconds"] >= 0 and one["ended_at"] >= one["created_at"]
    assert (other["status"], other["is_refused"], other["started_by"]) == ("FAILURE", True, "person")
    assert rows[junk.run_id]["cpu_s"] > 0, "who launches a run may set its tags to anything"
