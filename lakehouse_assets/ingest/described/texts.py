"""The types of single values of a source: what is refused as it is read, in words for people.

Belongs here: types that any part of a source uses. Does not belong here: fields (rows, and one module per kind).
"""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from lakehouse_assets.ingest.values.expressions import Expression
from lakehouse_assets.ingest.values.times import time_format
from lakehouse_assets.settings.types import zones


class Part(BaseModel):
    """A part of a source: nothing is in it that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a text or a number")
    return str(value)


def _valid_expression(text: str) -> str:
    _ = Expression(text).tree
    return text


def _valid_zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"'{name}' is no time zone; use an IANA name such as Europe/London")
    return name


def _valid_encoding(name: str) -> str:
    try:
        "a".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"'{name}' is no encoding that Python knows, such as utf-8, latin-1 or cp1252") from error


def _valid_format(text: str) -> str:
    time_format(text)
    return text


Sql = Annotated[str, BeforeValidator(_text), AfterValidator(_valid_expression)]
Zone = Annotated[str, AfterValidator(_valid_zone)]
Encoding = Annotated[str, AfterValidator(_valid_encoding)]
DateFormat = Annotated[str, AfterValidator(_valid_format)]
DecimalSign = Literal[".", ","]
ThousandsSign = Literal["", ".", ",", " ", "'", "’", "_"]
Constant = Annotated[str, BeforeValidator(_text)]
