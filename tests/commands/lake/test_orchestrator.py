"""What is told of a run that failed."""

from __future__ import annotations

import pickle
import sqlite3

import dagster as dg
import duckdb
import pytest
from sqlalchemy.exc import OperationalError

from lakehouse_assets.commands.failures import Exit, explain
from lakehouse_assets.commands.lake.orchestrator import run_job
from lakehouse_assets.lakehouse.iceberg.catalog import CatalogUnwritableError

FULL = OperationalError("insert into t values (1)", {}, sqlite3.OperationalError("database or disk is full"))


@dg.op
def write() -> None:
    raise CatalogUnwritableError("/data/catalog.db", FULL) from FULL


@dg.op
def divide() -> None:
    raise ZeroDivisionError("division by zero")


@dg.op
def refuse() -> None:
    raise dg.Failure("the disk is full", allow_retries=False) from OSError("No space left on device")


@dg.op(retry_policy=dg.RetryPolicy(max_retries=1, delay=0))
def try_again() -> None:
    raise CatalogUnwritableError("/data/catalog.db", FULL) from FULL


@dg.op(retry_policy=dg.RetryPolicy(max_retries=1, delay=0))
def read() -> None:
    duckdb.sql('select "nope" from (select 1 as a)')


@dg.op
def insert() -> None:
    raise FULL


@dg.asset
def made() -> dg.MaterializeResult:
    lineage = dg.TableColumnLineage({"a": [dg.TableColumnDep(dg.AssetKey("b"), "a")]})
    return dg.MaterializeResult(metadata={"dagster/column_lineage": lineage, "rows_written": 3, "snapshot_id": "7"})


@dg.asset_check(asset=made)
def of_another_job() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def errors_of(op: dg.OpDefinition) -> list[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        return run_job(instance, dg.GraphDefinition("job", node_defs=[op]).to_job()).errors


def test_what_a_run_made_is_told_without_objects_of_dagster() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.Definitions(assets=[made], jobs=[dg.define_asset_job("job")]).resolve_job_def("job")
        ran = run_job(instance, job)
        (table,) = ran.tables
        run = instance.get_run_by_id(ran.run_id)
        assert run and run.remote_job_origin, "Dagit's timeline shows runs of a code location alone"
        assert (run.remote_job_origin.location_name, run.remote_job_origin.job_name) == ("asklake", "job")
    assert (table.table, table.metadata) == ("made", {"rows_written": 3, "snapshot_id": "7"})
    assert b"dagster" not in pickle.dumps(table)


def test_a_selection_of_the_whole_job_runs_no_check_of_another() -> None:
    job = dg.define_asset_job("job", selection=dg.AssetSelection.assets(made).without_checks())
    resolved = dg.Definitions(assets=[made], asset_checks=[of_another_job], jobs=[job]).resolve_job_def("job")
    with dg.DagsterInstance.ephemeral() as instance:
        ran = run_job(instance, resolved, selection=[made.key])
    assert ([table.table for table in ran.tables], ran.checks) == (["made"], [])


def test_our_own_words_are_told_and_not_those_of_the_cause() -> None:
    assert {t.partition(". ")[0] for t in errors_of(write)} == {
        "the catalog /data/catalog.db cannot be written: database or disk is full"
    }


def test_a_failure_is_told_in_the_same_words_by_step_and_run() -> None:
    assert set(errors_of(refuse)) == {"the disk is full"}


def test_an_error_of_others_is_told_with_its_name() -> None:
    assert "ZeroDivisionError: division by zero" in errors_of(divide)


@pytest.mark.parametrize(
    ("op", "told"),
    [
        (try_again, "the catalog /data/catalog.db cannot be written: database or disk is full. `df -h` shows"),
        (read, 'Binder Error: Referenced column "nope" not found in FROM clause!'),
        (insert, "database or disk is full"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_root_of_a_failure_is_told(op: dg.OpDefinition, told: str) -> None:
    for text in errors_of(op):
        assert told in text
        assert not any(
            words in text for words in ("max_retries", "RetryRequested", "insert into", "LINE 1", "sqlalche")
        )


def test_a_database_that_cannot_be_written_is_a_sentence_without_the_statement() -> None:
    told = explain(FULL)
    assert told is not None
    assert told.code == Exit.FAILED
    assert str(told).startswith("database or disk is full. ")
    assert "insert" not in str(told)
