"""Tells in a plain sentence which member of a library, used by a door, has moved.

Belongs here: looking for it. Does not belong here: which members there are (test_internals beside each door's tests).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest


@dataclass(frozen=True)
class Member:
    """What a door uses of a library.

    Attributes:
        place: Module, colon, and the member's name in it, with its class before a dot.
        parameters: Names of the parameters it is called with.
        of_instance: Whether only instances have it: then the code of the class, or of one it inherits, must name it.
    """

    place: str
    parameters: Sequence[str] = ()
    of_instance: bool = False


def require(door: str, library: str, member: Member) -> None:
    """Fail if a library no longer has a member, or takes other parameters."""
    moved = f"{library} {version(library)} moved {member.place}: change {door}"
    module, _, path = member.place.partition(":")
    try:
        found: Any = import_module(module)
    except ImportError as error:
        pytest.fail(f"{moved} ({error})")
    *classes, name = path.split(".")
    for part in [*classes, *([] if member.of_instance else [name])]:
        if not hasattr(found, part):
            pytest.fail(moved)
        found = getattr(found, part)
    if member.of_instance and not any(_names(kind, name) for kind in found.__mro__[:-1]):
        pytest.fail(moved)
    if member.parameters:
        taken = inspect.signature(found).parameters
        if lacking := [p for p in member.parameters if p not in taken]:
            pytest.fail(f"{moved}: it no longer takes {', '.join(lacking)}")


def _names(kind: type, name: str) -> bool:
    try:
        return f"self.{name}" in inspect.getsource(kind)
    except (OSError, TypeError):
        return False
