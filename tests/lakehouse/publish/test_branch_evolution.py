"""Columns and partitioning follow the contract on a branch: unseen until the merge, older snapshots kept."""

from __future__ import annotations

from dataclasses import replace as altered
from datetime import date

import polars as pl
import pyarrow as pa
import pytest

from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.contract import Contract, month
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, Replace, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.protocol import Publication
from lakehouse_assets.lakehouse.upkeep.maintenance import SMALL_FILES_PER_PARTITION, tend
from tests.lakehouse.publish.test_on_branch import publish, readings
from tests.lakehouse.readings import (
    BIG,
    BY_QUALITY,
    EVOLVED_READINGS,
    READINGS,
    RENAMED,
    count,
    evolved,
    with_column,
    without_column,
)

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def staged(lake: Lake, sql: str, replace: Replace, contract: Contract) -> Publication:
    publication = open_publication(lake, run_id="test")
    try:
        with publication.session() as session:
            publication.stage_query(contract, sql, session, replace)
        publication.audit()
    except BaseException:
        publication.abandon()
        raise
    return publication


def columns(lake: Lake) -> tuple[str, ...]:
    with lake.session() as session:
        return tuple(session.query("select * from silver.readings", limit=1).column_names)


def ids(lake: Lake) -> dict[str, int]:
    return {f.name: f.field_id for f in lake.catalog.load_table("silver.readings").schema().fields}


def test_columns_change_with_the_merge_and_older_snapshots_keep_theirs(cluster_lake: Lake) -> None:
    first = publish(cluster_lake, readings(1, 4), ReplaceTable())
    before = ids(cluster_lake)
    publication = staged(
        cluster_lake, evolved(readings(5, 1)), ReplacePartitions((date(2024, 1, 5),)), EVOLVED_READINGS
    )
    assert columns(cluster_lake) == READINGS.column_names, "readers see a column before the merge"
    (second,) = publication.publish()
    assert columns(cluster_lake) == EVOLVED_READINGS.column_names
    assert ids(cluster_lake) == {RENAMED.get(name, name): i for name, i in before.items()} | {"quality": 6}
    with cluster_lake.session() as session:
        found = session.query(BY_QUALITY).to_pylist()
    assert found == [{"quality": "exact", "n": 3, "d": 3, "v": BIG + 1}, {"quality": None, "n": 12, "d": 12, "v": 1}]
    with cluster_lake.session(at={"silver.readings": first.snapshot_id}) as session:
        old = session.query("select * from silver.readings")
    assert (tuple(old.column_names), old.num_rows) == (READINGS.column_names, 12)
    with cluster_lake.session(at={"silver.readings": second.snapshot_id}) as session:
        assert session.query("select count(device) n from silver.readings").to_pylist() == [{"n": 15}]


def test_files_without_field_ids_are_read_after_a_renaming(cluster_lake: Lake) -> None:
    row = {"taken_on": date(2024, 1, 1), "meter": "M1", "state": "ON", "value": 1, "price": None}
    append(cluster_lake, READINGS, row)
    append(cluster_lake, EVOLVED_READINGS, {**row, "device": "M2", "quality": "exact", "value": BIG})
    with cluster_lake.session() as session:
        found = session.query("select device, quality, value from silver.readings order by device").to_pylist()
    assert found == [
        {"device": "M1", "quality": None, "value": 1},
        {"device": "M2", "quality": "exact", "value": BIG},
    ]


def append(lake: Lake, contract: Contract, row: dict[str, object]) -> None:
    publication = open_publication(lake, run_id="test")
    kinds = {"VARCHAR": pa.string(), "DATE": pa.date32(), "INTEGER": pa.int32(), "BIGINT": pa.int64()}
    schema = pa.schema([(c.name, kinds.get(c.type, pa.decimal128(18, 4))) for c in contract.columns])
    publication.stage_rows(contract, pa.Table.from_pylist([row], schema=schema), Append())
    publication.audit()
    publication.publish()


def test_what_would_break_readers_is_refused_and_nothing_is_left(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 2), ReplaceTable())
    before = cluster_lake.catalog.heads()
    more = with_column(READINGS, "source", pl.String)
    new = f"select *, 'hand' as source from ({readings(1, 1)})"
    with pytest.raises(SchemaDriftError, match="column 'source' is new and may not be missing"):
        staged(cluster_lake, new, ReplacePartitions((date(2024, 1, 1),)), more)
    with pytest.raises(SchemaDriftError, match="column 'price' is in the table and not in its contract"):
        staged(cluster_lake, new, ReplaceTable(), without_column(READINGS, "price"))
    assert cluster_lake.catalog.heads() == before
    assert not branches.branches(cluster_lake)
    staged(cluster_lake, new, ReplaceTable(), more).publish()
    assert count(cluster_lake) == 3


def test_partitioning_changes_without_rewriting_and_days_are_still_replaced(cluster_lake: Lake) -> None:
    by_month = altered(READINGS, partitions=(month("taken_on"),))
    staged(cluster_lake, readings(1, 31), ReplaceTable(), by_month).publish()
    files = {t.file.file_path for t in cluster_lake.catalog.load_table("silver.readings").scan().plan_files()}
    day = ReplacePartitions((date(2024, 1, 5),))
    staged(cluster_lake, readings(5, 1, value=7, meters=1), day, READINGS).publish()
    table = cluster_lake.catalog.load_table("silver.readings")
    assert [str(f.transform) for f in table.spec().fields] == ["day"]
    assert files < {t.file.file_path for t in table.scan().plan_files()}, "files were rewritten"
    assert count(cluster_lake) == 30 * 3 + 1


def test_compaction_brings_files_into_the_new_partitioning(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, SMALL_FILES_PER_PARTITION), ReplaceTable())
    before = cluster_lake.catalog.load_table("silver.readings")
    assert len(list(before.scan().plan_files())) >= SMALL_FILES_PER_PARTITION
    by_month = altered(READINGS, partitions=(month("taken_on"),))
    compacted, _ = tend(cluster_lake, by_month, run_id="test")
    table = cluster_lake.catalog.load_table("silver.readings")
    assert compacted == 1
    assert count(cluster_lake) == 3 * SMALL_FILES_PER_PARTITION
    assert [str(f.transform) for f in table.spec().fields] == ["month"]
    assert {t.file.spec_id for t in table.scan().plan_files()} == {table.spec().spec_id}
    assert tend(cluster_lake, by_month, run_id="test") == (0, False)
