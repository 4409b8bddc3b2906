"""A statement of a person takes no more memory and time than the settings say, whatever functions it calls."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse_assets.commands.confined import bounded_memory, bounded_time
from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

BOMBS = [
    "select length(repeat('x', 100000000 + i::int)) from range(2048) t(i)",
    "select repeat('x', 3000000000)",
    "select range(2000000000)",
    "select printf('%2000000000d', i) from range(5) t(i)",
    "select string_agg(repeat('x', 1000), ',') from range(10000000)",
    "with recursive r as (select 'x' s union all select s || s from r where length(s) < 100000000000) "
    "select length(s) from r",
    "select i, repeat('y', 100000) from range(100000) t(i)",
    "with a as (select repeat('x', 100000000) s) select replace(s, 'x', s) from a",
]


@pytest.fixture
def small(settings: Settings) -> Settings:
    return settings.model_copy(update={"memory_limit": "100MB", "threads": 1, "query_timeout_s": 30.0})


def used() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmData:")[1].split()[0]) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_no_statement_takes_more_memory_than_it_may(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse_assets.commands.confined.BESIDES", 100 << 20)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    with Lake(small).session() as session:
        for bomb in BOMBS:
            before = used()
            with pytest.raises(CommandError, match="more memory than the 100MB"), bounded_memory(small):
                session.query(bomb)
            assert used() - before < 250 << 20, bomb
        assert session.query("select 1 as one").to_pylist() == [{"one": 1}]
    assert resource.getrlimit(resource.RLIMIT_DATA) == limits


def test_what_fits_is_answered(small: Settings) -> None:
    with bounded_memory(small), bounded_time(small, as_json=False), Lake(small).session() as session:
        rows = session.query("select repeat('x', 1000) || i as s from range(10000) t(i)").num_rows
        assert rows == 10_000


def test_other_errors_stay_what_they_are(small: Settings) -> None:
    with pytest.raises(ValueError, match="other"), bounded_memory(small):
        raise ValueError("other")


def test_a_command_that_does_not_stop_is_ended() -> None:
    code = (
        "import time\n"
        "from lakehouse_assets.commands.confined import bounded_time\n"
        "from lakehouse_assets.settings import Settings\n"
        "with bounded_time(Settings(query_timeout_s=0.2), as_json=True, grace_s=0.2):\n"
        "    time.sleep(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"]["code"] == "query_timeout"


@pytest.mark.parametrize(("text", "size"), [("4GB", 4 * 10**9), ("1.5 GiB", 3 << 29), ("10B", 10)])
def test_a_limit_is_a_number_of_bytes(settings: Settings, text: str, size: int) -> None:
    assert settings.model_copy(update={"memory_limit": text}).memory_bytes == size
