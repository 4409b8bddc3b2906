"""Maintenance deletes what nobody needs, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from lakehouse_assets.assets.maintenance import maintenance_asset
from lakehouse_assets.assets.steps.resources import lake_resource
from lakehouse_assets.lakehouse.contract import Contract, Partition, TableModel, column, day, month
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplaceTable
from lakehouse_assets.lakehouse.iceberg.properties import COMPACTION
from lakehouse_assets.lakehouse.iceberg.snapshot_producer import UnequalRewriteError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.markers import marker_folder
from lakehouse_assets.lakehouse.publish.protocol import Publication, Published
from lakehouse_assets.lakehouse.upkeep import maintenance
from lakehouse_assets.lakehouse.upkeep.local_gc import referenced_files, remove_orphans, sweep_dead_publications
from lakehouse_assets.lakehouse.upkeep.maintenance import crowded_partitions, data_files, maintain, tend_published
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import MONTHLY, READINGS, count, publish, rows

CONTRACTS = {c.identifier: c for c in (READINGS, MONTHLY)}


@pytest.fixture
def impatient(tmp_path: Path) -> Lake:
    """A lake that keeps nothing longer than it must."""
    return Lake(
        Settings(
            profile="local", home=tmp_path / "home", landing="", dagster_home=None,
            snapshot_retention=timedelta(0), staging_grace=timedelta(0), reader_grace=timedelta(0),
        )
    )  # fmt: skip


def age(folder: Path) -> None:
    """Make every file below a folder look an hour old."""
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 3600, time.time() - 3600))


def crowded(lake: Lake, contract: Contract) -> list[date | None]:
    return list(crowded_partitions(contract, lake.catalog.load_table(contract.identifier)))


def file_count(lake: Lake) -> int:
    return len(list(data_files(lake.catalog.load_table(READINGS.identifier))))


def parquet_files(lake: Lake) -> set[str]:
    return {str(p) for p in lake.settings.warehouse.rglob("*.parquet")}


def test_expired_snapshots_and_their_files_go_and_the_table_stays(impatient: Lake) -> None:
    patient = Lake(impatient.settings.model_copy(update={"snapshot_retention": timedelta(days=7)}))
    for _ in range(3):
        publish(patient, rows("2024-01-01", 4), ReplaceTable())
    age(impatient.settings.warehouse)
    (done,) = maintain(impatient, CONTRACTS, run_id="test")
    assert done.snapshots_expired == 2
    assert count(impatient) == 12
    table = impatient.catalog.load_table("silver.readings")
    assert parquet_files(impatient) == {f for f in referenced_files(impatient, table) if f.endswith(".parquet")}
    assert len(parquet_files(impatient)) == 4


def test_kept_snapshots_stay_readable(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    age(lake.settings.warehouse)
    maintain(lake, CONTRACTS, run_id="test")
    with lake.session(at={"silver.readings": first.snapshot_id}) as session:
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 3}]


def stage_and_die(lake: Lake, *, pid: int) -> Publication:
    publication = open_publication(lake, run_id="dead")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-03-01", 3), session, Append())
        publication.audit()
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
    publication = open_publication(impatient, run_id="running")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-03-01", 3), session, Append())
        publication.audit()
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


def test_a_partition_is_rewritten_in_the_day_once_small_files_are_much_of_it_or_many(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Published] = []
    for n in range(9):
        written = publish(lake, rows("2024-01-01", 2, value=str(n)).replace("'M' ||", f"'M{n}' ||"), Append())
    files = file_count(lake)
    tend_published(lake, [READINGS], written, run_id="test")
    assert file_count(lake) == files, "the ninth publication is not the 64th"

    monkeypatch.setattr(maintenance, "TENDED_EVERY", 9)
    monkeypatch.setattr(maintenance, "REWRITES_AT_MOST", 0)
    tend_published(lake, [READINGS], written, run_id="test")
    assert file_count(lake) == files, "few, beside what would be rewritten"

    monkeypatch.setattr(maintenance, "MOST_SMALL_FILES", 9)
    tend_published(lake, [MONTHLY], written, run_id="test")
    tend_published(lake, [READINGS], [], run_id="test")
    assert file_count(lake) == files, "only what was published is tended"
    tend_published(lake, [READINGS], written, run_id="test")
    assert file_count(lake) == 2
    assert count(lake) == 9 * 2 * 3


def test_months_are_compacted_too(lake: Lake) -> None:
    for n in range(9):
        publish(lake, rows("2024-11-01", 40).replace("'M' ||", f"'M{n}' ||"), Append(), (MONTHLY,))
    assert set(crowded(lake, MONTHLY)) == {date(2024, 11, 1), date(2024, 12, 1)}
    maintain(lake, CONTRACTS, run_id="test")
    assert count(lake, "gold.readings_by_month") == 9 * 120
    assert crowded(lake, MONTHLY) == []


class Calls(TableModel):
    """Calls. One row per call."""

    taken_at: pl.Datetime = column("When it was taken")
    taken_on: pl.Date = column("Day of that")
    number: pl.Int32 = column("Number of the call")


def calls(table: str, partition: Partition) -> Contract:
    return Contract(
        Calls, table, "silver", "test", grain="call", owner="team:test", key=("taken_at", "number"),
        partitions=(partition,),
    )  # fmt: skip


BY_PERIOD = [calls("calls_by_day_of_time", day("taken_at")), calls("calls_by_month_of_time", month("taken_at")),
             calls("calls_by_day", day("taken_on")), calls("calls_by_month", month("taken_on"))]  # fmt: skip
TIMES = ("1969-12-31 23:59:59.999999", "1970-01-01", "2023-12-31 12:30:00", "2024-01-01 00:00:00",
         "2024-01-01 10:00:00.000001", "2024-01-31 23:59:59.999999", "2024-02-01",
         "9999-12-31 23:59:59.999999")  # fmt: skip


def calls_taken(times: Sequence[str], number: int) -> str:
    listed = ", ".join(f"(timestamp '{t}')" for t in times)
    return f"select t as taken_at, cast(t as date) as taken_on, {number} as number from (values {listed}) as v(t)"


def test_every_row_is_there_after_compaction_whatever_the_table_is_partitioned_by(lake: Lake) -> None:
    for number in range(9):
        # One file a day, whatever its times; the last of the times is in a partition that is not crowded.
        publish(lake, calls_taken(TIMES[: None if number < 2 else -1], number), Append(), BY_PERIOD)
    contracts = {c.identifier: c for c in BY_PERIOD}

    def all_rows() -> list[list[dict[str, object]]]:
        with lake.session() as session:
            return [session.query(f"select * from {i} order by all").to_pylist() for i in contracts]

    before = all_rows()
    files = [len({f.file_path for f in data_files(lake.catalog.load_table(i))}) for i in contracts]
    assert files == [9 * 6 + 2, 9 * 5 + 2, 9 * 6 + 2, 9 * 5 + 2]
    done = {m.identifier: m for m in maintain(lake, contracts, run_id="test")}
    assert [(done[i].partitions_compacted, done[i].problems) for i in contracts] == [(6, ()), (5, ()), (6, ()), (5, ())]
    assert [m.left.files for m in map(done.get, contracts) if m] == [6 + 2, 5 + 2, 6 + 2, 5 + 2]
    assert all_rows() == before
    assert {len(found) for found in before} == {9 * 7 + 2}


def test_files_that_lack_a_row_of_those_they_replace_are_refused(lake: Lake) -> None:
    for n in range(2):
        publish(lake, rows("2024-01-01", 2).replace("'M' ||", f"'M{n}' ||"), Append())
    publication = open_publication(lake, run_id="test", properties={COMPACTION: "true"})
    with publication.session() as session:
        fewer = f"select * from {session.relation('silver.readings')} where meter <> 'M01'"
        publication.stage_query(READINGS, fewer, session, ReplaceTable())
        publication.audit()
    with pytest.raises(UnequalRewriteError, match="12 rows were to be put together, and 10"):
        publication.publish()
    assert count(lake) == 12


def test_what_is_wrong_with_one_table_stops_neither_the_others_nor_the_clean_up(impatient: Lake) -> None:
    for n in range(9):
        publish(impatient, rows("2024-01-01", 1).replace("'M' ||", f"'M{n}' ||"), Append(), (READINGS, MONTHLY))
    dead = stage_and_die(impatient, pid=2**22 + 1)
    (lost, *_) = data_files(impatient.catalog.load_table(MONTHLY.identifier))
    Path(lost.file_path.removeprefix("file://")).unlink()
    age(impatient.settings.warehouse)
    before = len(parquet_files(impatient))
    broken, sound = maintain(impatient, CONTRACTS, run_id="test")
    assert (broken.identifier, broken.partitions_compacted) == (MONTHLY.identifier, 0)
    assert Path(lost.file_path).name in "".join(broken.problems)
    assert (sound.problems, sound.partitions_compacted, sound.left.files) == ((), 1, 1)
    assert len(parquet_files(impatient)) < before
    assert not (marker_folder(impatient) / f"{dead.id}.json").exists()
    assert count(impatient) == 27

    manifest = impatient.catalog.load_table(MONTHLY.identifier).current_snapshot().manifests  # pyright: ignore
    (first, *_) = manifest(impatient.catalog.load_table(MONTHLY.identifier).io)
    Path(first.manifest_path.removeprefix("file://")).write_bytes(b"noise")
    stage_and_die(impatient, pid=2**22 + 1)
    broken, sound = maintain(impatient, CONTRACTS, run_id="test")
    assert broken.problems
    assert not sound.problems


def test_maintenance_that_could_not_do_all_says_what_and_is_not_tried_again(impatient: Lake) -> None:
    publish(impatient, rows("2024-01-01", 1), ReplaceTable(), (READINGS, MONTHLY))
    for file in (impatient.location(MONTHLY) / "metadata").glob("*-m0.avro"):
        file.write_bytes(b"noise")
    asset = maintenance_asset(CONTRACTS)
    resources = {"lakehouse": lake_resource(impatient.settings.home)}
    ran = dg.materialize([asset], resources=resources, raise_on_error=False)
    (failure,) = [e for e in ran.all_events if e.is_step_failure]
    assert not [e for e in ran.all_events if e.event_type_value == "STEP_UP_FOR_RETRY"]
    told = failure.step_failure_data.user_failure_data
    assert told
    assert told.description
    assert told.description.startswith(f"{MONTHLY.identifier}: ")
    assert READINGS.identifier not in told.description
    assert told.metadata["files"].value == 1


def test_orphans_are_removed_beside_a_writer_that_removes_its_own(impatient: Lake) -> None:
    publish(impatient, rows("2024-01-01", 1), ReplaceTable())
    table = impatient.catalog.load_table("silver.readings")
    folder = impatient.location(READINGS) / "data" / "other"
    over = threading.Event()

    def write_and_remove() -> None:
        while not over.is_set():
            for number in range(20):
                (folder / f"_taken_on={number}").mkdir(parents=True, exist_ok=True)
                (folder / f"_taken_on={number}" / "part.parquet").touch()
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
