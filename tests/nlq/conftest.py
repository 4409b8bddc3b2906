"""A small lake with every table the metrics read, and what answers questions over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.answer import Answerer
from nlq.opening import open_answerer
from tests.semantic.tables import publish_all


def new_lake(home: Path, *, tenant: str | None = None) -> Lake:
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish_all(lake, tenant=tenant)
    return lake


@pytest.fixture(scope="session")
def asked_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose marts stay as they are; answers may be stored in it."""
    return new_lake(tmp_path_factory.mktemp("nlq"))


@pytest.fixture(scope="session")
def answerer(asked_lake: Lake) -> Answerer:
    """What answers questions over that lake."""
    return open_answerer(asked_lake)
