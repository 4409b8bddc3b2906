"""What publications forget: bounded for however often a table is written, and nothing that anybody still reads by."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyiceberg.table import TableProperties

from lakehouse_assets.lakehouse.contract import OFTEN_WRITTEN_SNAPSHOTS, SNAPSHOTS
from lakehouse_assets.lakehouse.iceberg.catalog import TABLE_PROPERTIES
from lakehouse_assets.lakehouse.iceberg.metadata_files import read_table_metadata
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish import history
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.history import MetadataFile, held, metadata_files, readable_since
from lakehouse_assets.lakehouse.upkeep.local_gc import files_of
from lakehouse_assets.lakehouse.upkeep.maintenance import maintain, tend
from tests.lakehouse.readings import READINGS, count, publish, rows

OFTEN = replace(READINGS, snapshots=3)
TABLE = OFTEN.identifier
KEPT = 3 + 4
"""Snapshots that the newest metadata list, or one of those that they name."""


@pytest.fixture
def hasty(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake that looks for old files at each publication, and lets readers go on for a hundred seconds."""
    monkeypatch.setattr(history, "SWEPT_EVERY", 1)
    monkeypatch.setitem(TABLE_PROPERTIES, TableProperties.METADATA_PREVIOUS_VERSIONS_MAX, "4")
    times = {"reader_grace": timedelta(seconds=100), "staging_grace": timedelta(seconds=100)}
    return Lake(lake.settings.model_copy(update=times))


def pass_time(lake: Lake, seconds: float) -> None:
    """Make every file of the warehouse older."""
    for path in (p for p in lake.settings.warehouse.rglob("*") if p.is_file()):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def add(lake: Lake, number: int, day: str = "2024-01-01") -> None:
    publish(lake, rows(day, 1).replace("'M' ||", f"'M{number}' ||"), Append(), (OFTEN,))


def files(lake: Lake, pattern: str) -> set[Path]:
    return set(lake.location(OFTEN).rglob(pattern))


def lacking(lake: Lake) -> list[str]:
    """Files that somebody who reads by the newest metadata, or by any that was the newest lately, would not find."""
    table = lake.catalog.load_table(TABLE)
    head = Path(table.metadata_location.removeprefix("file://"))
    kept = held(metadata_files(head.parent), head.name, readable_since(lake))
    found = [m for f in kept if (m := read_table_metadata(f.path))]
    needed = {f for metadata in found for f in files_of(metadata, table.io, set())}
    return [f for f in needed if not Path(f.removeprefix("file://")).exists()]


def test_a_contract_says_how_many_snapshots_are_kept_or_its_layer_does() -> None:
    assert READINGS.most_snapshots == SNAPSHOTS
    assert replace(READINGS, layer="bronze").most_snapshots == OFTEN_WRITTEN_SNAPSHOTS
    assert OFTEN.most_snapshots == 3
    with pytest.raises(ValueError, match="at least 1 snapshot is kept"):
        replace(READINGS, snapshots=0)


def test_what_a_publication_writes_does_not_grow_with_their_number(hasty: Lake) -> None:
    sizes = []
    for number in range(18):
        before = files(hasty, "metadata/*")
        add(hasty, number)
        sizes.append(sum(f.stat().st_size for f in files(hasty, "metadata/*") - before))
        pass_time(hasty, 60)
    assert max(sizes[14:]) <= 1.2 * max(sizes[8:14])
    table = hasty.catalog.load_table(TABLE)
    assert len(table.metadata.snapshots) == 3
    assert len(files(hasty, "metadata/*.metadata.json")) == 5, "the newest, and those that it names"
    assert len(files(hasty, "metadata/snap-*.avro")) <= KEPT
    assert count(hasty) == 3 * 18
    assert lacking(hasty) == []


def test_files_go_with_the_last_snapshot_that_needs_them_and_their_folders_too(hasty: Lake) -> None:
    for number in range(12):
        publish(hasty, rows("2024-01-01", 1, value=str(number)), ReplaceTable(), (OFTEN,))
        pass_time(hasty, 60)
    assert len(files(hasty, "*.parquet")) <= KEPT
    assert len(list((hasty.location(OFTEN) / "data").iterdir())) <= KEPT
    assert count(hasty) == 3


def test_readers_go_on_with_a_state_that_is_no_longer_kept(hasty: Lake) -> None:
    add(hasty, 0)
    with hasty.session() as session:
        for number in range(1, 8):
            publish(hasty, rows("2024-01-01", 1, value=str(number)), ReplaceTable(), (OFTEN,))
        maintain(hasty, {TABLE: OFTEN}, run_id="test")
        assert len(hasty.catalog.load_table(TABLE).metadata.snapshots) == 3
        assert session.query(f"select max(value) m, count(*) n from {TABLE}").to_pylist() == [{"m": 1, "n": 3}]


