"""What lies in the warehouse, under whatever name, and what does not: the latter is neither written nor deleted."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse_assets.lakehouse.iceberg.catalog import NAME
from lakehouse_assets.lakehouse.iceberg.locations import (
    BucketWarehouse,
    HomeWarehouse,
    OutsideWarehouseError,
    local_path,
)
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.upkeep.local_gc import remove_orphans, sweep_dead_publications
from lakehouse_assets.lakehouse.upkeep.maintenance import maintain
from lakehouse_assets.lakehouse.upkeep.relocation import relocate
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import MEANT_BY_ODD, ODD, READINGS, count, publish, rows

CONTRACTS = {READINGS.identifier: READINGS}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def of(lake: Lake, **changes: object) -> Lake:
    """Another lake of the same settings, but for some."""
    given = {name: getattr(lake.settings, name) for name in Settings.model_fields}
    return Lake(Settings(**{**given, **changes}))  # pyright: ignore[reportArgumentType]


def impatient(lake: Lake) -> Lake:
    return of(lake, snapshot_retention=timedelta(0), staging_grace=timedelta(0), reader_grace=timedelta(0))


def test_what_lies_in_the_warehouse_of_a_home(tmp_path: Path) -> None:
    home, other = tmp_path / "lake", tmp_path / "lake2"
    for folder in (home / "warehouse" / "gold" / "t", other / "warehouse" / "gold" / "t"):
        folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(home)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "warehouse").symlink_to(home / "warehouse")
    (home / "warehouse" / "gold" / "away").symlink_to(other / "warehouse" / "gold" / "t")
    file = f"{os.path.realpath(home)}/warehouse/gold/t/a"
    inside = (
        "lake/warehouse/gold/t/a", "link/warehouse/gold/t/a", "lake/../lake/warehouse/gold/t/a",
        "link/warehouse/gold/t//a", "lake2/../link/warehouse/./gold/t/a",
    )  # fmt: skip
    outside = (
        "lake2/warehouse/gold/t/a", "lake/warehouse2/gold/t/a", "lake/a", "linked/warehouse/gold/t/a",
        "lake/warehouse/gold/away/a", "lake/warehouse/../../lake2/warehouse/gold/t/a", "lake/warehouse/..",
        "warehouse/a",
    )  # fmt: skip
    for warehouse in (HomeWarehouse(home), HomeWarehouse(tmp_path / "link"), HomeWarehouse(Path(f"{home}/"))):
        for scheme in ("file://", "file:", "file://localhost", ""):
            assert [warehouse.canonical(f"{scheme}{tmp_path}/{p}") for p in inside] == [file] * len(inside)
            assert [warehouse.canonical(f"{scheme}{tmp_path}/{p}") for p in outside] == [None] * len(outside)
        assert warehouse.canonical("s3://b/lake/warehouse/gold/t/a") is None
    assert HomeWarehouse(tmp_path / "linked").canonical(f"{tmp_path}/lake/warehouse/gold/t/a") is None


@pytest.mark.parametrize("url", ["s3://b/wh", "s3://b/wh/"])
def test_what_lies_in_a_prefix_of_a_bucket(url: str) -> None:
    warehouse = BucketWarehouse(url)
    assert {warehouse.canonical(f"{s}://b/wh/t/a") for s in ("s3", "s3a", "s3n")} == {"s3://b/wh/t/a"}
    others = ("s3://b/wh2/t/a", "s3://b2/wh/t/a", "s3://b/wh", "s3://b/wh/../wh2/a", "gs://b/wh/t/a", "/b/wh/t/a")
    assert {warehouse.canonical(other) for other in others} == {None}
    assert BucketWarehouse("s3://b").canonical("s3://b/t/a") == "s3://b/t/a"


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_location_is_taken_as_it_stands(name: str) -> None:
    assert local_path(f"file:///home/{name}/a") == Path(f"/home/{name}/a")


def test_a_home_may_be_opened_and_cleaned_up_under_any_of_its_names(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(lake.settings.home)
    monkeypatch.chdir(tmp_path)
    homes = (lake.settings.home, tmp_path / "link", Path("home"), Path("home/../link/"))
    for day, home in enumerate(homes, start=1):
        publish(of(lake, home=home), rows(f"2024-01-0{day}", 1), Append())
    locations = {f.file_path.split("/silver/")[0] for f in _files(lake)}
    assert locations == {f"file://{lake.settings.warehouse}"}, "a table names all of its files in one way"
    for home in homes:
        seen = of(lake, home=home)
        maintain(impatient(seen), CONTRACTS, run_id="test")
        assert count(seen) == 12


def _files(lake: Lake) -> list:
    from lakehouse_assets.lakehouse.upkeep.maintenance import data_files

    return list(data_files(lake.catalog.load_table(READINGS.identifier)))


def test_one_engine_reads_tables_that_came_under_another_name_of_the_warehouse(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(lake.settings.home)
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    reader = of(lake, home=tmp_path / "link")
    assert count(reader) == 3
    heads = reader.catalog.heads()
    with reader.engine.session(heads) as session:
        assert session.query("select count(*) as n from silver.readings").to_pylist() == [{"n": 3}]


def test_a_home_may_have_any_name(lake: Lake, tmp_path: Path) -> None:
    odd = of(lake, home=tmp_path / ODD / "home")
    publish(odd, rows("2024-01-01", 1), ReplaceTable())
    for number in range(8):
        publish(odd, rows("2024-01-02", 1).replace("'M' ||", f"'M{number}' ||"), Append())
    shutil.copytree(tmp_path / ODD, tmp_path / MEANT_BY_ODD)
    assert count(odd) == 27
    first = odd.catalog.load_table(READINGS.identifier).metadata.snapshots[0]
    assert count(Lake(odd.settings, at=str(first.snapshot_id))) == 3
    with odd.session(writer=True) as session:
        assert session.query("select count(*) as n from silver.readings").to_pylist() == [{"n": 27}]
    (done,) = maintain(impatient(odd), CONTRACTS, run_id="test")
    assert (done.problems, done.partitions_compacted, done.left.files) == ((), 1, 2)
    assert count(odd) == 27
    copied = of(lake, home=tmp_path / MEANT_BY_ODD / "home")
    relocate(copied.settings)
    assert count(copied) == 27
    with sqlalchemy.create_engine(odd.settings.queue_url).connect():
        assert (odd.settings.home / "questions.db").exists()
    assert {path.name for path in tmp_path.iterdir()} == {ODD, MEANT_BY_ODD}


@pytest.mark.parametrize("name", ['a"b', "a\\b*"])
def test_a_home_whose_name_the_engine_cannot_open_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="choose a path without"):
        Settings(profile="local", home=tmp_path / name)


def in_catalog(home: Path, old: Path) -> None:
    """What people do by hand: the catalog's entries only."""
    with sqlite3.connect(home / "catalog.db") as con:
        con.execute(
            "update iceberg_tables set metadata_location = replace(metadata_location, ?, ?) where catalog_name = ?",
            (str(old), str(home), NAME),
        )


