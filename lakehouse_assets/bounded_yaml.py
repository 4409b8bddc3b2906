"""The one reader of YAML: what a file may grow to in memory is bounded before anything of it is built.

A few hundred bytes of aliases of aliases stand for thousands of millions of values, and some kilobytes of brackets
overflow the stack of the parser in C, which ends the process.
Belongs here: turning text into nodes and values, within bounds. Does not belong here: what files say (declared,
checking.located).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEEPEST = 64
"""How deep lists and mappings may lie in one another."""
MOST = 200_000
"""How many values a document may have once every alias stands for what it names."""
_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # with libyaml it takes a tenth of the time


class OutOfBoundsError(yaml.MarkedYAMLError):
    """A document would take more than the bounds; it may be YAML otherwise."""


class BoundedLoader(_FASTEST):
    """PyYAML's safe loader, for documents within the bounds.

    Raises:
        yaml.MarkedYAMLError: it is not YAML, or not within the bounds.
    """

    def __init__(self, text: str) -> None:
        """Look at the whole of the text before any of it is composed."""
        look(text)
        super().__init__(text)


def load(text: str) -> Any:
    """The values of one document.

    Raises:
        yaml.MarkedYAMLError: it is not YAML, or not within the bounds.
    """
    return yaml.load(text, Loader=BoundedLoader)


def read(path: Path) -> Any:
    """The values of a file.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
        yaml.MarkedYAMLError: it is not YAML, or not within the bounds.
    """
    return load(path.read_text(encoding="utf-8"))


def look(text: str) -> None:
    """Count what a text would become, by its events, which take no more memory than the text.

    Raises:
        OutOfBoundsError: it would be too much, or never end.
        yaml.MarkedYAMLError: it is not YAML.
    """
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    size = 0
    for event in yaml.parse(text, Loader=_FASTEST):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, size))
            if event.anchor:
                sizes[event.anchor] = 0
            size = 1
            _within(len(opened) <= DEEPEST, f"lists and mappings lie more than {DEEPEST} deep in one another", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = size
            size += before
        elif isinstance(event, yaml.AliasEvent):
            stands_for = sizes.get(event.anchor or "", 1)
            _within(stands_for > 0, f"'*{event.anchor}' is part of what it stands for", event)
            size += stands_for
        elif isinstance(event, yaml.ScalarEvent):
            size += 1
            if event.anchor:
                sizes[event.anchor] = 1
        _within(size <= MOST, f"aliases make it more than {MOST:,} values", event)


def _within(bound: bool, problem: str, event: Any) -> None:
    if not bound:
        raise OutOfBoundsError(None, None, problem, event.start_mark)
