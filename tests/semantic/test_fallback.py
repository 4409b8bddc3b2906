"""A fault in the semantic models stops no other question: the last layer answers, or one without that domain."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lakehouse_assets.checking.checks import check_dbt
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.compiling.layer import PlannedLayer
from semantic.errors import SemanticError
from semantic.fallback import manifests
from semantic.faults import Fault, fault_of
from semantic.layer import SemanticLayer
from semantic.values import DimensionValues

_FILES = {
    "dbt_project/dbt_project.yml": """
name: small
version: "1.0.0"
profile: small
model-paths: ["models", "../semantic/models"]
flags: {send_anonymous_usage_stats: false}
""",
    "dbt_project/profiles.yml": "small: {target: local, outputs: {local: {type: duckdb, path: ':memory:'}}}",
    "dbt_project/models/days.sql": "select 1 as d",
    "dbt_project/models/days.yml": """
models:
  - name: days
    time_spine: {standard_granularity_column: d}
    columns: [{name: d, granularity: day}]
""",
    "dbt_project/models/stays.sql": "select 1 as stay_id",
    "dbt_project/models/meals.sql": "select 1 as meal_id",
}
_SEMANTIC = """
semantic_models:
  - name: {name}
    model: ref('{name}')
    defaults: {{agg_time_dimension: opened}}
    entities: [{{name: {one}, type: primary, expr: {one}_id}}]
    dimensions: [{{name: opened, type: time, type_params: {{time_granularity: day}}}}]
    measures: [{{name: {name}_count, agg: count, expr: {one}_id}}]
metrics:
  - name: {name}
    label: {name}
    type: simple
    type_params: {{measure: {name}_count}}
"""


class SmallProject(Settings):
    """Settings of a project in the folder of the test."""

    @property
    def project_root(self) -> Path:
        return self.home.parent

    @property
    def dbt_project_dir(self) -> Path:
        return self.project_root / "dbt_project"


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """A project of two domains, each with its metrics in a folder; not parsed yet."""
    names = {
        "semantic/models/hotel/metrics.yml": ("stays", "stay"),
        "semantic/models/food/metrics.yml": ("meals", "meal"),
    }
    files = _FILES | {path: _SEMANTIC.format(name=name, one=one) for path, (name, one) in names.items()}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return SmallProject(profile="local", home=tmp_path / "home", landing="", dagster_home=None)


def spoil(project: SmallProject, old: str, new: str) -> Path:
    path = project.project_root / "semantic" / "models" / "food" / "metrics.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    later = time.time() + 2
    os.utime(path, (later, later))
    return path


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("measure: meals_count", "measure: meals_cuont", 13),
        ("type: simple", "type: smiple", 12),
        ("    label: meals", "   label: meals", 11),
    ],
)
def test_the_layer_that_was_read_last_answers(project: SmallProject, old: str, new: str, line: int) -> None:
    target, fault = manifests(project)
    assert fault is None
    file = spoil(project, old, new)
    again, fault = manifests(project)
    assert again == target
    assert fault is not None
    assert (fault.file, fault.line) == (file, line), fault.problem
    assert set(SemanticLayer(project, target_dir=again).catalog().metrics) == {"stays", "meals"}
    (finding,) = check_dbt(project)
    assert (finding.file, finding.line) == (file.resolve(), line)


def test_answers_name_the_file_and_the_line(asked_lake: Lake, answerer: Answerer) -> None:
    layer = SemanticLayer(asked_lake.settings)
    root = asked_lake.settings.project_root
    fault = Fault("A measure does not exist.", root / "semantic" / "models" / "pgr" / "metrics.yml", 7)
    stale = Answerer(asked_lake, PlannedLayer(layer, DimensionValues(asked_lake, layer), fault, root=root))
    answer = stale.ask("complaints by ward")
    assert answer.rows == answerer.ask("complaints by ward").rows
    assert answer.stale_layer is not None
    assert (answer.stale_layer.file, answer.stale_layer.line) == ("semantic/models/pgr/metrics.yml", 7)
    assert "semantic/models/pgr/metrics.yml:7" in answer.stale_layer.says
    assert answerer.ask("complaints by ward").stale_layer is None


def test_without_a_layer_before_the_other_domains_answer(project: SmallProject) -> None:
    file = spoil(project, "measure: meals_count", "measure: meals_cuont")
    target, fault = manifests(project)
    assert fault is not None
    assert fault.file == file
    assert set(SemanticLayer(project, target_dir=target).catalog().metrics) == {"stays"}
    assert not manifest.is_current(project), "the project's own manifests are none of a part of it"


def test_what_no_domain_is_to_blame_for_is_an_error(project: SmallProject) -> None:
    (project.dbt_project_dir / "models" / "days.yml").write_text("models: [{nme: x}]", encoding="utf-8")
    with pytest.raises(manifest.DbtFailedError):
        manifests(project)


def test_a_manifest_that_cannot_be_used_leaves_the_last(project: SmallProject) -> None:
    target, _ = manifests(project)
    layer = SemanticLayer(project)
    metrics = set(layer.catalog().metrics)
    file = target / manifest.SEMANTIC_NAME
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace('"meals_count"', '"meals_cuont"', 1), encoding="utf-8")
    assert set(layer.catalog().metrics) == metrics
    assert layer.fault is not None
    with pytest.raises(SemanticError, match="the semantic layer cannot be read"):
        SemanticLayer(project).catalog()
    file.write_text(good + " ", encoding="utf-8")
    assert set(layer.catalog().metrics) == metrics
    assert layer.fault is None


def test_a_fault_without_a_place_is_told_all_the_same(tmp_path: Path) -> None:
    fault = fault_of("Semantic Manifest validation failed.", [tmp_path])
    assert (fault.problem, fault.place(tmp_path)) == ("Semantic Manifest validation failed.", "")
