"""Statements are understood before they run: what they read, and at which snapshots."""

from __future__ import annotations

import pytest

from lakehouse_assets.lakehouse.engine import QueryRefusedError
from lakehouse_assets.lakehouse.statements import referenced_tables, with_relations

DIALECTS = ["duckdb", "trino"]


def pinned(identifier: str) -> str:
    schema, table = identifier.split(".")
    return f'"lake"."{schema}"."{table}" for version as of 7'


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tables_are_seen_through_expressions_joins_and_subqueries(dialect: str) -> None:
    sql = (
        "with a as (select * from gold.x), b as (select * from a) "
        "select * from b join silver.y using (k) where k in (select k from gold.z)"
    )
    assert referenced_tables(sql, dialect) == ("gold.x", "gold.z", "silver.y")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "drop table gold.x",
        "insert into gold.x select 1",
        "select 1; select 2",
        "select * from x",
        "select * from system.runtime.queries",
        "select * from read_csv('/etc/passwd')",
        "this is no sql",
    ],
)
def test_what_is_not_one_select_over_the_lake_is_refused(sql: str, dialect: str) -> None:
    with pytest.raises(QueryRefusedError):
        referenced_tables(sql, dialect)


def test_every_table_is_read_at_its_snapshot_under_its_own_name() -> None:
    sql = with_relations(
        "with a as (select x.v from gold.x where v > 1) select a.v, t.w from a join gold.y as t on a.v = t.v",
        "trino",
        pinned,
    )
    assert 'FROM "lake"."gold"."x" FOR VERSION AS OF 7 AS "x"' in sql
    assert 'JOIN "lake"."gold"."y" FOR VERSION AS OF 7 AS t' in sql
    assert sql.count("VERSION") == 2


def test_a_common_table_expression_named_like_a_table_stays_one() -> None:
    sql = with_relations("with x as (select 1 as v) select v from x", "trino", pinned)
    assert "lake" not in sql
