"""Publication on a branch, on real servers: all of it or nothing, once, and what is left for people to look at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.engines.trino import TrinoEngine
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, Replace, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.lakehouse.nessie.names import SNAPSHOT_PREFIX
from lakehouse_assets.lakehouse.publish.begin import begin, open_publication
from lakehouse_assets.lakehouse.publish.protocol import (
    AuditFailedError,
    Publication,
    PublicationConflictError,
    Published,
)
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import READINGS, count

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(params=["trino", "duckdb"])
def cluster_lake(request: pytest.FixtureRequest, cluster_settings: Settings) -> Lake:
    """An empty lake on branches, whose rows one or the other engine writes and reads."""
    return Lake(cluster_settings.model_copy(update={"engine": request.param}))


def readings(first: int, days: int, value: int = 1, meters: int = 3) -> str:
    """A query of one reading a day of January 2024 and meter, in every engine's SQL."""
    listed = ", ".join(f"(date '2024-01-{day:02}')" for day in range(first, first + days))
    numbered = ", ".join(f"('M{m}')" for m in range(1, meters + 1))
    return (
        f"select taken_on, meter, 'ON' as state, {value} as value, 0.25 as price "
        f"from (values {listed}) as days (taken_on) cross join (values {numbered}) as meters (meter)"
    )


def rows(first: int, days: int, meter: str) -> pa.Table:
    """One reading a day of one meter."""
    listed = [
        {"taken_on": date(2024, 1, first + d), "meter": meter, "state": "ON", "value": 1, "price": None}
        for d in range(days)
    ]
    schema = pa.schema(
        [("taken_on", pa.date32()), ("meter", pa.string()), ("state", pa.string()), ("value", pa.int32()),
         ("price", pa.decimal128(18, 4))]
    )  # fmt: skip
    return pa.Table.from_pylist(listed, schema=schema)


def staged(lake: Lake, sql: str, replace: Replace) -> Publication:
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        publication.stage_query(READINGS, sql, session, replace)
    publication.audit()
    return publication


def publish(lake: Lake, sql: str, replace: Replace) -> Published:
    return staged(lake, sql, replace).publish()[0]


def append(lake: Lake, table: pa.Table) -> Published:
    publication = open_publication(lake, run_id="test")
    publication.stage_rows(READINGS, table, Append())
    publication.audit()
    return publication.publish()[0]


def test_a_publication_is_one_commit_that_names_it_and_leaves_nothing_else(cluster_lake: Lake) -> None:
    done = publish(cluster_lake, readings(1, 10), ReplaceTable())
    assert (done.rows, done.total_rows, done.partitions) == (30, 30, 10)
    publish(cluster_lake, readings(3, 1, value=7, meters=1), ReplacePartitions((date(2024, 1, 3), date(2024, 1, 4))))
    assert count(cluster_lake) == 25
    first = branches.log(cluster_lake, table="silver.readings")[-1]
    assert first.properties[PUBLICATION_ID] == done.publication_id
    assert first.properties[f"{SNAPSHOT_PREFIX}silver.readings"] == str(done.snapshot_id)
    assert not branches.branches(cluster_lake)
    if isinstance(engine := cluster_lake.engine, TrinoEngine):
        assert not [c for c in engine.catalogs() if c.startswith("pub_")]


def test_a_refused_branch_is_kept_for_people_and_main_is_as_it_was(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 2), ReplaceTable())
    publication = staged(cluster_lake, readings(1, 5, value=200), ReplaceTable())
    with pytest.raises(AuditFailedError, match="value__le failed for 15 of 15 rows"):
        publication.publish()
    publication.abandon()
    assert count(cluster_lake) == 6
    (kept,) = branches.branches(cluster_lake)
    assert (kept.kind, kept.tables) == ("refused", ("silver.readings",))
    (difference,) = branches.differences(cluster_lake, kept.name)
    assert (difference.on_branch, difference.on_main) == (15, 6)
    assert (difference.only_on_branch, difference.only_on_main) == (15, 6)
    assert not branches.sweep(cluster_lake)
    later = datetime.now(UTC) + cluster_lake.settings.branch_retention + timedelta(minutes=1)
    assert branches.sweep(cluster_lake, now=later) == [kept.name]
    assert not branches.branches(cluster_lake)


