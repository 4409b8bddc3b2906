"""Moments: UTC without zone inside and in tables, RFC 3339 with a Z wherever JSON leaves the house.

Belongs here: now, and the types of a moment and a day in documents. Does not belong here: days and periods in words
(``planning.times``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def utc_now() -> datetime:
    """Now, UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def as_utc(moment: datetime) -> datetime:
    """A moment in UTC, without zone; one without zone is UTC already.

    Raises:
        ValueError: in UTC it lies beyond the years 1 to 9999.
    """
    try:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError as error:
        raise ValueError("no calendar has this moment") from error


Moment = Annotated[
    datetime,
    AfterValidator(as_utc),
    PlainSerializer(lambda moment: moment.replace(tzinfo=UTC), return_type=datetime, when_used="json"),
]
"""A moment in a document."""


def _written(value: Any) -> Any:
    """Let no number pass for a time, nor a text of digits: pydantic counts them from 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
        raise PydanticCustomError("moment", "a time is written as 2025-03-31T14:30:00Z")
    return value


def _written_day(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.fullmatch(value)):
        raise PydanticCustomError("day", "a day is written as 2025-03-31")
    return value


WrittenMoment = Annotated[datetime, BeforeValidator(_written)]
"""A moment that someone sends."""
Day = Annotated[date, BeforeValidator(_written_day)]
"""A day in a document, as in ``2025-03-31`` and in no other form."""
