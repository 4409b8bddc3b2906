"""What a table's contract is, and what follows from it: its Iceberg schema, its engine types, its checks.

Belongs here: the definition of a contract and its translations.
Does not belong here: the contract of any table (domains), or running checks (audit).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandera.polars as pa
import polars as pl

from lakehouse_assets.lakehouse.periods import Period
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.lakehouse.types import iceberg_type, sql_type
from lakehouse_assets.lakehouse.zones import IN_UTC, LocalTime

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema

Severity = Literal["error", "warning"]
Layer = Literal["bronze", "silver", "gold", "platinum", "semantic"]
MadeBy = Literal["ingest", "dbt", "saved_query", "python"]
LAYERS: tuple[Layer, ...] = ("bronze", "silver", "gold", "platinum", "semantic")

_USUALLY: Mapping[str, MadeBy] = {
    "bronze": "ingest", "silver": "dbt", "gold": "dbt", "platinum": "dbt", "semantic": "saved_query",
}  # fmt: skip

SNAPSHOTS, OFTEN_WRITTEN_SNAPSHOTS = 500, 60
"""States of a table that can be read, where its contract does not say: all metadata of a table list each of them, so
that of one that is written once a minute an hour is kept."""

Timestamp = Annotated[pl.Datetime, "us", None]


class TableModel(pa.DataFrameModel):
    """Base of every table model; the docstring of a subclass is the description of its table."""

    class Config:
        """Columns are exactly those declared, in that order."""

        strict = True
        ordered = True


def column(
    description: str,
    *,
    nullable: bool = False,
    severity: Mapping[str, Severity] | None = None,
    formerly: Sequence[str] = (),
    **checks: Any,
) -> Any:
    """A column of a TableModel.

    Args:
        description: What the value means, with its unit.
        nullable: Whether the value may be missing.
        severity: Check name (`not_null`, `isin`, `ge`, …) to severity, where not "error".
        formerly: Names the column had before; a table that still has one of them is renamed.
        **checks: Pandera's built-in checks: isin, ge, gt, le, lt, str_matches, str_length, …
    """
    metadata = {"severity": dict(severity or {}), "formerly": tuple(formerly)}
    return pa.Field(description=description, nullable=nullable, metadata=metadata, **checks)


@dataclass(frozen=True)
class Rule:
    """A condition over the columns of one row, in SQL that every engine and polars understand.

    The day and the hour of an instant, which depend on the project's time zone, are `business_day(column)` and
    `local_hour(column)`.
    """

    name: str
    sql: str
    description: str
    severity: Severity = "error"

    def as_check(self) -> pa.Check:
        """The same condition as a Pandera check on a polars frame, whose days are those in UTC."""
        from lakehouse_assets.lakehouse.evaluation import in_utc

        condition = in_utc(self.sql)
        return pa.Check(
            lambda data: data.lazyframe.select(pl.sql_expr(condition).fill_null(True)),
            name=self.name,
            description=self.description,
            raise_warning=self.severity == "warning",
        )


def rule(name: str, sql: str, *, description: str, severity: Severity = "error") -> Rule:
    """A row rule; a row for which `sql` is NULL passes, one for which it cannot be evaluated fails."""
    return Rule(name, sql, description, severity)


@dataclass(frozen=True)
class Partition:
    """One partition field: a column and Iceberg's transform of it."""

    column: str
    transform: Literal["hour", "day", "month", "identity"]

    @property
    def name(self) -> str:
        """Name of the partition field in the Iceberg spec."""
        return self.column if self.transform == "identity" else f"{self.column}_{self.transform}"

    @property
    def transform_of_time(self) -> Period:
        """The period of a partition by time.

        Raises:
            ValueError: it is by the value of a column.
        """
        if self.transform == "identity":
            raise ValueError(f"the partition by {self.column} is not one by time")
        return self.transform


def hour(name: str) -> Partition:
    """Partition by the hour, in UTC, of a column of times: for tables of which a day is too much to make again."""
    return Partition(name, "hour")


def day(name: str) -> Partition:
    """Partition by the day of a date column."""
    return Partition(name, "day")


def month(name: str) -> Partition:
    """Partition by the month of a date column."""
    return Partition(name, "month")


def identity(name: str) -> Partition:
    """Partition by the value of a column."""
    return Partition(name, "identity")


@dataclass(frozen=True)
class Freshness:
    """How old a table may be before people are warned, and before it counts as failed."""

    warn_after: timedelta
    fail_after: timedelta


DAILY = Freshness(warn_after=timedelta(hours=30), fail_after=timedelta(hours=54))
"""Of a table that something is written to every day."""
WEEKLY = Freshness(warn_after=timedelta(days=8), fail_after=timedelta(days=15))
"""Of a table that is made anew every week at least."""
SELDOM = Freshness(warn_after=timedelta(days=365), fail_after=timedelta(days=730))
"""Of a table that is written when something happens, such as a refused record: after so long a silence, look whether
its writer still works."""


