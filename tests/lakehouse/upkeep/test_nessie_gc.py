"""Maintenance of a warehouse with branches, on real servers: what any branch, tag or kept commit needs, stays."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import duckdb
import pytest

from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.iceberg.locations import OutsideWarehouseError
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.protocol import PublicationConflictError
from lakehouse_assets.lakehouse.upkeep.maintenance import crowded_partitions, maintain
from lakehouse_assets.lakehouse.upkeep.nessie_gc import collect, kept_metadata, needed_files
from lakehouse_assets.settings import Settings
from tests.lakehouse.publish.test_on_branch import append, publish, readings, rows, staged
from tests.lakehouse.readings import READINGS, count
from tests.lakehouse.upkeep.test_maintenance import BY_PERIOD, TIMES, calls_taken

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

CONTRACTS = {READINGS.identifier: READINGS}


@pytest.fixture
def impatient(cluster_settings: Settings) -> Lake:
    """A lake that keeps nothing longer than it must."""
    return Lake(
        cluster_settings.model_copy(update={"snapshot_retention": timedelta(0), "staging_grace": timedelta(seconds=1)})
    )


@pytest.fixture
def bucket(cluster_settings: Settings) -> Any:
    """The bucket of the warehouse."""
    options = cluster_settings.s3_options
    resource: Any = boto3.resource(
        "s3", aws_access_key_id=options["key"], aws_secret_access_key=options["secret"], **options["client_kwargs"]
    )
    return resource.Bucket("warehouse")


def files(bucket: Any) -> set[str]:
    found = bucket.objects.filter(Prefix="silver/readings")
    return {f"s3://warehouse/{o.key}" for o in found if not o.key.endswith("/")}


def later(seconds: float = 5) -> datetime:
    """A moment after which what was written by now is old."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def on_branch(lake: Lake, branch: str) -> list[dict[str, Any]]:
    """Rows of the table on a branch, by Trino."""
    engine = require_trino(lake.engine)
    engine.make_catalog(branch, branch)
    try:
        with engine.session({}, writer=True, catalog=branch) as session:
            return session.run("select * from silver.readings order by taken_on, meter").to_pylist()
    finally:
        engine.drop_catalog(branch)


def test_only_what_is_old_and_needed_by_nothing_goes(impatient: Lake, bucket: Any) -> None:
    collect(impatient, now=later())
    for value in (1, 2, 3):
        publish(impatient, readings(1, 4, value=value), ReplaceTable())
    bucket.put_object(Key="silver/readings/data/left/by-a-dead-writer.parquet", Body=b"half")
    before = files(bucket)
    assert collect(impatient, now=datetime.now(UTC) - timedelta(hours=1)) == {}
    assert files(bucket) == before
    freed = collect(impatient, now=later())["silver.readings"]
    left = files(bucket)
    now = datetime.now(UTC)
    assert left == {
        f
        for f in needed_files(impatient, kept_metadata(require_nessie(impatient.catalog).nessie, now))
        if "/silver/" in f
    }
    assert (freed.files, freed.snapshots) == (len(before) - len(left), 2)
    assert freed.files > 3
    assert count(impatient) == 12


def test_open_branches_keep_their_files_however_old(impatient: Lake) -> None:
    publish(impatient, readings(1, 3), ReplaceTable())
    nessie = require_nessie(impatient.catalog).nessie
    nessie.create_branch("feature-x", nessie.reference())
    running = staged(impatient, readings(1, 5, value=4), ReplaceTable())
    (branch,) = [b.name for b in branches.branches(impatient) if b.kind == "under way"]
    staged(impatient, readings(1, 2, value=500), ReplaceTable()).abandon()
    (refused,) = [b.name for b in branches.branches(impatient) if b.kind == "refused"]
    publish(impatient, readings(1, 6, value=2), ReplaceTable())
    publish(impatient, readings(1, 6, value=3), ReplaceTable())
    names = ("feature-x", branch, refused)
    wanted = {name: on_branch(impatient, name) for name in names}
    try:
        assert collect(impatient, now=later())["silver.readings"].files > 0
        assert {name: on_branch(impatient, name) for name in names} == wanted
        assert [len(rows_there) for rows_there in wanted.values()] == [9, 15, 6]
        with pytest.raises(PublicationConflictError):
            running.publish()
        assert count(impatient) == 18
    finally:
        running.abandon()
        for name in ("feature-x", refused):
            nessie.drop(nessie.reference(name))
    before = collect(impatient, now=later(10))["silver.readings"].files
    assert before > 0, "nothing needs the files of those branches now"
    assert count(impatient) == 18


def undone(lake: Lake) -> set[str]:
    return {r.name for r in require_nessie(lake.catalog).nessie.references() if r.name.startswith(branches.UNDONE)}


def test_history_ends_where_its_files_do(impatient: Lake) -> None:
    first, second, third = (publish(impatient, readings(1, n), ReplaceTable()) for n in (1, 2, 3))
    commits = branches.log(impatient, table="silver.readings")
    undone_before = undone(impatient)
    before, after = branches.rollback(impatient, commits[1].hash)
    assert (before, after) == (commits[0].hash, commits[1].hash)
    collect(impatient, now=later())
    assert [c.hash for c in branches.log(impatient, table="silver.readings")] == [commits[1].hash]
    assert count(impatient) == 6
    with (
        pytest.raises(QueryRefusedError, match="no longer kept"),
        impatient.session(at={"silver.readings": first.snapshot_id}),
    ):
        pass
    with pytest.raises(LookupError, match="no commit of main that is kept begins with"):
        branches.rollback(impatient, commits[2].hash)
    (tag,) = undone(impatient) - undone_before
    assert len(on_branch(impatient, tag)) == 9, "a tag keeps what main was taken back from"
    branches.sweep(impatient, now=later())
    assert not undone(impatient)
    assert second.rows == 6 and third.rows == 9


