"""What README.md and the pages of docs name is there; tests/e2e runs the commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from lakehouse_assets.assets.questions.scheduled import load_questions
from lakehouse_assets.cli import app
from lakehouse_assets.commands import reference
from tests.documents import PAGES, ROOT, blocks, commands

COMMANDS = {f"{page}: {' '.join(words)}": words for page in PAGES for words in commands(page)}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_every_command_is_known(words: list[str]) -> None:
    command: Any = get_command(app)
    arguments = words[1:]
    while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        assert arguments[0] in command.commands, f"{' '.join(words)}: no such command"
        command = command.commands[arguments.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    used = {word.split("=")[0] for word in arguments if word.startswith("-")}
    assert used <= known, f"{' '.join(words)}: no such option"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_target_and_variable_is_there(page: str) -> None:
    text, folder = PAGES[page], ROOT if page == "README.md" else ROOT / "docs"
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE):
        assert f"\n{target}:" in makefile, f"make {target}"
    for path in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in path:
            name, _, heading = path.partition("#")
            assert (folder / name).exists(), path
            assert (folder / name).stat().st_size < 300_000, f"{name} is large"
            assert not heading or heading in headings((folder / name).read_text()), path
    for path in re.findall(r"`((?:lakehouse_assets|dbt_project|semantic|nlq|docker|tests)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
    known = {reference.variable(name) for name, _ in reference.fields()}
    assert set(re.findall(r"ASKLAKE_[A-Z0-9_]+", text)) <= known


def headings(text: str) -> set[str]:
    """The headings of a page as links name them."""
    return {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.+)", text, re.M)
    }


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= 750


def test_the_page_about_loading_says_what_a_source_may_say() -> None:
    assert reference.sources_as_markdown() in PAGES["loading.md"], "write what it gives into docs/loading.md"


def test_questions_by_the_clock_are_read_as_printed(tmp_path: Path) -> None:
    (block,) = blocks("questions.md", "yaml")
    (tmp_path / "questions.yml").write_text(block)
    (asked,) = load_questions(tmp_path / "questions.yml")
    assert asked.question == yaml.safe_load(block)["questions"][0]["question"]
