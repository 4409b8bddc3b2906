"""Values of Parquet columns for the engine: exact as text, exact as JSON.

Belongs here: which Arrow type a column comes to the engine in, and the SQL of its text and its JSON.
Does not belong here: reading a file (reader).

A flat column keeps a type whose text the engine writes exactly. Single values that type cannot hold (a time with
nanoseconds, one outside the engine's range, bytes that are no text) come beside it as text, in a column of exceptions.
A nested column comes as its JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pyarrow.compute import call_function

Form = Literal["number", "real", "word", "clock", "instant", "bytes", "json"]
Bytes = Callable[[bytes], str]
"""JSON of bytes that are no UTF-8 text."""
PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
MAX_SECONDS = 9_223_372_000_000
"""Seconds from 1970 that the engine's timestamps reach in both directions, about 292,000 years."""
MAX_INT = (1 << 63) - 2
MAX_DAYS = 2_147_400_000
WHOLE_MINUTES = 1972
"""Year from which on every zone is whole minutes off UTC; the engine writes no seconds of an offset."""
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


@dataclass(frozen=True)
class Column:
    """A column of a Parquet file on its way to the engine, as `f<i>`, with its exceptions in `x<i>`."""

    name: str
    index: int
    form: Form
    type: pa.DataType
    leaves: tuple[Leaf, ...]
    zone: ZoneInfo

    @property
    def fields(self) -> list[pa.Field]:
        """The Arrow fields of the column."""
        return [pa.field(f"f{self.index}", self.type), pa.field(f"x{self.index}", pa.string())]

    @property
    def text(self) -> str:
        """SQL of the value as text; NULL for bytes that are none."""
        value = f"f{self.index}"
        plain = f"cast({value} as varchar)"
        if self.form == "real":
            return f"case when isnan({value}) then 'nan' else {plain} end"
        if self.form in ("number", "bytes", "json"):
            return plain
        if self.form == "clock":
            plain = f"{plain} || '+00'"
        if self.form == "instant":
            in_utc = f"cast(timezone('UTC', {value}) as varchar) || '+00'"
            plain = (
                f"case when {value} < timestamptz '{WHOLE_MINUTES}-01-01 00:00:00+00' then {in_utc} else {plain} end"
            )
        return f"coalesce(x{self.index}, {plain})"

    @property
    def json(self) -> str:
        """SQL of the value as JSON text."""
        value = f"f{self.index}"
        if self.form in ("number", "json"):
            return f"coalesce(cast({value} as varchar), 'null')"
        if self.form == "real":
            quoted = f"concat('\"', {self.text}, '\"')"
            return f"case when {value} is null then 'null' when isfinite({value}) then {self.text} else {quoted} end"
        if self.form == "bytes":
            return f"coalesce(x{self.index}, cast(to_json({value}) as varchar), 'null')"
        return f"coalesce(cast(to_json({self.text}) as varchar), 'null')"

    def arrays(self, values: pa.Array, twin: pa.Array | None) -> list[pa.Array]:
        """The column's values and exceptions.

        Args:
            values: As PyArrow read them, INT96 in seconds.
            twin: INT96 in nanoseconds, where there is any.

        Raises:
            pa.ArrowInvalid: a value is none of its type.
        """
        if self.form == "json":
            found, odd = pa.array(self._json_texts(values, base64_json, twin), pa.string()), None
        else:
            found, odd = _flat(values, self.leaves[0], twin)
        return [found, pa.nulls(len(values), pa.string()) if odd is None else odd]

    def json_of(self, value: pa.Array, as_json: Bytes, twin: pa.Array | None) -> str:
        """JSON of one value, bytes that are no text as told."""
        return _null(self._json_texts(value, as_json, twin)[0])

    def _json_texts(self, values: pa.Array, as_json: Bytes, twin: pa.Array | None) -> list[str | None]:
        return json_texts(values, iter(self.leaves), self.zone, as_json, twin)


