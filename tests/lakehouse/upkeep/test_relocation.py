"""A home that was moved, copied or restored becomes its own, all of it or not yet; nothing of any other changes."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.iceberg import metadata_files
from lakehouse_assets.lakehouse.iceberg.catalog import require_local
from lakehouse_assets.lakehouse.iceberg.locations import OutsideWarehouseError, file_uri
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.iceberg.time_travel import PastCatalog
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.markers import marker_folder
from lakehouse_assets.lakehouse.upkeep.maintenance import maintain
from lakehouse_assets.lakehouse.upkeep.relocation import RelocationError, _Place, relocate
from lakehouse_assets.settings import Settings
from tests.lakehouse.iceberg.test_locations import contents, impatient, in_catalog, in_metadata, of
from tests.lakehouse.readings import EVOLVED_READINGS, MONTHLY, READINGS, count, evolved, publish, rows

CONTRACTS = {c.identifier: c for c in (EVOLVED_READINGS, MONTHLY)}
BOTH = (READINGS, MONTHLY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with history: files added, kept and replaced, columns that changed, a table by days and one by months."""
    home = tmp_path_factory.mktemp("made") / "warehouse" / "silver" / "readings"  # a name like those within a home
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish(lake, rows("2024-01-30", 4), ReplaceTable(), BOTH)
    publish(lake, rows("2024-01-31", 1, value="2"), ReplacePartitions((date(2024, 1, 31),)))
    for n in range(3):
        publish(lake, rows("2024-02-05", 1).replace("'M' ||", f"'M{n}' ||"), Append(), BOTH)
    publish(lake, evolved(rows("2024-03-01", 1)), Append(), (EVOLVED_READINGS,))
    return lake


@pytest.fixture
def original(made: Lake, tmp_path: Path) -> Lake:
    """The same lake, in a folder of its own."""
    home = tmp_path / "original"
    shutil.copytree(made.settings.home, home)
    lake = of(made, home=home)
    relocate(lake.settings)
    return lake


def states(lake: Lake) -> list[Any]:
    """The rows of every snapshot of every table, and what else a snapshot says."""
    found = []
    for identifier in sorted(lake.catalog.heads()):
        table = lake.catalog.load_table(identifier)
        for snapshot in table.metadata.snapshots:
            with lake.session(at={identifier: snapshot.snapshot_id}) as session:
                ordered = session.query(f"select * from {identifier} order by all").to_pylist()
            found.append((identifier, snapshot.snapshot_id, snapshot.summary, ordered))
            entries = [e for m in snapshot.manifests(table.io) for e in m.fetch_manifest_entry(table.io, False)]
            found.append(
                sorted((e.status, e.snapshot_id, e.sequence_number, e.data_file.record_count) for e in entries)
            )
    return found


def use(lake: Lake) -> None:
    """Load, read, build again, maintain and look back: what a home is for."""
    before, kept = count(lake), states(lake)
    publish(lake, evolved(rows("2024-06-01", 2)), Append(), (EVOLVED_READINGS,))
    publish(lake, rows("2024-06-01", 2), ReplacePartitions((date(2024, 6, 1),)), (MONTHLY,))
    assert count(lake) == before + 6
    assert [s for s in states(lake) if s in kept] == kept
    for patience in (lake, impatient(lake)):
        assert [m.problems for m in maintain(patience, CONTRACTS, run_id="test")] == [()] * len(CONTRACTS)
        assert count(lake) == before + 6
    table = lake.catalog.load_table(READINGS.identifier)
    assert all(f.file.file_path.startswith(file_uri(lake.settings.warehouse)) for f in table.scan().plan_files())


def linked(source: str, target: str) -> None:
    os.link(source, target)


def copied(original: Path, home: Path) -> None:
    shutil.copytree(original, home)


def copied_as_links(original: Path, home: Path) -> None:
    shutil.copytree(original, home, copy_function=linked)


def patched_catalog(original: Path, home: Path) -> None:
    shutil.copytree(original, home)
    in_catalog(home, original)


