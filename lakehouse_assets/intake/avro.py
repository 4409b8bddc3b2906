"""Values of Avro as JSON texts, by a schema that is known; this is run in processes of its own.

A few bytes may be a list that no memory holds, such as of records with many fields that take no byte.
Belongs here: reading values. Does not belong here: by which schema (registry), or in which process (values).
"""

from __future__ import annotations

import json
import math
import struct
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import fastavro

from lakehouse_assets.intake._internals import read_in_python

_OF_READING = (
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    struct.error,
)


def texts_of(schema: Any, is_recursive: bool, values: Sequence[bytes]) -> list[bytes | str]:
    """The JSON text of each value, in UTF-8, or what is wrong with it.

    Args:
        schema: As fastavro has parsed it.
        is_recursive: Whether values may be nested as deep as they are long.
        values: Without what stands before them in a message.
    """
    read = read_in_python if is_recursive else fastavro.schemaless_reader
    return [_text_or_why_not(read, schema, value) for value in values]


def _text_or_why_not(read: Callable[..., Any], schema: Any, value: bytes) -> bytes | str:
    rest = BytesIO(value)
    try:
        text = _text(read(rest, schema, None))
    except _OF_READING as error:
        return type(error).__name__
    left = len(value) - rest.tell()
    return f"{left} bytes are left over" if left else text


def _text(value: Any) -> bytes:
    try:
        return _STRICT.encode(value).encode(errors="surrogatepass")
    except ValueError:  # not a number, or infinite, which JSON has no form for
        return _STRICT.encode(_finite(value)).encode(errors="surrogatepass")


def _finite(value: Any) -> Any:
    """The value with the text of every number that is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(inside) for name, inside in value.items()}
    return [_finite(inside) for inside in value] if isinstance(value, list) else value


def _as_json(value: Any) -> Any:
    """A value of Avro that JSON has no form for as one that has."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return {"base64": b64encode(value).decode()}
    raise TypeError(f"a value is a {type(value).__name__}")


_STRICT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_as_json)
