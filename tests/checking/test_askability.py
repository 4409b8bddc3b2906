"""What makes a layer hard to ask is found at its place, with what to write; the project's own layers are asked well."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.checking.askability import RULE, check_askability, overall, scores
from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.settings.lake import PROJECT_ROOT

MODEL = """\
semantic_models:
  - name: trips
    label: Trips
    description: One row per trip.
    model: ref('silver_trips')
    primary_entity: trip
    entities:
      - {name: station, type: foreign, expr: station_id}
    dimensions:
      - name: day
        type: time
        expr: started_on
        description: Day of the trip.
      - name: bike
        label: Bike type
        description: Kind of bike, such as CARGO.
        config: {meta: {synonyms: [bikes]}}
      - name: zone_code
        label: Zone code
        description: Zone of the fare, such as A for the centre.
  - name: stations
    label: Stations
    description: One row per station.
    model: ref('silver_stations')
    primary_entity: station
    dimensions:
      - {name: station_name, label: Station, description: What a station is called.}
metrics:
  - name: trips
    label: Trips
    description: Trips that began.
    config: {meta: {synonyms: [journeys]}}
"""


def found(folder: Path, old: str = "", new: str = "") -> list[Finding]:
    return list(check_askability(_project(folder, old, new)))


def _project(folder: Path, old: str = "", new: str = "") -> Project:
    assert old in MODEL
    path = folder / "semantic" / "models" / "bikes" / "models.yml"
    path.parent.mkdir(parents=True)
    path.write_text(MODEL.replace(old, new, 1) if old else MODEL)
    return Project(folder)


def test_a_layer_that_is_asked_well_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("[journeys]", "[bikes]", "synonyms: [bikes]}}\n      - name: zone", "“bike” is the metric"),
        ("Trips that began.", "The trips.", "The trips.", "only repeats its name"),
        ("What a station is called.", "Stations.", "{name: station_name", "only repeats its name"),
        ("{name: station_name, label: S", "{name: lane, label: S", "primary_entity: station", "no dimension names a"),
        (", such as A for the centre", "", "Zone of the fare.", "zone_code: its values"),
        ("expr: started_on", "expr: cast('2020-01-01' as date)", "expr: cast", "every row has the same time"),
    ],
)  # fmt: skip
def test_what_is_hard_to_ask_is_found_with_what_to_write(
    tmp_path: Path, old: str, new: str, at: str, says: str
) -> None:
    project = _project(tmp_path, old, new)
    (finding,) = check_askability(project)
    text = finding.file.read_text()
    assert (finding.rule, finding.severity) == (RULE, "warning")
    assert says in finding.message
    assert finding.line == text[: text.index(at)].count("\n") + 1
    assert scores(project, [finding]) == {"bikes": 80}


@pytest.mark.parametrize(
    "new",
["name: trip_id", "name: is_trip", "name: bike\n        type: time"],
)  # fmt: skip
def test_what_is_counted_may_be_called_like_its_number(tmp_path: Path, new: str) -> None:
    assert found(tmp_path, "name: bike\n        label: Bike type", f"{new}\n        label: Trips") == []


def test_scores_are_of_each_domain(tmp_path: Path) -> None:
    project = _project(tmp_path)
    assert scores(project, []) == {"bikes": 100}
    elsewhere = Finding(tmp_path / "other.yml", 1, RULE, "x", "warning")
    assert scores(project, [elsewhere]) == {"bikes": 100}
    assert (overall({"a": 90, "b": 100}), overall({})) == (95, 100)


def test_the_layers_of_the_project_are_asked_well() -> None:
    project = Project(PROJECT_ROOT)
    assert set(scores(project, check_askability(project)).values()) == {100}
