"""What a step that went wrong says, and whether it is tried again."""

import errno

import dagster as dg
import duckdb
import pytest

from lakehouse_assets.assets.metadata.checks import dbt_results
from lakehouse_assets.assets.steps import trying
from lakehouse_assets.assets.steps.trying import NO_USE, may_pass, sentence, told
from lakehouse_assets.assets.transform import Rebuilt
from lakehouse_assets.builds.dbt_graph import DbtTest
from lakehouse_assets.lakehouse.dbt.manifest import DbtFailedError
from lakehouse_assets.lakehouse.dbt.runner import NodeResult
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.publish.protocol import PublicationConflictError

LASTING = [
    duckdb.ConversionException("Conversion Error: Could not cast value 1 to DATE\n\nLINE 1: select 1\n   ^"),
    SchemaDriftError("silver.x: column 'a' is int in the table"),
    OSError(errno.ELOOP, "Too many levels of symbolic links", "/in/loop"),
    FileNotFoundError(errno.ENOENT, "No such file or directory", "/in/gone"),
    DbtFailedError("gold_x: Out of Range Error: Overflow in addition of DECIMAL(18)"),
    KeyError("amount"),
]
PASSING = [
    OSError(errno.ENOSPC, "No space left on device", "/data"),
    duckdb.IOException("IO Error: Could not set lock on file"),
    PublicationConflictError("silver.x was changed"),
    DbtFailedError("gold_x: IO Error: Cannot write to file: No space left on device"),
    ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
]


def ran(
    error: Exception, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, dg.DagsterRun]:
    """How often a step with this error was tried, what it said in the end, and its run."""
    tries = []
    # Not as patient as the product.
    monkeypatch.setattr(trying, "RETRY", dg.RetryPolicy(max_retries=trying.RETRY.max_retries))

    @dg.asset(retry_policy=trying.RETRY)
    def broken(context: dg.AssetExecutionContext) -> None:
        with told(context):
            tries.append(1)
            raise error

    result = dg.materialize([broken], instance=instance, raise_on_error=False)
    (failure,) = [e.step_failure_data for e in result.all_events if e.is_step_failure]
    said = (failure.user_failure_data.description or "") if failure.user_failure_data else ""
    return len(tries), said, result.dagster_run


@pytest.mark.parametrize("error", LASTING, ids=lambda e: type(e).__name__)
def test_what_cannot_heal_fails_at_once_and_says_why(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tries, said, run = ran(error, instance, monkeypatch)
        assert NO_USE in instance.get_run_by_id(run.run_id).tags  # pyright: ignore
    assert tries == 1
    assert said == sentence(error)
    assert "LINE 1" not in said and "max_retries" not in said


@pytest.mark.parametrize("error", PASSING, ids=lambda e: type(e).__name__)
def test_what_may_pass_is_tried_again_and_says_why_in_the_end(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert may_pass(RuntimeError("wrapped")) is False
    with dg.DagsterInstance.ephemeral() as instance:
        tries, said, run = ran(error, instance, monkeypatch)
        assert NO_USE not in instance.get_run_by_id(run.run_id).tags  # pyright: ignore
    assert tries == 1 + trying.RETRY.max_retries
    assert said == sentence(error)


def test_a_failed_test_of_dbt_says_table_rule_and_rows():
    tables = ("model.lake.gold_x", "source.lake.bronze.x_raw")
    said = "Got 2 results, configured to fail if != 0"
    result = NodeResult("test.a", "x_adds_up", "test", "fail", said, 2, 0.1, "error", "select 1", tables)
    words = Rebuilt((), [], [result]).failures[0]
    assert words == (
        "gold_x, x_raw: 2 rows break the rule of dbt's test x_adds_up; the check in Dagit has the query that finds them"
    )
    test = DbtTest("test.a", "x_adds_up", "gold.gold_x", (), "error", "Sums are the same.")
    key = dg.AssetCheckKey(dg.AssetKey(["gold", "gold_x"]), "x_adds_up")
    (found,) = dbt_results([result], {"test.a": test}, [key])
    assert found.description == f"{words}. Sums are the same." and "query" in found.metadata


@pytest.mark.parametrize("error", [KeyError("token"), ConnectionRefusedError("refused")], ids=["lasting", "passing"])
def test_no_event_of_a_run_tells_a_secret(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKLAKE_LLM_API_KEY", "llm-hunter2")
    try:
        raise RuntimeError("postgresql://me:hunter2@host/db and llm-hunter2")
    except RuntimeError as first:
        error.__cause__ = first
    with dg.DagsterInstance.ephemeral() as instance:
        tries, said, run = ran(error, instance, monkeypatch)
        events = [dg.serialize_value(entry) for entry in instance.all_logs(run.run_id)]
    assert tries == (3 if may_pass(error) else 1)
    assert said and not [event for event in events if "hunter2" in event]
