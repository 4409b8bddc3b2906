"""Dagster's real webserver behind the guard, over an instance without any code location."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from starlette.testclient import TestClient

from lakehouse_assets.dagit.server import guarded
from lakehouse_assets.settings import Settings

HERE = "http://localhost:3000"
TOKEN = "a-token-that-nobody-can-guess"
Opening = Callable[..., TestClient]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """An instance of these tests' own."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as made:
        yield made


@pytest.fixture(scope="module")
def opening(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opening]:
    """Open the webserver with some settings; a client of it speaks to it as a program on this machine."""
    workspace = tmp_path_factory.mktemp("dagit") / "workspace.yaml"
    workspace.write_text("load_from: []\n")
    with ExitStack() as stack:

        def opened(host: str = "127.0.0.1", *, read_only: bool = False, **settings: Any) -> TestClient:
            app = stack.enter_context(
                guarded(instance, made(workspace.parent, **settings), workspace, host=host, read_only=read_only)
            )
            return TestClient(app, base_url=HERE, follow_redirects=False)

        yield opened


def made(home: Path, **fields: Any) -> Settings:
    """Settings with these fields, as the environment would give them."""
    return Settings.model_validate({"home": home, **fields})


@pytest.fixture(scope="module")
def server(opening: Opening) -> TestClient:
    """The webserver as `asklake dev` opens it on a machine of one's own."""
    return opening()


@pytest.fixture(scope="module")
def locked(opening: Opening) -> TestClient:
    """The webserver with a token."""
    return opening("0.0.0.0", dagit_token=TOKEN, dagit_hosts="dagit.example.com")
