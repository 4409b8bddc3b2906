"""The sample of stores through the real command, against SQL over its raw files that shares nothing with the models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakehouse_assets.features import get_features
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from semantic.layer import SemanticLayer
from tests.e2e.asking import assert_every_metric_answers
from tests.e2e.conftest import Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
RAW = Path(__file__).resolve().parents[1] / "questions" / "retail.sql"
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def lake(sample: Sample) -> Lake:
    return sample.lake


@pytest.fixture(scope="module")
def raw(sample: Sample) -> duckdb.DuckDBPyConnection:
    con = open_instance()
    con.execute("set timezone = 'UTC'")
    for folder in (sample.files / "retail").iterdir():
        con.execute(f"set variable {folder.name} = ?", [[str(path) for path in sorted(folder.iterdir())]])
    con.execute(RAW.read_text())
    return con


@pytest.fixture(scope="module")
def query(lake: Lake) -> Callable[[str], list[Row]]:
    def run(sql: str) -> list[Row]:
        with lake.session() as session:
            table = session.query(sql)
            return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    return run


def alike(ours: list[Row], theirs: list[Row]) -> None:
    assert len(ours) == len(theirs) > 0
    for mine, other in zip(ours, theirs, strict=True):
        assert [float(v) if hasattr(v, "as_tuple") else v for v in mine] == pytest.approx(list(other)), (mine, other)


def test_stores_sold_and_counted_what_the_files_say(raw: duckdb.DuckDBPyConnection, query: Callable) -> None:
    alike(
        query(
            "select business_date, sum(transaction_count), sum(line_count), sum(units), sum(net_amount) "
            "from gold.gold_retail_daily_store_sales where line_count > 0 group by 1 order by 1"
        ),
        raw.sql(
            "select day, count(distinct (tenant, receipt)), count(*), sum(units), sum(paid) "
            "from lines group by 1 order by 1"
        ).fetchall(),
    )
    alike(
        query("select sum(visitor_count), sum(out_of_stock_count) from gold.gold_retail_daily_store_sales"),
        raw.sql(
            "select sum(amount) filter (type = 'VISITORS'), count(*) filter (type = 'OUT_OF_STOCK') from events"
        ).fetchall(),
    )


def test_brands_asked_for_and_sold_are_those_of_the_files(raw: duckdb.DuckDBPyConnection, query: Callable) -> None:
    alike(
        query(
            "select requested_brand, sold_brand, sum(switched_count), sum(net_amount) "
            "from gold.gold_retail_brand_substitution group by 1, 2 order by 1, 2"
        ),
        raw.sql(
            "select asked_brand, brand, count_if(switched), sum(paid) from lines group by 1, 2 order by 1, 2"
        ).fetchall(),
    )


def test_features_are_sums_over_the_days_before(lake: Lake, raw: duckdb.DuckDBPyConnection) -> None:
    stores = raw.sql("select distinct tenant, store from lines order by 1, 2").fetchall()
    (last,) = raw.sql("select max(day) from lines").fetchall()[0]
    asked = [{"tenant_id": tenant, "store_id": store} for tenant, store in stores for _ in range(6)]
    days = [last + timedelta(days=1 - 15 * i) for _ in stores for i in range(6)]
    found = get_features(lake, "retail_store", asked, days, features=["net_7d", "net_28d", "transactions_28d"])
    known = [row for row in found.rows.to_pylist() if row["feature_date"] == row["as_of"]]
    assert len(known) > len(asked) / 2
    alike([tuple(row.values())[4:] for row in known], [before(raw, row["store_id"], row["as_of"]) for row in known])


def before(raw: duckdb.DuckDBPyConnection, store: str, day: date) -> Row:
    sql = (
        "select coalesce(sum(paid) filter (day >= $day::date - 7), 0), coalesce(sum(paid), 0), "
        "count(distinct (receipt, day)) from lines where store = $store and day < $day::date and day >= $day::date - 28"
    )
    return raw.execute(sql, {"store": store, "day": day}).fetchall()[0]


def test_every_metric_can_be_asked_by_month_and_tenant(lake: Lake) -> None:
    assert_every_metric_answers(lake, "retail", "month", more_rows_than=3)


def test_sales_of_a_tenant_and_region_stand_beside_those_of_other_domains(lake: Lake) -> None:
    layer = SemanticLayer(lake.settings)
    with lake.session() as session:
        rows = layer.query(session, ["retail_net_sales", "ecommerce_net_sales"], ["region"]).rows.to_pylist()
    regions = {row["region"]: row for row in rows}
    assert regions["NCR"]["retail_net_sales"] > 0 and regions["Punjab"]["ecommerce_net_sales"] > 0
