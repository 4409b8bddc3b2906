"""Values of a cursor: which is the greater one, and what lies so far before one.

Belongs here: values alone. Does not belong here: where they are read (tables, apis), or what was read up to (loads).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from lakehouse_assets.ingest.errors import IngestError

MOST_OF_CURSOR = 500
"""Characters of a value of a cursor at most: each row that a load reads names it."""
Scalar = str | int | float | None
"""Value of a cursor: a number, or its text."""
_DAY = len("2025-01-31")
_DIGITS_OF_DAY = re.compile(r"\d{8}", re.ASCII)
_DIGITS = 100
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def before(value: Scalar, look_back: timedelta | int | None) -> Scalar:
    """A value of a cursor, so much earlier; the value itself without a look-back.

    Raises:
        IngestError: the look-back is a time and the cursor is not, or the other way round.
    """
    if look_back is None or value is None:
        return value
    try:
        if isinstance(look_back, timedelta):
            moment, said = datetime.fromisoformat(str(value)) - look_back, str(value)
            if _DIGITS_OF_DAY.fullmatch(said):  # 20250131, a number or a text, stays what it is
                return type(value)(moment.date().isoformat().replace("-", ""))
            if len(said) <= _DAY:  # a text of a day is less than that of any time of the day
                return moment.date().isoformat()
            found = moment.isoformat(sep="T" if "T" in said else " ")
            return f"{found.removesuffix('+00:00')}Z" if said.endswith("Z") else found
        if isinstance(value, int | float):
            return value - look_back
        return f"{Decimal(value) - look_back:f}"
    except (ValueError, OverflowError, ArithmeticError):
        pass
    raise IngestError(
        "look_back", f"{look_back} before {str(value)[:50]!r} is no value of the cursor",
        hint="State a time such as PT1H for a cursor of times, and a number for one of numbers.",
    )  # fmt: skip


def order_of(value: Any) -> Decimal | datetime:
    """What a value that an API writes is compared by: a number, or a time in ISO 8601; one without a zone is in UTC.

    Raises:
        ValueError: it is neither, so that its text would not sort like what it means.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or len(str(value)) > MOST_OF_CURSOR:
        raise ValueError("neither a number nor a time")
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        number = Decimal(value)
        if abs(number.adjusted()) > _DIGITS:
            raise ValueError("too great or too small to be a position")
        return number
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def written(value: Scalar, form: str) -> str:
    """A value of a cursor as an API is asked for it: `as_is`, its `day` in UTC, or `seconds` or `milliseconds`.

    Raises:
        IngestError: it is no time, which such a form needs.
    """
    if form == "as_is":
        return str(value)
    moment = order_of(value)
    if not isinstance(moment, datetime):
        hint = "State `form: as_is`."
        raise IngestError("since", f"the cursor is a number, and no time that has a form '{form}'", hint=hint)
    if form == "day":
        return moment.astimezone(UTC).date().isoformat()
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return str(since // timedelta(seconds=1) if form == "seconds" else since // timedelta(milliseconds=1))
