"""Values of flat Parquet columns in a type whose text the engine writes exactly.

Belongs here: single values, and as text those that the type cannot hold: a time with nanoseconds, one outside the
engine's range, bytes that are no text. Does not belong here: values made of others (nested).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.readers.parquet.forms import Leaf, target_of

PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
MAX_SECONDS = 9_223_372_000_000
"""Seconds from 1970 that the engine's timestamps reach in both directions, about 292,000 years."""
MAX_INT = (1 << 63) - 2
MAX_DAYS = 2_147_400_000
WHOLE_MINUTES = 1972
"""Year from which on every zone is whole minutes off UTC; the engine writes no seconds of an offset."""


def base64_json(value: bytes) -> str:
    """Bytes as a JSON object that no text can be mistaken for."""
    return json.dumps({"base64": base64.b64encode(value).decode()}, separators=(",", ":"))


def day_text(days: int) -> str:
    """A day, counted from 1970-01-01; as a number where it is outside the years 1 to 9999."""
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


def flat(values: pa.Array, leaf: Leaf, twin: pa.Array | None) -> tuple[pa.Array, pa.Array | None]:
    """Values in the type they come to the engine in, and the exceptions, if there are any."""
    values = stored(values)
    kind = values.type
    form, target = target_of(kind, leaf)
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
        return _moments(values.cast(target), target, MAX_DAYS, day_text)
    return values.cast(target), None


def stored(values: Any) -> pa.Array:
    """Values without their dictionary and without what only Arrow knows of them."""
    if pa.types.is_dictionary(values.type):
        return stored(values.dictionary_decode())
    if isinstance(values.type, pa.BaseExtensionType) and not isinstance(values.type, pa.UuidType):
        return stored(values.storage)
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
