"""One parsed project for all tests of the semantic layer, over the small lake; none of them writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.lake import Lake
from semantic.layer import SemanticLayer


@pytest.fixture(scope="session")
def layer(asked_lake: Lake) -> SemanticLayer:
    """The semantic layer of the project as it stands."""
    manifest.load(asked_lake.settings)
    return SemanticLayer(asked_lake.settings)


@pytest.fixture
def session(asked_lake: Lake) -> Iterator[DuckDBSession]:
    """A session of that lake."""
    with asked_lake.session() as opened:
        yield opened


@pytest.fixture(scope="session")
def hotels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Target folder of another dbt project, with joins and another database name."""
    from tests.semantic.hotels import parse_project

    return parse_project(tmp_path_factory.mktemp("hotels"))