@dataclass(frozen=True)
class Column:
    """A column as the contract states it; `type` is the engine-neutral SQL type name."""

    name: str
    type: str
    description: str
    nullable: bool
    formerly: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowCheck:
    """A check of single rows: `failing` is SQL that is true for a row that breaks it."""

    name: str
    failing: str
    severity: Severity
    column: str | None
    description: str


@dataclass(frozen=True)
class Contract:
    """Everything there is to know about a table: the one definition."""

    model: type[TableModel]
    table: str
    layer: Layer
    domain: str
    grain: str
    owner: str
    key: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()
    freshness: Freshness | None = None
    rules: tuple[Rule, ...] = ()
    key_severity: Severity = "error"
    tags: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    """Columns that the table had and is to lose; older snapshots keep them."""
    first_day: date | None = None
    """The first day of the table's domain, of which no earlier record is taken in; `domains` fills it in for bronze."""
    made_by: MadeBy | None = None
    """What writes its rows; where nothing is stated, what usually writes those of its layer."""
    days_of_utc: bool = False
    """Whether its days are those of UTC, whatever the project's time zone: what the platform notes of its own work, and
    tables by hour with what is made of them."""
    snapshots: int | None = None
    """How many states of the table can be read at most; None for SNAPSHOTS, or OFTEN_WRITTEN_SNAPSHOTS in bronze."""

    def __post_init__(self) -> None:
        """Refuse a contract that contradicts itself.

        Raises:
            ValueError: a key or partition column that the model does not have, a column undescribed, a name that is
                said to be of the past twice, or of the present too, or no snapshot to keep.
        """
        if self.made_by is None:
            object.__setattr__(self, "made_by", _USUALLY.get(self.layer))
        names = set(self.column_names)
        for partition in self.partitions:
            if partition.transform == "hour" and self.types.get(partition.column, "TIMESTAMP") != "TIMESTAMP":
                raise ValueError(f"{self.identifier}: column '{partition.column}' is no time, so it has no hours")
            if partition.transform == "hour" and not self.days_of_utc:
                raise ValueError(
                    f"{self.identifier}: its partitions are hours of UTC; say so of its days: days_of_utc=True"
                )
        for wanted in (*self.key, *(p.column for p in self.partitions)):
            if wanted not in names:
                raise ValueError(f"{self.identifier}: column '{wanted}' of its key or partitions is not in the model")
        if bare := [c.name for c in self.columns if not c.description]:
            raise ValueError(f"{self.identifier}: columns without a description: {', '.join(bare)}")
        past = Counter([*self.dropped, *(old for c in self.columns for old in c.formerly)])
        if wrong := sorted(name for name, times in past.items() if times > 1 or name in names):
            raise ValueError(f"{self.identifier}: names of more than one column, in `dropped` or `formerly`: {wrong}")
        if self.snapshots is not None and self.snapshots < 1:
            raise ValueError(f"{self.identifier}: at least 1 snapshot is kept, the newest, not {self.snapshots}")

    @property
    def identifier(self) -> str:
        """`layer.table`, the Iceberg identifier."""
        return f"{self.layer}.{self.table}"

    @property
    def by_hour(self) -> bool:
        """Whether the table is partitioned by hour."""
        return self.time_partition is not None and self.time_partition.transform == "hour"

    @property
    def most_snapshots(self) -> int:
        """How many states of the table can be read: publications forget older ones."""
        return self.snapshots or (OFTEN_WRITTEN_SNAPSHOTS if self.layer == "bronze" else SNAPSHOTS)

    @property
    def description(self) -> str:
        """What the table is, from the docstring of its model."""
        return " ".join((self.model.__doc__ or "").split())

    @cached_property
    def schema(self) -> Any:
        """The Pandera schema, row rules and key included."""
        schema = self.model.to_schema()
        for col in schema.columns.values():
            severities = (col.metadata or {}).get("severity", {})
            for check in col.checks or []:
                check.raise_warning = severities.get(_short_name(check)) == "warning"
        schema.checks = [*(schema.checks or []), *(r.as_check() for r in self.rules)]
        schema.unique = list(self.key) or None
        return schema

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in order."""
        return tuple(
            Column(
                name,
                sql_type(col.dtype.type),
                col.description or "",
                bool(col.nullable),
                (col.metadata or {}).get("formerly", ()),
            )
            for name, col in self.model.to_schema().columns.items()
        )

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(c.name for c in self.columns)

    @property
    def types(self) -> dict[str, str]:
        """Column name to SQL type, in order."""
        return {c.name: c.type for c in self.columns}

    def row_checks(self, dialect: str, local: LocalTime = IN_UTC) -> list[RowCheck]:
        """Every check that looks at one row: nullability, Pandera's column checks, the row rules.

        A row that a check cannot be evaluated for, because its values are too large, breaks it.

        Args:
            dialect: sqlglot's name of the engine's dialect.
            local: The clock by which instants have days and hours, in that dialect.
        """
        from lakehouse_assets.lakehouse.evaluation import decided

        return [replace(c, failing=decided(c.failing, self.types, dialect, local)) for c in self.portable_checks]

    @cached_property
    def portable_checks(self) -> list[RowCheck]:
        """The row checks in the SQL contracts are written in, which no engine speaks word for word."""
        checks: list[RowCheck] = []
        for name, col in self.model.to_schema().columns.items():
            severities = (col.metadata or {}).get("severity", {})
            if not col.nullable:
                checks.append(
                    RowCheck(
                        f"{name}__not_null",
                        f"{quoted(name)} is null",
                        severities.get("not_null", "error"),
                        name,
                        f"{name} is never missing",
                    )
                )
            checks += [_column_check(name, check, severities) for check in col.checks]
        checks += [RowCheck(r.name, f"not ({r.sql})", r.severity, None, r.description) for r in self.rules]
        return checks + self._day_checks()

    @property
    def time_partition(self) -> Partition | None:
        """The partition by hour, day or month, if the table has one."""
        return next((p for p in self.partitions if p.transform != "identity"), None)

    def _day_checks(self) -> list[RowCheck]:
        """That records lie on days that tables are built for: on any other, they would stay in bronze unseen."""
        partition, first = self.time_partition, self.first_day
        if first is None or partition is None:
            return []
        name = partition.column
        day = f"cast({quoted(name)} as date)" if self.by_hour else quoted(name)
        return [
            RowCheck(
                f"{name}__not_before_first_day", f"{day} < date '{first}'", "error", name,
                f"{name} is not before {first}, the first day of the domain; an earlier FIRST_DAY in "
                f"lakehouse_assets/domains/{self.domain}/__init__.py lets earlier records in",
            ),
            RowCheck(
                f"{name}__not_in_future", f"{day} > cast(loaded_at + interval '1' day as date)", "error", name,
                f"{name} is not after the day that follows the load",
            ),
        ]  # fmt: skip

    def iceberg_schema(self) -> Schema:
        """The Iceberg schema; every field optional, for nullability is the audit's to judge."""
        from pyiceberg.schema import Schema
        from pyiceberg.types import NestedField

        return Schema(
            *(
                NestedField(i, c.name, iceberg_type(c.type), required=False, doc=c.description)
                for i, c in enumerate(self.columns, start=1)
            )
        )

    def iceberg_spec(self, schema: Schema) -> PartitionSpec:
        """The Iceberg partition spec over `schema`."""
        from pyiceberg.partitioning import PartitionField, PartitionSpec
        from pyiceberg.transforms import parse_transform

        return PartitionSpec(
            *(
                PartitionField(schema.find_field(p.column).field_id, 1000 + i, parse_transform(p.transform), p.name)
                for i, p in enumerate(self.partitions)
            )
        )


