"""The day and the hour of an instant where a project is, in the SQL of any engine.

Instants are kept in UTC; which day one falls on is a matter of the project's time zone. Contracts say `business_day(t)`
and `local_hour(t)` for it, dbt's models the macros of these names. A clock that is put back shows an hour twice: both
are that hour of that day, which has 25. UTC is no zone at all here: the SQL is what it would be without zones.
Belongs here: that arithmetic. Does not belong here: an engine's SQL of a zone's time (its specification), which zone it
is (settings), or what today is for a caller (nlq.core.zones).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlglot import exp, parse_one

from lakehouse_assets.lakehouse.sql import literal

NO_ZONE = "UTC"


@dataclass(frozen=True)
class LocalTime:
    """The clock of a time zone, in the SQL of one engine.

    Attributes:
        zone: Its IANA name.
        pattern: The engine's SQL of the local time of an instant: {0} is a timestamp in UTC, {1} the name as a literal.
    """

    zone: str = NO_ZONE
    pattern: str = "{0}"

    def of(self, instant: str) -> str:
        """SQL of the local time, a timestamp, of an instant."""
        return instant if self.zone == NO_ZONE else self.pattern.format(instant, literal(self.zone))

    def business_day(self, instant: str) -> str:
        """SQL of the date that an instant falls on."""
        return f"cast({self.of(instant)} as date)"

    def local_hour(self, instant: str) -> str:
        """SQL of the hour, 0 to 23, that clocks show at an instant."""
        return f"cast(extract(hour from {self.of(instant)}) as integer)"

    def begin_of(self, day: date) -> datetime:
        """The instant, in UTC and without zone, at which a date begins: the earlier of two, or after one left out."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return midnight.astimezone(UTC).replace(tzinfo=None)


IN_UTC = LocalTime()
_FUNCTIONS: Mapping[str, Callable[[LocalTime, str], str]] = {
    "business_day": LocalTime.business_day, "local_hour": LocalTime.local_hour,
}  # fmt: skip


def localised(tree: exp.Expr, dialect: str, local: LocalTime) -> exp.Expr:
    """A condition whose `business_day` and `local_hour` are the SQL of an engine.

    Args:
        tree: The condition.
        dialect: sqlglot's name of the engine's dialect.
        local: The clock, in its SQL.

    Raises:
        ValueError: one of the functions is not given exactly one argument.
    """

    def spelled_out(node: exp.Expr) -> exp.Expr:
        made = _FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
        if made is None:
            return node
        if len(node.expressions) != 1:
            raise ValueError(f"{node.name} takes one timestamp, not {len(node.expressions)}")
        return parse_one(made(local, node.expressions[0].sql(dialect)), read=dialect)

    return tree.transform(spelled_out)


def today_in(zone: str) -> date:
    """The day that it is in a time zone."""
    return datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