def column(name: str, index: int, kind: pa.DataType, leaves: Sequence[Leaf], zone: ZoneInfo) -> Column:
    """How a column of an Arrow type comes to the engine."""
    form, target = _target(kind, leaves[0] if leaves else Leaf())
    return Column(name, index, form, target, tuple(leaves), zone)


def leaf_count(kind: pa.DataType) -> int:
    """How many columns of plain values a type has in a Parquet file; none for a struct without fields."""
    kind = _storage(kind)
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


def base64_json(value: bytes) -> str:
    """Bytes as a JSON object that no text can be mistaken for."""
    return json.dumps({"base64": base64.b64encode(value).decode()})


def raw_json(value: bytes) -> str:
    """Bytes as a JSON text in which they stand as they are, by surrogates."""
    return json.dumps(value.decode(errors="surrogateescape"), ensure_ascii=False)


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
    values = _stored(values)
    kind = values.type
    if pa.types.is_struct(kind):
        return _struct_texts(values, leaves, zone, as_json, twin)
    if pa.types.is_map(kind):
        return _map_texts(values, leaves, zone, as_json, twin)
    if is_nested(kind):
        parts = iter(json_texts(values.flatten(), leaves, zone, as_json, twin and twin.flatten()))
        lengths = _lengths(values)
        return [None if n is None else f"[{', '.join(_null(next(parts)) for _ in range(n))}]" for n in lengths]
    return _leaf_texts(values, next(leaves), zone, as_json, twin)


def _lengths(values: pa.Array) -> list[int | None]:
    lengths = np.asarray(call_function("list_value_length", [values]).fill_null(-1))
    return [None if n < 0 else int(n) for n in lengths]


def _struct_texts(
    values: pa.Array, leaves: Iterator[Leaf], zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    names = [json.dumps(values.type.field(i).name, ensure_ascii=False) for i in range(values.type.num_fields)]
    twins = twin.flatten() if twin is not None else [None] * len(names)
    parts = [json_texts(v, leaves, zone, as_json, t) for v, t in zip(values.flatten(), twins, strict=True)]
    valid = values.is_valid().to_pylist()
    members = [[f"{name}: {_null(text)}" for text in part] for name, part in zip(names, parts, strict=True)]
    rows = zip(*members, strict=True) if members else ((),) * len(valid)
    return ["{" + ", ".join(row) + "}" if there else None for row, there in zip(rows, valid, strict=True)]


def _map_texts(
    values: pa.Array, leaves: Iterator[Leaf], zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    entries = values.cast(_entries(values.type))
    twins = twin.cast(_entries(twin.type)).flatten().flatten() if twin is not None else (None, None)
    keys, items = (
        json_texts(v, leaves, zone, as_json, t) for v, t in zip(entries.flatten().flatten(), twins, strict=True)
    )
    pairs = zip(map(_null, keys), map(_null, items), strict=True)
    found: list[str | None] = []
    for n in _lengths(entries):
        own = None if n is None else [next(pairs) for _ in range(n)]
        found.append(None if own is None else _map_text(own))
    return found


def _entries(kind: Any) -> pa.DataType:
    return pa.list_(pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)]))


def _map_text(pairs: Sequence[tuple[str, str]]) -> str:
    names = [key if key.startswith('"') else json.dumps(key, ensure_ascii=False) for key, _ in pairs]
    if len(set(names)) < len(names):
        return "[" + ", ".join(f'{{"key": {key}, "value": {value}}}' for key, value in pairs) + "]"
    return "{" + ", ".join(f"{name}: {value}" for name, (_, value) in zip(names, pairs, strict=True)) + "}"


def _leaf_texts(
    values: pa.Array, leaf: Leaf, zone: ZoneInfo, as_json: Bytes, twin: pa.Array | None
) -> list[str | None]:
    form, _ = _target(values.type, leaf)
    if form == "bytes":
        return [None if v is None else _text_json(v, as_json) for v in as_bytes(values)]
    found, odd = _flat(values, leaf, twin)
    plain = _plain(found, zone)
    odds = odd.to_pylist() if odd is not None else [None] * len(plain)
    if form in ("word", "clock", "instant"):
        ending = "+00" if form == "clock" else ""
        told = (o if o is not None else None if p is None else p + ending for o, p in zip(odds, plain, strict=True))
        return [None if t is None else json.dumps(t, ensure_ascii=False) for t in told]
    return [f'"{p}"' if p in ("nan", "inf", "-inf") else p for p in plain]


