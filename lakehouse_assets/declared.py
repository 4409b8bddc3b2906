"""YAML files that people write: reading them, and saying in which line something is wrong.

Belongs here: what the readers of all such files share. Does not belong here: what any of them may say, or bounds
(bounded_yaml).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lakehouse_assets.bounded_yaml import BoundedLoader


class _AsWritten(BoundedLoader):
    """Reads every value as the text that stands there, but for null: `no`, 010 and 12:30 are no false, 8 and 750."""

    yaml_implicit_resolvers: Any = {
        first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] in ("null", "merge")]
        for first, found in BoundedLoader.yaml_implicit_resolvers.items()
    }


class DeclarationError(Exception):
    """A file that people write is missing or wrong; the message names file, line and field."""


def read_list(path: Path, key: str, *, as_written: bool = False) -> tuple[list[Any], list[list[Any]], Any]:
    """The entries of a file: a list under `key`, or the whole file as a single entry.

    Args:
        path: The file.
        key: What the list stands under.
        as_written: Whether values are the texts that stand there; otherwise YAML makes numbers, days and booleans.

    Returns:
        The entries, where each stands in the document, and the document's node for `problems`.

    Raises:
        DeclarationError: the file cannot be read, is not YAML, or holds neither.
    """
    try:
        loader = (_AsWritten if as_written else BoundedLoader)(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except OSError as error:
        raise DeclarationError(f"{path}: cannot be read: {error.strerror}. Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise DeclarationError(f"{place}: not YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(data, dict):
        raise DeclarationError(f"{path}: empty, or not a mapping; begin with '{key}:' and a list of {key}.")
    if key not in data:
        return [data], [[]], node
    entries = data[key]
    if not isinstance(entries, list):
        raise DeclarationError(f"{path}, line {line_of(node, [key])}: field '{key}': must be a list of {key}.")
    return entries, [[key, i] for i in range(len(entries))], node


def problems(path: Path, node: Any, where: Sequence[Any], error: ValidationError, kind: str) -> str:
    """What pydantic found wrong with an entry, a line each with file, line and field.

    Args:
        path: The file.
        node: The document's node, from `read_list`.
        where: Where the entry stands in the document.
        error: What pydantic found.
        kind: What to call the entry where the whole of it is wrong.
    """
    lines = []
    for detail in error.errors():
        loc = [part for part in detail["loc"] if part != "[key]"]
        field = ".".join(str(part) for part in loc) or kind
        message = detail["msg"].removeprefix("Value error, ")
        lines.append(f"{path}, line {line_of(node, [*where, *loc])}: field '{field}': {message}")
    return "\n".join(lines)


def line_of(node: Any, loc: Sequence[Any]) -> int:
    """Line of the deepest part of `loc` that the document has."""
    line = node.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(part)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
