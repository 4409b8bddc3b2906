"""Another word for a metric or a dimension, written into the YAML where it is declared.

The word goes into the list of synonyms as it stands, where the parser says that the list ends: comments, order, quotes
and anchors of the file stay as they are, to the letter, which no YAML writer keeps. What comes of it is read again and
must be the same document with that word more, or nothing is written.

Belongs here: finding the place and writing. Does not belong here: which words (``nlq.answering.suggesting``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lakehouse_assets.bounded_yaml import BoundedLoader, load

_WIDEST = 1_000_000


class NoPlaceError(Exception):
    """The term is not declared in these files, or has no list of synonyms to write into: why."""


@dataclass(frozen=True)
class Place:
    """Where a word goes: the file, its line from 1, and the text of the file with the word in it."""

    file: Path
    line: int
    text: str


def place_for(folder: Path, kind: str, name: str, word: str) -> Place:
    """Where a word for a metric, or a dimension by its entity as in ``complaint__ward_id``, goes below a folder.

    Raises:
        NoPlaceError: there is none.
    """
    for file in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        text = file.read_bytes().decode("utf-8")  # its ends of lines are to stay as well
        try:
            term = _term(_compose(text), kind, name)
        except yaml.YAMLError:
            continue  # the check tells of it
        if term is not None:
            return _placed(file, text, term, word)
    raise NoPlaceError(f"no file below {folder.name} declares the {kind} {name}")


def write(place: Place) -> None:
    """Put a file in the place of the one that there is, at once."""
    unfinished = place.file.with_name(f".{place.file.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(place.text.encode("utf-8"))
        unfinished.chmod(place.file.stat().st_mode)
        os.replace(unfinished, place.file)
    finally:
        unfinished.unlink(missing_ok=True)


def written(word: str) -> str:
    """A word as YAML writes it within a list, in quotes where it must be."""
    return yaml.safe_dump([word], default_flow_style=True, allow_unicode=True, width=_WIDEST).strip()[1:-1]


# --- finding


def _compose(text: str) -> yaml.Node | None:
    loader = BoundedLoader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _term(root: yaml.Node | None, kind: str, name: str) -> yaml.Node | None:
    if kind == "metric":
        return next((one for one in _items(_get(root, "metrics")) if _text(_get(one, "name")) == name), None)
    entity, _, column = name.rpartition("__")
    entity = entity.rsplit("__", 1)[-1]
    for model in _items(_get(root, "semantic_models")):
        if entity in _entities(model):
            found = (d for d in _items(_get(model, "dimensions")) if _text(_get(d, "name")) == column)
            if dimension := next(found, None):
                return dimension
    return None


def _entities(model: yaml.Node) -> set[str]:
    own = (e for e in _items(_get(model, "entities")) if _text(_get(e, "type")) in ("primary", "unique"))
    return {_text(_get(model, "primary_entity")), *(_text(_get(entity, "name")) for entity in own)}


# --- writing


def _placed(file: Path, text: str, term: yaml.Node, word: str) -> Place:
    words = _get(_get(_get(term, "config"), "meta"), "synonyms")
    if not isinstance(words, yaml.SequenceNode):
        raise NoPlaceError(f"{file.name}:{term.start_mark.line + 1} has no config.meta.synonyms to write into")
    if word in [_text(one) for one in words.value]:
        raise NoPlaceError(f"{file.name}:{words.start_mark.line + 1} has “{word}” already")
    mark = words.value[-1].end_mark if words.value else words.start_mark
    at = _offset(text, mark)
    if not words.value:
        at, more = at + 1, written(word)
    elif words.flow_style:
        more = f", {written(word)}"
    else:  # behind what may be said of the last word on its line
        end = "\r\n" if "\r\n" in text else "\n"
        at = at + len(text[at:].split(end, 1)[0])
        more = f"{end}{' ' * words.start_mark.column}- {written(word)}"
    changed = text[:at] + more + text[at:]
    if _safely(changed) != _with(text, words, word):
        raise NoPlaceError(f"{file.name}:{words.start_mark.line + 1} is written in a way that cannot be added to")
    return Place(file, changed[: at + len(more)].count("\n") + 1, changed)


def _offset(text: str, mark: Any) -> int:
    """The place of a mark in a text, whatever its lines end with."""
    return sum(len(line) for line in text.splitlines(keepends=True)[: mark.line]) + mark.column


def _safely(text: str) -> Any:
    try:
        return load(text)
    except yaml.YAMLError:
        return None


def _with(text: str, words: yaml.SequenceNode, word: str) -> Any:
    """The document with a word more in the list that stands at a place; aliases of the list are the list."""
    loader = BoundedLoader(text)
    try:
        root = loader.get_single_node()
        _at(root, words.start_mark).value.append(yaml.ScalarNode("tag:yaml.org,2002:str", word))
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _at(root: yaml.Node | None, mark: Any) -> yaml.Node:
    """The list that begins at a mark."""
    todo: list[Any] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, yaml.SequenceNode) and (node.start_mark.line, node.start_mark.column) == (
            mark.line,
            mark.column,
        ):
            return node
        if isinstance(node, yaml.MappingNode):
            todo += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
    raise NoPlaceError("the list is not found again")
