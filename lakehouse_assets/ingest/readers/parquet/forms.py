"""Which form and Arrow type a Parquet column comes to the engine in.

Belongs here: what is decided by a column's type alone. Does not belong here: its values (flat, nested).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Form = Literal["number", "real", "word", "clock", "instant", "bytes", "json"]
_NESTED = (pa.types.is_struct, pa.types.is_map, pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list,
           pa.types.is_list_view, pa.types.is_large_list_view)  # fmt: skip
_FORMS: tuple[tuple[Callable[[pa.DataType], bool], Form, pa.DataType | None], ...] = (
    (pa.types.is_floating, "real", pa.float64()),
    (pa.types.is_date, "word", pa.date32()),
    (pa.types.is_duration, "number", pa.int64()),
    (pa.types.is_integer, "number", None),
    (pa.types.is_boolean, "number", None),
)


@dataclass(frozen=True)
class Leaf:
    """What the Parquet schema says of a column of plain values, and its Arrow type does not."""

    int96: bool = False
    interval: bool = False
    utc_time: bool = False


def leaf_count(kind: pa.DataType) -> int:
    """How many columns of plain values a type has in a Parquet file; none for a struct without fields."""
    kind = storage_of(kind)
    if not is_nested(kind):
        return 1
    return sum(leaf_count(kind.field(i).type) for i in range(kind.num_fields))


def is_nested(kind: pa.DataType) -> bool:
    """Whether a type is made of others."""
    return any(test(kind) for test in _NESTED)


def has_nested_dictionary(kind: pa.DataType) -> bool:
    """Whether a type is made of others of which one comes as a dictionary."""
    if not is_nested(kind):
        return False
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return any(pa.types.is_dictionary(found) or has_nested_dictionary(found) for found in inner)


def target_of(kind: pa.DataType, leaf: Leaf) -> tuple[Form, pa.DataType]:
    """The form and the Arrow type that a column of a type comes to the engine in."""
    kind = storage_of(kind)
    if is_nested(kind):
        return "json", pa.string()
    if isinstance(kind, pa.UuidType):
        return "word", kind
    if leaf.interval:
        return "word", pa.string()
    if pa.types.is_decimal(kind):
        return "number", pa.string() if kind.precision > 38 else pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_time(kind):
        return "clock" if leaf.utc_time else "word", pa.time64("us")
    if pa.types.is_timestamp(kind):
        return ("instant", pa.timestamp("us", "UTC")) if kind.tz else ("word", pa.timestamp("us"))
    for test, form, target in _FORMS:
        if test(kind):
            return form, target or kind
    return "bytes", pa.string()


def storage_of(kind: pa.DataType) -> pa.DataType:
    """A type without its dictionary and without what only Arrow knows of it."""
    if pa.types.is_dictionary(kind):
        return storage_of(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType) and not isinstance(kind, pa.UuidType):
        return storage_of(kind.storage_type)
    return kind
