"""SQL that is written once per engine: both sides of each macro, and of each percentile, give the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from metricflow_semantics.sql.sql_exprs import (
    SqlPercentileExpression,
    SqlPercentileExpressionArgument,
    SqlPercentileFunctionType,
    SqlStringExpression,
)

from lakehouse_assets.lakehouse.engines.trino_spec import SPEC
from lakehouse_assets.lakehouse.evaluation import decided
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from semantic.metricflow.rendering import dividing_as_doubles, renderer_of

pytestmark = pytest.mark.cluster

MOMENTS = ("2024-02-28 23:59:59.999999", "2023-12-31 00:00:00", "1969-07-20 20:17:40.5", "2024-03-31 02:30:00")
JSON = (
    '{"k": "text"}', '{"k": " padded "}', '{"k": ""}', '{"k": null}', "{}", '{"other": 1}', '{"k": 72}', '{"k": 72.0}',
    '{"k": true}', '{"k": "é\\u00e9\\"quoted\\""}', '{"k": {"a": 1}}', '{"k": [1, 2]}', "no json", "",
    '{"k": 123456789012345678901234567890}', '{"k": "first", "k": "second"}', '"k"',
)  # fmt: skip
DECIMALS = ('{"k": -0.50}', '{"k": 1e3}', '{"k": 0.1234567890123456789}', '{"k": "2.50"}', '{"k": "x"}')
NUMBERS = ("72", "72.0", "-3", " 5 ", "", "x", "2147483648", "1e3", "0.4", "72.5", "-0.5")


def rendered(settings: Settings, expression: str) -> str:
    """What dbt compiles an expression to for a profile."""
    target = Path(settings.home) / "target"
    project = str(settings.dbt_project_dir)
    result = dbtRunner().invoke(
        [
            *("compile", "--inline", expression, "--vars", json.dumps(SPEC.dbt_variables(settings)), "--quiet"),
            *("--no-introspect", "--no-populate-cache", "--target", settings.profile),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
    )
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code  # pyright: ignore


def rows_of(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query that reads no table."""
    with lake.session(writer=True) as session:
        run = (
            session.run
            if lake.settings.profile == "cluster"
            else lambda text: session.con.execute(text).to_arrow_table()
        )
        table = run(sql)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def of_both(lake: Lake, cluster_lake: Lake, expression: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What an expression of macros gives on either side."""
    ours, theirs = (rows_of(each, rendered(each.settings, expression)) for each in (lake, cluster_lake))
    return ours, theirs


def values(texts: tuple[str, ...]) -> str:
    """A relation of one column, n, in the order given, and the text."""
    return " union all ".join(f"select {n} as n, '{text}' as value" for n, text in enumerate(texts))


def test_moments_and_days(lake: Lake, cluster_lake: Lake) -> None:
    expression = """
        select
            n, {{ next_day("day") }} as next_day, {{ end_of_day("day") }} as end_of_day, {{ month_of("day") }} as month,
            {{ plus_hours("t", 48) }} as later, {{ plus_hours("t", "n") }} as a_little_later,
            {{ millis_between("timestamp '2024-02-28 00:00:00'", "t") }} as millis
        from (select n, cast(value as timestamp(6)) as t, cast(cast(value as timestamp(6)) as date) as day from MOMENTS)
        order by n
    """.replace("MOMENTS", f"({values(MOMENTS)}) as texts")
    ours, theirs = of_both(lake, cluster_lake, expression)
    assert theirs == ours
    assert len(ours) == len(MOMENTS)


def test_days_of_spans(lake: Lake, cluster_lake: Lake) -> None:
    spans = (
        "(select date '2024-02-27' as first_day, date '2024-03-01' as last_day "
        "union all select date '2024-01-01', date '2024-01-01' "
        "union all select date '2024-05-02', date '2024-05-01')"
    )
    expression = f'select days.day from {{{{ days_of_spans("{spans}", "days") }}}} order by days.day'
    ours, theirs = of_both(lake, cluster_lake, expression)
    assert theirs == ours
    assert len(ours) == 5


@pytest.mark.parametrize("percentile", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("kind", ["CONTINUOUS", "DISCRETE"])
def test_percentiles_are_exact(lake: Lake, cluster_lake: Lake, kind: str, percentile: float) -> None:
    numbers = (
        "(values (1, 1.5e0), (1, 4e0), (1, 2e0), (1, 11e0), (1, null), (2, 7e0), (2, null), (3, null)) as t (g, x)"
    )
    arguments = SqlPercentileExpressionArgument(percentile, SqlPercentileFunctionType[kind])
    node = SqlPercentileExpression.create(SqlStringExpression.create("x"), arguments)
    found = [
        rows_of(each, f"select g, {_rendered(each, node)} as p from {numbers} group by g order by g")
        for each in (lake, cluster_lake)
    ]
    for (group, ours), (other, theirs) in zip(*found, strict=True):
        assert group == other
        assert (theirs is None) if ours is None else theirs == pytest.approx(ours)


def _rendered(lake: Lake, node: SqlPercentileExpression) -> str:
    return renderer_of(lake.engine.dialect).expr_renderer.render_sql_expr(node).sql


def test_quotients_are_not_rounded(lake: Lake, cluster_lake: Lake) -> None:
    sql = "select 7 / 2 as a, n / 8 as b, (n - 4) / 3 as c, 1.00 / 3 as d from (select 5 as n) as numbers"
    (ours,) = rows_of(lake, sql)
    (theirs,) = rows_of(cluster_lake, dividing_as_doubles(sql, cluster_lake.engine.dialect.name))
    assert theirs == pytest.approx(ours)


def test_a_rule_beyond_the_widest_type_is_broken_by_its_row_alone(lake: Lake, cluster_lake: Lake) -> None:
    numbers = (
        f"(select n, cast(value as decimal(18, 4)) as x from ({values(('99999999999999.9999', '1.5', '0'))}) as t)"
    )
    found = []
    for each, dialect in ((lake, "duckdb"), (cluster_lake, "trino")):
        square, cube = (
            decided(f"not ({text} > 0)", {"x": "DECIMAL(18,4)"}, dialect) for text in ("x * x", "x * x * x")
        )
        found.append(rows_of(each, f"select n, {square} as squared, {cube} as cubed from {numbers} order by n"))
    assert found[0] == found[1] == [(0, False, True), (1, False, False), (2, True, True)]


def test_products_of_money(lake: Lake, cluster_lake: Lake) -> None:
    expression = """
        select n, {{ money_product("units", "price") }} as amount
        from (
            select n, cast(value as decimal(18, 3)) as units, cast(substr(value, 1, 19) as decimal(18, 4)) as price
            from VALUES
        ) order by n
    """.replace("VALUES", f"({values(('99999999999999.999', '-99999999999999.999', '0.05', '1.235'))}) as texts")
    ours, theirs = of_both(lake, cluster_lake, expression)
    assert theirs == ours
    assert len(ours) == 4


def test_keys_of_several_parts(lake: Lake, cluster_lake: Lake) -> None:
    parts = values(("a", "a/b", "%2F", "", "é|\\", " "))
    key = """{{ joined_key(["value", "nullif(value, 'a')", "'x'"]) }}"""
    expression = f"select n, {key} as joined from ({parts}) as texts order by n"
    ours, theirs = of_both(lake, cluster_lake, expression)
    assert theirs == ours
    assert ours[:3] == [(0, "a/%00/x"), (1, "a%2Fb/a%2Fb/x"), (2, "%252F/%252F/x")]


def test_members_of_json_and_numbers_in_text(lake: Lake, cluster_lake: Lake) -> None:
    members = f'select n, {{{{ json_text("value", "k") }}}} as member from ({values(JSON)}) as texts order by n'
    numbers = f'select n, {{{{ as_integer("value") }}}} as number from ({values(NUMBERS)}) as texts order by n'
    member = '{{ json_text("value", "k") }}'
    decimals = f"select n, try_cast({member} as double) as number from ({values(DECIMALS)}) as texts order by n"
    for expression, texts in ((members, JSON), (numbers, NUMBERS), (decimals, DECIMALS)):
        ours, theirs = of_both(lake, cluster_lake, expression)
        unlike = [(texts[a[0]], a[1], b[1]) for a, b in zip(ours, theirs, strict=True) if a != b]
        assert not unlike
        assert len(ours) == len(texts)
