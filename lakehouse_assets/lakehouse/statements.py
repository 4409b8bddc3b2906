"""Reads statements before an engine does: what they read, and the snapshots they are to read it at.

Belongs here: parsing, in the dialect of an engine. Does not belong here: running (duckdb, trino).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lakehouse_assets.lakehouse.engine import QueryRefusedError

_HARMLESS_FUNCTIONS = {"generate_series", "range", "unnest", "explodinggenerateseries", "sequence"}


@lru_cache(maxsize=1024)
def referenced_tables(sql: str, dialect: str = "duckdb") -> tuple[str, ...]:
    """The tables a read-only statement reads, as `layer.table`, sorted.

    Raises:
        QueryRefusedError: not one SELECT, or it reads something that is not named `layer.table`.
    """
    return tuple(sorted({_identifier(table) for table in _tables(_parsed(sql, dialect))} - {""}))


def with_relations(sql: str, dialect: str, relation: Callable[[str], str]) -> str:
    """The statement with each table of the lake replaced by what `relation` gives for its identifier.

    Raises:
        QueryRefusedError: as `referenced_tables`, and whatever `relation` raises.
    """
    import sqlglot
    from sqlglot import exp

    tree = _parsed(sql, dialect)
    for table in _tables(tree):
        if identifier := _identifier(table):
            new = sqlglot.parse_one(f"select 1 from {relation(identifier)}", read=dialect).find(exp.Table)
            assert new is not None
            kept = {
                name: value for name, value in table.args.items() if name not in ("this", "db", "catalog", "version")
            }
            if not kept.get("alias"):
                kept["alias"] = exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
            table.replace(exp.Table(**{**kept, **{k: new.args.get(k) for k in ("this", "db", "catalog", "version")}}))
    return tree.sql(dialect=dialect)


def _parsed(sql: str, dialect: str) -> Any:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(sql, read=dialect)
    except SqlglotError as error:
        raise QueryRefusedError(f"this is not SQL the engine reads: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise QueryRefusedError("only a single SELECT is allowed")
    return statements[0]


def _tables(tree: Any) -> list[Any]:
    """The table nodes that name no common table expression in reach."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    found: dict[int, Any] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found[id(source)] = source
    return list(found.values())


def _identifier(table: Any) -> str:
    from sqlglot import exp

    if isinstance(table.this, exp.Func | exp.Anonymous):
        if table.this.sql_name().lower() in _HARMLESS_FUNCTIONS:
            return ""
        raise QueryRefusedError("only tables of the lake can be read, not files or table functions")
    if table.catalog:
        raise QueryRefusedError(f"name tables as layer.table, without the catalog '{table.catalog}'")
    if not table.db:
        raise QueryRefusedError(f"name the layer of table '{table.name}', as in gold.{table.name}")
    return f"{table.db}.{table.name}"
