"""The commands of README.md, run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Sample

RUNNABLE = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_what_can_be_run_runs(sample: Sample, tmp_path: Path) -> None:
    said = [_run(block, sample, tmp_path) for block in RUNNABLE]
    assert "loaded" in said[0] and "city_calls" in said[1]
    rows = sample.asklake(
        "sql", "select entity_id from bronze.service_events_raw where source = 'city_calls' order by 1", "--json"
    )
    assert '"rows": [{"entity_id": "T-1"}, {"entity_id": "T-2"}]' in rows.stdout


def _run(block: str, sample: Sample, folder: Path) -> str:
    env = {**sample.env, "PATH": f"{Path(sys.executable).parent}:{sample.env['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", block],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout
