"""Values of databases as the exact texts that sources get of them, by whatever way they come.

Belongs here: a value of a driver as its text, and a text of PostgreSQL as its driver would tell the value. Does not
belong here: reading values (tables, slots).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from psycopg2 import extensions

_JSON, _JSON_LISTS = (114, 3802), (199, 3807)
"""Numbers of the types json and jsonb, and of lists of these."""
_RANGES = (3904, 3906, 3908, 3910, 3912, 3926)
"""Numbers of the types of ranges, each of which is followed by that of a list of these."""
_UUID, _UUID_LIST = 2950, 2951
_KINDS = (
    extensions.DATE, extensions.TIME, extensions.PYDATETIME, extensions.PYDATETIMETZ, extensions.INTERVAL,
    extensions.DECIMAL, extensions.FLOAT,
)  # fmt: skip
_LISTS = (
    extensions.DATEARRAY, extensions.TIMEARRAY, extensions.PYDATETIMEARRAY, extensions.PYDATETIMETZARRAY,
    extensions.INTERVALARRAY, extensions.DECIMALARRAY, extensions.FLOATARRAY,
)  # fmt: skip
AS_WRITTEN = extensions.new_type(
    (*(oid for kind in _KINDS for oid in kind.values), *_JSON, *_RANGES, _UUID),
    "AS_WRITTEN",
    lambda value, _cursor: value,
)
"""Times, numbers, JSON, ranges and UUIDs as their texts.

Python has no infinite dates, no year 20000 and none before Christ: the driver would change or refuse them. A real that
it reads as a double is another number to the database.
"""
LISTS_AS_WRITTEN = extensions.new_array_type(
    (*(oid for kind in _LISTS for oid in kind.values), *_JSON_LISTS, *(oid + 1 for oid in _RANGES), _UUID_LIST),
    "LISTS_AS_WRITTEN",
    AS_WRITTEN,
)


def as_text(value: Any) -> Any:
    """A value of a driver as its exact text; bytes and None as they are."""
    if value is None or isinstance(value, str | bytes):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _hours(value)
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_inside)
    return str(value)


def _hours(value: timedelta) -> str:
    """A time of more than a day, or before zero, as MySQL writes it: -25:00:00."""
    seconds, parts = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    fraction = f".{parts:06}" if parts else ""
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _inside(value: Any) -> Any:
    """A value within a list as JSON has it."""
    found = as_text(value)
    return {"base64": b64encode(found).decode()} if isinstance(found, bytes) else found


@lru_cache(maxsize=1024)
def told_as(kind: int) -> Callable[[bytes], bytes] | None:
    """How a text of PostgreSQL becomes what its driver makes of it; None where it stays as it is.

    Args:
        kind: Number of the type; of a domain, that of the type it is of, as the driver is told.
    """
    caster = LISTS_AS_WRITTEN if kind in LISTS_AS_WRITTEN.values else extensions.string_types.get(kind)
    name = caster.name if caster is not None else ""
    if name == "BOOLEAN":
        return {b"t": b"true", b"f": b"false"}.__getitem__
    if caster is not None and (name == "BINARY" or name == LISTS_AS_WRITTEN.name or name.endswith("ARRAY")):
        return lambda text: _as_bytes(as_text(caster(text, None)))
    return None


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
