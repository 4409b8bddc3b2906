"""JSON of Parquet values, exact whatever their type.

A value is told without spaces, as the engine tells one out of a JSON text: the same record gives the same text of it
in either format.
Belongs here: structs, lists and maps down to the single values in them.
Does not belong here: single values in the engine's types (flat).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

from lakehouse_assets.ingest.readers.parquet.flat import as_bytes, day_text, flat, instant_text, stored
from lakehouse_assets.ingest.readers.parquet.forms import Leaf, is_nested, target_of

Bytes = Callable[[bytes], str]
"""JSON of bytes that are no UTF-8 text."""
_ESCAPED = re.compile(r"\\(?:u00([0-9a-f]{2})|.)")


def raw_json(value: bytes) -> str:
    """Bytes as a JSON text in which they stand as they are, by surrogates."""
    return _quoted(value.decode(errors="surrogateescape"))


def _quoted(text: str) -> str:
    """JSON of a text; control characters as the engine writes them, with capitals."""
    found = json.dumps(text, ensure_ascii=False)
    if "\\u00" not in found:
        return found
    return _ESCAPED.sub(lambda escaped: f"\\u00{escaped[1].upper()}" if escaped[1] else escaped[0], found)


def json_texts(
    values: pa.Array, leaves: Iterator[Leaf], zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None = None
) -> list[str | None]:
    """The JSON of each value, exact whatever the type; None for NULL.

    A map is an object if its keys are told apart by their text, otherwise a list of keys and values.

    Args:
        values: The values, INT96 in seconds.
        leaves: What the Parquet schema says of the columns of plain values, in order.
        zone: Zone that instants are told in.
        as_json: JSON of bytes that are no UTF-8 text.
        twin: The same with INT96 in nanoseconds.
    """
    values = stored(values)
    kind = values.type
    if pa.types.is_struct(kind):
        return _struct_texts(values, leaves, zone, as_json, twin)
    if pa.types.is_map(kind):
        return _map_texts(values, leaves, zone, as_json, twin)
    if is_nested(kind):
        parts = iter(json_texts(values.flatten(), leaves, zone, as_json, twin and twin.flatten()))
        lengths = _lengths(values)
        return [None if n is None else f"[{','.join(null_text(next(parts)) for _ in range(n))}]" for n in lengths]
    return _leaf_texts(values, next(leaves), zone, as_json, twin)


def _lengths(values: pa.Array) -> list[int | None]:
    lengths = np.asarray(call_function("list_value_length", [values]).fill_null(-1))
    return [None if n < 0 else int(n) for n in lengths]


def _struct_texts(
    values: pa.Array, leaves: Iterator[Leaf], zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    names = [_quoted(values.type.field(i).name) for i in range(values.type.num_fields)]
    twins = twin.flatten() if twin is not None else [None] * len(names)
    parts = [json_texts(v, leaves, zone, as_json, t) for v, t in zip(values.flatten(), twins, strict=True)]
    valid = values.is_valid().to_pylist()
    members = [[f"{name}:{null_text(text)}" for text in part] for name, part in zip(names, parts, strict=True)]
    rows = zip(*members, strict=True) if members else ((),) * len(valid)
    return ["{" + ",".join(row) + "}" if there else None for row, there in zip(rows, valid, strict=True)]


def _map_texts(
    values: pa.Array, leaves: Iterator[Leaf], zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    entries = values.cast(_entries(values.type))
    twins = twin.cast(_entries(twin.type)).flatten().flatten() if twin is not None else (None, None)
    keys, items = (
        json_texts(v, leaves, zone, as_json, t) for v, t in zip(entries.flatten().flatten(), twins, strict=True)
    )
    pairs = zip(map(null_text, keys), map(null_text, items), strict=True)
    found: list[str | None] = []
    for n in _lengths(entries):
        own = None if n is None else [next(pairs) for _ in range(n)]
        found.append(None if own is None else _map_text(own))
    return found


def _entries(kind: Any) -> pa.DataType:
    return pa.list_(pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)]))


def _map_text(pairs: Sequence[tuple[str, str]]) -> str:
    names = [key if key.startswith('"') else _quoted(key) for key, _ in pairs]
    if len(set(names)) < len(names):
        return "[" + ",".join(f'{{"key":{key},"value":{value}}}' for key, value in pairs) + "]"
    return "{" + ",".join(f"{name}:{value}" for name, (_, value) in zip(names, pairs, strict=True)) + "}"


def _leaf_texts(
    values: pa.Array, leaf: Leaf, zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    form, _ = target_of(values.type, leaf)
    if form == "bytes":
        return [None if v is None else _text_json(v, as_json) for v in as_bytes(values)]
    found, odd = flat(values, leaf, twin)
    plain = _plain(found, zone)
    odds = odd.to_pylist() if odd is not None else [None] * len(plain)
    if form in ("word", "clock", "instant"):
        ending = "+00" if form == "clock" else ""
        told = (o if o is not None else None if p is None else p + ending for o, p in zip(odds, plain, strict=True))
        return [None if t is None else _quoted(t) for t in told]
    return [f'"{p}"' if p in ("nan", "inf", "-inf") else p for p in plain]


def _text_json(value: bytes, as_json: Bytes) -> str:
    try:
        return _quoted(value.decode())
    except UnicodeDecodeError:
        return as_json(value)


def _plain(values: pa.Array, zone: ZoneInfo) -> list[str | None]:
    """Texts of values of one of the engine's types."""
    if pa.types.is_timestamp(values.type):
        numbers = values.cast(pa.int64()).to_pylist()
        return [None if v is None else instant_text(v, "us", zone if values.type.tz else None) for v in numbers]
    if pa.types.is_date32(values.type):
        return [None if v is None else day_text(v) for v in values.cast(pa.int32()).to_pylist()]
    return [None if v is None else _scalar_text(v) for v in values.to_pylist()]


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, time):
        return value.isoformat().rstrip("0") if value.microsecond else value.isoformat()
    return str(value)


def null_text(text: str | None) -> str:
    """The JSON of a value, of which None is no value."""
    return "null" if text is None else text