def test_a_repeated_key_is_found_however_many_rows_are_looked_at_at_once(
    cluster_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = open_publication(cluster_lake, run_id="test")
    with publication.session() as session:
        twice = f"{readings(1, 3)} union all {readings(2, 1)}"
        publication.stage_query(READINGS, twice, session, ReplaceTable())
    for rows_at_a_time in (1, 5, 1000):
        monkeypatch.setattr("lakehouse_assets.lakehouse.publish.audit.ROWS_AT_A_TIME", rows_at_a_time)
        (key,) = [o for o in publication.audit() if o.check == "key__unique"]
        assert (key.failed, key.total) == (3, 12)
        assert key.samples and all(sample["copies"] == 2 for sample in key.samples)
    publication.abandon()


def test_appends_at_once_all_land_and_replacements_of_an_old_state_do_not(cluster_lake: Lake) -> None:
    append(cluster_lake, rows(1, 2, "M0"))
    old = staged(cluster_lake, readings(1, 1), ReplaceTable())
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: append(cluster_lake, rows(1, 3, f"M{n}")), range(1, 4)))
    assert count(cluster_lake) == 2 + 3 * 3
    with pytest.raises(PublicationConflictError):
        old.publish()
    old.abandon()
    assert count(cluster_lake) == 11
    assert not branches.branches(cluster_lake)


def test_older_states_are_read_by_their_snapshots_and_main_goes_back(cluster_lake: Lake) -> None:
    first = publish(cluster_lake, readings(1, 2), ReplaceTable())
    with cluster_lake.session() as early:
        second = publish(cluster_lake, readings(1, 4), ReplaceTable())
        n = early.query("select count(*) as n from silver.readings").to_pylist()[0]["n"]
        assert n == 6, "a session keeps to the commit it was opened at"
    assert count(cluster_lake) == 12
    with cluster_lake.session(at={"silver.readings": first.snapshot_id}) as session:
        assert session.query("select count(*) as n from silver.readings").to_pylist() == [{"n": 6}]
    with pytest.raises(QueryRefusedError, match="never had"), cluster_lake.session(at={"silver.readings": 1}):
        pass
    commits = branches.log(cluster_lake, table="silver.readings")
    assert [c.properties[PUBLICATION_ID] for c in commits] == [second.publication_id, first.publication_id]
    branches.rollback(cluster_lake, commits[-1].hash[:12])
    assert count(cluster_lake) == 6
    publish(cluster_lake, readings(1, 1), ReplaceTable())
    assert count(cluster_lake) == 3


def test_what_was_merged_stays_although_the_process_is_interrupted_then(
    cluster_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    nessie = require_nessie(cluster_lake.catalog).nessie
    merge = nessie.merge

    def merged_and_interrupted(*args: Any) -> None:
        merge(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(nessie, "merge", merged_and_interrupted)
    with pytest.raises(KeyboardInterrupt), begin(cluster_lake, run_id="test") as publication:
        publication.stage_rows(READINGS, rows(1, 3, "M0"), Append())
        publication.audit()
        publication.publish()
    with cluster_lake.session() as session:
        assert session.query("select sum(value) as total from silver.readings").to_pylist() == [{"total": 3}]
    assert not branches.branches(cluster_lake)


def test_each_engine_reads_and_replaces_what_the_other_published(cluster_settings: Settings) -> None:
    trino, duckdb = (Lake(cluster_settings.model_copy(update={"engine": engine})) for engine in ("trino", "duckdb"))
    publish(trino, readings(1, 4), ReplaceTable())
    publish(duckdb, readings(2, 1, value=7, meters=1), ReplacePartitions((date(2024, 1, 2),)))
    publish(trino, readings(3, 1, value=8, meters=2), ReplacePartitions((date(2024, 1, 3),)))
    append(duckdb, rows(9, 1, "M9"))
    found = []
    for lake in (trino, duckdb):
        with lake.session() as session:
            found.append(session.query("select * from silver.readings order by taken_on, meter").to_pylist())
    assert found[0] == found[1]
    assert [(row["taken_on"].day, row["value"]) for row in found[0]] == [
        (1, 1), (1, 1), (1, 1), (2, 7), (3, 8), (3, 8), (4, 1), (4, 1), (4, 1), (9, 1)
    ]  # fmt: skip


def test_people_read_tables_of_the_lake_and_nothing_else(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 1), ReplaceTable())
    with cluster_lake.session() as session:
        for sql in (
            "select * from system.runtime.queries",
            "select * from lake.silver.readings",
            'select * from silver."readings$files"',
            "delete from silver.readings",
            "select * from table(lake.system.table_changes('silver','readings',1,2))",
        ):
            with pytest.raises(QueryRefusedError):
                session.query(sql)
    assert count(cluster_lake) == 3