def test_a_publication_under_way_keeps_what_it_began_with(hasty: Lake) -> None:
    hasty = Lake(hasty.settings.model_copy(update={"reader_grace": timedelta(0), "staging_grace": timedelta(days=1)}))
    add(hasty, 0)
    slow = open_publication(hasty, run_id="slow")
    for number in range(1, 9):
        publish(hasty, rows("2024-01-01", 1, value=str(number)), ReplaceTable(), (OFTEN,))
    maintain(hasty, {TABLE: OFTEN}, run_id="test")
    with slow.session() as session:
        assert session.query(f"select max(value) m from {TABLE}").to_pylist() == [{"m": 1}]
    slow.abandon()
    for number in range(2):
        publish(hasty, rows("2024-01-01", 1, value=str(number)), ReplaceTable(), (OFTEN,))
    assert not Path(slow.heads[TABLE].removeprefix("file://")).exists()


def test_nothing_is_searched_for_where_the_table_was_taken_back(hasty: Lake) -> None:
    for number in range(4):
        publish(hasty, rows("2024-01-01", 1, value=str(number)), ReplaceTable(), (OFTEN,))
        pass_time(hasty, 60)
    table = hasty.catalog.load_table(TABLE)
    (oldest, *_) = table.metadata.snapshots
    table.manage_snapshots().rollback_to_snapshot(oldest.snapshot_id).commit()
    for number in range(10):
        add(hasty, number, "2024-02-01")
        pass_time(hasty, 60)
        assert lacking(hasty) == []
    assert count(hasty) == 33


@pytest.mark.parametrize(
    ("times", "since", "kept"),
    [
        ([(0, 10), (1, 20), (2, 30)], 25, [1, 2]),
        ([(0, 10), (1, 20), (2, 30)], 31, [2]),
        ([(0, 10), (1, 12), (1, 20), (2, 30)], 15, [0, 1, 1, 2]),
        ([(0, 10), (1, 20), (2, 30), (3, 40)], 35, [2, 3]),
        ([], 0, []),
    ],
)
def test_metadata_are_held_from_when_others_took_their_place(
    times: list[tuple[int, int]], since: float, kept: list[int]
) -> None:
    """Number 3 was never committed, and one of number 1 was not."""
    found = [MetadataFile(Path(f"{v:05d}-{w}.metadata.json"), v, w) for v, w in times]
    head = next((f.path.name for f in found if f.version == 2), "")
    assert [f.version for f in held(found, head, since)] == kept


class KilledError(BaseException):
    """The process is gone."""


def killed_at(number: int) -> Callable[[Path], None]:
    """What deletes files until the process is killed."""
    left = iter(range(number))

    def delete(path: Path) -> None:
        if next(left, None) is None:
            raise KilledError
        path.unlink(missing_ok=True)

    return delete


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_is_needed_goes_whatever_happens(hasty: Lake, seed: int) -> None:
    """Any sequence of loads, replacements, compactions, clean-ups, kills and time."""
    choose = random.Random(seed)
    expected = 0
    for number in range(20):
        match choose.choice(["add", "add", "add", "replace", "day", "compact", "maintain", "kill"]):
            case "replace":
                publish(hasty, rows("2024-01-01", 2), ReplaceTable(), (OFTEN,))
                expected = 6
            case "day" if expected:
                publish(hasty, rows("2024-03-01", 1), ReplacePartitions((date(2024, 3, 1),)), (OFTEN,))
                expected = count(hasty)
            case "compact" if expected:
                tend(hasty, OFTEN, run_id="test")
            case "maintain":
                maintain(hasty, {TABLE: OFTEN}, run_id="test")
            case "kill":
                with pytest.MonkeyPatch.context() as patched:
                    patched.setattr(history, "_delete", killed_at(choose.randrange(6)))
                    with suppress(KilledError):
                        add(hasty, number)
                expected += 3
            case _:
                add(hasty, number)
                expected += 3
        pass_time(hasty, choose.choice([0, 10, 60, 200]))
        if expected:
            assert lacking(hasty) == []
            assert count(hasty) == expected
    for _ in range(2):
        pass_time(hasty, 1000)
        maintain(hasty, {TABLE: OFTEN}, run_id="test")
    assert len(files(hasty, "metadata/snap-*.avro")) <= 3 + 1
