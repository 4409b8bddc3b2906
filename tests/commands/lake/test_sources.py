"""`asklake source`: what is told of a source that reads a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from tests.ingest.fetching.test_databases import Shop, reading


def test_what_a_load_would_read_is_told_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop("sqlite", tmp_path)
    shop.add(1, 2)
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASKLAKE_SOURCE_ACCESS", json.dumps({"shop": f"{shop.address}?secret=hunter22"}))
    source = reading(cursor="id").model_dump(mode="json", exclude_defaults=True, exclude={"format"})
    mapping = tmp_path / "own.yml"
    mapping.write_text(json.dumps({"sources": [source]}))

    told = CliRunner().invoke(app, ["source", "test", "shop", "--mapping", str(mapping)])
    assert told.exit_code == 0 and "A load would read 2 rows" in told.output and "nothing is loaded yet" in told.output
    found = json.loads(CliRunner().invoke(app, ["source", "test", "shop", "--mapping", str(mapping), "--json"]).output)
    assert (found["rows"], found["cursor"], found["loaded_up_to"]) == (2, "id", None)
    settings = CliRunner().invoke(app, ["settings", "--json"]).output
    assert "hunter22" not in told.output + json.dumps(found) + settings and '"value": "shop"' in settings