def in_metadata(home: Path, old: Path) -> None:
    """And the text files, but no manifest."""
    in_catalog(home, old)
    for file in home.rglob("*.metadata.json"):
        file.write_text(file.read_text().replace(str(old), str(home)))


@pytest.mark.parametrize("patched", [lambda home, old: None, in_catalog, in_metadata])
def test_a_copied_home_neither_writes_to_the_original_nor_cleans_it_up(
    lake: Lake, tmp_path: Path, patched: Callable[[Path, Path], None]
) -> None:
    for day in (1, 2, 3):
        publish(lake, rows(f"2024-01-0{day}", 1), ReplaceTable())
    publication = open_publication(lake, run_id="under way")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-03-01", 3), session, Append())
    home = tmp_path / "copy"
    shutil.copytree(lake.settings.home, home)
    patched(home, lake.settings.home)
    before = contents(lake.settings.home)
    copied = impatient(of(lake, home=home))
    with pytest.raises(OutsideWarehouseError, match=rf"silver\.readings is at file://{lake.settings.home}/.*relocate"):
        publish(copied, rows("2024-02-01", 1), Append())
    with pytest.raises(OutsideWarehouseError):
        remove_orphans(copied, copied.catalog.load_table(READINGS.identifier))
    try:
        told = [problem for m in maintain(of(copied), {}, run_id="test") for problem in m.problems]
    except OutsideWarehouseError as error:
        told = [str(error)]
    assert "not in the warehouse" in "".join(told)
    assert contents(lake.settings.home) == before
    publication.abandon()


def test_what_another_home_is_publishing_is_not_swept(lake: Lake, tmp_path: Path) -> None:
    other = Lake(Settings(profile="local", home=tmp_path / "other", landing="", dagster_home=None))
    publication = open_publication(lake, run_id="under way")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-03-01", 3), session, Append())
    shutil.copytree(lake.settings.warehouse / ".publications", other.settings.warehouse / ".publications")
    assert sweep_dead_publications(impatient(other)) == [publication.id]
    publication.audit()
    publication.publish()
    assert count(lake) == 9
