"""The statements of a profile, in the dialect of any engine.

Belongs here: SQL. Every value comes back as text, which engines make of any type. Does not belong here: running
it, or what the figures mean (compute).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.types import name_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.profiling.model import Kind

PERCENTS = (5, 25, 50, 75, 95)
BARS, TOP, TEXT = 12, 8, 200
BEYOND = "1e140"
"""Numbers of which the squares of a billion still have a sum."""


@dataclass(frozen=True)
class Field:
    """A column as statements see it: `kind`, and whether it is a floating-point number."""

    name: str
    type: str
    kind: Kind
    floats: bool = False
    zoned: bool = False

    @property
    def sql(self) -> str:
        """The column in a statement."""
        return quoted(self.name)


def number(field: Field, dialect: Dialect) -> str:
    """A number or time as a floating-point number; of a time, seconds since 1970."""
    return f"cast({field.sql} as double)" if field.kind == "number" else dialect.epoch.format(field.sql)


def usable(field: Field, dialect: Dialect) -> str:
    """Whether it is there and can be calculated with."""
    if field.floats:
        return f"(not {dialect.nan.format(field.sql)} and abs({field.sql}) < {BEYOND})"
    return dialect.finite.format(field.sql) if field.kind == "time" else f"({field.sql} is not null)"


def fields_of(schema: pa.Schema) -> list[Field]:
    """The columns of a relation, from the Arrow schema of its rows."""
    import pyarrow.types as t  # noqa: PLC0415 - 100 ms, which a command that profiles nothing need not wait

    found = []
    for column in schema:
        kind: Kind = "other"
        if t.is_integer(column.type) or t.is_floating(column.type) or t.is_decimal(column.type):
            kind = "number"
        elif t.is_timestamp(column.type) or t.is_date(column.type):
            kind = "time"
        elif t.is_boolean(column.type):
            kind = "flag"
        elif t.is_string(column.type) or t.is_large_string(column.type) or t.is_dictionary(column.type):
            kind = "text"
        zoned = t.is_timestamp(column.type) and column.type.tz is not None
        name = name_of_arrow(column.type)
        found.append(Field(column.name, name, kind, t.is_floating(column.type), zoned))
    return found


def summary(relation: str, fields: Sequence[Field], dialect: Dialect) -> str:
    """One row over all rows: of field `i` the columns `n_i`, `d_i` and so on; `rows` are all of them."""
    parts = ["count(*) as rows_"]
    for i, field in enumerate(fields):
        parts += [f"{sql} as {name}_{i}" for name, sql in _aggregates(field, dialect).items()]
    return f"select {', '.join(parts)} from {relation}"


def _aggregates(field: Field, dialect: Dialect) -> dict[str, str]:
    column = field.sql
    compared = f"cast({column} as varchar)" if field.kind == "other" else column
    found = {"n": f"count({column})", "d": dialect.distinct.format(compared)}
    if field.kind in ("number", "time"):
        counts = usable(field, dialect)
        # An engine may calculate what its filter leaves out.
        x = f"case when {counts} then {number(field, dialect)} end"
        there = f"filter (where not {dialect.nan.format(column)})" if field.floats else ""
        listed = ", ".join(str(p / 100) for p in PERCENTS)
        found |= {
            "u": f"count({column}) filter (where {counts})",
            "low": f"cast(min({column}) {there} as varchar)",
            "high": f"cast(max({column}) {there} as varchar)",
            "from": f"min({x})",
            "to": f"max({x})",
            "q": dialect.quantiles.format(x, listed, counts),
        }
    if field.kind == "number":
        found |= {"mean": f"avg({x})", "sd": f"stddev_samp({x})"}
    if field.kind == "text":
        # Arrow has no types for what an engine writes as text, such as an UUID.
        text = f"cast({column} as varchar)"
        found |= {
            "low": f"substr(min({text}), 1, {TEXT})",
            "high": f"substr(max({text}), 1, {TEXT})",
            "shortest": f"min(length({text}))",
            "longest": f"max(length({text}))",
        }
    return found


def frequent(relation: str, at: int, field: Field) -> str:
    """The most frequent values of a field: rows (number, 'top', value, count, different values, values in all)."""
    column = field.sql if field.kind != "other" else f"cast({field.sql} as varchar)"
    counted = "count(*) as n, count(*) over () as others, sum(count(*)) over () as counted"
    return (
        f"select {at} as i, 'top' as part, substr(cast(v as varchar), 1, {TEXT}) as label, n, others as more, "
        f"counted as all_ from (select {column} as v, {counted} from {relation} "
        f"where {field.sql} is not null group by 1 order by 2 desc, 1 limit {TOP}) as ranked"
    )


def bars(relation: str, at: int, field: Field, ends: tuple[float, float], far: tuple[float, float], d: Dialect) -> str:
    """The bars of a field: rows (number, 'bar', number of the bar, count, how many of those are outliers, 0).

    Args:
        relation: What stands after FROM.
        at: Number of the field.
        field: It.
        ends: Its least and greatest number, which differ.
        far: Below and above which numbers are outliers.
        d: The dialect.
    """
    low, high = ends
    # Halves, so that the ends of the longest span have a finite distance.
    bar = f"floor((x / 2 - {_double(low / 2)}) / {_double(high / 2 - low / 2)} * {BARS})"
    outside = f"sum(case when x < {_double(far[0])} or x > {_double(far[1])} then 1 else 0 end)"
    return (
        f"select {at} as i, 'bar' as part, cast(bar as varchar) as label, count(*) as n, {outside} as more, "
        "0 as all_ from "
        f"(select x, cast(greatest(0, least({BARS - 1}, {bar})) as integer) as bar from "
        f"(select {number(field, d)} as x from {relation} where {usable(field, d)}) as numbers"
        ") as placed group by 3, bar"
    )


def _double(value: float) -> str:
    """A number as a literal of a floating-point number, not of a decimal."""
    return f"({value:.17e})"
