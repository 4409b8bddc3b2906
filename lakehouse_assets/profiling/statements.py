"""The statements of a profile, for DuckDB and Trino.

Belongs here: SQL. Every value comes back as text, which both engines make of any type. Does not belong here: running
it, or what the figures mean (compute).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True)
class Dialect:
    """What engines call differently: patterns of a column, or of a number."""

    distinct: str
    quantiles: str
    epoch: str
    nan: str
    duplicates: str
    sampled: str

    def number(self, field: Field) -> str:
        """A number or time as a floating-point number; of a time, seconds since 1970."""
        return f"cast({field.sql} as double)" if field.kind == "number" else self.epoch.format(field.sql)

    def usable(self, field: Field, *, endless: bool) -> str:
        """Whether it is there and can be calculated with; `endless` where times of the engine may be infinite."""
        if field.floats:
            return f"(not {self.nan.format(field.sql)} and abs({field.sql}) < {BEYOND})"
        return f"isfinite({field.sql})" if field.kind == "time" and endless else f"({field.sql} is not null)"


DUCKDB = Dialect(
    distinct="approx_count_distinct({0})",
    quantiles="cast(approx_quantile({0}, [{1}]) filter (where {2}) as varchar)",
    epoch="epoch({0})",
    nan="isnan({0})",
    # 64 bits of each row: among ten million rows, two different ones have the same once in 400,000 tables.
    duplicates="select count(*) - count(distinct hash({0})) as n from {1}",
    sampled="(select * from {0} tablesample system ({1:.6f} percent))",
)
TRINO = Dialect(
    distinct="approx_distinct({0})",
    quantiles="array_join(approx_percentile({0}, array[{1}]) filter (where {2}), ', ')",
    epoch="to_unixtime(cast({0} as timestamp(6)))",
    nan="is_nan({0})",
    # One reading: a second one of a sample would be of other rows.
    duplicates="select coalesce(sum(n - 1), 0) as n from (select count(*) as n from {1} group by {0}) as alike",
    # By row: its other way takes or leaves whole files, of which a table may have one.
    sampled="(select * from {0} tablesample bernoulli ({1:.6f}))",
)
DIALECTS = {"duckdb": DUCKDB, "trino": TRINO}


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
        x, usable = dialect.number(field), dialect.usable(field, endless=dialect is DUCKDB)
        # An engine may calculate what its filter leaves out.
        x = f"case when {usable} then {x} end"
        there = f"filter (where not {dialect.nan.format(column)})" if field.floats else ""
        listed = ", ".join(str(p / 100) for p in PERCENTS)
        found |= {
            "u": f"count({column}) filter (where {usable})",
            "low": f"cast(min({column}) {there} as varchar)",
            "high": f"cast(max({column}) {there} as varchar)",
            "from": f"min({x})",
            "to": f"max({x})",
            "q": dialect.quantiles.format(x, listed, usable),
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


def frequent(relation: str, number: int, field: Field) -> str:
    """The most frequent values of a field: rows (number, 'top', value, count, different values, values in all)."""
    column = field.sql if field.kind != "other" else f"cast({field.sql} as varchar)"
    counted = "count(*) as n, count(*) over () as others, sum(count(*)) over () as counted"
    return (
        f"select {number} as i, 'top' as part, substr(cast(v as varchar), 1, {TEXT}) as label, n, others as more, "
        f"counted as all_ from (select {column} as v, {counted} from {relation} "
        f"where {field.sql} is not null group by 1 order by 2 desc, 1 limit {TOP}) as ranked"
    )


def bars(
    relation: str, number: int, field: Field, ends: tuple[float, float], far: tuple[float, float], d: Dialect
) -> str:
    """The bars of a field: rows (number, 'bar', number of the bar, count, how many of those are outliers, 0).

    Args:
        relation: What stands after FROM.
        number: Of the field.
        field: It.
        ends: Its least and greatest number, which differ.
        far: Below and above which numbers are outliers.
        d: The dialect.
    """
    low, high = ends
    # Halves, so that the ends of the longest span have a finite distance.
    at = f"floor((x / 2 - {_double(low / 2)}) / {_double(high / 2 - low / 2)} * {BARS})"
    outside = f"sum(case when x < {_double(far[0])} or x > {_double(far[1])} then 1 else 0 end)"
    return (
        f"select {number} as i, 'bar' as part, cast(bar as varchar) as label, count(*) as n, {outside} as more, "
        "0 as all_ from "
        f"(select x, cast(greatest(0, least({BARS - 1}, {at})) as integer) as bar from "
        f"(select {d.number(field)} as x from {relation} where {d.usable(field, endless=d is DUCKDB)}) as numbers"
        ") as placed group by 3, bar"
    )


def _double(value: float) -> str:
    """A number as a literal of a floating-point number, not of a decimal."""
    return f"({value:.17e})"
