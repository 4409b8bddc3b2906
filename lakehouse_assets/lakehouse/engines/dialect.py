"""What engines write differently in the SQL that the platform makes for all of them.

Belongs here: what there is to say of an engine's SQL. Does not belong here: what an engine says of it (the module of
its specification), SQL of dbt's models (dispatched macros), or reading statements (parse_tree, statements).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakehouse_assets.lakehouse.zones import LocalTime


@dataclass(frozen=True)
class Percentiles:
    """SQL of an exact percentile, for an engine of which MetricFlow renders none.

    Attributes:
        continuous: Between two values; patterns have {value}, SQL of what there are percentiles of, and {p}, a
            floating-point literal of which one.
        discrete: One of the values.
    """

    continuous: str
    discrete: str


@dataclass(frozen=True)
class Dialect:
    """The SQL of an engine. Patterns have {0} for a column or number, and more where they say so.

    Attributes:
        name: sqlglot's name of the dialect.
        type_name: Gives the engine's name of a contract's type.
        hashed: Gives SQL of a whole number, no less than 0, that is equal where all these columns are.
        distinct: About how many different values there are.
        quantiles: Text of a list of them; {1} are which, {2} the condition on rows that count.
        epoch: Seconds since 1970 of a time.
        nan: Whether a floating-point number is none.
        finite: Whether there is a time, and not an infinite one.
        duplicates: A query of `n`, the rows of {1} that repeat another in the columns {0}.
        sampled: A subquery of {1} percent of the rows of {0}.
        local: The time, a timestamp, that clocks of zone {1}, a literal, show at {0}, a timestamp in UTC.
        metricflow: MetricFlow's name of the engine, one of its SqlEngine.
        percentiles: How exact ones are made where MetricFlow cannot; None where it can.
        divides_as_doubles: Whether a quotient of whole or decimal numbers is a floating-point number.
    """

    name: str
    type_name: Callable[[str], str]
    hashed: Callable[[Sequence[str]], str]
    distinct: str
    quantiles: str
    epoch: str
    nan: str
    finite: str
    duplicates: str
    sampled: str
    local: str
    metricflow: str
    percentiles: Percentiles | None = None
    divides_as_doubles: bool = True

    def local_time(self, zone: str) -> LocalTime:
        """The clock of a time zone, by its IANA name, in this SQL."""
        return LocalTime(zone, self.local)

    @property
    def compiled_as(self) -> str:
        """What the SQL that is made of metrics depends on, to be kept apart by; letters, digits and a dash."""
        said = repr((self.metricflow, self.percentiles, self.divides_as_doubles))
        return f"{self.name}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
