"""Where a project is at fault that dbt or MetricFlow does not read: the file and the line, found by what they say.

Belongs here: reading their messages, and looking into the files for the words they quote. Does not belong here: parsing
a project, or what is answered meanwhile (``nlq.factory``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from lakehouse_assets import bounded_yaml

_FILE = re.compile(r"[\w./-]+\.(?:ya?ml|sql)\b")
_LINE = re.compile(r"\bline (\d+)")
_QUOTED = re.compile(r"[`'\"]([A-Za-z_][\w.]*)[`'\"]")
_NAMED = re.compile(r"\b(?:metric|model|measure|dimension|entity) ([a-z_]\w+)")
_KINDS = {".yml", ".yaml", ".sql"}
_NOT_SOURCES = {"target", "dbt_packages", "logs"}


@dataclass(frozen=True)
class Fault:
    """What is wrong, in a sentence, and where; the line begins at 1. Neither is known of every fault."""

    problem: str
    file: Path | None = None
    line: int | None = None

    def place(self, root: Path) -> str:
        """The file and the line, from the root of the project; empty where they are not known."""
        if self.file is None:
            return ""
        shown = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        return f"{shown}:{self.line}" if self.line else str(shown)


def fault_of(message: str, folders: Sequence[Path], changed_since: float = 0.0) -> Fault:
    """The fault that a message tells of.

    Args:
        message: What dbt or MetricFlow says.
        folders: Where the sources of the project are.
        changed_since: When they were read without fault last, in seconds since the epoch.
    """
    text = " ".join(message.split())
    sources = [path for folder in folders for path in _sources(folder)]
    quoted = list(dict.fromkeys([*_NAMED.findall(text), *_QUOTED.findall(text)]))
    changed = [path for path in sources if changed_since and path.stat().st_mtime > changed_since]
    file = _named(text, sources) or (changed[0] if len(changed) == 1 else _only_one_with(quoted, sources))
    line = _LINE.search(text)
    if file is None:
        return Fault(_brief(text))
    return Fault(_brief(text), file, _broken_line(file) or (int(line[1]) if line else _line_of(quoted, file)))


def _sources(folder: Path) -> Iterable[Path]:
    return sorted(
        path for path in folder.rglob("*")
        if path.suffix in _KINDS and not _NOT_SOURCES.intersection(path.relative_to(folder).parts)
    )  # fmt: skip


def _named(text: str, sources: Iterable[Path]) -> Path | None:
    """The source that a text names, by as much of its path as the text has."""
    for name in _FILE.findall(text):
        ending = "/" + name.removeprefix("../").lstrip("/")
        found = [path for path in sources if path.as_posix().endswith(ending)]
        if len(found) == 1:
            return found[0]
    return None


def _only_one_with(words: Iterable[str], sources: Iterable[Path]) -> Path | None:
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in sources}
    for word in words:
        found = [path for path, text in texts.items() if re.search(rf"\b{re.escape(word)}\b", text)]
        if len(found) == 1:
            return found[0]
    return None


def _broken_line(file: Path) -> int | None:
    """The line at which a file stops being YAML, if it does; dbt's own count is of the lines near it."""
    try:
        bounded_yaml.load(file.read_text(encoding="utf-8", errors="replace") if file.suffix != ".sql" else "")
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line + 1 if error.problem_mark else None
    return None


def _line_of(words: Sequence[str], file: Path) -> int | None:
    """The first line with the last of the words that the file has: the most telling ones are said last."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    for word in reversed(words):
        found = [n for n, line in enumerate(lines, start=1) if re.search(rf"\b{re.escape(word)}\b", line)]
        if found:
            return found[0]
    return None


def _brief(text: str) -> str:
    """The message without what dbt prints of its own objects and of the file."""
    text = re.sub(r"FilePath\(.*?\) @", "", text)
    text = text.split("Raw Error:")[0]
    return text if len(text) <= 300 else f"{text[:300].rsplit(' ', 1)[0]} …"
