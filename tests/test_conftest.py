"""`--missing`: where the servers are not installed, a test of them is skipped with the reason, or fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

TEST = "tests/docker/test_scripts.py::test_a_pid_that_is_another_programs_by_now_is_left_alone"


@pytest.mark.parametrize(("option", "code", "outcome"), [("skip", 0, "1 skipped"), ("fail", 1, "1 error")])
def test_a_missing_server(option: str, code: int, outcome: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--missing", option, TEST]
    environ = {**os.environ, "ASKLAKE_SERVERS_CACHE": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert outcome in done.stdout
    assert "cluster.sh install" in done.stdout
    assert done.returncode == code
