"""YAML files that people write: reading them, and saying in which line something is wrong.

Belongs here: what the readers of all such files share. Does not belong here: what any of them may say, or bounds
(bounded_yaml).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from lakehouse_assets.bounded_yaml import BoundedLoader


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)
_M = TypeVar("_M", bound=BaseModel)


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


def read_declared(
    path: Path, kind: str, model: type[_M], raised: type[DeclarationError], at_odds: Callable[[_M], str]
) -> list[_M]:
    """What a file declares, each as a model of pydantic.

    Args:
        path: The file.
        kind: What one of them is called, as `view`; `views` is what their list stands under.
        model: What each of them is; it has a field `name`.
        raised: The error.
        at_odds: What one says other than something else does, such as a contract; empty if nothing.

    Raises:
        DeclarationError: the one that is `raised`: the file is missing or wrong, or one is at odds; the message names
            file, line and field.
    """
    try:
        entries, places, node = read_list(path, f"{kind}s")
    except DeclarationError as error:
        raise raised(str(error)) from error
    found = []
    for entry, place in zip(entries, places, strict=True):
        try:
            one = model.model_validate(entry)
        except ValidationError as error:
            raise raised(problems(path, node, place, error, kind)) from error
        if wrong := at_odds(one):
            raise raised(f"{path}, line {line_of(node, [*place, 'name'])}: {kind} '{entry['name']}': {wrong}")
        found.append(one)
    return found


def by_name(
    paths: Iterable[Path], read: Callable[[Path], Iterable[_N]], kind: str, raised: type[DeclarationError]
) -> dict[str, _N]:
    """What all of some files declare, by name.

    Args:
        paths: The files.
        read: What one of them declares.
        kind: What one of those is called.
        raised: The error.

    Raises:
        DeclarationError: the one that is `raised`, also by `read`: two share a name.
    """
    found: dict[str, _N] = {}
    stated_in: dict[str, Path] = {}
    for path in paths:
        for one in read(path):
            if one.name in found:
                raise raised(f"{path}: {kind} '{one.name}' is already stated in {stated_in[one.name]}.")
            found[one.name], stated_in[one.name] = one, path
    return found


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
