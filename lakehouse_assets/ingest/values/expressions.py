"""Expressions of a source's mapping: what they may be, which fields they read, how they become SQL.

Belongs here: parsing, validating and rendering one scalar expression.
Does not belong here: which column an expression fills (sources), or the statement around it (mapping).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types

from lakehouse_assets.ingest.values import json_text
from lakehouse_assets.ingest.values.conversion import Style, as_text, exact_cast, lenient_cast

_FORBIDDEN: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Query, "a subquery"),
    (exp.Table, "a table"),
    (exp.AggFunc, "an aggregate"),
    (exp.Window, "a window function"),
    (exp.UDTF, "a table function"),
    (exp.Star, "a star"),
    (exp.Placeholder, "a parameter"),
    (exp.Parameter, "a parameter"),
)
_LAZY = (exp.Case, exp.If, exp.Coalesce)
_COMPARED = "DECIMAL(38, 10)"
"""What a text is read as to be compared with a number."""
_COUNTED_IN = {"SECOND": "DECIMAL(18, 6)", "MILLISECOND": "DECIMAL(18, 3)"}
"""What counts the units of an INTERVAL exactly; whole numbers the others, of which the engine drops a fraction."""
_OF_RECORD = {"record_number": "cast(source_row as varchar)", "record_occurrence": "cast(occurrence as varchar)"}
"""Names of no field: number of the record, and which of several equal ones it is. In double quotes they are fields."""
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


class ExpressionError(ValueError):
    """The text is not one scalar expression over the fields of a record."""


@dataclass(frozen=True)
class Expression:
    """One scalar SQL expression over the raw fields of a record, every field being text."""

    text: str

    @property
    def tree(self) -> exp.Expr:
        """The parsed expression; not to be changed.

        Raises:
            ExpressionError: it is not one, or holds what a mapping may not hold.
        """
        return _parsed(self.text)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Top-level raw fields the expression reads."""
        return frozenset(_path(column)[0] for column in self.tree.find_all(exp.Column) if not _of_record(column))

    @property
    def is_field(self) -> bool:
        """Whether the expression is nothing but a field."""
        return isinstance(self.tree, exp.Column) and len(_path(self.tree)) == 1

    @property
    def is_literal(self) -> bool:
        """Whether the expression is the same text or number for every record."""
        return isinstance(self.tree, exp.Literal)

    def sql(self, field: Callable[[str], str], style: Style) -> str:
        """DuckDB SQL of the expression; it raises an error where it cannot be evaluated or a cast is not exact.

        Args:
            field: Gives the SQL of a raw field by its name.
            style: How texts write numbers and times.
        """
        return _render(self.tree, field, style)

    def casts(self, field: Callable[[str], str], style: Style) -> list[Cast]:
        """The casts of the expression, those that are always made before those that may not be; no TRY_CAST."""
        return [
            Cast(cast.to.sql(dialect="duckdb"), _render(cast.this, field, style), _render(cast, field, style))
            for cast in sorted(
                (c for c in self.tree.find_all(exp.Cast) if not isinstance(c, exp.TryCast)),
                key=lambda c: bool(c.find_ancestor(*_LAZY)),
            )
        ]


@dataclass(frozen=True)
class Cast:
    """A cast within an expression: its type, and the SQL of its operand and of itself."""

    kind: str
    operand: str
    sql: str


def guarded(sql: str) -> str:
    """SQL of {v: a value}, NULL where it raises an error, to stand where there is a column `source_row`.

    The CASE, which is always true, keeps the engine from computing parts of the value outside of TRY, as it does with
    parts that occur twice in a SELECT.
    """
    return f"case when source_row is not null then try({{'v': {sql}}}) end"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(f"select {text}", read="duckdb")
    except SqlglotError as error:
        raise ExpressionError(f"'{text}' is not a SQL expression: {str(error).splitlines()[0]}") from error
    select = statements[0] if len(statements) == 1 else None
    parts = {k for k, v in select.args.items() if v and k not in ("expressions", "kind")} if select else set()
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or parts:
        raise ExpressionError(f"'{text}' is not one scalar expression")
    tree = select.expressions[0]
    for kind, name in _FORBIDDEN:
        if tree.find(kind):
            raise ExpressionError(f"'{text}' holds {name}; only scalar expressions over the fields are allowed")
    for formats in tree.find_all(exp.Array):
        zoned = {"%z" in f.lower() for f in (item.name for item in formats.expressions)}
        if len(zoned) > 1 and re.match(r"(try_)?strptime\(", _call(formats), re.IGNORECASE):
            raise ExpressionError(
                f"'{text}' lists formats with and without a zone, and the engine reads a time without in the zone of "
                "the record before; state them as date_formats, or a strptime each in coalesce"
            )
    if isinstance(tree, exp.Alias):
        raise ExpressionError(f"'{text}' names its result; leave out 'as {tree.alias}'")
    return tree


