"""Days of records that are kept on disk: they tell of the copies the table has, and each data file is read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.builds import record_key_index
from lakehouse_assets.builds.days import closure
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.upkeep.maintenance import SMALL_FILES_PER_PARTITION, tend
from lakehouse_assets.settings import Settings
from tests.assets import tiny

COPIES = st.tuples(st.sampled_from("ABCDE"), st.sampled_from(tiny.days("2024-03-01", 6)))
LOADS = st.lists(st.lists(COPIES, min_size=1, max_size=4), min_size=1, max_size=4)


@pytest.fixture
def folder(lake: Lake) -> Path:
    kept = lake.settings.record_days_dir
    assert kept
    return kept


def publish(lake: Lake, *copies: tuple[str, str]) -> None:
    tiny.publish_events(lake, [(key, "CREATED", day, 1) for key, day in copies], key_day=False)


def days_of(lake: Lake, day: str, folder: Path | None) -> set[str]:
    """A day and those it hangs together with, as the kept keys tell, or without a folder as the table does."""
    with lake.session(writer=True) as session:
        name = record_key_index.shown(session, tiny.EVENTS, folder) if folder else None
        assert bool(name) is bool(folder)
        return {str(found) for found in closure(session, tiny.EVENTS, [date.fromisoformat(day)], name)}


def read_by_part(folder: Path) -> Mapping[Path, int]:
    """How many data files each file of keys is of."""
    count = "select count(distinct file) from read_parquet(?)"
    return {p: duckdb.execute(count, [str(p)]).fetchall()[0][0] for p in folder.rglob("*.parquet")}


@given(LOADS)
@settings(max_examples=8, deadline=None)
def test_copies_are_those_of_the_table(tmp_path_factory: pytest.TempPathFactory, loads: list) -> None:
    home = tmp_path_factory.mktemp("copies")
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    for load in loads:
        publish(lake, *((key, str(day)) for key, day in load))
        for day in {str(day) for _, day in load}:
            assert days_of(lake, day, lake.settings.record_days_dir) == days_of(lake, day, None)


def test_a_data_file_is_read_once(lake: Lake, folder: Path) -> None:
    publish(lake, ("A", "2024-03-01"), ("B", "2024-03-02"))
    assert days_of(lake, "2024-03-01", folder) == {"2024-03-01"}
    first = read_by_part(folder)
    assert list(first.values()) == [2]
    assert days_of(lake, "2024-03-02", folder) == {"2024-03-02"}
    assert read_by_part(folder) == first
    publish(lake, ("A", "2024-03-09"))
    assert days_of(lake, "2024-03-09", folder) == {"2024-03-01", "2024-03-09"}
    assert sorted(read_by_part(folder).values()) == [1, 2]


def test_many_files_of_keys_become_one_without_what_is_gone(
    lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_key_index, "MOST", 2)
    for number in range(SMALL_FILES_PER_PARTITION):
        publish(lake, (f"A-{number}", "2024-03-01"))
    days_of(lake, "2024-03-01", folder)
    assert tend(lake, tiny.EVENTS, run_id="test") == (1, False)
    publish(lake, ("A-0", "2024-03-02"))
    assert days_of(lake, "2024-03-02", folder) == {"2024-03-01", "2024-03-02"}
    publish(lake, ("B", "2024-03-03"))
    assert days_of(lake, "2024-03-03", folder) == {"2024-03-03"}
    assert list(read_by_part(folder).values()) == [3], "one that was compacted, and two that came after"


def test_what_is_kept_may_be_deleted(lake: Lake, folder: Path) -> None:
    publish(lake, ("A", "2024-03-01"), ("A", "2024-03-04"))
    days_of(lake, "2024-03-01", folder)
    for part in read_by_part(folder):
        part.unlink()
    assert days_of(lake, "2024-03-01", folder) == {"2024-03-01", "2024-03-04"}


def test_where_nothing_can_be_kept_nothing_is_shown(lake: Lake, folder: Path) -> None:
    publish(lake, ("A", "2024-03-01"))
    folder.write_text("a file where the folder should be")
    with lake.session(writer=True) as session:
        assert record_key_index.shown(session, tiny.EVENTS, folder) is None


def test_what_cannot_be_read_is_made_anew(lake: Lake, folder: Path) -> None:
    publish(lake, ("A", "2024-03-01"), ("A", "2024-03-04"))
    days_of(lake, "2024-03-01", folder)
    (part,) = read_by_part(folder)
    part.write_bytes(b"not Parquet")
    with lake.session(writer=True) as session:
        assert record_key_index.shown(session, tiny.EVENTS, folder) is None
    assert days_of(lake, "2024-03-01", folder) == {"2024-03-01", "2024-03-04"}
