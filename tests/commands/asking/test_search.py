"""`asklake search`: what people see, what programs get, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse_assets.cli import app
from lakehouse_assets.commands.asking import search as command
from lakehouse_assets.search import meaning


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["search", *arguments])


@pytest.fixture(autouse=True)
def by_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty lake, and no time to read anything for its meaning."""
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(command, "READING_S", 0.0)
    yield


def test_what_is_described_is_found_before_anything_was_published() -> None:
    done = run("complaints", "that", "were", "reopened", "--kind", "metric", "--limit", "3")
    assert done.exit_code == 0, done.output
    assert "Reopened complaints" in done.stdout and "asklake query -m pgr_reopened_complaints" in done.stdout
    document = json.loads(run("reopened complaints", "--json").stdout)
    assert {"query", "hits", "note", "by_meaning", "passages", "indexed_at", "elapsed_ms"} == document.keys()
    assert all(hit["source"] and hit["link"] for hit in document["hits"])


def test_a_question_for_text_is_answered_from_the_same_index() -> None:
    assert run("reopened complaints").exit_code == 0
    done = CliRunner().invoke(app, ["ask", "which column has the reopened complaints"])
    assert done.exit_code == 0, done.output
    assert "Text, no figures: " in done.stdout and "(column)" in done.stdout and "semantic." in done.stdout
    given = json.loads(CliRunner().invoke(app, ["ask", "which column has the reopened complaints", "--json"]).stdout)
    assert (given["outcome"], given["plan"], given["chart"]) == ("found", None, None)


def test_nothing_near_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    done = run("zygote", "--json")
    assert done.exit_code == 3 and json.loads(done.stdout)["hits"] == []
    assert "asklake[insight]" in json.loads(done.stdout)["note"]


def test_an_update_and_a_search_are_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)  # all there is would be read for its meaning
    document = json.loads(run("reopened complaints", "--update", "--json").stdout)
    assert document["hits"] and document["updated"]["passages"] > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "complaints settled late"),
        (["road", "--kind", "song"], "metric, dimension"),
        (["x" * 501], "fewer words"),
        (["road", "--tenant", ""], "`--tenant NAME`"),
    ],
)
def test_wrong_usage_is_told_with_what_to_do(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2 and told in done.stderr and "Traceback" not in done.stderr, done.stderr
