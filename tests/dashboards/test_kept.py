"""Dashboards that people make: versions, undoing, changes at the same time, bounds, and a process that is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_assets.dashboards import kept as kept_module
from lakehouse_assets.dashboards.kept import (
    BoardLimitError,
    ChangedMeanwhileError,
    Kept,
    KeptBoards,
    NoBoardError,
    NothingToUndoError,
)
from lakehouse_assets.dashboards.model import Dashboard
from tests.dashboards.small import dashboard, tile


@pytest.fixture
def boards(database_url: str) -> Iterator[KeptBoards]:
    boards = KeptBoards(database_url)
    yield boards
    boards.close()


def made(boards: KeptBoards, owner: str = "me") -> Kept:
    return boards.create(dashboard(tile()), owner=owner, made_by="Asha", what="Made")


def named(boards: KeptBoards, board: Kept, title: str, expected: int | None = None) -> Kept:
    return boards.change(
        board.id, lambda before: before.model_copy(update={"title": title}), what=f"Named {title}", expected=expected
    )


def test_what_was_made_is_found_whole_by_any_process(boards: KeptBoards, database_url: str) -> None:
    first, other = made(boards), made(boards, "another")
    again = KeptBoards(database_url)
    assert again.find(first.id) == first
    assert first.dashboard == dashboard(tile())
    assert [one.id for one in again.of(["me"])] == [first.id]
    assert {one.id for one in again.of(["me", "another"])} == {first.id, other.id}
    assert again.of(["nobody"]) == []
    again.close()


def test_one_that_is_not_read_any_more_hides_no_other(boards: KeptBoards, caplog: pytest.LogCaptureFixture) -> None:
    odd, well = made(boards), made(boards)
    with boards._engine.begin() as con:
        odd_ones = kept_module._versions.c.board_id == odd.id
        con.execute(kept_module._versions.update().where(odd_ones).values(document='{"title": "of a later version"}'))
    assert [one.id for one in boards.of(["me"])] == [well.id]
    assert odd.id in caplog.text
    with pytest.raises(NoBoardError):
        boards.find(odd.id)


def test_a_change_adds_a_version_and_keeps_what_was(boards: KeptBoards) -> None:
    board = made(boards)
    assert named(boards, board, "Second", expected=1).version == 2
    assert named(boards, board, "Third").dashboard.title == "Third"
    assert [(one.version, one.what) for one in boards.versions(board.id)] == [
        (3, "Named Third"), (2, "Named Second"), (1, "Made")
    ]  # fmt: skip
    earlier = boards.find(board.id, 2)
    assert (earlier.dashboard.title, earlier.version, earlier.current) == ("Second", 2, 3)
    assert boards.restore(board.id, 1, expected=3).dashboard.title == "Cases"
    with pytest.raises(NoBoardError):
        boards.find(board.id, 9)


def test_undoing_goes_back_change_by_change(boards: KeptBoards) -> None:
    board = made(boards)
    named(boards, board, "Second")
    named(boards, board, "Third")
    assert boards.undo(board.id, 3).dashboard.title == "Second"
    assert boards.undo(board.id, 4).dashboard.title == "Cases"
    with pytest.raises(NothingToUndoError):
        boards.undo(board.id, 5)
    named(boards, board, "Fourth")
    assert boards.undo(board.id, 6).dashboard.title == "Cases", "what was undone before stays undone"


def test_a_change_from_an_old_version_writes_over_nothing(boards: KeptBoards) -> None:
    board = made(boards)
    named(boards, board, "Theirs", expected=1)
    with pytest.raises(ChangedMeanwhileError) as error:
        named(boards, board, "Mine", expected=1)
    assert error.value.version == 2
    with pytest.raises(ChangedMeanwhileError):
        boards.undo(board.id, 1)
    assert boards.find(board.id).dashboard.title == "Theirs"


def test_a_change_that_fails_leaves_everything_as_it_was(boards: KeptBoards) -> None:
    board = made(boards)

    def broken(_: Dashboard) -> Dashboard:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        boards.change(board.id, broken, what="Broken")
    large = dashboard(*(tile(f"t{n}", title="x" * 100, description="y" * 2000) for n in range(24))).pages[0]
    pages = tuple(large.model_copy(update={"id": f"p{n}"}) for n in range(4))
    with pytest.raises(BoardLimitError, match="at most 128 kB"):
        boards.change(board.id, lambda before: before.model_copy(update={"pages": pages}), what="Grown")
    assert boards.find(board.id) == board


def test_dashboards_and_versions_are_bounded(boards: KeptBoards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST_BOARDS", 2)
    monkeypatch.setattr(kept_module, "MOST_VERSIONS", 3)
    board = made(boards)
    made(boards)
    with pytest.raises(BoardLimitError):
        made(boards)
    assert made(boards, "another")
    for number in range(4):
        named(boards, board, f"Number {number}")
    assert [one.version for one in boards.versions(board.id)] == [5, 4, 3]
    boards.undo(board.id, 5)
    with pytest.raises(NothingToUndoError):
        boards.undo(board.id, 6)
    boards.remove(board.id)
    assert boards.versions(board.id) == []
    with pytest.raises(NoBoardError):
        boards.undo(board.id, 6)


SAVING = """
import sys
from lakehouse_assets.dashboards.kept import KeptBoards
boards = KeptBoards(sys.argv[1])
while True:
    found = boards.change(sys.argv[2], lambda board: board.model_copy(update={
        "title": f"Saved {int(board.title.split()[1]) + 1}", "description": "x" * 2000}), what="Saved")
    print(found.version, flush=True)
"""


def test_a_process_killed_while_it_saves_loses_nothing_and_leaves_no_half(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/boards.db"
    boards = KeptBoards(url)
    board = boards.create(dashboard(tile(), title="Saved 1"), owner="", made_by="x", what="Made")
    told = 0
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, url, board.id], stdout=subprocess.PIPE, text=True
        ) as saving:
            assert saving.stdout
            for _ in range(15):
                told = int(saving.stdout.readline())
            saving.kill()
        now = boards.find(board.id)
        assert now.version >= told, "what was told to be saved is there"
        assert now.dashboard.title == f"Saved {now.version}"
        versions = [one.version for one in boards.versions(board.id)]
        assert versions == list(range(now.version, 0, -1))
        assert all(boards.find(board.id, n).dashboard.title == f"Saved {n}" for n in versions)
    boards.close()