def _text_json(value: bytes, as_json: Bytes) -> str:
    try:
        return json.dumps(value.decode(), ensure_ascii=False)
    except UnicodeDecodeError:
        return as_json(value)


def _plain(values: pa.Array, zone: ZoneInfo) -> list[str | None]:
    """Texts of values of one of the engine's types."""
    if pa.types.is_timestamp(values.type):
        numbers = values.cast(pa.int64()).to_pylist()
        return [None if v is None else instant_text(v, "us", zone if values.type.tz else None) for v in numbers]
    if pa.types.is_date32(values.type):
        return [None if v is None else _day_text(v) for v in values.cast(pa.int32()).to_pylist()]
    return [None if v is None else _scalar_text(v) for v in values.to_pylist()]


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, time):
        return value.isoformat().rstrip("0") if value.microsecond else value.isoformat()
    return str(value)


def _day_text(days: int) -> str:
    try:
        return str(date(1970, 1, 1) + timedelta(days=days))
    except OverflowError:
        return f"{days} days since 1970-01-01"


def instant_text(value: int, unit: str, zone: ZoneInfo | None) -> str:
    """A timestamp as text, in a zone if it is an instant; as a number where it is outside the years 1 to 9999."""
    seconds, rest = divmod(value, PER_SECOND[unit])
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        if zone is None:
            moment = moment.replace(tzinfo=None)
        elif moment.year >= WHOLE_MINUTES:
            moment = moment.astimezone(zone)
    except OverflowError:
        return f"{value} {unit} since 1970-01-01"
    digits = f"{rest:0{len(str(PER_SECOND[unit])) - 1}d}".rstrip("0") if rest else ""
    text = moment.isoformat(sep=" ")
    offset = text[19:].removesuffix(":00")
    return f"{text[:19]}{f'.{digits}' if digits else ''}{offset}"


def _target(kind: pa.DataType, leaf: Leaf) -> tuple[Form, pa.DataType]:
    """The form and the Arrow type that a column of a type comes to the engine in."""
    kind = _storage(kind)
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


def _storage(kind: pa.DataType) -> pa.DataType:
    """A type without its dictionary and without what only Arrow knows of it."""
    if pa.types.is_dictionary(kind):
        return _storage(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType) and not isinstance(kind, pa.UuidType):
        return _storage(kind.storage_type)
    return kind


def _flat(values: pa.Array, leaf: Leaf, twin: pa.Array | None) -> tuple[pa.Array, pa.Array | None]:
    """Values in the type they come to the engine in, and the exceptions, if there are any."""
    values = _stored(values)
    kind = values.type
    form, target = _target(kind, leaf)
    if form == "bytes":
        return _texts(values)
    if leaf.int96 and twin is not None:
        return _int96(values, twin)
    values.validate(full=True)
    if leaf.interval:
        return _told(values, _interval_text), None
    if target == pa.string():
        return _told(values, lambda v: f"{v:f}"), None
    if form == "real":
        # By its shortest text: 0.1 stays 0.1, where widening the bits would make it 0.10000000149011612.
        short = pa.types.is_float64(kind)
        return values if short else values.cast(pa.float32()).cast(pa.string()).cast(target), None
    if pa.types.is_timestamp(kind):
        limit = min(MAX_SECONDS * PER_SECOND[kind.unit], MAX_INT)
        return _moments(
            values, target, limit, lambda v: instant_text(v, kind.unit, ZoneInfo("UTC") if kind.tz else None)
        )
    if pa.types.is_time(kind):
        return _moments(values, target, MAX_INT, lambda v: _time_text(v, leaf))
    if pa.types.is_date(kind):
        return _moments(values.cast(target), target, MAX_DAYS, _day_text)
    return values.cast(target), None


