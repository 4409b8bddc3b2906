"""Statements for Trino are understood before they run: what they read, at which snapshots, and that they only read."""

from __future__ import annotations

import pytest

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.engines.statements import referenced_tables, with_relations


def pinned(identifier: str) -> str:
    schema, table = identifier.split(".")
    return f'"lake"."{schema}"."{table}" for version as of 7'


def test_tables_are_seen_through_expressions_joins_and_subqueries() -> None:
    sql = (
        "with a as (select * from gold.x), b as (select * from a) "
        "select * from b join silver.y using (k) where k in (select k from gold.z)"
    )
    assert referenced_tables(sql) == ("gold.x", "gold.z", "silver.y")


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
        "values 1",
        "select * from table(postgresql.system.query(query => 'select 1'))",
        "select * from table(exclude_columns(input => table(gold.x), columns => descriptor(a)))",
        "select (select count(*) from system.metadata.catalogs) from gold.x",
        "select * from gold.x where a in (select node_id from system.runtime.nodes)",
        "select * from gold.x for version as of 3",
        "select * from gold.x for timestamp as of timestamp '2026-01-01 00:00:00'",
        "select catalog.schema.function(1)",
        "with function f() returns int return 1 select f()",
        "with a as (delete from gold.x) select 1",
        "select * from (insert into gold.x values (1))",
        "call system.runtime.kill_query('x')",
        "execute immediate 'drop table gold.x'",
        "prepare a from select 1",
        "explain analyze select 1",
        "set session query_max_run_time = '1h'",
        "show tables",
        "grant select on gold.x to user a",
        "create view v as select 1",
        "alter table gold.x execute optimize",
        "with x as (select * from y) select * from x",
    ],
)
def test_what_is_not_one_select_over_the_lake_is_refused(sql: str) -> None:
    with pytest.raises(QueryRefusedError):
        referenced_tables(sql)


def test_every_table_is_read_at_its_snapshot_under_its_own_name() -> None:
    sql = with_relations(
        "with a as (select x.v from gold.x where v > 1) select a.v, t.w from a join gold.y as t on a.v = t.v",
        pinned,
    )
    assert 'FROM "lake"."gold"."x" FOR VERSION AS OF 7 AS "x"' in sql
    assert 'JOIN "lake"."gold"."y" FOR VERSION AS OF 7 AS t' in sql
    assert sql.count("VERSION") == 2


def test_a_common_table_expression_named_like_a_table_stays_one() -> None:
    sql = with_relations("with x as (select 1 as v) select v from x", pinned)
    assert "lake" not in sql


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("table gold.x", ("gold.x",)),
        (
            "select count(*) filter (where a > 1), array_agg(b order by c), approx_percentile(v, 0.5), "
            "date_diff('day', a, b), a at time zone 'UTC', try_cast(a as row(b int)), transform(m, x -> x + 1), "
            "json_extract(a, '$.b'), map(array[1], array[2])[1], interval '1' day, extract(year from d), "
            "listagg(a, ',') within group (order by a), lag(a) ignore nulls over (partition by b order by c "
            "rows between 1 preceding and current row) from gold.x cross join unnest(y) with ordinality as t (a, n) "
            "where b like 'a%' escape '\\' and c is distinct from d and exists (select 1 from gold.y) "
            "group by grouping sets ((a), (b)) having true order by 1 nulls last offset 1 limit 3",
            ("gold.x", "gold.y"),
        ),
        ("select * from gold.x tablesample bernoulli (10), lateral (select 1) where a = ?", ("gold.x",)),
    ],
)
def test_a_select_over_tables_passes(sql: str, tables: tuple[str, ...]) -> None:
    assert referenced_tables(sql) == tables
