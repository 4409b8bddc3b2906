"""A word goes into the YAML of its term, and nothing else of the file changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse_assets.drafting.synonyms import NoPlaceError, place_for, write, written
from lakehouse_assets.settings.lake import PROJECT_ROOT

FILE = """\
# A comment that stays.
semantic_models:
  - name: trips
    primary_entity: trip
    dimensions:
      - &bike
        name: bike   # in two models
        config: {meta: {synonyms: ["bikes", 'cycles']}}  # so are these
  - name: rides
    entities: [{name: ride, type: primary}]
    dimensions:
      - *bike
      - {name: colour, config: {meta: {synonyms: []}}}
      - {name: bare}
metrics:

  - name: trips_count
    config:
      meta:
        synonyms:
          - journeys   # of old
          - "rides: all"
        unit: trips
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.yml").write_text(FILE)
    return tmp_path


def added(folder: Path, kind: str, name: str, word: str) -> list[str]:
    """The lines that are other than before, once the word is written."""
    write(place_for(folder, kind, name, word))
    now = (folder / "models.yml").read_text().splitlines()
    assert sorted(path.name for path in folder.iterdir()) == ["models.yml"]
    return [line for line in now if line not in FILE.splitlines()]


@pytest.mark.parametrize(
    ("kind", "name", "line"),
    [
        (
            "dimension",
            "trip__bike",
            """        config: {meta: {synonyms: ["bikes", 'cycles', wheels]}}  # so are these""",
        ),
        (
            "dimension",
            "ride__bike",
            """        config: {meta: {synonyms: ["bikes", 'cycles', wheels]}}  # so are these""",
        ),
        ("dimension", "member__ride__colour", "      - {name: colour, config: {meta: {synonyms: [wheels]}}}"),
        ("metric", "trips_count", "          - wheels"),
    ],
)
def test_only_the_list_gets_longer(folder: Path, kind: str, name: str, line: str) -> None:
    assert added(folder, kind, name, "wheels") == [line]


@pytest.mark.parametrize(
    "word", ["null", "on", "x], format: evil", "a: b", "# none", "*alias", "- x", "{{ jinja }}", "two\nlines", "ü’s"]
)  # fmt: skip
def test_a_word_stays_a_word_whatever_it_is(folder: Path, word: str) -> None:
    before = yaml.safe_load(FILE)
    added(folder, "metric", "trips_count", word)
    now: Any = yaml.safe_load((folder / "models.yml").read_text())
    before["metrics"][0]["config"]["meta"]["synonyms"].append(word)
    assert now == before
    assert yaml.safe_load(f"[{written(word)}]") == [word]


@pytest.mark.parametrize(
    ("kind", "name", "word", "says"),
    [
        ("metric", "nope", "x", "no file below"),
        ("dimension", "ride__bare", "x", "has no config.meta.synonyms"),
        ("metric", "trips_count", "journeys", "has “journeys” already"),
    ],
)
def test_without_a_place_nothing_is_written(folder: Path, kind: str, name: str, word: str, says: str) -> None:
    with pytest.raises(NoPlaceError, match=says):
        place_for(folder, kind, name, word)
    assert (folder / "models.yml").read_text() == FILE


def test_the_ends_of_lines_stay_as_they_are(folder: Path) -> None:
    windows = FILE.replace("\n", "\r\n").encode()
    (folder / "models.yml").write_bytes(windows)
    write(place_for(folder, "dimension", "ride__colour", "hue"))
    write(place_for(folder, "metric", "trips_count", "tours"))
    wanted = windows.replace(b"synonyms: []", b"synonyms: [hue]")
    wanted = wanted.replace(b'all"\r\n', b'all"\r\n          - tours\r\n')
    assert (folder / "models.yml").read_bytes() == wanted


def test_the_layers_of_the_project_can_be_written_into() -> None:
    models = PROJECT_ROOT / "semantic" / "models"
    for kind, name in (("metric", "pgr_complaints"), ("dimension", "complaint__ward_id"), ("metric", "retail_units")):
        place = place_for(models, kind, name, "wheels")
        lines = zip(place.file.read_text().splitlines(), place.text.splitlines(), strict=True)
        assert [new for old, new in lines if old != new] == [place.text.splitlines()[place.line - 1]]
