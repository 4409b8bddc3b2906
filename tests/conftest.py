"""Fixtures every test may use: settings and a lake in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    """How thorough the tests that kill processes are."""
    parser.addoption("--kills", type=int, default=6, help="kills of an ingest, and of a materialize (default 6)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data folder is the test's own, whatever the environment says."""
    return Settings(profile="local", home=tmp_path / "home", landing="", dagster_home=None)


@pytest.fixture
def lake(settings: Settings) -> Lake:
    """An empty lake."""
    return Lake(settings)
