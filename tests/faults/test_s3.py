"""An S3 server that errs, is slow, or refuses: work goes through or ends with a sentence, and main is never half."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.faults import steps
from tests.faults.processes import done
from tests.faults.s3_proxy import Fault, FaultyS3, before
from tests.lakehouse.publish.test_on_branch import append, publish, readings, rows
from tests.lakehouse.readings import count
from tests.parity.comparing import leftovers
from tests.servers import Servers

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CSV = "sale_id,ts\n"


@pytest.fixture
def proxy(cluster_settings: Settings) -> Iterator[FaultyS3]:
    with before(cluster_settings.s3_endpoint) as server:
        yield server


@pytest.fixture
def faulty_lake(cluster_settings: Settings, proxy: FaultyS3) -> Lake:
    """A lake whose files pass through the forwarder, Python's and those of Trino's publications."""
    return Lake(cluster_settings.model_copy(update={"s3_endpoint": proxy.url}))


@pytest.mark.parametrize(
    "fault",
    [Fault(500, "InternalError"), Fault(503, "SlowDown"), Fault(delay_s=1.5)],
    ids=["500", "503", "slow"],
)
def test_a_server_that_errs_now_and_then_is_asked_again(faulty_lake: Lake, proxy: FaultyS3, fault: Fault) -> None:
    proxy.plan = lambda number: fault if number % 5 == 2 else None
    publish(faulty_lake, readings(1, 3), ReplaceTable())
    append(faulty_lake, rows(4, 2, "M9"))
    assert len(proxy.answered) > 3 or not fault.status
    assert count(faulty_lake) == 11
    assert not leftovers(faulty_lake)


@pytest.mark.parametrize("fault", [Fault(500, "InternalError"), Fault(503, "SlowDown")], ids=["500", "503"])
def test_a_server_that_only_errs_leaves_main_as_it_was(faulty_lake: Lake, proxy: FaultyS3, fault: Fault) -> None:
    publish(faulty_lake, readings(1, 3), ReplaceTable())
    proxy.plan = lambda _number: fault
    said = done(steps.append_or_explain, faulty_lake.settings)
    assert "ASKLAKE_S3_ENDPOINT" in said, said
    assert leftovers(faulty_lake) == []
    proxy.plan = lambda _number: None
    assert count(faulty_lake) == 9
    assert done(steps.append_or_explain, faulty_lake.settings) == ""
    assert count(faulty_lake) == 10
    assert not leftovers(faulty_lake)


def told(servers: Servers, tmp_path: Path, changes: dict[str, str], *arguments: str) -> str:
    """What `asklake` says with other variables, of which it fails."""
    environ = {**servers.variables, "ASKLAKE_HOME": str(tmp_path / "home"), **changes}
    code, said = done(steps.command_with, environ, arguments)
    assert code in (1, 2), said
    assert "Traceback" not in said
    return said


@pytest.fixture
def sales(tmp_path: Path) -> str:
    """A file that loads."""
    from lakehouse_assets.domains.sales.sample import write_sample

    return str(write_sample(tmp_path / "sample", size=50, files=1).files["sales_csv"][0])


def test_a_wrong_key_is_a_sentence(servers: Servers, cluster_lake: Lake, tmp_path: Path, sales: str) -> None:
    for changes in ({"ASKLAKE_S3_SECRET_KEY": "wrong"}, {"ASKLAKE_S3_ACCESS_KEY": "nobody"}):
        said = told(servers, tmp_path, changes, "ingest", sales, "--source", "sales_csv")
        assert "ASKLAKE_S3_ACCESS_KEY" in said, said
        said = told(servers, tmp_path, changes, "ingest", "s3://landing/sales_csv/x.csv", "--source", "sales_csv")
        assert "ASKLAKE_S3_ACCESS_KEY" in said, said
    assert not cluster_lake.catalog.heads()
    assert not leftovers(cluster_lake)


def test_an_expired_key_is_a_sentence(
    servers: Servers, cluster_lake: Lake, proxy: FaultyS3, tmp_path: Path, sales: str
) -> None:
    proxy.plan = lambda _number: Fault(403, "ExpiredToken")
    said = told(servers, tmp_path, {"ASKLAKE_S3_ENDPOINT": proxy.url}, "ingest", sales, "--source", "sales_csv")
    assert "ASKLAKE_S3_ACCESS_KEY" in said, said
    assert not leftovers(cluster_lake)


def test_a_missing_bucket_is_a_sentence(
    servers: Servers, cluster_lake: Lake, proxy: FaultyS3, tmp_path: Path, sales: str
) -> None:
    said = told(servers, tmp_path, {}, "ingest", "s3://nowhere/x.csv", "--source", "sales_csv")
    assert "s3://nowhere/x.csv" in said, said
    proxy.plan = lambda _number: Fault(404, "NoSuchBucket")
    said = told(servers, tmp_path, {"ASKLAKE_S3_ENDPOINT": proxy.url}, "ingest", sales, "--source", "sales_csv")
    assert "ASKLAKE_WAREHOUSE_URL" in said, said
    assert not leftovers(cluster_lake)