def patched_metadata(original: Path, home: Path) -> None:
    shutil.copytree(original, home)
    in_metadata(home, original)


def copied_twice(original: Path, home: Path) -> None:
    between = home.with_name("between")
    shutil.copytree(original, between)
    relocate(Settings(profile="local", home=between, landing="", dagster_home=None))
    between.rename(home)


@pytest.mark.parametrize("way", [copied, copied_as_links, patched_catalog, patched_metadata, copied_twice])
def test_a_copy_becomes_a_home_of_its_own_and_the_original_stays(
    original: Lake, tmp_path: Path, way: Callable[[Path, Path], None]
) -> None:
    home = tmp_path / "other" / "home"
    home.parent.mkdir()
    way(original.settings.home, home)
    was, before = states(original), contents(original.settings.home)
    lake = of(original, home=home)
    done = {d.identifier: d for d in relocate(lake.settings)}
    assert {i: (d.snapshots, d.snapshots_lost) for i, d in done.items()} == {
        "gold.readings_by_month": (4, 0), "silver.readings": (6, 0)
    }  # fmt: skip
    assert relocate(lake.settings) == []
    assert states(lake) == was
    if way is copied:
        use(lake)
    assert contents(original.settings.home) == before
    assert original.settings.home.as_posix().encode() not in b"".join(_read_text(home))
    shutil.rmtree(original.settings.home)
    use(of(original, home=home))


def _read_text(home: Path) -> Iterator[bytes]:
    """What metadata say, unpacked."""
    for file in home.rglob("metadata/*"):
        listing = metadata_files.read_listing(file) if file.suffix == ".avro" else None
        yield str(listing.records).encode() if listing else file.read_bytes()
    with sqlite3.connect(home / "catalog.db") as con:
        yield str(con.execute("select metadata_location from iceberg_tables").fetchall()).encode()


def test_a_home_that_was_moved_goes_on_and_may_move_back(original: Lake, tmp_path: Path) -> None:
    was = states(original)
    for home in (tmp_path / "moved", original.settings.home):
        original.settings.home.rename(home) if home != original.settings.home else (tmp_path / "moved").rename(home)
        lake = of(original, home=home)
        with pytest.raises(OutsideWarehouseError, match="asklake relocate"):
            count(lake)
        relocate(lake.settings)
        assert states(lake) == was
    use(lake)


def test_a_backup_is_restored_elsewhere_while_the_lake_goes_on(original: Lake, tmp_path: Path) -> None:
    was = states(original)
    shutil.copytree(original.settings.home, tmp_path / "backup")
    use(original)
    before = contents(original.settings.home)
    restored = of(original, home=tmp_path / "restored")
    shutil.copytree(tmp_path / "backup", restored.settings.home)
    relocate(restored.settings)
    assert states(restored) == was
    use(restored)
    assert contents(original.settings.home) == before


