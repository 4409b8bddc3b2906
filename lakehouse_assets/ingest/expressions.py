"""Expressions of a source's mapping: what they may be, which fields they read, how they become SQL.

Belongs here: parsing, validating and rendering one scalar expression.
Does not belong here: which column an expression fills (sources), or the statement around it (mapping).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse_assets.lakehouse.contract import literal, quoted

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
        return frozenset(_path(column)[0] for column in self.tree.find_all(exp.Column))

    @property
    def is_field(self) -> bool:
        """Whether the expression is nothing but a field."""
        return isinstance(self.tree, exp.Column) and len(_path(self.tree)) == 1

    def sql(self, field: Callable[[str], str]) -> str:
        """DuckDB SQL of the expression; casts that fail give NULL.

        Args:
            field: Gives the SQL of a raw field by its name.
        """
        rendered = _render(self.tree, field)
        return rendered if self.is_field or isinstance(self.tree, exp.Literal) else f"try({rendered})"

    def failures(self, field: Callable[[str], str]) -> list[tuple[str, str, str]]:
        """Casts of the expression that must not fail, as (type, SQL of the operand, SQL true where it failed).

        Casts inside a branch that may not be taken, and explicit TRY_CASTs, are not among them.
        """
        found = []
        for cast in self.tree.find_all(exp.Cast):
            if isinstance(cast, exp.TryCast) or cast.find_ancestor(*_LAZY):
                continue
            operand = _render(cast.this, field)
            failed = f"(try({operand}) is not null and try({_render(cast, field)}) is null)"
            found.append((cast.to.sql(dialect="duckdb"), f"try({operand})", failed))
        return found


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
    if isinstance(tree, exp.Alias):
        raise ExpressionError(f"'{text}' names its result; leave out 'as {tree.alias}'")
    return tree


def _path(column: exp.Column) -> list[str]:
    return [part.name for part in column.parts]


def _render(tree: exp.Expr, field: Callable[[str], str]) -> str:
    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            first, *rest = _path(node)
            sql = field(first)
            if rest:
                path = "$" + "".join("." + quoted(part) for part in rest)
                sql = f"json_extract_string({sql}, {literal(path)})"
            return exp.Var(this=f"({sql})")
        if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
            return exp.TryCast(this=node.this.transform(replace), to=node.to)
        return node

    return tree.copy().transform(replace).sql(dialect="duckdb")
