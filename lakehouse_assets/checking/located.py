"""YAML and Python read so that the line of everything in them is known.

Belongs here: reading files with places. Does not belong here: what the content should be.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakehouse_assets.bounded_yaml import BoundedLoader
from lakehouse_assets.lakehouse.contract import Contract, TableModel


class Entry(dict[str, Any]):
    """A YAML mapping; `line` is where it begins, `lines` where each of its keys stands, from 1."""

    line: int
    lines: dict[str, int]

    def at(self, *keys: str) -> int:
        """Line of the first of the keys that there is, or else of the entry."""
        return next((self.lines[k] for k in keys if k in self.lines), self.line)

    def items_of(self, key: str) -> list[Entry]:
        """The mappings of the list under a key."""
        found = self.get(key)
        return [item for item in found if isinstance(item, Entry)] if isinstance(found, list) else []


class _Loader(BoundedLoader):
    """Makes entries of mappings."""

    def construct_entry(self, node: yaml.MappingNode) -> Entry:
        """A mapping with its places."""
        self.flatten_mapping(node)
        entry = Entry({str(k): v for k, v in self.construct_mapping(node, deep=True).items()})
        entry.line = node.start_mark.line + 1
        entry.lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
        return entry


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _Loader.construct_entry)


def read_yaml(path: Path) -> Entry:
    """The mapping that a YAML file is; an empty one for an empty file.

    Raises:
        yaml.YAMLError: it is not YAML, or not a mapping.
    """
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    if found is None:
        found = Entry()
        found.line, found.lines = 1, {}
    if not isinstance(found, Entry):
        raise yaml.YAMLError("it is not a mapping")
    return found


def line_of(error: yaml.YAMLError) -> int:
    """Line of what is not YAML, from 1."""
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1


@cache
def _classes(file: Path) -> dict[str, tuple[int, dict[str, int]]]:
    """Line of each class of a Python file, and of each of its attributes."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name: (
            node.lineno,
            {
                s.target.id: s.lineno
                for s in node.body
                if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
            },
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def place_of(contract: Contract, column: str | None = None) -> tuple[Path, int]:
    """File and line of the model of a contract, or of one of its columns."""
    for model in contract.model.__mro__:
        if model is TableModel:
            break
        file = Path(inspect.getsourcefile(model) or "")
        line, attributes = _classes(file).get(model.__name__, (1, {}))
        if column is None:
            return file, line
        if column in attributes:
            return file, attributes[column]
    return place_of(contract) if column else (Path(), 1)


def line_with(file: Path, text: str) -> int:
    """First line of a file that holds a text; 1 where none does."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, start=1) if text in line), 1)
