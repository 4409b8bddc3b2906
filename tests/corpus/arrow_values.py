"""What PyArrow reads of a Parquet file, as the values that a JSON payload must hold.

Independent of how ingestion turns Parquet into text: by Python values, one at a time.
"""

from __future__ import annotations

import math
from base64 import b64encode
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def json_value(value: pa.Scalar) -> Any:
    """The value as JSON has it, numbers exact."""
    if isinstance(value, pa.ExtensionScalar) and not isinstance(value.type, pa.UuidType):
        value = value.value
    if isinstance(value, pa.DictionaryScalar):
        value = value.value
    if value is None or not value.is_valid:
        return None
    kind: Any = value.type
    held: Any = value
    if pa.types.is_struct(kind):
        return {field.name: json_value(held[i]) for i, field in enumerate(kind)}
    if pa.types.is_map(kind):
        entries = [(entry[0], entry[1]) for entry in held.values]
        pairs = [(json_value(k), json_value(v)) for k, v in entries]
        names = [k if isinstance(k, str) else key_text(k) for k, _ in pairs]
        if len(set(names)) < len(names):
            return [{"key": k, "value": v} for k, v in pairs]
        return {name: v for name, (_, v) in zip(names, pairs, strict=True)}
    if isinstance(held, pa.ListScalar):
        return [json_value(v) for v in held.values]
    return plain_value(kind, held)


def key_text(key: Any) -> str:
    """A key of a map that is no text."""
    return (
        {True: "true", False: "false", None: "null"}.get(key) or str(key) if isinstance(key, bool | None) else str(key)
    )


def plain_value(kind: pa.DataType, value: pa.Scalar) -> Any:
    """A value that is not made of others."""
    if pa.types.is_timestamp(kind):
        return moment(value.cast(pa.int64()).as_py(), kind)
    if pa.types.is_time(kind):
        number = value.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).as_py()
        told = time_text(number, kind.unit)
        return OneOf((told, f"{told}+00"))  # Arrow does not say whether it is UTC's time of day.
    if pa.types.is_date32(kind):
        return day(value.cast(pa.int32()).as_py())
    if pa.types.is_duration(kind):
        return value.cast(pa.int64()).as_py()
    if pa.types.is_large_string(kind) or pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return text_or_bytes(value.cast(pa.large_binary()).as_py())
    told: Any = value.as_py()
    if isinstance(told, bytes):
        # Arrow has no type for Parquet's intervals: twelve bytes are what they are.
        return OneOf((text_or_bytes(told), interval_text(told))) if len(told) == 12 else text_or_bytes(told)
    if pa.types.is_floating(kind):
        if not math.isfinite(told):
            return str(told)
        short = kind != pa.float64()
        return Decimal(pa.scalar(told, pa.float32()).cast(pa.string()).as_py() if short else repr(told))
    return told if isinstance(told, bool | int | Decimal) else str(told)


def interval_text(value: bytes) -> str:
    """Twelve bytes as an interval."""
    months, days, milliseconds = (int.from_bytes(value[i : i + 4], "little") for i in (0, 4, 8))
    return f"{months} months {days} days {milliseconds} milliseconds"


def text_or_bytes(value: bytes) -> Any:
    """Text, or what stands for bytes that are none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def moment(number: int, kind: Any) -> Any:
    """A timestamp in UTC; None outside the years that Python has, for which there is more than one way to tell it."""
    seconds, rest = divmod(number, PER_SECOND[kind.unit])
    try:
        told = str(datetime(1970, 1, 1) + timedelta(seconds=seconds))
    except OverflowError:
        return UNKNOWN
    return told + fraction(rest, kind.unit) + ("+00" if kind.tz else "")


def day(number: int) -> Any:
    """A date."""
    try:
        return str((datetime(1970, 1, 1) + timedelta(days=number)).date())
    except OverflowError:
        return UNKNOWN


def time_text(number: int, unit: str) -> str:
    """A time of day."""
    seconds, rest = divmod(number, PER_SECOND[unit])
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction(rest, unit)}"


def fraction(rest: int, unit: str) -> str:
    """The part of a second as digits."""
    return f".{rest:0{len(str(PER_SECOND[unit])) - 1}d}".rstrip("0") if rest else ""


class OneOf(tuple[Any, ...]):
    """Equal to each of its values."""

    def __eq__(self, other: object) -> bool:
        return any(value == other for value in self)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


class _Unknown:
    """Equal to every text and nothing else."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


UNKNOWN = _Unknown()


def alike(found: Any, wanted: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, times whether or not zeros end them."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(alike(found[k], v) for k, v in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(alike, found, wanted))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    return wanted == found
