"""Instants on the clock of the project: the day, week or hour of a timestamp is that of the project's time zone.

A dimension says which columns of its expression are instants, by `config: {meta: {instants: [resolved_at]}}`; all else
in a manifest is as it stands. So the expression stays SQL that any other tool can use, in UTC.
Belongs here: rewriting the manifest. Does not belong here: an engine's SQL of local time (lakehouse.zones).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlglot import exp, parse_one

from lakehouse_assets.lakehouse.zones import NO_ZONE, LocalTime


def on_clock(manifest: dict[str, Any], local: LocalTime, dialect: str) -> dict[str, Any]:
    """The manifest with the expressions of dimensions that read instants by local time; changed in place.

    Args:
        manifest: A semantic manifest.
        local: The clock, in the engine's SQL.
        dialect: sqlglot's name of that SQL.
    """
    if local.zone == NO_ZONE:
        return manifest
    for model in manifest["semantic_models"]:
        for dimension in model.get("dimensions") or []:
            if instants := instants_of(dimension):
                expression = dimension.get("expr") or dimension["name"]
                dimension["expr"] = _localised(expression, instants, local, dialect)
    return manifest


def instants_of(dimension: dict[str, Any]) -> tuple[str, ...]:
    """The columns of a dimension's expression that are instants, as its meta says."""
    meta = (dimension.get("config") or {}).get("meta") or {}
    return tuple(map(str, meta.get("instants") or ()))


def _localised(expression: str, instants: Collection[str], local: LocalTime, dialect: str) -> str:
    def on_it(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in instants:
            return parse_one(local.of(node.sql(dialect)), read=dialect)
        return node

    # What takes a column's place holds that column again, so none is looked for in it.
    tree = parse_one(expression, read=dialect)
    if isinstance(tree, exp.Column):
        return on_it(tree).sql(dialect)
    for column in list(tree.find_all(exp.Column)):
        column.replace(on_it(column))
    return tree.sql(dialect)
