"""The commands of README.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from tests.e2e.conftest import ROOT, Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def test_what_can_be_run_runs(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASKLAKE_HOME", str(sample.home))
    said = [_run(block) for block in BLOCKS]
    assert "loaded" in said[0]
    assert "31.06.2026" in said[1]
    sql = "select entity_id from bronze.service_events_raw where source = 'city_calls' order by 1"
    assert json.loads(_asklake(["sql", sql, "--json"]))["rows"] == [{"entity_id": "T-1"}, {"entity_id": "T-2"}]


def _run(block: str) -> str:
    """The shell's part of a block by the shell, the command's part in this process, which saves its start."""
    lines = block.splitlines()
    shell = "\n".join(line for line in lines if not line.startswith("asklake "))
    subprocess.run(["bash", "-euc", shell], check=True)
    return "".join(_asklake(shlex.split(line)[1:]) for line in lines if line.startswith("asklake "))


def _asklake(arguments: list[str]) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, f"asklake {' '.join(arguments)}\n{result.output}"
    return result.stdout
