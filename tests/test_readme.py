"""Every command, target, file and folder that README.md names is there; tests/e2e runs the commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lakehouse_assets.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def commands() -> list[list[str]]:
    """The words of every `asklake …` in the text, in code blocks and in running text."""
    lines = [line for block in re.findall(r"^```\w*\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
             for line in block.splitlines() if line.startswith("asklake ")]  # fmt: skip
    inline = [text for text in re.findall(r"`(asklake [^`]+)`", README) if "…" not in text]
    return [shlex.split(text, comments=True) for text in (*lines, *inline)]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_known(words: list[str]) -> None:
    command: Any = get_command(app)
    arguments = words[1:]
    while hasattr(command, "commands") and arguments:  # a group may do something by itself
        assert arguments[0] in command.commands, f"{' '.join(words)}: no such command"
        command = command.commands[arguments.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    used = {word.split("=")[0] for word in arguments if word.startswith("-")}
    assert used <= known, f"{' '.join(words)}: no such option"


def test_every_file_and_target_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", README):
        if target != "the":
            assert f"\n{target}:" in makefile, f"make {target}"
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / path).exists(), path
        assert (ROOT / path).stat().st_size < 300_000, f"{path} is large"
    for path in re.findall(r"`((?:lakehouse_assets|dbt_project|semantic|nlq|docker)[\w./]*)`", README):
        assert (ROOT / path).exists(), path
