"""Maintenance deletes what nobody needs, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.garbage import referenced_files, remove_orphans, sweep_dead_publications
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.locations import HomeWarehouse
from lakehouse_assets.lakehouse.maintenance import crowded_partitions, data_files, maintain
from lakehouse_assets.lakehouse.publication import Append, Publication, ReplaceTable, marker_folder
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import MONTHLY, READINGS, count, publish, rows

CONTRACTS = {c.identifier: c for c in (READINGS, MONTHLY)}


@pytest.fixture
def impatient(tmp_path: Path) -> Lake:
    """A lake that keeps nothing longer than it must."""
    return Lake(
        Settings(
            profile="local", home=tmp_path / "home", landing="", dagster_home=None,
            snapshot_retention=timedelta(0), staging_grace=timedelta(0),
        )
    )  # fmt: skip


def age(folder: Path) -> None:
    """Make every file below a folder look an hour old."""
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 3600, time.time() - 3600))


def crowded(lake: Lake, contract: Contract) -> list[date | None]:
    return list(crowded_partitions(contract, lake.catalog.load_table(contract.identifier)))


def parquet_files(lake: Lake) -> set[str]:
    return {str(p) for p in lake.settings.warehouse.rglob("*.parquet")}


def test_expired_snapshots_and_their_files_go_and_the_table_stays(impatient: Lake) -> None:
    for _ in range(3):
        publish(impatient, rows("2024-01-01", 4), ReplaceTable())
    age(impatient.settings.warehouse)
    (done,) = maintain(impatient, CONTRACTS, run_id="test")
    assert done.snapshots_expired == 2
    assert count(impatient) == 12
    table = impatient.catalog.load_table("silver.readings")
    assert parquet_files(impatient) == {
        f for f in referenced_files(HomeWarehouse(impatient.settings.home), table) if f.endswith(".parquet")
    }
    assert len(parquet_files(impatient)) == 4


def test_kept_snapshots_stay_readable(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    age(lake.settings.warehouse)
    maintain(lake, CONTRACTS, run_id="test")
    with lake.session(at={"silver.readings": first.snapshot_id}) as session:
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 3}]


def stage_and_die(lake: Lake, *, pid: int) -> Publication:
    publication = Publication.begin(lake, run_id="dead")
    with publication.session() as session:
        publication.stage(READINGS, rows("2024-03-01", 3), session.con, Append())
        publication.audit(session.con)
    marker = marker_folder(lake) / f"{publication.id}.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "pid": pid}))
    return publication


def test_what_a_dead_process_staged_is_removed(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    before = parquet_files(lake)
    publication = stage_and_die(lake, pid=2**22 + 1)
    assert sweep_dead_publications(lake) == [publication.id]
    assert parquet_files(lake) == before


def test_what_a_living_process_stages_is_left_alone(lake: Lake) -> None:
    publication = stage_and_die(lake, pid=os.getpid())
    assert sweep_dead_publications(lake) == []
    publication.publish()
    assert count(lake) == 9


def test_a_process_that_died_right_after_its_commit_lost_nothing(lake: Lake) -> None:
    publication = stage_and_die(lake, pid=2**22 + 1)
    marker = marker_folder(lake) / f"{publication.id}.json"
    text = marker.read_text()
    publication.publish()
    marker.write_text(text)
    assert sweep_dead_publications(lake) == [publication.id]
    assert not marker.exists()
    assert count(lake) == 9


def test_running_publications_survive_orphan_removal(impatient: Lake) -> None:
    publish(impatient, rows("2024-01-01", 1), ReplaceTable())
    publication = Publication.begin(impatient, run_id="running")
    with publication.session() as session:
        publication.stage(READINGS, rows("2024-03-01", 3), session.con, Append())
        publication.audit(session.con)
    marker = marker_folder(impatient) / f"{publication.id}.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "started": time.time() + 3600}))
    age(impatient.settings.warehouse)
    maintain(impatient, CONTRACTS, run_id="test")
    publication.publish()
    assert count(impatient) == 12


def test_crowded_partitions_are_compacted_without_a_change_of_rows(lake: Lake) -> None:
    for n in range(9):
        publish(lake, rows("2024-01-01", 2, value=str(n)).replace("'M' ||", f"'M{n}' ||"), Append())
    assert len(crowded(lake, READINGS)) == 2
    with lake.session() as session:
        before = session.query("select * from silver.readings order by all").to_pylist()
    (done,) = maintain(lake, CONTRACTS, run_id="test")
    assert done.partitions_compacted == 2
    assert crowded(lake, READINGS) == []
    files = [file.file_path for file in data_files(lake.catalog.load_table("silver.readings"))]
    codecs = duckdb.execute("select distinct compression from parquet_metadata(?)", [files]).fetchall()
    assert codecs == [("SNAPPY",)], "little is put together as it was: zstd would make every query of it slower"
    with lake.session() as session:
        assert session.query("select * from silver.readings order by all").to_pylist() == before


def test_months_are_compacted_too(lake: Lake) -> None:
    for n in range(9):
        publish(lake, rows("2024-11-01", 40).replace("'M' ||", f"'M{n}' ||"), Append(), (MONTHLY,))
    assert set(crowded(lake, MONTHLY)) == {date(2024, 11, 1), date(2024, 12, 1)}
    maintain(lake, CONTRACTS, run_id="test")
    assert count(lake, "gold.readings_by_month") == 9 * 120
    assert crowded(lake, MONTHLY) == []


def test_orphans_are_removed_beside_a_writer_that_removes_its_own(impatient: Lake) -> None:
    publish(impatient, rows("2024-01-01", 1), ReplaceTable())
    table = impatient.catalog.load_table("silver.readings")
    folder = impatient.location(READINGS) / "data" / "other"
    over = threading.Event()

    def write_and_remove() -> None:
        while not over.is_set():
            for day in range(20):
                (folder / f"_taken_on={day}").mkdir(parents=True, exist_ok=True)
                (folder / f"_taken_on={day}" / "part.parquet").touch()
            shutil.rmtree(folder, ignore_errors=True)

    writer = threading.Thread(target=write_and_remove)
    writer.start()
    try:
        for _ in range(100):
            remove_orphans(impatient, table)
    finally:
        over.set()
        writer.join()
    assert count(impatient) == 3


def test_half_a_mark_of_a_dead_process_goes_once_it_is_old(lake: Lake, impatient: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    half = marker_folder(lake) / "20240101T000000-abc.new"
    half.write_text('{"pid"')
    assert sweep_dead_publications(lake) == []
    assert half.exists()
    age(marker_folder(lake))
    assert sweep_dead_publications(impatient) == []
    assert not half.exists()
