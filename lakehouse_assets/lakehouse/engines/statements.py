"""Statements for Trino are understood before they run: which tables of the lake they read, and nothing else.

What runs is the text that sqlglot makes of its own tree, in which every part is of a kind that only reads: a text that
Trino takes for something else never reaches it. Trino's own functions neither write nor read anything but their
arguments; those of catalogs, which have names with dots, and table functions are refused.
Belongs here: reading statements in Trino's dialect. Does not belong here: those for DuckDB (parse_tree).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError

DIALECT = "trino"
_ROWS_OF_ARGUMENTS = {"unnest", "explodinggenerateseries", "sequence"}
"""Table functions that read nothing."""


@lru_cache(maxsize=1024)
def referenced_tables(sql: str) -> tuple[str, ...]:
    """The tables a read-only statement reads, as `layer.table`, sorted.

    Raises:
        QueryRefusedError: not one SELECT, or it reads something that is not named `layer.table`.
    """
    return tuple(sorted({_identifier(table) for table in _tables(_parsed(sql))}))


def with_relations(sql: str, relation: Callable[[str], str]) -> str:
    """The statement with each table of the lake replaced by what `relation` gives for its identifier.

    Raises:
        QueryRefusedError: as `referenced_tables`, and whatever `relation` raises.
    """
    import sqlglot
    from sqlglot import exp

    tree = _parsed(sql)
    for table in list(_tables(tree)):
        new = sqlglot.parse_one(f"select 1 from {relation(_identifier(table))}", read=DIALECT).find(exp.Table)
        assert new is not None
        kept = {name: value for name, value in table.args.items() if name not in ("this", "db", "catalog", "version")}
        if not kept.get("alias"):
            kept["alias"] = exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
        table.replace(exp.Table(**{**kept, **{k: new.args.get(k) for k in ("this", "db", "catalog", "version")}}))
    return tree.sql(dialect=DIALECT)


def _parsed(sql: str) -> Any:
    """The tree of one SELECT, all of whose parts are of kinds that read."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(sql, read=DIALECT)
    except SqlglotError as error:
        raise QueryRefusedError(f"this is not SQL the engine reads: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise QueryRefusedError("the statement is nested too deeply; take it apart by WITH") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise QueryRefusedError("only a single SELECT is allowed")
    for part in statements[0].walk():
        if not isinstance(part, _harmless()):
            raise QueryRefusedError(
                f"a statement that only reads has no part such as '{part.sql(dialect=DIALECT)[:80]}'"
            )
        if isinstance(part, exp.Dot) and part.find(exp.Func):
            raise QueryRefusedError("functions of catalogs are not called: name a function without dots")
    return statements[0]


@cache
def _harmless() -> tuple[type, ...]:
    """Kinds of parts, with all that sqlglot derives from them."""
    from sqlglot import exp

    expressions = (exp.Condition, exp.Alias, exp.Tuple, exp.Lambda, exp.Interval, exp.DataType, exp.DataTypeParam,
                   exp.Star, exp.Distinct, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Window,
                   exp.WindowSpec, exp.When, exp.PropertyEQ, exp.Slice, exp.AtTimeZone, exp.ColumnDef, exp.JSONPath,
                   exp.JSONPathPart)  # fmt: skip
    names = (exp.Identifier, exp.Var, exp.TableAlias, exp.Placeholder)
    clauses = (exp.With, exp.CTE, exp.From, exp.Join, exp.Where, exp.Group, exp.Cube, exp.Rollup, exp.GroupingSets,
               exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch, exp.LimitOptions, exp.Qualify,
               exp.TableSample, exp.IntervalSpan, exp.Version)  # fmt: skip
    return (exp.Query, exp.Table, exp.UDTF, *expressions, *names, *clauses)


def _tables(tree: Any) -> Iterator[Any]:
    """The table nodes that name no common table expression.

    Raises:
        QueryRefusedError: one is a function that reads more than its arguments.
    """
    from sqlglot import exp

    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            if table.this.sql_name().lower() not in _ROWS_OF_ARGUMENTS or table.db:
                raise QueryRefusedError("only tables of the lake can be read, not files or table functions")
        elif table.db or table.name.lower() not in _expressions_above(table):
            yield table


def _expressions_above(table: Any) -> set[str]:
    """Names of the common table expressions of the queries around a table."""
    found: set[str] = set()
    parent = table.parent
    while parent is not None:
        found.update(cte.alias.lower() for cte in getattr(parent, "ctes", ()))
        parent = parent.parent
    return found


def _identifier(table: Any) -> str:
    if table.args.get("version"):
        raise QueryRefusedError("a statement reads all tables as of one moment: leave FOR VERSION out of it, use --at")
    if table.catalog:
        raise QueryRefusedError(f"name tables as layer.table, without the catalog '{table.catalog}'")
    if not table.db:
        raise QueryRefusedError(f"name the layer of table '{table.name}', as in gold.{table.name}")
    return f"{table.db}.{table.name}"
