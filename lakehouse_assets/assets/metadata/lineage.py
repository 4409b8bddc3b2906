"""Which columns a column is computed from, read off the SQL that ran.

Belongs here: tracing a model's SELECT with sqlglot. Does not belong here: which tables a model reads (dbt_graph).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from sqlglot.lineage import Node

Origin = tuple[str, str]
"""Identifier of a table, and a column of it."""


def column_lineage(sql: str, table: Contract, reads: Sequence[Contract], dialect: str) -> dg.TableColumnLineage | None:
    """The origins of each column of a table; None for SQL that cannot be traced.

    A table that only exists during the run stands between some models and what they read; its columns are taken for
    the columns of the same name.

    Args:
        sql: The SELECT that made the table.
        table: The table.
        reads: The tables its model reads.
        dialect: sqlglot's name of the engine's dialect.
    """
    found = trace(sql, table.column_names, {c.identifier: c for c in reads}, dialect)
    if not any(found.values()):
        return None
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(asset_key(source), column) for source, column in sorted(origins)]
            for name, origins in found.items()
        }
    )


def trace(sql: str, columns: Sequence[str], reads: Mapping[str, Contract], dialect: str) -> dict[str, set[Origin]]:
    """Origins of each column; none for a constant, and for columns that sqlglot loses sight of."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for contract in reads.values():
        schema.setdefault(contract.layer, {})[contract.table] = dict(contract.types)
    try:
        parsed = parse_one(sql, dialect=dialect)
        for found in parsed.find_all(exp.Table):
            found.set("catalog", None)
        nodes = lineage(None, parsed, schema, dialect=dialect, trim_selects=False, copy=False)
    except (SqlglotError, ValueError):
        return {}
    return {c: _origins(nodes[c], reads) if c in nodes else set() for c in columns}


def _origins(node: Node, reads: Mapping[str, Contract]) -> set[Origin]:
    from sqlglot import exp

    found: set[Origin] = set()
    for leaf in node.walk():
        if leaf.downstream or not isinstance(leaf.expression, exp.Table):
            continue
        column = leaf.name.rsplit(".", 1)[-1].strip('"')
        identifier = f"{leaf.expression.db}.{leaf.expression.name}"
        candidates = [reads[identifier]] if identifier in reads else list(reads.values())
        found |= {(c.identifier, column) for c in candidates if column in c.column_names}
    return found
