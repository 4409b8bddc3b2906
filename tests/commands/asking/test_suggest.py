"""`asklake suggest`: what a person sees, accepts and refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse_assets.cli import app
from lakehouse_assets.commands.asking import suggest
from lakehouse_assets.settings import Settings, get_settings
from lakehouse_assets.settings.lake import PROJECT_ROOT
from nlq.answering.suggesting import Suggestion
from nlq.storage.suggestions import Dismissed

TAKINGS = Suggestion(
    "takings", "metric", "pgr_complaints", "Complaints", 7, 5, 2, ("takings by ward \x1b[2J" + "x" * 90,)
)
VALUE = Suggestion("telegraph", "value", "complaint__channel", "WEB", 3, 3, 1, ("complaints via telegraph",))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["suggest", *arguments])


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Two suggestions, over a copy of the layers."""
    models = tmp_path / "semantic" / "models"
    shutil.copytree(PROJECT_ROOT / "semantic" / "models", models)
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    settings = get_settings()
    monkeypatch.setattr(type(settings), "project_root", property(lambda _: tmp_path))
    monkeypatch.setattr(suggest, "_learnt", lambda *_: ([TAKINGS, VALUE], {"zork": 4}))
    return settings


def test_people_see_counts_and_an_example_programs_all() -> None:
    done = run()
    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert TAKINGS.id in said and "takings" in said and "Complaints (metric)" in said and "zork (4)" in said
    assert "\x1b[2J" not in done.stdout and "x" * 85 not in said
    document = json.loads(run("--json").stdout)
    assert document["never_understood"] == {"zork": 4}
    assert document["suggestions"][0]["examples"] == list(TAKINGS.examples)


def test_a_word_is_accepted_into_its_file(tmp_path: Path) -> None:
    file = tmp_path / "semantic/models/pgr/metrics.yml"
    before = file.read_text()
    assert "takings" in run("accept", TAKINGS.id, "--print").stdout
    assert file.read_text() == before
    done = run("accept", TAKINGS.id, "--json")
    assert json.loads(done.stdout)["file"] == "semantic/models/pgr/metrics.yml"
    assert file.read_text() == before.replace("total complaints]", "total complaints, takings]", 1)


def test_a_word_that_has_no_place_is_told_with_what_to_do() -> None:
    done = run("accept", VALUE.id, "--json")
    assert done.exit_code == 3
    assert "a value has no synonyms" in done.output
    assert run("accept", "nothing").exit_code == 2


def test_a_word_is_dismissed_for_good(settings: Settings) -> None:
    assert json.loads(run("--dismiss", TAKINGS.id, "--json").stdout)["dismissed"]["word"] == "takings"
    assert Dismissed(settings.queue_url).ids() == {TAKINGS.id}
