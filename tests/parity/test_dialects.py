"""SQL that is written once per engine: both sides of each macro, and of each percentile, give the same."""

from __future__ import annotations

import json
from datetime import date, timedelta
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
from tests.zones import begin_of, local

pytestmark = pytest.mark.cluster

MOMENTS = ("2024-02-28 23:59:59.999999", "2023-12-31 00:00:00", "1969-07-20 20:17:40.5", "2024-03-31 02:30:00")
JSON = (
    '{"k": "text"}', '{"k": " padded "}', '{"k": ""}', '{"k": null}', "{}", '{"other": 1}', '{"k": 72}', '{"k": 72.0}',
    '{"k": true}', '{"k": "é\\u00e9\\"quoted\\""}', '{"k": {"a": 1}}', '{"k": [1, 2]}', "no json", "",
    '{"k": 123456789012345678901234567890}', '{"k": "first", "k": "second"}', '"k"',
)  # fmt: skip
DECIMALS = ('{"k": -0.50}', '{"k": 1e3}', '{"k": 0.1234567890123456789}', '{"k": "2.50"}', '{"k": "x"}')
NUMBERS = ("72", "72.0", "-3", " 5 ", "", "x", "2147483648", "1e3", "0.4", "72.5", "-0.5")


def rendered(settings: Settings, expression: str, zone: str = "UTC") -> str:
    """What dbt compiles an expression to for a profile, in a time zone."""
    target = Path(settings.home) / "target"
    project, variables = str(settings.dbt_project_dir), {**SPEC.dbt_variables(settings), "time_zone": zone}
    result = dbtRunner().invoke(
        [
            *("compile", "--inline", expression, "--vars", json.dumps(variables), "--quiet"),
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


def of_both(
    lake: Lake, cluster_lake: Lake, expression: str, zone: str = "UTC"
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What an expression of macros gives on either side."""
    ours, theirs = (rows_of(each, rendered(each.settings, expression, zone)) for each in (lake, cluster_lake))
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


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "America/Havana"])
def test_days_and_hours_of_a_zone(lake: Lake, cluster_lake: Lake, zone: str) -> None:
    changes = (date(2023, 3, 12), date(2023, 11, 5), date(2024, 3, 10), date(2024, 11, 3))
    known = [change + timedelta(days=n) for change in changes for n in (-1, 0, 1)]
    moments = [begin_of(day, zone) + timedelta(microseconds=n) for day in known for n in (-1, 0)]
    expression = """
        select
            n, {{ business_day("t") }} as day, {{ local_hour("t") }} as hour,
            {{ start_of_day(business_day("t")) }} as begins, {{ end_of_day(business_day("t")) }} as ends
        from (select n, cast(value as timestamp(6)) as t from MOMENTS) order by n
    """.replace("MOMENTS", f"({values(tuple(f'{at:%Y-%m-%d %H:%M:%S.%f}' for at in moments))}) as texts")
    ours, theirs = of_both(lake, cluster_lake, expression, zone)
    shown = [local(at, zone) for at in moments]
    next_days = [at.date() + timedelta(days=1) for at in shown]
    expected = [
        (n, at.date(), at.hour, begin_of(at.date(), zone), begin_of(after, zone))
        for n, (at, after) in enumerate(zip(shown, next_days, strict=True))
    ]
    assert ours == theirs == expected


def test_a_rule_on_days_judges_alike(lake: Lake, cluster_lake: Lake) -> None:
    rows = "(select cast('2024-05-01 18:30' as timestamp(6)) as t, date '2024-05-02' as day)"
    for each in (lake, cluster_lake):
        dialect = each.engine.dialect
        for zone, broken in (("UTC", True), ("Asia/Kolkata", False)):
            types = {"t": "TIMESTAMP", "day": "DATE"}
            failing = decided("not (day = business_day(t))", types, dialect.name, dialect.local_time(zone))
            assert rows_of(each, f"select {failing} as broken from {rows}") == [(broken,)]


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
