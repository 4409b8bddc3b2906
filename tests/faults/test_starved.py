"""A full disk and a warehouse that may not be written: one clear sentence, nothing visible, and it recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.faults import steps
from tests.faults.contents import Rows, contents, differences, unreferenced
from tests.faults.processes import Child, Ended, done
from tests.faults.starving import drop_privileges, filled, may_mount, no_file_beyond, read_only, small_disk

pytestmark = pytest.mark.timeout(2400)

ROOM = (0, 1_000, 4_000, 10_000, 20_000, 40_000, 80_000)
"""Bytes there is room for: for nothing, for the mark of a publication, for some of its rows, for some metadata."""
EXPECTED = (
    "IngestError: ",
    "WarehouseError: ",
    "CatalogUnwritableError: ",
    "OSError: ",
    "IOException: ",
    "PermissionError: ",
    "DbtFailedError: ",
)
Starve = Callable[[int], tuple[Callable[[], Any] | None, AbstractContextManager[None]]]


def at_the_limit_of_file_sizes(room: int) -> tuple[Callable[[], Any] | None, AbstractContextManager[None]]:
    return partial(no_file_beyond, room), nullcontext()


def on_a_full_disk(disk: Path, room: int) -> tuple[Callable[[], Any] | None, AbstractContextManager[None]]:
    return None, filled(disk, room)


@pytest.fixture(params=["full_disk" if may_mount() else "file_size"])
def starved(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Starve]]:
    """A home, and how room is taken away: by a disk that is really full or, where none may be mounted, by a limit."""
    if request.param == "file_size":
        yield tmp_path / "home", at_the_limit_of_file_sizes
        return
    with small_disk(tmp_path / "disk", 24):
        yield tmp_path / "disk" / "home", partial(on_a_full_disk, tmp_path / "disk")


def refused(home: Path, before: dict[str, Rows], ended: Ended) -> None:
    """The step failed with a sentence, and nobody sees anything of it."""
    assert ended.error.startswith(EXPECTED), ended.trace
    assert not differences(contents(home), before)


def outlast(home: Path, starve: Starve, step: Callable[..., Any], *arguments: Any) -> int:
    """Try a step with ever more room until it goes through; returns how often it was refused."""
    before = contents(home)
    for refusals, room in enumerate(ROOM):
        prepare, disk = starve(room)
        with disk:
            ended = Child(step, str(home), *arguments, prepare=prepare).wait()
            if not ended.error:
                return refusals
            refused(home, before, ended)
    done(step, str(home), *arguments)
    return len(ROOM)


def test_a_full_disk(starved: tuple[Path, Starve], files: list[str], tmp_path: Path) -> None:
    home, starve = starved
    twin = str(tmp_path / "twin")
    for lake in (str(home), twin):
        done(steps.ingest, lake, files[:1])
        done(steps.materialize, lake)
    assert outlast(home, starve, steps.ingest, files[1:2]) > 1
    assert outlast(home, starve, steps.build) > 1
    assert outlast(home, starve, steps.refresh) > 1
    done(steps.ingest, twin, files[1:2])
    done(steps.materialize, twin)
    assert not differences(contents(home), contents(Path(twin)))
    done(steps.maintain, str(home), 0.0)
    assert not unreferenced(home)
    assert not differences(contents(home), contents(Path(twin)))


def refused_where_nothing_may_be_written(home: Path, step: Callable[..., Any], *arguments: Any) -> None:
    before = contents(home)
    for folder in (home / "warehouse", home):
        with read_only(folder):
            ended = Child(step, str(home), *arguments, prepare=drop_privileges).wait()
        refused(home, before, ended)


def test_a_read_only_warehouse(files: list[str], homes: tuple[str, str]) -> None:
    home, twin = Path(homes[0]), homes[1]
    for lake in homes:
        done(steps.ingest, lake, files[:1])
        done(steps.materialize, lake)
    done(steps.ingest, twin, files[1:2])
    refused_where_nothing_may_be_written(home, steps.ingest, files[1:2])
    done(steps.ingest, str(home), files[1:2])
    refused_where_nothing_may_be_written(home, steps.materialize)
    for lake in homes:
        done(steps.materialize, lake)
    assert not differences(contents(home), contents(Path(twin)))


@pytest.mark.parametrize("kind", ["read_only_warehouse", "read_only_home", "full_disk"])
def test_the_command_says_it_in_a_sentence(kind: str, files: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(steps.ingest, str(home), files[:1])
    before = contents(home)
    folder = {"read_only_warehouse": home / "warehouse", "read_only_home": home}.get(kind)
    prepare = drop_privileges if folder else partial(no_file_beyond, 0)
    with read_only(folder) if folder else nullcontext():
        arguments = ["ingest", "--source", steps.SOURCE, files[1]]
        code, printed = Child(steps.command, str(home), arguments, prepare=prepare).result()
    assert code == 1
    assert "Traceback" not in printed
    (told,) = [line for line in printed.splitlines() if "ermission denied" in line or "I/O error" in line]
    assert told.startswith("ingest: " if kind == "read_only_warehouse" else "asklake: ")
    assert not differences(contents(home), before)
    assert done(steps.ingest, str(home), files[1:2]) == [(files[1], False)]
