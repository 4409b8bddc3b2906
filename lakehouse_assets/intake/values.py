"""Values of messages as JSON texts, by the format that the source states.

Belongs here: what one value becomes. Does not belong here: what stands around it (messages), or schemas (registry).

Of `avro` and `json_schema` a value begins with a zero byte and four bytes of the number of its schema. What a JSON
value may hold is said by the contract of its table; its schema is not asked for.
"""

from __future__ import annotations

import json
import math
import struct
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

import fastavro

from lakehouse_assets.intake._internals import read_in_python
from lakehouse_assets.intake.registry import Registry, SchemaError

if TYPE_CHECKING:
    from lakehouse_assets.ingest.described.kinds import Format
    from lakehouse_assets.settings import Settings

RAW = "value"
"""The field that holds a message of format `raw`."""
_HEAD = 5
"""Bytes before a value: zero, and the number of its schema."""
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
Decode = Callable[[bytes], bytes]
"""Makes a JSON text of a value; raises UnreadableError where it is none, and RegistryError where it cannot be known."""


class UnreadableError(Exception):
    """A value is not of the format of its source; the message says why."""


def decoder(format_: Format, settings: Settings) -> Decode:
    """What makes JSON texts of values of a format."""
    if format_ == "avro":
        return _Avro(Registry(settings))
    return {"json_schema": _after_head, "raw": _as_field}.get(format_, _as_it_is)


def kept(value: bytes) -> bytes:
    """A value that cannot be read, as a JSON text that is shown in quarantine."""
    return json.dumps({RAW: {"base64": b64encode(value).decode()}}).encode()


def _as_it_is(value: bytes) -> bytes:
    return value


def _as_field(value: bytes) -> bytes:
    try:
        return json.dumps({RAW: value.decode()}, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return kept(value)


def _after_head(value: bytes) -> bytes:
    _number_of(value)
    return value[_HEAD:]


def _number_of(value: bytes) -> int:
    if len(value) < _HEAD or value[0]:
        raise UnreadableError("the message does not begin with the number of a schema, as serializers write it")
    return int.from_bytes(value[1:_HEAD])


class _Avro:
    """Makes JSON texts of values that were written by schemas of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(self, value: bytes) -> bytes:
        number = _number_of(value)
        try:
            written = self._registry.avro(number)
        except SchemaError as error:
            raise UnreadableError(f"the message cannot be read: {error}") from None
        rest = BytesIO(value[_HEAD:])
        read = read_in_python if written.is_recursive else fastavro.schemaless_reader
        try:
            text = _text(read(rest, written.schema, None))
            left = len(value) - _HEAD - rest.tell()
        except _OF_READING as error:
            raise UnreadableError(f"the message is not of its schema {number}: {type(error).__name__}") from None
        if left:
            raise UnreadableError(f"the message is not of its schema {number}: {left} bytes are left over")
        return text


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
