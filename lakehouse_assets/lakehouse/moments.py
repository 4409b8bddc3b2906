"""What people call a moment of the lake: a time, or the name of a commit, a publication or a snapshot.

Belongs here: reading it. Does not belong here: finding the state of then (iceberg.time_travel, nessie.catalog).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"[\w-]{4,}")


class NoSuchMomentError(LookupError):
    """There is no state of the lake that is meant, or it is no longer kept."""


def as_time(moment: str) -> datetime | None:
    """The time a moment is, UTC where it says nothing else; None if it names a commit, publication or snapshot.

    Raises:
        NoSuchMomentError: it is neither.
    """
    if not _TIME.match(moment):
        if not _NAME.fullmatch(moment):
            raise NoSuchMomentError(f"'{moment}' is neither a time, as 2026-06-01T12:00, nor a commit or publication")
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError as error:
        raise NoSuchMomentError(f"'{moment}' is not a time: {error}; write 2026-06-01 or 2026-06-01T12:00") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
