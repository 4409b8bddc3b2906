"""What a profile is: plain values that become JSON and come back from it unchanged.

Belongs here: their shapes. Does not belong here: computing them (compute), or what counts as an issue (findings).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["number", "time", "text", "flag", "other"]
Value = int | float | str | bool
"""A whole number beyond 2^53, a decimal, a time and what is infinite are text, so that no reader of JSON rounds it."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True)


class Count(_Plain):
    """A value and in how many rows it is; of a long text, its beginning."""

    value: Value
    count: int


class Bar(_Plain):
    """Rows whose value is at least `low` and below `high`; of the last bar, `high` too."""

    low: Value
    high: Value
    count: int


class Issue(_Plain):
    """Something to look at: `code` for programs, `message` for people, `column` where it is about one."""

    code: Literal[
        "no_rows", "mostly_null", "constant", "duplicate_rows", "outliers", "not_a_number", "type_changed",
        "column_gone", "column_new", "drift", "not_of_type",
    ]  # fmt: skip
    message: str
    column: str | None = None


class Drift(_Plain):
    """How far a feature moved: its population stability index (`features.drift`), and that in a word."""

    index: float
    word: Literal["steady", "shifting", "moved"]


class Compared(_Plain):
    """Which days of a feature table are compared, first and last; `note` says why none are."""

    newest: tuple[date, date] | None
    before: tuple[date, date] | None
    rows: int
    rows_before: int
    note: str = ""


class ColumnProfile(_Plain):
    """One column.

    Attributes:
        name: Its name.
        type: Its SQL type, as contracts name it; Arrow's name of a type that no contract may have.
        kind: How it was looked at.
        nulls: Rows without a value.
        distinct: Number of different values.
        distinct_is_exact: Whether that was counted; an estimate is right to some percent.
        low: Least value, but for NaN; of a text its first 200 characters.
        high: Greatest value, likewise.
        mean: Of a number.
        deviation: Standard deviation of a sample; None of a single value.
        quantiles: Estimated values below which 5, 25, 50, 75 and 95 % lie, by percent.
        histogram: Bars of equal width over numbers and times; none where all are the same.
        top: The most frequent values; none where there are too many different ones.
        shortest: Characters of the shortest text.
        longest: Characters of the longest text.
        unusable: Numbers that are NaN, infinite or beyond 1e140, and times without end: in no mean, quantile or bar.
        outliers: Numbers further from the middle half than three times its width.
        drift: Of a feature, how far it moved on the newest days; None of what is no feature, or not told.
        hidden: Whether its values were left out for whoever reads this.
    """

    name: str
    type: str
    kind: Kind
    nulls: int
    distinct: int
    distinct_is_exact: bool
    low: Value | None = None
    high: Value | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: dict[str, Value] = {}
    histogram: tuple[Bar, ...] = ()
    top: tuple[Count, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    unusable: int = 0
    outliers: int = 0
    drift: Drift | None = None
    hidden: bool = False

    def without_values(self) -> ColumnProfile:
        """The same without anything that is a value, or tells one."""
        kept = {"name", "type", "kind", "nulls", "distinct", "distinct_is_exact", "unusable", "outliers", "drift"}
        return ColumnProfile(**{name: getattr(self, name) for name in kept}, hidden=True)


class Profile(_Plain):
    """All columns of a table, a load or a file.

    Attributes:
        rows: Rows there are.
        looked_at: Rows the figures are of; fewer where a sample was taken.
        duplicates: Rows of those that are the same as one before, in all columns that were compared.
        columns: The columns in order.
        score: Quality from 0 to 1, see findings; None without rows.
        issues: What to look at.
        computed_at: When, in UTC.
        table: The table, as `layer.table`, or the file.
        more: Whether there are rows that were not looked at, and nobody knows how many: only the beginning was read.
        snapshot_id: The Iceberg snapshot of the table, as text.
        tenant: Whose rows alone were looked at; None for those of everyone.
        load_id: The load whose rows alone were looked at.
        compared: Of a feature table, the days that its features are compared on.
    """

    rows: int
    looked_at: int
    duplicates: int
    columns: tuple[ColumnProfile, ...]
    score: float | None
    issues: tuple[Issue, ...]
    computed_at: datetime
    table: str = ""
    more: bool = False
    snapshot_id: str | None = None
    tenant: str | None = None
    load_id: str | None = None
    compared: Compared | None = None

    @property
    def sampled(self) -> bool:
        """Whether the figures are those of some of the rows."""
        return self.more or self.looked_at < self.rows

    def column(self, name: str) -> ColumnProfile | None:
        """A column by its name; None if there is none."""
        return next((c for c in self.columns if c.name == name), None)

    def without_values(self, columns: Collection[str]) -> Profile:
        """The same without the values of some columns, by name."""
        shown = tuple(c.without_values() if c.name in columns else c for c in self.columns)
        # What is told of a column may name its values.
        issues = tuple(i for i in self.issues if not (i.column in columns and i.code in ("drift", "not_of_type")))
        return self.model_copy(update={"columns": shown, "issues": issues})

    def to_json(self) -> dict[str, Any]:
        """Plain values, `sampled` among them."""
        return {**self.model_dump(mode="json"), "sampled": self.sampled}
