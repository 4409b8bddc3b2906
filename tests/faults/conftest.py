"""The server of child processes, and small sample files."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from lakehouse_assets.domains.pgr.sample import write_sample
from lakehouse_assets.domains.sampling import Defects
from tests.faults.processes import start_server

FILES, SOUND_FILES = 24, 6
EVENTS_PER_FILE, DAYS_PER_FILE = 250, 2


@pytest.fixture(autouse=True)
def _server() -> None:
    start_server()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files of a few days each; late and corrected records tie them together, broken ones go to quarantine."""
    return _sample(tmp_path_factory.mktemp("sample"), FILES, Defects(broken=0.02))


@pytest.fixture(scope="session")
def sound_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files without corrections, of which the later loaded would win: their order does not matter."""
    return _sample(tmp_path_factory.mktemp("sound"), SOUND_FILES, Defects(duplicate=0.0))


def _sample(folder: Path, files: int, defects: Defects) -> list[str]:
    first = date(2025, 3, 1)
    summary = write_sample(
        folder,
        size=files * EVENTS_PER_FILE,
        first_day=first,
        last_day=first + timedelta(days=files * DAYS_PER_FILE - 1),
        files=files,
        compression="none",
        defects=defects,
    )
    return [str(f) for f in summary.files["pgr_events"]]


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How often each kind of process is killed: `--kills`."""
    return int(str(request.config.getoption("--kills")))


@pytest.fixture
def homes(tmp_path: Path) -> tuple[str, str]:
    """Two empty lakes: the one whose processes are killed, and the one that is left in peace."""
    return str(tmp_path / "victim"), str(tmp_path / "twin")
