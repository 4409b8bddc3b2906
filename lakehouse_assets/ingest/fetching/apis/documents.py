"""Records out of a JSON document: the text of each as it came, and what else stands there.

Belongs here: cutting an answer. Does not belong here: asking for it (client), or the next one (pages).

Each record keeps its text, so that no digit of a number is lost; its value is told beside it, for what is looked up in
it. All of a document but its records is told as one value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lakehouse_assets.ingest.described.apis import ALL
from lakehouse_assets.shown import listed

_SPACE = re.compile(r"[ \t\n\r]*")
_SHOWN = 10
"""Names of a document that are told."""


class DocumentError(Exception):
    """A text is no JSON, or has no records where they should lie; the message quotes nothing but names."""

    def __init__(self, words: str, *, is_cut: bool = False) -> None:
        """`is_cut` says that the text ended too early."""
        super().__init__(words)
        self.is_cut = is_cut


@dataclass
class Document:
    """A document that was cut.

    Attributes:
        rest: The document with an empty list for its records.
        texts: The text of each record.
        values: The value of each.
    """

    rest: Any = None
    texts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


def at(value: Any, path: Sequence[str]) -> Any:
    """What lies in a value at a path; None where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def cut(text: str, path: Sequence[str]) -> Document:
    """The records of a document that lie at a path.

    Raises:
        DocumentError: it is no JSON, or no list lies there.
    """
    cutter = _Cutter(text)
    try:
        cutter.found.rest, end = cutter.value(_space(text, 0), tuple(path), False)
        if (place := _space(text, end)) < len(text):
            raise DocumentError(f"it goes on after its end, at character {place + 1:,}")
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise DocumentError(f"it is no JSON: {error.msg} at character {error.pos + 1:,}", is_cut=is_cut) from None
    except RecursionError:
        raise DocumentError("it is nested too deep") from None
    except ValueError as error:
        raise DocumentError(f"it is no JSON: {error}") from None
    if not cutter.is_found:
        raise DocumentError(f"nothing lies at '{'.'.join(path)}'; it is {_shape(cutter.found.rest)}")
    return cutter.found


class _Cutter:
    """Reads a text once from its begin to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.found = Document()
        self.is_found = False
        self._read = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_no_constant).raw_decode

    def value(self, start: int, path: tuple[str, ...] | None, among: bool) -> tuple[Any, int]:
        """The value that begins here, and where it ends; `path` leads from here to records, which are then kept.

        `among` says that the path came by each of several values.
        """
        if path is None:
            return self._read(self._text, start)
        sign = self._text[start : start + 1]
        if not path:
            return self._records(start, sign, among)
        if sign == "{":
            return self._members(start, path, among)
        if sign == "[" and path[0] == ALL:
            return self._elements(start, path[1:], True)
        return self._read(self._text, start)

    def _records(self, start: int, sign: str, among: bool) -> tuple[Any, int]:
        self.is_found = True
        if sign == "[":
            return self._elements(start, None, among)
        value, end = self._read(self._text, start)
        if value is None:  # as some say that there are none
            return [], end
        if not among:
            raise DocumentError(
                f"where the records should lie is no list, but {_shape(value)}; `*` stands for the values of an object"
            )
        self._keep(start, end, value)
        return [], end

    def _keep(self, start: int, end: int, value: Any) -> None:
        self.found.texts.append(self._text[start:end])
        self.found.values.append(value)

    def _elements(self, start: int, path: tuple[str, ...] | None, among: bool) -> tuple[list[Any], int]:
        """The elements of a list: records, where no path leads on."""
        place = _space(self._text, start + 1)
        if self._text[place : place + 1] == "]":
            self.is_found = True
            return [], place + 1
        while True:
            first = place
            value, place = self.value(first, path, among)
            if path is None:
                self._keep(first, place, value)
            place = _space(self._text, place)
            if self._text[place : place + 1] == "]":
                return [], place + 1
            place = self._after(",", place)

    def _members(self, start: int, path: tuple[str, ...], among: bool) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        is_each = path[0] == ALL
        place = _space(self._text, start + 1)
        if self._text[place : place + 1] == "}":
            self.is_found |= is_each
            return found, place + 1
        while True:
            if self._text[place : place + 1] != '"':
                raise json.JSONDecodeError("Expecting a name in double quotes", self._text, place)
            name, place = self._read(self._text, place)
            place = self._after(":", _space(self._text, place))
            if is_each or name == path[0]:
                found[name], place = self.value(place, path[1:], among or is_each)
            else:
                found[name], place = self._read(self._text, place)
            place = _space(self._text, place)
            if self._text[place : place + 1] == "}":
                return found, place + 1
            place = self._after(",", place)

    def _after(self, sign: str, place: int) -> int:
        if self._text[place : place + 1] != sign:
            raise json.JSONDecodeError(f"Expecting '{sign}'", self._text, place)
        return _space(self._text, place + 1)


def _space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _number(text: str) -> Any:
    """A number; its text where it has more digits than are counted with, which stands in the way of no other record."""
    try:
        return int(text) if text.removeprefix("-").isdecimal() else Decimal(text)
    except (ValueError, ArithmeticError):
        return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _shape(value: Any) -> str:
    """What a value is, in words that quote only names."""
    if isinstance(value, dict):
        return f"an object of {listed([*map(repr, value)], _SHOWN)}" if value else "an empty object"
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