def test_small_files_are_put_together_and_statistics_stay_with_the_table(cluster_lake: Lake) -> None:
    for n in range(9):
        append(cluster_lake, rows(1, 2, f"M{n}"))
    publish(cluster_lake, readings(20, 1), ReplacePartitions((date(2024, 1, 20),)))
    with cluster_lake.session() as session:
        before = session.query("select * from silver.readings order by taken_on, meter").to_pylist()
    days = crowded_partitions(READINGS, cluster_lake.catalog.load_table("silver.readings"))
    assert set(days) == {date(2024, 1, 1), date(2024, 1, 2)}
    (done,) = maintain(cluster_lake, CONTRACTS, run_id="test")
    assert (done.partitions_compacted, done.analyzed, done.left.files, done.left.small) == (2, True, 3, 3)
    with cluster_lake.session() as session:
        assert session.query("select * from silver.readings order by taken_on, meter").to_pylist() == before
    assert distinct(cluster_lake, "meter") == 9
    (again,) = maintain(cluster_lake, CONTRACTS, run_id="test")
    assert (again.partitions_compacted, again.analyzed) == (0, False)
    append(cluster_lake, rows(3, 1, "M77"))
    assert distinct(cluster_lake, "meter") == 9, "statistics of the snapshot before, until the next maintenance"
    publish(cluster_lake, readings(21, 1, meters=5), ReplacePartitions((date(2024, 1, 21),)))
    assert distinct(cluster_lake, "meter") == 9
    maintain(cluster_lake, CONTRACTS, run_id="test")
    assert distinct(cluster_lake, "meter") == 10
    assert not branches.branches(cluster_lake)


def test_small_files_are_put_together_by_duckdb_too(duckdb_cluster_lake: Lake) -> None:
    for n in range(9):
        append(duckdb_cluster_lake, rows(1, 2, f"M{n}"))
    with duckdb_cluster_lake.session() as session:
        before = session.query("select * from silver.readings order by taken_on, meter").to_pylist()
    (done,) = maintain(duckdb_cluster_lake, CONTRACTS, run_id="test")
    assert (done.partitions_compacted, done.left.small) == (2, 2)
    with duckdb_cluster_lake.session() as session:
        assert session.query("select * from silver.readings order by taken_on, meter").to_pylist() == before
    assert not branches.branches(duckdb_cluster_lake)


def test_a_warehouse_that_is_not_the_catalogs_is_neither_read_nor_cleaned_up(impatient: Lake, bucket: Any) -> None:
    publish(impatient, readings(1, 4), ReplaceTable())
    publish(impatient, readings(1, 4, value=2), ReplaceTable())
    before = files(bucket)
    other = Lake(impatient.settings.model_copy(update={"warehouse_url": "s3://warehouse/silver/rea"}))
    with pytest.raises(OutsideWarehouseError, match=r"silver\.readings is at s3://warehouse/silver/readings"):
        other.catalog.heads()
    with pytest.raises(OutsideWarehouseError, match="ASKLAKE_WAREHOUSE_URL"):
        collect(other, now=later())
    assert files(bucket) == before


def test_a_table_by_days_of_a_time_is_audited_and_put_together_whole(cluster_lake: Lake) -> None:
    (contract, *_) = BY_PERIOD
    for number in range(9):
        publication = open_publication(cluster_lake, run_id="test")
        publication.stage_rows(contract, duckdb.execute(calls_taken(TIMES, number)).to_arrow_table(), Append())
        assert max(outcome.total for outcome in publication.audit()) == len(TIMES)
        publication.publish()
    query = f"select * from {contract.identifier} order by taken_at, number"
    with cluster_lake.session() as session:
        before = session.query(query).to_pylist()
    (done,) = maintain(cluster_lake, {contract.identifier: contract}, run_id="test")
    assert (done.problems, done.partitions_compacted, done.left.files) == ((), 7, 7)
    with cluster_lake.session() as session:
        assert session.query(query).to_pylist() == before
    assert len(before) == 9 * len(TIMES)


def distinct(lake: Lake, column: str) -> float:
    """How many values Trino believes a column to have."""
    with lake.session(writer=True) as session:
        shown = session.run("show stats for silver.readings").to_pylist()
    return next(row["distinct_values_count"] for row in shown if row["column_name"] == column)


def test_maintenance_beside_writers_and_readers(cluster_settings: Settings) -> None:
    keeping = {"snapshot_retention": timedelta(minutes=1), "staging_grace": timedelta(seconds=20)}
    lake = Lake(cluster_settings.model_copy(update=keeping))
    append(lake, rows(1, 2, "M0"))
    over = threading.Event()
    seen: list[int] = []

    def write() -> int:
        for n in range(1, 13):
            append(Lake(lake.settings), rows(1, 2, f"M{n}"))
        over.set()
        return 12

    def read() -> None:
        while not over.is_set():
            seen.append(count(Lake(lake.settings)))

    def upkeep() -> int:
        done = 0
        while not over.is_set():
            done += sum(m.partitions_compacted for m in maintain(lake, CONTRACTS, run_id="test"))
        return done

    with ThreadPoolExecutor(3) as pool:
        written, looked, compacted = pool.submit(write), pool.submit(read), pool.submit(upkeep)
        assert written.result() == 12
        looked.result()
        compacted.result()
    maintain(lake, CONTRACTS, run_id="test")
    assert count(lake) == 26
    assert seen == sorted(seen) and all(n % 2 == 0 for n in seen), "each publication whole, none lost again"
    assert not branches.branches(lake)
