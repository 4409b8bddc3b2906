"""Upkeep of a lakehouse as the demo leaves it, and of one that was copied elsewhere, by the real command."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
COUNTS = (
    "select (select count(*) from bronze.quarantine) as refused, (select count(*) from bronze.loads) as loads, "
    "(select count(*) from gold.gold_pgr_case_lifecycle) as cases, (select count(*) from silver.silver_sales) as sales"
)


def digests(home: Path) -> list[str]:
    """What every file of the tables and the catalog holds.

    By another process, as the copy is made by one: to close a file of SQLite, which copying does, takes away the locks
    that connections of the same process have on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    script = 'cd "$1" && find warehouse catalog.db -type f -exec sha256sum {} + | sort'
    done = subprocess.run(["bash", "-c", script, "-", home], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_copy_is_refused_until_it_is_relocated_and_then_stands_alone(sample: Sample, tmp_path: Path) -> None:
    before, wanted = digests(sample.home), sample.rows(COUNTS)
    subprocess.run(["cp", "-a", sample.home, tmp_path / "copy"], check=True)
    copied = replace(sample, home=tmp_path / "copy", env={**sample.env, "ASKLAKE_HOME": str(tmp_path / "copy")})
    for command in ("status", "maintain"):
        refused = copied.asklake(command, check=False)
        assert (refused.returncode, "asklake relocate" in refused.stderr) == (3, True), command
    relocated = json.loads(copied.asklake("relocate", "--json").stdout)
    assert len(relocated["tables"]) > 50
    assert {table["snapshots_lost"] for table in relocated["tables"]} == {0}
    assert json.loads(copied.asklake("relocate", "--json").stdout)["tables"] == []
    assert copied.rows(COUNTS) == wanted
    event = next((sample.home / "sample" / "pgr" / "pgr_events").iterdir())
    again = tmp_path / "more.ndjson.gz"
    shutil.copy(event, again)
    assert "already loaded" in copied.asklake("ingest", str(again), "--source", "pgr_events").stdout
    copied.env.update(ASKLAKE_SNAPSHOT_RETENTION="PT0S", ASKLAKE_STAGING_GRACE="PT0S")
    maintained = json.loads(copied.asklake("maintain", "--json").stdout)
    assert maintained["run"]["success"]
    assert copied.rows(COUNTS) == wanted
    copied.asklake(
        "materialize", "--select", "gold.gold_pgr_funnel_daily", "--from", "2026-06-01", "--to", "2026-06-01"
    )
    assert copied.rows(COUNTS) == wanted
    assert digests(sample.home) == before


def test_maintenance_of_an_untouched_lake_goes_through_and_loses_nothing(sample: Sample) -> None:
    before = sample.rows(COUNTS)
    done = json.loads(sample.asklake("maintain", "--json").stdout)
    assert done["run"]["success"]
    assert sample.rows(COUNTS) == before
