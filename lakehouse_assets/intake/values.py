"""Values of messages as JSON texts, by the format that the source states.

Belongs here: what one value becomes. Does not belong here: what stands around it (messages), or schemas (registry).

Of `avro` and `json_schema` a value begins with a zero byte and four bytes of the number of its schema. What a JSON
value may hold is said by the contract of its table; its schema is not asked for.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lakehouse_assets.apart import Apart, ApartError
from lakehouse_assets.intake.avro import texts_of
from lakehouse_assets.intake.registry import Registry, SchemaError, Written
from lakehouse_assets.settings.types import size_in_bytes

if TYPE_CHECKING:
    from lakehouse_assets.ingest.described.kinds import Format
    from lakehouse_assets.settings import Settings

RAW = "value"
"""The field that holds a message of format `raw`."""
NEEDED = ("lakehouse_assets.intake.avro",)
"""What the processes need that values of Avro are read in."""
_AT_ONCE = 10_000
"""Values that are read by one call."""
_HEAD = 5
"""Bytes before a value: zero, and the number of its schema."""


class UnreadableError(Exception):
    """A value is not of the format of its source; the message says why."""


class Decoder:
    """Makes JSON texts of values of a format. Close it."""

    def __init__(self, read: Callable[[bytes], bytes]) -> None:
        """Values are read one by one by `read`, which raises UnreadableError."""
        self._read = read

    def texts(self, values: Sequence[bytes]) -> list[bytes | UnreadableError]:
        """The text of each value, or why there is none.

        Raises:
            RegistryError: it cannot be known what a value is, as long as the schema registry does not answer.
        """
        return [_or_error(self._read, value) for value in values]

    def close(self) -> None:
        """Nothing is open."""


def decoder(format_: Format, settings: Settings) -> Decoder:
    """What makes JSON texts of values of a format."""
    if format_ == "avro":
        return _Avro(Registry(settings), settings)
    return Decoder({"json_schema": _after_head, "raw": _as_field}.get(format_, _as_it_is))


def _or_error(read: Callable[[bytes], bytes], value: bytes) -> bytes | UnreadableError:
    try:
        return read(value)
    except UnreadableError as error:
        return error


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


class _Avro(Decoder):
    """Makes JSON texts of values that were written by schemas of a registry, in a process of its own."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._memory = registry, settings.look_memory
        memory, time_s = size_in_bytes(settings.look_memory), settings.look_timeout_s
        self._apart = Apart(memory, time_s, processes=1, needs=NEEDED)

    def texts(self, values: Sequence[bytes]) -> list[bytes | UnreadableError]:
        found: dict[int, bytes | UnreadableError] = {}
        alike: dict[int, list[int]] = defaultdict(list)
        for place, value in enumerate(values):
            try:
                alike[_number_of(value)].append(place)
            except UnreadableError as error:
                found[place] = error
        for number, places in alike.items():
            try:
                written = self._registry.avro(number)
            except SchemaError as error:
                found |= dict.fromkeys(places, UnreadableError(f"the message cannot be read: {error}"))
                continue
            for at in range(0, len(places), _AT_ONCE):
                some = places[at : at + _AT_ONCE]
                texts = self._read_apart(number, written, [values[place][_HEAD:] for place in some])
                found |= zip(some, texts, strict=True)
        return [found[place] for place in range(len(values))]

    def _read_apart(self, number: int, written: Written, values: Sequence[bytes]) -> list[bytes | UnreadableError]:
        """Read values together; where that takes too much, each half by itself, until it is known of which value."""
        try:
            texts = self._apart.run(texts_of, written.schema, written.is_recursive, values)
        except ApartError:
            if len(values) > 1:
                middle = len(values) // 2
                halves = (values[:middle], values[middle:])
                return [text for half in halves for text in self._read_apart(number, written, half)]
            why = f"to read the message by its schema {number} takes more than {self._memory} of memory, or too long"
            return [UnreadableError(why)]
        return [
            UnreadableError(f"the message is not of its schema {number}: {text}") if isinstance(text, str) else text
            for text in texts
        ]

    def close(self) -> None:
        self._apart.close()
