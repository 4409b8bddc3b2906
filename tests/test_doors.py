"""No module but a door, an `_internals.py`, uses what a library does not call public.

Ruff (SLF001) sees `other._member`; this sees imports, and what a class uses or overrides of one that it inherits.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from lakehouse_assets.settings.lake import PROJECT_ROOT

PACKAGES = ("lakehouse_assets", "nlq", "semantic")
DOORS = "_internals.py"
ITSELF = ("self", "cls", "super()")
FILES = [f for p in PACKAGES for f in sorted((PROJECT_ROOT / p).rglob("*.py")) if f.name != DOORS]


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in PACKAGES and top not in sys.stdlib_module_names and top != "_typeshed"


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _used_of_itself(node: ast.ClassDef) -> set[str]:
    """Private names that a class defines, or asks of itself or of those that it inherits."""
    defined = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    asked = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and ast.unparse(n.value) in ITSELF}
    return {name for name in defined | asked if _private(name)}


def _inherited(kind: type) -> set[str]:
    """Private names of the classes of libraries that a class inherits."""
    foreign = [k for k in kind.__mro__ if _foreign(k.__module__)]
    return {name for k in foreign for name in (*vars(k), *getattr(k, "__annotations__", ())) if _private(name)}


@pytest.mark.parametrize("package", PACKAGES)
def test_only_doors_import_what_is_private(package: str) -> None:
    found = [
        f"{file.relative_to(PROJECT_ROOT)} imports {name}"
        for file in FILES
        if file.relative_to(PROJECT_ROOT).parts[0] == package
        for name in _imported(ast.parse(file.read_text()))
        if _foreign(name) and any(map(_private, name.split(".")))
    ]
    assert not found, f"put it behind the {DOORS} of the room: {found}"


def test_only_doors_touch_what_their_classes_inherit() -> None:
    found = [touched for file in FILES for touched in _touched(file)]
    assert not found, f"put it behind the {DOORS} of the room: {found}"


def test_what_a_class_inherits_is_seen() -> None:
    (producer,) = _touched(PROJECT_ROOT / "lakehouse_assets" / "lakehouse" / "iceberg" / DOORS)
    assert "SnapshotProducer uses _added_data_files" in producer


@pytest.mark.parametrize("door", sorted(p for k in PACKAGES for p in (PROJECT_ROOT / k).rglob(DOORS)), ids=str)
def test_each_door_has_a_canary_that_names_all_it_uses(door: Path) -> None:
    room = door.relative_to(PROJECT_ROOT).parent.parts
    canary = Path(__file__).parent.joinpath(*(room[1:] if room[0] == "lakehouse_assets" else room), "test_internals.py")
    tree, told = ast.parse(door.read_text()), canary.read_text()
    imported = {n.rpartition(".")[2] for n in _imported(tree) if _foreign(n) and any(map(_private, n.split(".")))}
    asked = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) not in ITSELF}
    inherited = {name for text in _touched(door) for name in text.partition(" uses ")[2].split(", ")}
    untold = {n for n in imported | {a for a in asked if _private(a)} | inherited if n not in told}
    assert not untold, f"{canary.relative_to(PROJECT_ROOT)} says nothing of {sorted(untold)}"


def _touched(file: Path) -> Iterator[str]:
    """The classes of a module that touch what is private to those that they inherit."""
    classes = [n for n in ast.parse(file.read_text()).body if isinstance(n, ast.ClassDef) and n.bases]
    for node in classes:
        if used := _used_of_itself(node):
            inherited = _inherited(getattr(import_module(_module(file)), node.name))
            if touched := used & inherited:
                yield f"{file.relative_to(PROJECT_ROOT)}: {node.name} uses {', '.join(sorted(touched))}"


def _module(file: Path) -> str:
    parts = file.relative_to(PROJECT_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
