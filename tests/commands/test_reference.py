"""The settings that people read about are those that the code reads."""

from __future__ import annotations

import json

import pytest

from lakehouse_assets.commands import reference
from lakehouse_assets.commands.output import Out
from lakehouse_assets.settings import Settings, get_settings
from lakehouse_assets.settings.lake import PROJECT_ROOT


def test_the_page_has_every_setting_as_it_is() -> None:
    assert (PROJECT_ROOT / "docs" / "settings.md").read_text().endswith(f"\n\n{reference.as_markdown()}")


def test_secrets_are_shown_as_set_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ASKLAKE_S3_SECRET_KEY", "hush")
    reference.settings(Out(as_json=True))
    printed = capsys.readouterr().out
    found = {s["variable"]: s["value"] for s in json.loads(printed)["settings"]}
    assert found["ASKLAKE_S3_SECRET_KEY"] == "set"
    assert "hush" not in printed + repr(get_settings())


def test_a_cluster_profile_that_lacks_an_address_says_which() -> None:
    with pytest.raises(ValueError, match=r"ASKLAKE_ENGINE_URL.*ASKLAKE_POSTGRES_URL"):
        Settings(profile="cluster")
