"""A domain by files alone: what README.md says, typed as it stands there into a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.lakehouse.dbt import manifest
from tests.e2e.conftest import ASKLAKE, ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
(BLOCK,) = re.findall(
    r"^```\n((?:(?!```).)*asklake new-domain.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
)
PARTS = ("lakehouse_assets", "nlq", "semantic", "dbt_project")
PARSED = (manifest.NAME, manifest.SEMANTIC_NAME, manifest._REMEMBERED)
"""What dbt remembers of a project that was parsed before, as that of who adds a domain was; modules are compiled."""
UNIT_TESTS = """
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.dbt import runner
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import get_settings

publication = open_publication(Lake(get_settings()), run_id="unit")
select = ["silver_bike_rentals"]
ran = runner.run(publication, platform_contracts(), select=select, command="test", resource_types=["unit_test"])
publication.abandon()
print([(n.name, n.status) for n in ran.nodes])
"""
REFUSED = """
import json, sys
from typer.testing import CliRunner
from lakehouse_assets.cli import app

results = [CliRunner().invoke(app, ["new-domain", name, "--from", "rentals.csv", "--json"]) for name in sys.argv[1:]]
print(json.dumps([(r.exit_code, json.loads(r.stdout)["error"]["message"]) for r in results]))
"""


class Copy:
    """A copy of the project, and the command of that copy."""

    def __init__(self, folder: Path) -> None:
        self.root, self.work = folder / "project", folder / "work"
        ignored = shutil.ignore_patterns("target", "logs")
        for part in PARTS:
            shutil.copytree(ROOT / part, self.root / part, ignore=ignored)
        (self.root / "dbt_project/target").mkdir()
        for parsed in (ROOT / "dbt_project/target" / name for name in PARSED):
            if parsed.is_file():
                shutil.copy2(parsed, self.root / "dbt_project/target")
        self.work.mkdir()
        self.env = {**os.environ, "PYTHONPATH": str(self.root), "ASKLAKE_HOME": str(folder / "home")}

    def asklake(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run the command with --json."""
        done = subprocess.run(
            [*ASKLAKE, *arguments, "--json"], env=self.env, cwd=self.work, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr + done.stdout
        return json.loads(done.stdout)


@dataclass(frozen=True)
class Followed:
    """The copy in which everything was typed, and what each command said."""

    copy: Copy
    said: list[dict[str, Any]]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    copy = Copy(tmp_path_factory.mktemp("new-domain"))
    lines = BLOCK.splitlines()
    shell = "\n".join(line for line in lines if not line.startswith("asklake "))
    subprocess.run(["bash", "-euc", shell], cwd=copy.work, check=True)
    return Followed(copy, [copy.asklake(*shlex.split(line)[1:]) for line in lines if line.startswith("asklake ")])


@pytest.fixture
def copy(followed: Followed) -> Copy:
    return followed.copy


def test_from_a_file_to_answers(followed: Followed) -> None:
    drafted, checked, loaded, built, *answers = followed.said
    assert [f["source"] for f in drafted["feeds"]] == ["bike_rentals"]
    assert checked["errors"] == 0
    assert {f["rule"] for f in checked["findings"]} == {"decide", "owner"}
    assert [f["rows_loaded"] for f in loaded["files"]] == [3]
    assert all(run["success"] for run in built["runs"])
    rows = [[tuple(r.values() if isinstance(r, dict) else r) for r in a["rows"]] for a in answers]
    assert [sorted(found) for found in rows] == [
        [("Central", 2), ("Harbour", 1)],
        [("CARGO", 12.0), ("CITY", 5.25)],
        [("CARGO", 1, 12.0), ("CITY", 2, 5.25)],
    ]
    assert {t["table"]: t["rows"] for run in built["runs"] for t in run["tables"]}.items() >= {
        "silver.silver_bike_rentals": 3,
        "gold.gold_bike_rentals_daily": 3,
        "semantic.mv_bike_rentals_monthly": 2,
    }.items()


def test_the_unit_test_of_the_draft_passes(copy: Copy) -> None:
    command = [sys.executable, "-c", UNIT_TESTS]
    done = subprocess.run(command, env=copy.env, cwd=copy.work, capture_output=True, check=False)
    assert b"[('the_later_copy_counts_in_silver_bike_rentals', 'pass')]" in done.stdout, done.stderr


def test_the_draft_is_in_the_project_s_own_style(copy: Copy) -> None:
    domain = copy.root / "lakehouse_assets/domains/bike_rentals"
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([*ruff, "check", *config, str(domain)], check=True)
    subprocess.run([*ruff, "format", "--check", *config, str(domain)], check=True)


def test_nothing_is_overwritten_and_no_name_taken_twice(copy: Copy, tmp_path: Path) -> None:
    def text() -> dict[Path, str]:
        return {p: p.read_text() for p in copy.root.rglob("*bike_rentals*/*") if p.is_file() and p.suffix != ".pyc"}

    def refused(name: str) -> str:
        return copy.asklake("new-domain", name, "--from", "rentals.csv", code=2)["error"]["message"]

    before, domain = text(), copy.root / "lakehouse_assets/domains/bike_rentals"
    shutil.move(domain, tmp_path / "aside")
    try:
        assert "never overwrites" in refused("bike_rentals")
        assert text() == {path: content for path, content in before.items() if path.exists()}
    finally:
        shutil.rmtree(domain, ignore_errors=True)
        shutil.move(tmp_path / "aside", domain)
    command = [sys.executable, "-c", REFUSED, "bike_rentals", "Bike-Rentals", "select", "class", "sales"]
    done = subprocess.run(command, env=copy.env, cwd=copy.work, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert [code for code, _ in told] == [2] * 5 and "there is a domain" in told[0][1]
    assert text() == before
