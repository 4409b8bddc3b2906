"""A contract's rules on the values of a record, before they are rows: arithmetic that has room for their results.

Belongs here: putting the values in the place of a rule's columns. Does not belong here: the rules (domains), or which
of them a load asks (mapping).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs)


def with_values(predicate: str, column: Callable[[str], tuple[str, str]]) -> str:
    """A predicate over values.

    Args:
        predicate: The predicate, in DuckDB's SQL.
        column: Gives SQL and type of a column by its name.
    """

    def resolve(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        sql, kind = column(node.name)
        wide = _wide(kind) if _is_computed_with(node) else None
        return exp.Var(this=f"cast({sql} as {wide})" if wide else sql)

    return sqlglot.parse_one(predicate, read="duckdb").transform(resolve).sql(dialect="duckdb")


def _is_computed_with(node: exp.Expr) -> bool:
    above = node.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    return isinstance(above, _ARITHMETIC)


def _wide(kind: str) -> str | None:
    """The type in which the product of two values of a type has room; the engine's own is as narrow as theirs."""
    if match := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return f"DECIMAL(38,{match[2]})"
    return "DECIMAL(38,0)" if kind in ("INTEGER", "BIGINT") else None
