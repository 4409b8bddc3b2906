"""What macros render, seen through dbt: predicates on the days of a run, and the tenant filter, safely quoted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner

from lakehouse_assets.settings import Settings

DAYS = ["2024-02-28", "2024-02-29", "2024-03-02"]
TENANT = "o'brien' or 1=1 --"


def rendered(settings: Settings, expression: str, variables: dict[str, Any]) -> str:
    """What dbt compiles an expression to."""
    target = Path(settings.home) / "target"
    project = str(settings.dbt_project_dir)
    result = dbtRunner().invoke(
        [
            *("compile", "--inline", expression, "--vars", json.dumps(variables), "--quiet"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
    )
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code  # pyright: ignore


def test_predicates_keep_the_days_the_months_and_the_tenant_of_the_run(settings: Settings) -> None:
    query = """
        select
            (select list(day order by day) from days where {{ in_days("day") }}) as days,
            (select list(day order by day) from days where {{ in_months("day", months_of_run()) }}) as months,
            (select list(tenant_id) from tenants where {{ tenant_filter() }}) as tenants
    """
    sql = rendered(settings, query, {"days": DAYS, "tenant_id": TENANT})
    with duckdb.connect() as con:
        con.execute("create table days as select date '2024-01-01' + cast(i as integer) as day from range(150) t (i)")
        con.execute("create table tenants (tenant_id varchar)")
        con.executemany("insert into tenants values (?)", [[TENANT], ["acme"]])
        found = con.execute(sql).fetchone()
    assert found is not None
    days, months, tenants = found
    assert [str(d) for d in days] == DAYS
    assert (str(months[0]), str(months[-1]), len(months)) == ("2024-02-01", "2024-03-31", 60)
    assert tenants == [TENANT]