def _column_check(name: str, check: Any, severities: Mapping[str, Severity]) -> RowCheck:
    """Translate one of Pandera's built-in column checks into SQL that is true where it fails."""
    col, args = quoted(name), dict(check.statistics or {})
    kind = str(check.name)
    renderers = {
        "isin": lambda: f"{col} not in ({_literals(args['allowed_values'])})",
        "notin": lambda: f"{col} in ({_literals(args['forbidden_values'])})",
        "greater_than_or_equal_to": lambda: f"{col} < {literal(args['min_value'])}",
        "greater_than": lambda: f"{col} <= {literal(args['min_value'])}",
        "less_than_or_equal_to": lambda: f"{col} > {literal(args['max_value'])}",
        "less_than": lambda: f"{col} >= {literal(args['max_value'])}",
        "equal_to": lambda: f"{col} <> {literal(args['value'])}",
        "in_range": lambda: f"not ({col} between {literal(args['min_value'])} and {literal(args['max_value'])})",
        "str_matches": lambda: f"not regexp_like({col}, {literal('^(?:' + _pattern(args['pattern']) + ')')})",
        "str_length": lambda: _length_failing(col, args),
    }
    if kind not in renderers:
        raise ValueError(f"column '{name}': check '{kind}' has no translation to SQL; state it as a rule")
    return RowCheck(
        f"{name}__{_short_name(check)}",
        renderers[kind](),
        severities.get(_short_name(check), "error"),
        name,
        f"{name}: {check.error or kind}",
    )


_SHORT = {
    "greater_than_or_equal_to": "ge", "greater_than": "gt", "less_than_or_equal_to": "le", "less_than": "lt",
}  # fmt: skip


def _short_name(check: Any) -> str:
    """Name of a Pandera check as `column` takes it."""
    return _SHORT.get(str(check.name), str(check.name))


def _literals(values: Sequence[Any]) -> str:
    return ", ".join(literal(v) for v in sorted(values, key=str))


def _pattern(pattern: Any) -> str:
    return (pattern.pattern if hasattr(pattern, "pattern") else str(pattern)).removeprefix("^")


def _length_failing(col: str, args: Mapping[str, Any]) -> str:
    parts = []
    if args.get("exact_value") is not None:
        parts.append(f"length({col}) <> {args['exact_value']}")
    if args.get("min_value") is not None:
        parts.append(f"length({col}) < {args['min_value']}")
    if args.get("max_value") is not None:
        parts.append(f"length({col}) > {args['max_value']}")
    return " or ".join(parts)
