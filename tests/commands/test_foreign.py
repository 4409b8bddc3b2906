"""`asklake ask --project --database`: another dbt project by the command itself, formats and errors included."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.semantic.hotels import parse_project


@pytest.fixture(scope="module")
def hotels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without any target folder, and its database beside it."""
    folder = tmp_path_factory.mktemp("hotels")
    parse_project(folder)
    shutil.rmtree(folder / "target")
    return folder


def ask(hotels: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lakehouse_assets.cli", "ask", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "ASKLAKE_HOME": str(home), "COLUMNS": "200"},
    )  # fmt: skip


def test_a_project_never_seen_before_is_answered(hotels: Path, tmp_path: Path) -> None:
    where = ("--project", str(hotels), "--database", str(hotels / "hotels.duckdb"))
    ran = ask(hotels, tmp_path, "share of nights by hotel town in January 2026", *where, "--json")
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert {row[0] for row in answer["rows"]} == {"Bern", "Chur", None}
    assert sum(row[2] for row in answer["rows"]) == pytest.approx(1)
    assert not (hotels / "target").exists()
    refused = ask(hotels, tmp_path, "complaints by ward", *where)
    assert refused.returncode == 3
    assert "complaints" in refused.stdout


def test_what_is_missing_is_said(hotels: Path, tmp_path: Path) -> None:
    alone = ask(hotels, tmp_path, "nights", "--project", str(hotels))
    assert alone.returncode == 2
    assert "--database" in alone.stderr + alone.stdout
    absent = ask(hotels, tmp_path, "nights", "--project", str(tmp_path), "--database", str(hotels / "hotels.duckdb"))
    assert absent.returncode == 2
    assert "dbt_project.yml" in absent.stderr + absent.stdout