def _call(argument: exp.Expr) -> str:
    """The SQL of the function an argument is of; empty where it is of none."""
    function = argument.find_ancestor(exp.Func)
    return function.sql(dialect="duckdb") if function else ""


def names_of_record() -> frozenset[str]:
    """Names that are no fields unless they stand in double quotes."""
    return frozenset(_OF_RECORD)


def _of_record(column: exp.Column) -> str | None:
    """SQL of what a name says of the record itself; None where it is a field."""
    (first, *rest) = column.parts
    quoted = isinstance(first, exp.Identifier) and first.args.get("quoted")
    return None if rest or quoted else _OF_RECORD.get(first.name)


def _path(column: exp.Column) -> list[str]:
    return [part.name for part in column.parts]


def _render(tree: exp.Expr, field: Callable[[str], str], style: Style) -> str:
    tree = annotate_types(tree.copy(), dialect="duckdb").transform(_nullif_by_comparison, copy=False)
    # The engine would cast a text that is compared with a number to the number's type, rounding it.
    numbers = {id(n) for n in tree.walk() if _may_be_text(n) and any(map(_is_number, _compared_with(n)))}

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            sql = _column(node, field)
            return exp.Var(this=exact_cast(sql, _COMPARED, style, is_text=True) if id(node) in numbers else sql)
        if id(node) in numbers:
            return exp.Var(this=exact_cast(_render(node, field, style), _COMPARED, style))
        if isinstance(node, exp.Cast):
            return exp.Var(this=_cast(node, _render(node.this, field, style), style))
        if isinstance(node, exp.Interval) and isinstance(unit := node.args.get("unit"), exp.Var):
            kind, count = _COUNTED_IN.get(unit.name.upper().removesuffix("S"), "BIGINT"), node.this.unnest()
            counted = exact_cast(_render(count, field, style), kind, style, is_text=isinstance(count, exp.Column))
            return exp.Interval(this=exp.Paren(this=exp.Var(this=counted)), unit=unit)
        return node

    return tree.transform(replace, copy=False).sql(dialect="duckdb")


def _column(node: exp.Column, field: Callable[[str], str]) -> str:
    if found := _of_record(node):
        return f"({found})"
    first, *rest = _path(node)
    sql = field(first)
    if rest:
        sql = json_text.value_at(sql, rest)
    return f"({sql})"


def _cast(node: exp.Cast, operand: str, style: Style) -> str:
    kind = node.to.sql(dialect="duckdb")
    if isinstance(node, exp.TryCast):
        return lenient_cast(operand, kind, style, is_text=isinstance(node.this, exp.Column))
    if kind in ("TEXT", "VARCHAR"):
        return as_text(operand, style)
    return exact_cast(operand, kind, style, is_text=isinstance(node.this, exp.Column))


def _compared_with(node: exp.Expr) -> list[exp.Expr]:
    """What a comparison, a list or a CASE holds against a value that stands on its own."""
    above = node.parent
    while isinstance(above, exp.Paren):
        node, above = above, above.parent
    if isinstance(above, exp.Case) and above.this is node:
        return [branch.this for branch in above.args["ifs"]]
    if isinstance(above, exp.If) and isinstance(above.parent, exp.Case) and above.this is node:
        return [above.parent.this] if above.parent.this else []
    if isinstance(above, (*_COMPARISONS, exp.In, exp.Between)):
        return [other for other in above.iter_expressions() if other is not node]
    return []


def _nullif_by_comparison(node: exp.Expr) -> exp.Expr:
    """NULLIF of a text and a number, so that the text is compared as others are, and stays what it is."""
    if not isinstance(node, exp.Nullif) or not _may_be_text(node.this) or not _is_number(node.expression):
        return node
    same = exp.EQ(this=node.this.copy(), expression=node.expression)
    return exp.Case().when(same, exp.Null()).else_(node.this)


def _may_be_text(node: exp.Expr) -> bool:
    """Whether a value is a text, as far as can be told without the engine."""
    if isinstance(node, (exp.Literal, exp.Null, exp.If, exp.Paren)):
        return False
    return node.type is None or node.type.is_type(exp.DataType.Type.UNKNOWN, *exp.DataType.TEXT_TYPES)


def _is_number(node: exp.Expr) -> bool:
    return node.type is not None and node.type.is_type(*exp.DataType.NUMERIC_TYPES)
