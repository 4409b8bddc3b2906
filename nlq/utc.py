"""Moments: UTC without zone inside and in tables, RFC 3339 with a Z wherever JSON leaves the house.

Belongs here: now, and the type of a moment in documents. Does not belong here: days and periods (``timewords``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


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
