"""YAML of people: what a few bytes may grow to is bounded, in every file that is read."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest
import yaml

from lakehouse_assets import bounded_yaml
from lakehouse_assets.assets.questions.scheduled import ScheduledQuestionsError, load_questions
from lakehouse_assets.checking.located import read_yaml
from lakehouse_assets.declared import DeclarationError, read_list
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.dbt.manifest import DbtFailedError
from lakehouse_assets.settings.lake import PROJECT_ROOT

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Of 400 bytes, 9 to the 9th power of values."""
BOMBS = {
    "laughs": LAUGHS,
    "merged": re.sub(r"\[(.*)\]", r"{<<: [\1]}", LAUGHS.replace("x, x, x, x, x, x, x, x, x", "{k: 1}")),
    "endless": "a: &a [*a]",
    "endless merge": "a: &a {b: {<<: *a}}",
    "brackets": "a: " + "[" * 50_000 + "]" * 50_000,
    "braces": "{a: " * 50_000 + "1" + "}" * 50_000,
    "dashes": "- " * 50_000 + "1",
    "keys": "? " * 50_000 + "1",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_does_not_become_a_large_one(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(bounded_yaml.OutOfBoundsError, match=r"more than|is part of what"):
            bounded_yaml.load(BOMBS[name])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_aliases_and_anchors_as_people_use_them_are_read() -> None:
    text = "a: &a {k: 1}\nb: {<<: *a, l: 2}\nc: [*a, *a]\nd: &d x\ne: *d\n"
    expected = {"a": {"k": 1}, "b": {"k": 1, "l": 2}, "c": [{"k": 1}, {"k": 1}], "d": "x", "e": "x"}
    assert bounded_yaml.load(text) == expected == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: *b", "a: [1", "!!python/object/apply:os.system [ls]", "a: &x 1\nb: &x 2\n\tc"])
def test_what_is_no_yaml_or_builds_objects_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as error:
        bounded_yaml.load(text)
    assert error.value.problem_mark


def test_every_reader_refuses_it_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    file.write_text(f"sources: []\n{LAUGHS}")
    with pytest.raises(DeclarationError, match=r"sources\.yml, line 7: .*more than"):
        read_list(file, "sources")
    with pytest.raises(yaml.YAMLError, match="more than"):
        read_yaml(file)
    with pytest.raises(ScheduledQuestionsError, match="more than"):
        load_questions(file)
    (tmp_path / "dbt_project.yml").write_text("name: x")
    with pytest.raises(DbtFailedError, match=r"sources\.yml, line 7: .*more than"):
        manifest.parse(tmp_path, tmp_path, tmp_path / "target")


def test_nothing_else_reads_yaml() -> None:
    for package in ("lakehouse_assets", "nlq", "semantic"):
        for file in (PROJECT_ROOT / package).rglob("*.py"):
            text = file.read_text()
            assert "yaml.safe_load" not in text, file
            assert not re.search(r"(?<!bounded_)yaml\.load\(", text) or "BoundedLoader" in text, file