def _stored(values: Any) -> pa.Array:
    """Values without their dictionary and without what only Arrow knows of them."""
    if pa.types.is_dictionary(values.type):
        return _stored(values.dictionary_decode())
    if isinstance(values.type, pa.BaseExtensionType) and not isinstance(values.type, pa.UuidType):
        return _stored(values.storage)
    return values


def _told(values: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    return pa.array([None if v is None else text(v) for v in values.to_pylist()], pa.string())


def _time_text(nanoseconds: int, leaf: Leaf) -> str:
    seconds, rest = divmod(nanoseconds, PER_SECOND["ns"])
    minutes, zone = seconds // 60, "+00" if leaf.utc_time else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds % 60:02d}.{rest:09d}{zone}"


def _moments(
    values: Any, target: pa.DataType, limit: int, told: Callable[[int], str]
) -> tuple[pa.Array, pa.Array | None]:
    """Times in the engine's type, but for those beyond a limit or with nanoseconds, which are told as text."""
    if pa.types.is_date64(values.type):
        values = values.cast(pa.date32())
    numbers = values.cast(pa.int32() if values.type.bit_width == 32 else pa.int64()).cast(pa.int64())
    plain = np.asarray(numbers.fill_null(0))
    odd = (plain > limit) | (plain < -limit)
    if getattr(values.type, "unit", "") == "ns":
        odd |= plain % 1000 != 0
    if not odd.any():
        return values.cast(target), None
    texts = pa.array([told(int(v)) if o else None for v, o in zip(plain, odd, strict=True)], pa.string())
    sound = pa.array(np.where(odd, 0, plain), pa.int64(), mask=odd | np.asarray(numbers.is_null()))
    return sound.cast(numbers.type if values.type.bit_width == 64 else pa.int32()).cast(values.type).cast(target), texts


def _int96(seconds: pa.Array, nanoseconds: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """INT96 exactly: seconds reach as far as it does, and nanoseconds, of which 64 bits are left, add the fraction."""
    empty = np.asarray(seconds.is_null())
    whole = np.asarray(seconds.cast(pa.int64()).fill_null(0))
    with np.errstate(over="ignore"):
        part = np.asarray(nanoseconds.cast(pa.int64()).fill_null(0)) - whole * PER_SECOND["ns"]
    whole, part = np.where(part < 0, whole - 1, whole), np.where(part < 0, part + PER_SECOND["ns"], part)
    odd = ((part % 1000 != 0) | (np.abs(whole) > MAX_SECONDS)) & ~empty
    sound = np.where(odd, 0, whole * PER_SECOND["us"] + part // 1000)
    found = pa.array(sound, pa.int64(), mask=empty | odd).cast(pa.timestamp("us"))
    if not odd.any():
        return found, None
    texts = [
        instant_text(int(s) * PER_SECOND["ns"] + int(p), "ns", None) if o else None
        for s, p, o in zip(whole, part, odd, strict=True)
    ]
    return found, pa.array(texts, pa.string())


def _interval_text(value: bytes) -> str:
    months, days, milliseconds = (int.from_bytes(value[i : i + 4], "little") for i in (0, 4, 8))
    return f"{months} months {days} days {milliseconds} milliseconds"


def as_bytes(values: pa.Array) -> list[Any]:
    """Texts or bytes as bytes; no check is made."""
    return values.cast(pa.large_binary()).to_pylist()


def _texts(values: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Texts, and the JSON of bytes that are none."""
    try:
        texts = values.cast(pa.string())
        texts.validate(full=True)
        return texts, None
    except pa.ArrowInvalid:
        found = [_text_or_bytes(value) for value in as_bytes(values)]
        return pa.array([f[0] for f in found], pa.string()), pa.array([f[1] for f in found], pa.string())


def _text_or_bytes(value: bytes | None) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, base64_json(value)


def _null(text: str | None) -> str:
    return "null" if text is None else text
