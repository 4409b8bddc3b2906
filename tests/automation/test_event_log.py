"""The event log that takes many events at once says the same as Dagster's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from lakehouse_assets.automation.event_log import BatchingSqliteEventLog, BatchingSqliteStorage
from lakehouse_assets.settings.lake import PROJECT_ROOT
from tests.lakehouse.readings import ODD

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-03-01")
TAGS = {"dagster/asset_partition_range_start": "2024-01-01", "dagster/asset_partition_range_end": "2024-01-31"}


@dg.multi_asset(
    specs=[dg.AssetSpec(["gold", name], partitions_def=DAYS) for name in ("a", "b")],
    check_specs=[dg.AssetCheckSpec("sound", asset=["gold", "a"])],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def two() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    yield dg.MaterializeResult(asset_key=["gold", "a"], metadata={"rows": 7})
    yield dg.MaterializeResult(asset_key=["gold", "b"], tags={"kept": "yes"})
    yield dg.AssetCheckResult(asset_key=["gold", "a"], check_name="sound", passed=False)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance that dagster.yaml at the root describes, its storage in the test's folder, whatever its name."""
    monkeypatch.setenv("ASKLAKE_DAGSTER_HOME", str(tmp_path / ODD))
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    with dg.DagsterInstance.from_config(str(PROJECT_ROOT)) as made:
        yield made


def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions(assets=[two], jobs=[dg.define_asset_job("all_of_it", executor_def=dg.in_process_executor)])
    return defs.resolve_job_def("all_of_it").execute_in_process(instance=instance, tags=TAGS)


def test_dagster_yaml_chooses_it(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, BatchingSqliteEventLog)
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert instance.get_settings("freshness") == {"enabled": True}


def test_every_partition_is_there(instance: dg.DagsterInstance) -> None:
    a, b = dg.AssetKey(["gold", "a"]), dg.AssetKey(["gold", "b"])
    with dg.DagsterInstance.ephemeral() as usual:
        expected = run(usual)
        ours = run(instance)
        assert [e.event_type_value for e in ours.all_events] == [e.event_type_value for e in expected.all_events]
        for key in (a, b):
            assert instance.get_materialized_partitions(key) == usual.get_materialized_partitions(key)
    latest = instance.get_latest_materialization_event(a)
    assert latest and latest.asset_materialization and latest.asset_materialization.partition == "2024-01-31"
    assert latest.asset_materialization.metadata["rows"].value == 7
    tagged = instance.fetch_materializations(b, limit=100).records
    assert len(tagged) == 31
    check = dg.AssetCheckKey(a, "sound")
    (record,) = instance.event_log_storage.get_asset_check_execution_history(check, limit=5)
    assert record.status.value == "FAILED"
    planned = instance.get_event_records(
        dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, asset_key=a)
    )
    assert len(planned) == 31


def test_runs_are_apart_in_the_log(instance: dg.DagsterInstance) -> None:
    first, second = run(instance), run(instance)
    for result in (first, second):
        kinds = [e.dagster_event_type for e in instance.all_logs(result.run_id)]
        assert kinds.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 62
    instance.delete_run(first.run_id)
    assert len(instance.all_logs(second.run_id)) > 62


def outputs(log: Any, run_id: str) -> int:
    return len(log.get_logs_for_run(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT))


def test_events_written_together_are_read_at_once_here_and_elsewhere_after_the_next(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run_id = run(instance).run_id
    log = instance.event_log_storage
    (output, *_) = log.get_logs_for_run(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)
    (another, *_) = log.get_logs_for_run(run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    before = outputs(log, run_id)
    log.store_event(output)
    assert outputs(log, run_id) == before + 1
    log.store_event(output)
    log.store_event(another)
    other = BatchingSqliteStorage(str(tmp_path / ODD)).event_log_storage
    assert outputs(other, run_id) == before + 2
    log.store_event(output)
    log.dispose()
    assert outputs(other, run_id) == before + 3
    other.dispose()


def test_what_could_not_be_written_is_not_lost(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = run(instance).run_id
    log = instance.event_log_storage
    (output, *_) = log.get_logs_for_run(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)
    before = outputs(log, run_id)

    def full(*_: object) -> None:
        raise OperationalError("insert", {}, OSError("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(log, "row_of", full)
        log.store_event(output)
        with pytest.raises(OperationalError):
            outputs(log, run_id)
    assert outputs(log, run_id) == before + 1


def test_a_check_of_no_run_is_written_at_once_or_told_and_stops_nothing_else(instance: dg.DagsterInstance) -> None:
    key = dg.AssetKey("reported")

    def report(check: str) -> None:
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=key, check_name=check, passed=True, partition="2026-01-01")
        )

    report("there")
    log = Path(instance.root_directory) / "history" / "runs" / "index.db"
    with sqlite3.connect(log) as elsewhere:
        assert elsewhere.execute("select check_name from asset_check_executions").fetchall() == [("there",)]
    with pytest.raises(IntegrityError):
        report("there")
    report("another")
    instance.report_runless_asset_event(dg.AssetMaterialization(key))
    assert instance.has_asset_key(key)


def _open(folder: str, together: Any) -> None:
    together.wait()
    BatchingSqliteStorage(folder).dispose()


def test_processes_that_create_it_at_once_create_it_once(tmp_path: Path) -> None:
    forked = get_context("fork")
    together = forked.Barrier(4)
    processes = [forked.Process(target=_open, args=(str(tmp_path), together)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    for file in tmp_path.rglob("*.db"):
        with sqlite3.connect(file) as con:
            assert len(con.execute("select * from alembic_version").fetchall()) == 1, file
