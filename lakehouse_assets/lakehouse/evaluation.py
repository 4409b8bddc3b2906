"""Conditions in SQL that have an outcome for every row, whatever its values.

Belongs here: making the arithmetic of a condition wide enough for its columns, and saying what a row counts as whose
values are beyond even that. Does not belong here: which conditions there are (contract, domains), or running them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp, parse_one

from lakehouse_assets.lakehouse.zones import IN_UTC, LocalTime, localised

DIALECT = "trino"
"""sqlglot's name of the dialect that contracts and semantic models are written in, whatever engine there is: the one
nearest to standard SQL, from which the SQL of each engine is made."""
_DECIMAL = re.compile(r"DECIMAL\(\d+,(\d+)\)")
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Neg)
_ALWAYS_EVALUATED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Is, exp.In,
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Case, exp.If, exp.Coalesce, exp.RegexpLike,
    exp.Length,
)  # fmt: skip


def decided(failing: str, types: Mapping[str, str], dialect: str, local: LocalTime = IN_UTC) -> str:
    """SQL that is true for a row for which `failing` is true, and for one for which it cannot be evaluated.

    Engines stop a whole statement where a value does not fit the type of an intermediate result, so that one absurd
    amount would keep every other row from being judged.

    Args:
        failing: Over the columns of one row, in the dialect that contracts are written in; NULL as good as false.
        types: SQL type of every column.
        dialect: sqlglot's name of the dialect to give it in.
        local: The clock by which instants have days and hours, in that dialect.
    """
    tree = parse_one(failing, read=DIALECT)
    if all(isinstance(node, _ALWAYS_EVALUATED) for node in tree.walk()):
        return tree.sql(dialect)
    return f"COALESCE(TRY(COALESCE({localised(_widened(tree, types), dialect, local).sql(dialect)}, FALSE)), TRUE)"


def in_utc(condition: str) -> str:
    """A condition of a contract in SQL that polars understands, where every day is one of UTC."""
    return on_clock(condition, DIALECT, IN_UTC)


def on_clock(expression: str, dialect: str, local: LocalTime) -> str:
    """An expression of the dialect that contracts are written in as SQL of an engine.

    Args:
        expression: Over the columns of one row; its `business_day` and `local_hour` go by the clock.
        dialect: sqlglot's name of the dialect to give it in.
        local: The clock by which instants have days and hours, in that dialect.
    """
    return localised(parse_one(expression, read=DIALECT), dialect, local).sql(dialect)


def columns_of(condition: str) -> set[str]:
    """The columns that a condition looks at, whichever dialect it is in."""
    return {node.name for node in parse_one(condition, read=DIALECT).find_all(exp.Column)}


def _widened(tree: exp.Expr, types: Mapping[str, str]) -> exp.Expr:
    """The same with numbers cast, before they are added or multiplied, to the widest exact type."""

    def widen(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.find_ancestor(*_ARITHMETIC) and (wide := _wide(types.get(node.name))):
            return exp.cast(node.copy(), wide, dialect=DIALECT)
        return node

    return tree.transform(widen)


def _wide(kind: str | None) -> str | None:
    """The widest exact type for values of a type of a contract; None where it has no exact numbers."""
    if kind in ("INTEGER", "BIGINT"):
        return "DECIMAL(38,0)"
    match = _DECIMAL.fullmatch(kind or "")
    return f"DECIMAL(38,{match[1]})" if match else None