def test_wherever_it_is_interrupted_the_home_is_refused_and_finished_later(
    made: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was, before, real, unlink = states(made), contents(made.settings.home), os.replace, Path.unlink
    done = False
    for stop in range(0, 100, 7):
        home = tmp_path / f"copy{stop}"
        shutil.copytree(made.settings.home, home)
        lake, calls = of(made, home=home), iter(range(100))

        def killed(source: Any, target: Any, calls: Iterator[int] = calls, stop: int = stop) -> None:
            if next(calls) == stop:
                raise KeyboardInterrupt
            real(source, target)

        def killed_before(file: Path, missing_ok: bool = False, calls: Iterator[int] = calls, stop: int = stop) -> None:
            if next(calls) == stop:
                raise KeyboardInterrupt
            unlink(file, missing_ok)

        monkeypatch.setattr(metadata_files.os, "replace", killed)
        monkeypatch.setattr(Path, "unlink", killed_before)
        try:
            relocate(lake.settings)
            done = True
        except KeyboardInterrupt:
            with pytest.raises(OutsideWarehouseError, match="run it again"):
                count(lake)
        monkeypatch.setattr(metadata_files.os, "replace", real)
        monkeypatch.setattr(Path, "unlink", unlink)
        relocate(lake.settings)
        assert states(lake) == was
        assert metadata_there(lake) == {Path(head.removeprefix("file://")) for head in lake.catalog.heads().values()}
        if done:
            break
    assert done
    assert stop > 9
    assert contents(made.settings.home) == before


def metadata_there(lake: Lake) -> set[Path]:
    return set(lake.settings.warehouse.rglob("*.metadata.json"))


def test_metadata_of_states_that_are_kept_no_more_and_of_none_do_not_stop_the_upkeep_of_a_copy(
    lake: Lake, tmp_path: Path
) -> None:
    often = replace(READINGS, snapshots=3)
    for number in range(22):
        publish(lake, rows("2024-01-01", 1).replace("'M' ||", f"'M{number}' ||"), Append(), (often,))
    metadata = lake.catalog.load_table(READINGS.identifier).metadata
    assert len(metadata.snapshots) < len(metadata.metadata_log) < 22
    head = Path(lake.catalog.heads()[READINGS.identifier].removeprefix("file://"))
    shutil.copy(head, head.with_name("00099-killed-before-it-was-committed.metadata.json"))
    was, before = states(lake), contents(lake.settings.home)
    copy = of(lake, home=tmp_path / "copy")
    shutil.copytree(lake.settings.home, copy.settings.home)
    (done,) = relocate(copy.settings)
    assert (done.snapshots, done.snapshots_lost) == (3, 0)
    assert states(copy) == was
    (maintained,) = maintain(copy, {often.identifier: often}, run_id="test")
    assert (maintained.problems, maintained.partitions_compacted) == ((), 1)
    publish(copy, rows("2024-01-02", 1), Append(), (often,))
    (maintained,) = maintain(impatient(copy), {often.identifier: often}, run_id="test")
    assert (maintained.problems, count(copy)) == ((), 69)
    assert contents(lake.settings.home) == before


def test_one_that_is_interrupted_and_moved_back_is_not_taken_for_whole(
    original: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, moved, was = original.settings.home, tmp_path / "moved", states(original)
    home.rename(moved)
    real, calls = os.replace, iter(range(100))

    def killed(source: Any, target: Any) -> None:
        if next(calls) == 5:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(metadata_files.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        relocate(of(original, home=moved).settings)
    monkeypatch.setattr(metadata_files.os, "replace", real)
    moved.rename(home)
    lake = of(original)
    with pytest.raises(OutsideWarehouseError, match="run it again"):
        count(lake)
    relocate(lake.settings)
    assert states(lake) == was


def test_older_states_are_kept_as_far_as_their_files_are_there(original: Lake, tmp_path: Path) -> None:
    lake = of(original, home=tmp_path / "copy")
    shutil.copytree(original.settings.home, lake.settings.home)
    snapshots = original.catalog.load_table(READINGS.identifier).metadata.snapshots
    needed = [{f.file.file_path for f in _scan(original, s.snapshot_id)} for s in snapshots]
    only_first = (needed[0] - needed[1]).pop()
    Path(only_first.removeprefix("file://").replace("/original/", "/copy/")).unlink()
    Path(snapshots[2].manifest_list.removeprefix("file://").replace("/original/", "/copy/")).unlink()
    before = contents(lake.settings.home)
    done = {d.identifier: d.snapshots_lost for d in relocate(lake.settings)}
    assert done == {"gold.readings_by_month": 0, "silver.readings": 2}
    kept = [s for s in states(original) if not (isinstance(s, tuple) and s[1] in _ids(snapshots[0], snapshots[2]))]
    assert [s for s in states(lake) if isinstance(s, tuple)] == [s for s in kept if isinstance(s, tuple)]
    assert PastCatalog(require_local(lake.catalog), str(snapshots[1].snapshot_id), lake.settings.scratch_dir).heads()
    use(lake)
    assert before.keys() - contents(lake.settings.home).keys()


def _ids(*snapshots: Any) -> set[int]:
    return {s.snapshot_id for s in snapshots}


def _scan(lake: Lake, snapshot_id: int) -> Any:
    return lake.catalog.load_table(READINGS.identifier).scan(snapshot_id=snapshot_id).plan_files()


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def test_a_copy_that_lacks_what_is_needed_now_is_told_so_and_left_as_it_is(made: Lake, tmp_path: Path) -> None:
    patterns = ("*.metadata.json", "snap-*.avro", "*-m0.avro")
    for number, (pattern, harm) in enumerate([*product(patterns, (Path.unlink, damage)), ("*.parquet", Path.unlink)]):
        lake = of(made, home=tmp_path / f"copy{number}")
        shutil.copytree(made.settings.home, lake.settings.home)
        for file in lake.location(READINGS).rglob(pattern):
            harm(file)
        before = contents(lake.settings.warehouse)
        with pytest.raises(RelocationError, match=r"silver\.readings: this home lacks .*copy the whole home again"):
            relocate(lake.settings)
        assert contents(lake.settings.warehouse) == before
        with pytest.raises(OutsideWarehouseError):
            count(lake)


def test_what_is_shared_by_a_link_is_not_rewritten(original: Lake, tmp_path: Path) -> None:
    home = original.settings.home
    aside = home.rename(tmp_path / "aside")
    home.mkdir()
    shutil.copy(aside / "catalog.db", home / "catalog.db")
    (home / "warehouse").symlink_to(aside / "warehouse")
    relocate(original.settings)
    before = contents(aside / "warehouse")

    shared = of(original, home=tmp_path / "shared")
    shutil.copytree(home, shared.settings.home, symlinks=True)
    with pytest.raises(OutsideWarehouseError):
        count(shared)
    with pytest.raises(RelocationError, match="is that of"):
        relocate(shared.settings)

    table = of(original, home=tmp_path / "table")
    shutil.copytree(home, table.settings.home)
    shutil.rmtree(table.location(READINGS))
    table.location(READINGS).symlink_to(aside / "warehouse" / "silver" / "readings")
    with pytest.raises(RelocationError, match="by a link"):
        relocate(table.settings)
    assert contents(aside / "warehouse") == before

    home.rename(tmp_path / "moved")
    relocate(of(original, home=tmp_path / "moved").settings)
    use(of(original, home=tmp_path / "moved"))


def test_publications_under_way_when_it_was_copied_are_swept_from_the_copy_alone(
    original: Lake, tmp_path: Path
) -> None:
    publication = open_publication(original, run_id="under way")
    with publication.session() as session:
        publication.stage_query(MONTHLY, rows("2024-05-01", 1), session, Append())
    lake = of(original, home=tmp_path / "copy")
    shutil.copytree(original.settings.home, lake.settings.home)
    relocate(lake.settings)
    staged = lake.location(MONTHLY) / "data" / publication.id
    assert staged.is_dir()
    maintain(lake, CONTRACTS, run_id="test")
    assert not staged.exists()
    assert not list(marker_folder(lake).glob("*.json"))
    before = count(original, MONTHLY.identifier)
    publication.audit()
    publication.publish()
    assert count(original, MONTHLY.identifier) == before + 3


def test_there_is_nothing_to_relocate_in_an_empty_folder_or_a_cluster(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(RelocationError, match="there is no lake"):
        relocate(settings)
    with pytest.raises(RelocationError, match="Nessie"):
        relocate(settings.model_copy(update={"profile": "cluster"}))


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(st.lists(names | st.sampled_from(["warehouse", "silver", "t"])), st.lists(names, min_size=1))
def test_what_a_location_of_another_home_means_is_found_from_its_end(home: list[str], rest: list[str]) -> None:
    place = _Place(Settings(profile="local", home=Path("/nowhere"), landing="", dagster_home=None), "silver.t")
    other = Path("/", *home)
    table = other / "warehouse" / "silver" / "t"
    assert place.path(file_uri(table)) == place.folder
    assert place.path(file_uri(table.joinpath(*rest))) == place.folder.joinpath(*rest)
