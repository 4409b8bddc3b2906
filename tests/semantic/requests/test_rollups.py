"""What may be summed up before: the same result for every metric, and nothing where that is not sure."""

from __future__ import annotations

from datetime import date

import pytest

from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.engines.protocol import Rollup
from semantic.compiling import Compiled
from semantic.layer import SemanticLayer
from semantic.requests.filters import Filter
from semantic.requests.rollups import rollups_of, rollups_of_all
from tests.semantic.test_layer import metrics_here, plain

ROWS = "(SELECT DATE_TRUNC('day', d) AS day, ward AS ward, CASE WHEN id IS NOT NULL THEN 1 ELSE 0 END AS n FROM {} src)"
QUERY = "SELECT ward, SUM(n) AS total FROM {rows} subq_1 WHERE day >= '__asklake_value_0__' GROUP BY ward"
TABLE = '"gold"."cases"'
SPRING = (date(2025, 3, 10), date(2025, 6, 19))


def summed(compiled: Compiled) -> str:
    """The SQL with each part summed up in its place."""
    sql = compiled.sql
    for rollup in compiled.rollups:
        assert rollup.rows in sql
        sql = sql.replace(rollup.rows, f"({rollup.before}{rollup.table}{rollup.after})")
    return sql


def test_every_metric_is_the_same_over_sums(layer: SemanticLayer, session: DuckDBSession) -> None:
    requests = [layer.compile([metric.name], ["tenant_id"], grain="month") for metric in metrics_here(layer)]
    requests += [
        layer.compile(["pgr_complaints", "pgr_sla_breach_rate"], ["ward_id"], where, SPRING)
        for where in ([], [Filter("channel", "in", ("WEB",))], [Filter("pgr_complaints", "gt", (3,))])
    ]
    requests += [layer.compile(["pgr_backlog"], ["ward_id"], (), SPRING, "month")]
    assert sum(bool(compiled.rollups) for compiled in requests) > len(requests) / 3
    for compiled in requests:
        if compiled.rollups:
            rows, over_sums = (plain(session.query(sql).to_pylist()) for sql in (compiled.sql, summed(compiled)))
            assert sorted(rows, key=repr) == sorted(over_sums, key=repr), compiled.sql


def test_rows_are_summed_by_what_the_query_filters_and_groups_by() -> None:
    rows = ROWS.format(TABLE)
    assert rollups_of(QUERY.format(rows=rows), "duckdb") == (
        Rollup(
            rows=rows,
            table="gold.cases",
            before='SELECT "day", "ward", SUM("n") AS "n" FROM ' + rows.partition(TABLE)[0],
            after=' src) AS every_row GROUP BY "day", "ward"',
            sums=("n",),
        ),
    )
    least = QUERY.replace("SUM(n)", "MIN(n)").replace(" GROUP BY ward", "").replace("ward, ", "")
    (found,) = rollups_of(least.format(rows=rows), "duckdb")
    assert (found.before[:31], found.sums) == ('SELECT "day", MIN("n") AS "n" F', ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SUM(n)", "AVG(n)"),
        ("SUM(n)", "COUNT(n)"),
        ("SUM(n)", "COUNT(*)"),
        ("SUM(n)", "SUM(DISTINCT n)"),
        ("SUM(n)", "SUM(n + 1)"),
        ("SUM(n)", "SUM(n) FILTER (WHERE day IS NULL)"),
        ("SUM(n)", "SUM(n) OVER ()"),
        ("SUM(n)", "SUM(n), MAX(n)"),
        ("SUM(n)", "SUM(other)"),
        ("SUM(n)", "MEDIAN(n)"),
        ("SUM(n)", "unheard_of(n)"),
        ("SUM(n)", "n"),
        ("WHERE day", "WHERE n"),
        ("WHERE day", "WHERE random() > 0.5 AND day"),
        ("WHERE day", "WHERE ward IN (SELECT ward FROM gold.others) AND day"),
        ("GROUP BY ward", "GROUP BY 1"),
        ("GROUP BY ward", "GROUP BY ROLLUP (ward)"),
        ("GROUP BY ward", "GROUP BY ward HAVING COUNT(*) > 1"),
        ("GROUP BY ward", "GROUP BY ward LIMIT 3"),
        ("subq_1", "subq_1 JOIN gold.wards w ON w.ward = subq_1.ward"),
        ("ward AS ward", "ward AS ward, *"),
        ("ward AS ward", "RANDOM() AS ward"),
        ("ward AS ward", "CURRENT_DATE AS ward"),
        ("ward AS ward", "unheard_of(ward) AS ward"),
        ("ward AS ward", "ROW_NUMBER() OVER () AS ward"),
        ("ward AS ward", "(SELECT MAX(ward) FROM gold.wards) AS ward"),
        (f"{TABLE} src", f"{TABLE} src WHERE d < now()"),
        (f"{TABLE} src", f"{TABLE} src, gold.wards"),
        (f"{TABLE} src", f"{TABLE} src TABLESAMPLE 10%"),
        (f"{TABLE} src", "cte src"),
        (f"{TABLE} src", "range(3) src"),
        (f"{TABLE} src", f"other.{TABLE} src"),
        ("SELECT DATE_TRUNC", "SELECT DISTINCT DATE_TRUNC"),
    ],
)
def test_what_is_not_sure_to_be_the_same_is_left_as_it_is(before: str, after: str) -> None:
    sql = QUERY.format(rows=ROWS.format(TABLE))
    assert before in sql
    assert rollups_of(sql.replace(before, after, 1), "duckdb") == ()


def test_rows_that_a_value_quotes_are_no_part_of_the_query(layer: SemanticLayer) -> None:
    (rollup,) = layer.compile(["pgr_complaints"], ["ward_id"], [Filter("channel", "in", ("WEB",))]).rollups
    for value, offered in ((rollup.rows, "'" in rollup.rows), ("WEB", True)):
        compiled = layer.compile(["pgr_complaints"], ["ward_id"], [Filter("channel", "in", (value,))])
        assert bool(compiled.rollups) is offered


def test_text_that_stands_in_a_query_twice_is_summed_up_where_the_same_is_done_with_both() -> None:
    rows = ROWS.format(TABLE)
    one = QUERY.format(rows=rows)
    (rollup,) = rollups_of(one, "duckdb")
    twice = "SELECT * FROM ({}) AS a, ({}) AS b"
    second = one.replace("subq_1", "subq_2")
    assert rollups_of(twice.format(one, second), "duckdb") == (rollup,)
    averaged, filtered = second.replace("SUM(n)", "AVG(n)"), second.replace("WHERE day", "WHERE n > 0 AND day")
    for other in (averaged, filtered, f"SELECT * FROM {rows} AS subq_2"):
        assert rollups_of(twice.format(one, other), "duckdb") == ()
        assert rollups_of_all([(one, (rollup,)), (other, rollups_of(other, "duckdb"))]) == ()
    assert rollups_of_all([(one, (rollup,)), (one, (rollup,)), ("SELECT 1", ())]) == (rollup,)
