"""The commands of README.md and of the pages of docs, run as they stand there."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from tests.documents import PAGES, blocks
from tests.e2e.conftest import Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASKLAKE_HOME", str(sample.home))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh") and page != "README.md"])
def test_what_a_page_says_can_be_run_runs(page: str) -> None:
    for block in blocks(page, "sh"):
        _run(block)


def test_what_the_readme_says_can_be_run_runs() -> None:
    asked, loaded, looked = [_run(block) for block in blocks("README.md", "sh")]
    assert "WARD_01" in asked and "Share" in asked
    assert "31.06.2026" in loaded and "Complaints" in loaded
    assert "gold.gold_pgr_case_lifecycle" in looked
    sql = "select entity_id from bronze.service_events_raw where source = 'city_calls' order by 1"
    assert json.loads(_asklake(["sql", sql, "--json"]))["rows"] == [{"entity_id": "T-1"}, {"entity_id": "T-2"}]


def test_features_are_read_as_printed() -> None:
    (block,) = [block for block in blocks("domains.md", "python") if "get_features" in block]
    names: dict = {}
    exec(block, names)
    assert names["known"].rows.num_rows == len(names["stores"]) == len(names["days"])


def _run(block: str) -> str:
    """The shell's part of a block by the shell, the command's part in this process, which saves its start."""
    lines = block.splitlines()
    shell = "\n".join(line for line in lines if not line.startswith("asklake "))
    subprocess.run(["bash", "-euc", shell], check=True)
    return "".join(_asklake(_words(line)) for line in lines if line.startswith("asklake "))


def _words(line: str) -> list[str]:
    """The arguments that a line gives the command, once the shell has done its part."""
    if "$(" not in line:
        return shlex.split(line, comments=True)[1:]
    done = subprocess.run(["bash", "-euc", f"printf '%s\\0' {line}"], check=True, capture_output=True, text=True)
    return done.stdout.split("\0")[1:-1]


def _asklake(arguments: list[str]) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"asklake {' '.join(arguments)}\n{result.output}"
    return result.stdout
