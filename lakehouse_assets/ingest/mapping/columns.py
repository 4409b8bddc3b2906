"""What a source makes of raw fields: the SQL of each column as text and as its type, and of the record's key.

Belongs here: one value of one row. Does not belong here: the statements that hold them (statements), why a value is
refused (failures), how a text becomes a value (conversion).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from lakehouse_assets.ingest.described.rows import Event
from lakehouse_assets.ingest.mapping.record_keys import record_key, same_key
from lakehouse_assets.ingest.mapping.targets import TECHNICAL
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.values.conversion import Style, value
from lakehouse_assets.ingest.values.expressions import Expression, guarded
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.sql import literal, quoted


def field_name(name: str) -> str:
    """The column that holds a raw field."""
    return quoted(f"f:{name}")


def text_name(i: int, name: str) -> str:
    """The column that holds a column of row `i` as text."""
    return quoted(f"t{i}:{name}")


def derived_days(contract: Contract) -> dict[str, str]:
    """Date columns of a table to the timestamp whose day each is, where a source does not map it."""
    types = contract.types
    first_time = next((n for n, t in types.items() if t == "TIMESTAMP" and n not in TECHNICAL), None)
    if first_time is None:
        return {}
    return {p.column: first_time for p in contract.partitions if types[p.column] == "DATE"}


class MappedColumns:
    """The columns of the rows that one source makes of a record."""

    def __init__(self, source: Source, contract: Contract, tenant: Event, zone: str) -> None:
        """Take the source, the contract of its table, how the tenant is filled, and the time zone that days are of.

        See `targets.tenant_mapping`.
        """
        self.source, self.contract = source, contract
        self.local = DIALECT.local_time(zone)
        self._tenant = tenant

    @cached_property
    def business(self) -> list[str]:
        """The columns that the source fills, in the order of the table."""
        return [n for n in self.contract.column_names if n not in TECHNICAL and n not in self.derived]

    @cached_property
    def derived(self) -> dict[str, str]:
        """Date columns that are filled from a timestamp because the source does not map them."""
        mapped = self.source.mapped_columns
        return {day: time for day, time in derived_days(self.contract).items() if day not in mapped}

    @cached_property
    def computed(self) -> dict[str, str]:
        """SQL of each expression that is more than a field, to the column that holds {v: its value}."""
        return {}

    def computed_as(self, text: str, column: str | None = None) -> str:
        """The column that holds {v: the value of an expression}; NULL where it cannot be computed."""
        sql = Expression(text).sql(field_name, self.source.style(column))
        return self.computed.setdefault(sql, f"x{len(self.computed)}")

    def raw(self, field: str, struct: str = "s") -> str:
        """SQL of a raw field of `struct`, NULL where it holds what the source calls so."""
        value = f"{struct}.{quoted(field)}"
        nulls = self.source.null_values
        if not nulls:
            return value
        if len(nulls) == 1:
            return f"nullif({value}, {literal(nulls[0])})"
        return f"case when {value} not in ({', '.join(map(literal, nulls))}) then {value} end"

    def expression(self, row: Event, name: str) -> Expression | None:
        """What a column is computed by; None where it is a constant or empty."""
        mapped = self._tenant.columns.get(name) or row.columns.get(name)
        return Expression(mapped) if mapped and name not in self._tenant.constants else None

    def text(self, row: Event, name: str) -> str:
        """SQL of a mapped column as text."""
        expression = self.expression(row, name)
        if expression is not None:
            return self.expression_text(expression.text, name)
        value = {**row.constants, **self._tenant.constants}.get(name)
        return "null::varchar" if value is None else literal(str(value))

    def expression_text(self, text: str, column: str | None = None) -> str:
        """SQL of an expression as text."""
        expression = Expression(text)
        if expression.is_field:
            return expression.sql(field_name, self.source.style())
        if expression.is_literal:
            return f"cast({text} as varchar)"
        return f"cast({self.computed_as(text, column)}.v as varchar)"

    def struct(self, i: int) -> str:
        """SQL of `e<i>`: the columns of row `i` as their types, NULL where a text is none of its type."""
        parts = {n: self.typed(i, n, value) for n in self.business}
        for day, time in self.derived.items():
            parts[day] = self.local.business_day(parts[time])
        parts["record_key"] = f"k{i}"
        ordered = [n for n in self.contract.column_names if n in parts]
        return "{" + ", ".join(f"{literal(n)}: {parts[n]}" for n in ordered) + f"}} as e{i}"

    def typed(self, i: int, name: str, way: Callable[[str, str, Style], str]) -> str:
        """SQL of a mapped column by a way to read its text as its type."""
        row, text, kind = self.source.rows[i], text_name(i, name), self.contract.types[name]
        style, expression = self.source.style(name), self.expression(row, name)
        if expression is None:
            return way(text, kind, Style(times=style.times))
        if style.plain_numbers or expression.is_field or expression.is_literal:
            return way(text, kind, style)
        # Only a text writes numbers as the source does.
        computed = self.computed_as(expression.text, name)
        return (
            f"case when typeof({computed}.v) = 'VARCHAR' then {way(text, kind, style)} "
            f"else {way(text, kind, style.with_plain_numbers)} end"
        )

    def key_parts(self, struct: str) -> list[str]:
        """SQL of the fields of the key, as records are told apart by them."""

        def read(text: str) -> str:
            expression, style = Expression(text), self.source.style()
            sql = expression.sql(lambda f: self.raw(f, struct), style)
            # Told apart as the key tells them apart.
            return same_key(sql if expression.is_field else f"cast(({guarded(sql)}).v as varchar)")

        return [read(key) for key in self.source.dedup_key.fields]

    def key_sql(self, i: int) -> str:
        """SQL of the record key: tenant, key fields, occurrence and name of the row."""
        row = self.source.rows[i]
        keys = [self.expression_text(key) for key in self.source.dedup_key.fields]
        extra = ["cast(occurrence as varchar)"] if self.source.dedup_key.occurrence else []
        return record_key(
            self.text(row, "tenant_id"), keys, [*extra, *([literal(row.name)] if row.name else [])],
            empty_is_null="" in self.source.null_values,
        )  # fmt: skip
