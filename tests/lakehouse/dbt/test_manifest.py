"""Manifests are made when sources changed, and never seen by halves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lakehouse_assets.lakehouse.dbt import manifest

_PROJECT = "name: small\nprofile: small\nmodel-paths: [models]\n"
_PROFILE = "small: {target: read, outputs: {read: {type: duckdb, path: ':memory:'}}}\n"

_TESTS = """
models:
  - name: two
    columns: [{name: a, data_tests: [not_null]}]
  - name: three
    columns: [{name: a, data_tests: [not_null, {relationships: {arguments: {to: ref('five'), field: a}}}]}]
unit_tests:
  - {name: three_is_two, model: three, given: [{input: ref('two'), rows: []}], expect: {rows: []}}
  - {name: five_is_two, model: five, given: [{input: ref('two'), rows: []}], expect: {rows: []}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILE)
    (folder / "models" / "one.sql").write_text("select 1 as a")
    return folder


def models(target: Path) -> set[str]:
    nodes = json.loads((target / manifest.NAME).read_bytes())["nodes"]
    return {node["name"] for node in nodes.values()}


def test_a_manifest_is_current_until_a_source_changes(project: Path) -> None:
    target = project / "target"
    assert not manifest.is_newer(target, manifest.newest([project]))
    manifest.parse(project, project, target)
    assert models(target) == {"one"}
    assert manifest.is_newer(target, manifest.newest([project]))
    (project / "models" / "two.sql").write_text("select * from {{ ref('one') }}")
    assert not manifest.is_newer(target, manifest.newest([project]))
    manifest.parse(project, project, target)
    assert models(target) == {"one", "two"}


@pytest.mark.parametrize("change", ["removed", "renamed"])
def test_a_source_that_is_gone_is_a_change(project: Path, change: str) -> None:
    target, model = project / "target", project / "models" / "two.sql"
    model.write_text("select 2 as b")
    manifest.parse(project, project, target)
    if change == "removed":
        model.unlink()
    else:
        model.rename(model.with_name("three.sql"))
    assert not manifest.is_newer(target, manifest.newest([project]))
    manifest.parse(project, project, target)
    assert models(target) == ({"one"} if change == "removed" else {"one", "three"})


def test_current_manifests_are_written_again_only_for_what_dates_do_not_show(project: Path) -> None:
    target = project / "target"
    (project / "models" / "one.sql").write_text("select {{ var('n', 1) }} as a")
    manifest.parse(project, project, target)
    before = (target / manifest.NAME).stat().st_mtime
    again = manifest.parse(project, project, target, current=True)
    assert {node.name for node in again.nodes.values()} == models(target) == {"one"}
    assert (target / manifest.NAME).stat().st_mtime == before
    manifest.parse(project, project, target, ["--vars", '{"n": 2}'], current=True)
    assert (target / manifest.NAME).stat().st_mtime > before


def test_a_source_written_while_dbt_parses_counts_as_newer(project: Path) -> None:
    target = project / "target"
    manifest.parse(project, project, target)
    began = (target / manifest.NAME).stat().st_mtime
    os.utime(project / "models" / "one.sql", (began + 0.001, began + 0.001))
    assert not manifest.is_newer(target, manifest.newest([project]))


def test_a_failed_parse_leaves_the_old_manifests_and_nothing_else(project: Path) -> None:
    target = project / "target"
    manifest.parse(project, project, target)
    before = {file.name: file.read_bytes() for file in target.iterdir() if file.is_file()}
    (project / "models" / "two.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(manifest.DbtFailedError, match="nowhere"):
        manifest.parse(project, project, target)
    assert {file.name: file.read_bytes() for file in target.iterdir() if file.is_file()} == before
    assert not list(target.glob(".parsing-*"))


def test_a_folder_that_cannot_be_written_is_named(project: Path) -> None:
    (project / "target").write_text("a file where the folder should be")
    with pytest.raises(manifest.DbtFailedError, match=r"target cannot be written"):
        manifest.parse(project, project, project / "target")


def test_a_part_is_some_models_their_tests_and_all_upstream(project: Path) -> None:
    for name, read in (("two", "one"), ("three", "two"), ("four", "three"), ("five", "two")):
        (project / "models" / f"{name}.sql").write_text(f"select * from {{{{ ref('{read}') }}}}")
    (project / "models" / "tests.yml").write_text(_TESTS)
    whole = manifest.parse(project, project, project / "target")
    part = manifest.part(whole, ["three"])
    assert {node.name for node in part.nodes.values()} == {
        "one", "two", "three", "five", "not_null_three_a", "relationships_three_a__a__ref_five_",
    }  # fmt: skip
    assert [test.name for test in part.unit_tests.values()] == ["three_is_two"]
    part.flat_graph["noted"] = True
    assert "noted" not in whole.flat_graph
    assert not manifest.part(whole, []).nodes
