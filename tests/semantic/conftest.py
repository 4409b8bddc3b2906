"""One lake and one parsed project for all tests of the semantic layer; none of them writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_assets.lakehouse import dbt_manifest
from lakehouse_assets.lakehouse.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from semantic.layer import SemanticLayer
from tests.semantic.tables import publish_all


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a few hundred cases and order lines."""
    lake = Lake(Settings(profile="local", home=tmp_path_factory.mktemp("semantic"), landing="", dagster_home=None))
    publish_all(lake)
    return lake


@pytest.fixture(scope="session")
def layer(small_lake: Lake) -> SemanticLayer:
    """The semantic layer of the project as it stands."""
    dbt_manifest.load(small_lake.settings)
    return SemanticLayer(small_lake.settings)


@pytest.fixture
def session(small_lake: Lake) -> Iterator[DuckDBSession]:
    """A session of that lake."""
    with small_lake.session() as opened:
        yield opened


@pytest.fixture(scope="session")
def hotels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Target folder of another dbt project, with joins and another database name."""
    from tests.semantic.hotels import parse_project

    return parse_project(tmp_path_factory.mktemp("hotels"))
