"""`--missing`: where the servers are not installed, a test of them is skipped with the reason, or fails."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ("pytester",)
TEST = """
import pytest

@pytest.mark.cluster
def test_of_the_cluster(servers):
    raise AssertionError("there are servers")
"""


@pytest.mark.parametrize(("option", "code", "outcome"), [("skip", 0, "skipped"), ("fail", 1, "errors")])
def test_a_missing_server(
    option: str, code: int, outcome: str, tmp_path: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests' own fixtures and hooks, run on a test of the cluster where nothing is installed."""
    monkeypatch.setenv("ASKLAKE_SERVERS_CACHE", str(tmp_path / "nothing"))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makeini("[pytest]\nmarkers = cluster: needs servers")
    done = pytester.runpytest_inprocess("--missing", option, "-ra", pytester.makepyfile(TEST))
    assert done.ret == code
    done.assert_outcomes(**{outcome: 1})
    done.stdout.fnmatch_lines("*cluster.sh install*")
