"""Files that people write: what is wrong is said with file and line, and a name is of one thing alone."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from lakehouse_assets.declared import DeclarationError, by_name, read_declared


class Ship(BaseModel):
    """A ship."""

    name: str
    masts: int


class ShipError(DeclarationError):
    """A ship is wrong."""


def ships_of(path: Path) -> list[Ship]:
    return read_declared(path, "ship", Ship, ShipError, lambda ship: "too many" if ship.masts > 7 else "")


def harbour(folder: Path, **ships: object) -> Path:
    path = folder / "ships.yml"
    folder.mkdir()
    path.write_text("ships:\n" + "".join(f"  - name: {name}\n    masts: {masts}\n" for name, masts in ships.items()))
    return path


def test_what_files_declare_is_found_by_name(tmp_path: Path) -> None:
    paths = [harbour(tmp_path / "a", fram=3), harbour(tmp_path / "b", gjoa=1, maud=3)]
    found = by_name(paths, ships_of, "ship", ShipError)
    assert {name: ship.masts for name, ship in found.items()} == {"fram": 3, "gjoa": 1, "maud": 3}


@pytest.mark.parametrize("second", [{"fram": 2}, {"maud": 3, "fram": 3}])
def test_a_name_that_two_files_state_is_refused_naming_both(tmp_path: Path, second: dict[str, int]) -> None:
    paths = [harbour(tmp_path / "a", fram=3), harbour(tmp_path / "b", **second)]
    with pytest.raises(ShipError, match=re.escape(f"{paths[1]}: ship 'fram' is already stated in {paths[0]}.")):
        by_name(paths, ships_of, "ship", ShipError)


@pytest.mark.parametrize(
    ("masts", "told"),
    [("many", "line 5: field 'masts': Input should be a valid integer"), (8, "line 4: ship 'maud': too many")],
)
def test_what_is_wrong_with_one_is_said_with_its_line(tmp_path: Path, masts: object, told: str) -> None:
    path = harbour(tmp_path / "a", fram=3, maud=masts)
    with pytest.raises(ShipError, match=re.escape(f"{path}, {told}")):
        ships_of(path)


def test_a_file_that_is_not_there_is_an_error_of_its_kind(tmp_path: Path) -> None:
    with pytest.raises(ShipError, match="cannot be read"):
        ships_of(tmp_path / "none.yml")
