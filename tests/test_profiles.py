"""Profiles: which parts go together, and that nothing else asks for a profile's name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from lakehouse_assets.profiles import Profile, profile_of
from lakehouse_assets.settings import Settings

ROOT = Path(__file__).parent.parent
ASKED = re.compile(r"""\.profile\s*(?:==|!=|in\b)|(?:==|!=)\s*["'](?:local|cluster)["']""")


def test_an_engine_may_be_another_than_the_profiles() -> None:
    assert profile_of("cluster") == Profile("nessie", "trino", "postgres")
    assert profile_of("cluster", "duckdb") == Profile("nessie", "duckdb", "postgres")


def test_trino_cannot_read_a_folder_of_one_machine() -> None:
    with pytest.raises(ValidationError, match="set ASKLAKE_PROFILE=cluster, too"):
        Settings(engine="trino")


def test_only_profiles_asks_for_the_name_of_a_profile() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("lakehouse_assets", "nlq", "semantic")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file.name != "profiles.py"
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if ASKED.search(line)
    ]
    assert not found, "ask settings.parts for the kind of a part instead:\n" + "\n".join(found)
