"""What drivers of MySQL and MariaDB tell otherwise than the server has it, and how it is told exactly.

Belongs here: kinds of columns by their number in the protocol, and values of them as texts. Does not belong here:
connections, or statements (tables).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

DIALECTS = ("mysql", "mariadb")
CHARSET = "utf8mb4"
"""The only one that has every character: of others the server makes question marks."""
FLOAT = 4
"""A float of 4 bytes: the server writes six digits of it, which may be another number."""
BIT = 16
_DECIMALS = (0, 246)


def kinds_of(description: Sequence[Sequence[Any]] | None) -> Mapping[str, int]:
    """The numbers of the kinds of columns, by name, as a cursor of the driver describes them."""
    return {column[0]: column[1] for column in description or () if isinstance(column[1], int)}


def converters_of(kinds: Mapping[str, int]) -> Mapping[str, Callable[[Any], Any]]:
    """What makes a text of the values of each column that needs more than any other."""
    found: dict[int, Callable[[Any], Any]] = {FLOAT: _float, BIT: _bits}
    return {name: found[kind] for name, kind in kinds.items() if kind in found}


def as_exact(name: str, kind: int | None) -> str:
    """SQL of a column, by its quoted name, as it is exact on the way: a float as the double that it is."""
    return f"({name} + 0e0) as {name}" if kind == FLOAT else name


def bound(value: Any, kind: int | None) -> Any:
    """A value of a cursor as it is compared with its column: a decimal with a text would be compared as doubles."""
    return Decimal(value) if kind in _DECIMALS and isinstance(value, str) else value


def _float(value: Any) -> str:
    """The shortest text that is this float and no other of 4 bytes, written as Python writes doubles."""
    found = np.float32(value)
    return np.format_float_positional(found, trim="0") if 1e-4 <= abs(found) < 1e16 or not found else str(found)


def _bits(value: bytes | int) -> str:
    """A bit field as its number."""
    return str(int.from_bytes(value, "big") if isinstance(value, bytes) else int(value))
