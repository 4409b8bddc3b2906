"""Whose turn it is to publish the journal, and since when that fails: one row that all processes share.

Belongs here: taking a turn, for one process at a time, and how turns end. Does not belong here: when one is due, or
what is published (``journal``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from nlq.core.utc import utc_now
from nlq.storage.database import create_tables

LONGEST = timedelta(minutes=1)
"""After which another process takes its turn: the one before was killed, or is slow, which does no harm either."""
_NEVER = datetime(1970, 1, 1)
_metadata = sa.MetaData()
_turns = sa.Table(
    "journal_turns",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("until", sa.DateTime, nullable=False),
    sa.Column("failing_since", sa.DateTime),
    sa.Column("error", sa.Text),
)


@dataclass(frozen=True)
class Failing:
    """Since when no publication of the journal has gone through, UTC, and what the last one failed of."""

    since: datetime
    error: str


class Turns:
    """The turns in one database; see ``Journal`` for who opens it."""

    def __init__(self, engine: sa.Engine, reads: sa.Engine) -> None:
        """Make the row, where there is none."""
        self._engine, self._reads = engine, reads
        with engine.begin() as con:
            create_tables(con, _metadata)
        # Two processes may both find none.
        with suppress(IntegrityError), engine.begin() as con:
            if con.execute(sa.select(_turns.c.id)).first() is None:
                con.execute(sa.insert(_turns).values(id=1, until=_NEVER))

    def take(self) -> bool:
        """Take a turn, if nobody has it; also not for a while after one that failed."""
        now = utc_now()
        mine = sa.update(_turns).where(_turns.c.until <= now).values(until=now + LONGEST)
        with self._engine.begin() as con:
            return con.execute(mine).rowcount == 1

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note how a turn ends, for whoever asks; what it fails of is raised."""
        try:
            yield
        except Exception as error:
            # Where even that cannot be written, the error that led here is the one to hear of.
            with suppress(Exception):
                said = f"{type(error).__name__}: {error}"[:2000]
                since = sa.func.coalesce(_turns.c.failing_since, utc_now())
                self._end(until=utc_now() + LONGEST, failing_since=since, error=said)
            raise
        self._end(until=utc_now(), failing_since=None, error=None)

    def failing(self) -> Failing | None:
        """Since when publishing fails; None where the last turn went well."""
        with self._reads.connect() as con:
            row = con.execute(sa.select(_turns)).mappings().one()
        return Failing(row["failing_since"], row["error"]) if row["failing_since"] else None

    def _end(self, **values: Any) -> None:
        with self._engine.begin() as con:
            con.execute(sa.update(_turns).values(**values))
