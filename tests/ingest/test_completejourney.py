"""The Complete Journey by YAML alone: its files, through every layer, reconcile with the raw files to the cent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakehouse_assets.features import get_features
from lakehouse_assets.ingest import load
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import build
from tests.dbt_project.retail import MODELS
from tests.public_data import DATA, rows_to_try

FILES = {
    "completejourney_transactions": "transactions_sample.parquet",
    "completejourney_stores": "transactions_sample.parquet",
    "completejourney_products": "products.parquet",
    "completejourney_coupons": "coupon_redemptions.parquet",
}
LOOK_ALIKE = {
    "transactions_sample.parquet": """
      select (1 + i % 7)::varchar as household_id, (300 + i % 3)::varchar as store_id,
        (9000 + i // 2)::varchar as basket_id,
        (100 + i % 11)::varchar as product_id, (i % 13)::double as quantity, round((i % 13) * 1.37, 2) as sales_value,
        round((i % 5) * 0.1, 2) as retail_disc, 0.0 as coupon_disc, round((i % 13 // 6) * 0.2, 2) as coupon_match_disc,
        1 as week, timestamp '2017-01-01 05:10' + to_hours((i // 2 * 5)::int) as transaction_timestamp
      from range(300) t(i)""",
    "products.parquet": """
      select (100 + i)::varchar as product_id, '69' as manufacturer_id, 'GROCERY' as department,
        ['National', 'Private'][1 + i % 2] as brand, case when i % 4 > 0 then 'BREAD' end as product_category,
        'BREAD:' || i as product_type, null::varchar as package_size
      from range(10) t(i)""",
    "coupon_redemptions.parquet": """
      select (1 + i % 7)::varchar as household_id, (5000 + i)::varchar as coupon_upc, '26' as campaign_id,
        date '2017-01-01' + (i % 9)::int as redemption_date
      from range(20) t(i)""",
}  # fmt: skip


@pytest.fixture(params=rows_to_try("completejourney"))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "real":
        return DATA / "completejourney"
    for name, sql in LOOK_ALIKE.items():
        duckdb.sql(sql).write_parquet(str(tmp_path / name))
    return tmp_path


@pytest.fixture
def raw(folder: Path) -> duckdb.DuckDBPyConnection:
    """The raw files, with the lines that are sales: of something, of a product that the list has."""
    con = open_instance()
    for name in LOOK_ALIKE:
        con.execute(f"create view {name.split('.')[0]} as from '{folder / name}'")
    con.execute(
        """
        create table sold as
        select *, cast(transaction_timestamp as date) as day, cast(sales_value as decimal(18, 4)) as paid,
          cast(retail_disc as decimal(18, 4)) + cast(coupon_match_disc as decimal(18, 4)) as discount
        from transactions_sample semi join products using (product_id) where quantity > 0
        """
    )
    return con


@pytest.mark.timeout(600)
def test_complete_journey(
    lake: Lake, rows: Callable[..., list[dict[str, Any]]], folder: Path, raw: duckdb.DuckDBPyConnection
) -> None:
    def same(ours: str, theirs: str) -> list[dict[str, Any]]:
        found, wanted = rows(ours), raw.sql(theirs).to_arrow_table().to_pylist()
        assert found == wanted
        return found

    for source, name in FILES.items():
        (result,) = load(lake, [folder / name], source)
        records = raw.sql(f"select count(*) from {name.split('.')[0]}").fetchall()[0][0]
        assert (result.rows_quarantined, result.rows_loaded) == (0, records), source
    build(lake, MODELS)

    same("select count(*) as n from silver.silver_retail_products", "select count(*) as n from products")
    same("select count(*) as n from silver.silver_retail_stores",
         "select count(distinct store_id) as n from transactions_sample")  # fmt: skip
    same(
        "select count(*) as n, sum(quantity) as units, sum(net_amount) as paid, sum(discount_amount) as discount, "
        "count(distinct customer_id) as households from silver.silver_retail_sales",
        "select count(*) as n, sum(cast(quantity as decimal(18, 3))) as units, sum(paid) as paid, "
        "sum(discount) as discount, count(distinct household_id) as households from sold",
    )
    same(
        "select reason, count(*) as n from silver.silver_retail_rejected group by 1 order by 1",
        "select case when quantity <= 0 then 'NO_QUANTITY' else 'PRODUCT_UNKNOWN' end as reason, count(*) as n "
        "from transactions_sample t left join products p using (product_id) "
        "where quantity <= 0 or p.brand is null group by 1 order by 1",
    )
    days = same(
        "select business_date as day, store_id, transaction_count as receipts, net_amount as paid "
        "from gold.gold_retail_daily_store_sales order by 1, 2",
        "select day, store_id, count(distinct basket_id) as receipts, sum(paid) as paid from sold "
        "group by 1, 2 order by 1, 2",
    )
    same(
        "select basket_size, count(*) as n, sum(net_amount) as paid from gold.gold_retail_baskets "
        "group by 1 order by 1",
        "select case n when 1 then 'SINGLE' when 2 then 'SMALL' when 3 then 'SMALL' else 'LARGE' end as basket_size, "
        "count(*) as n, sum(paid) as paid from (select store_id, day, basket_id, count(distinct product_id) as n, "
        "sum(paid) as paid from sold group by all) group by 1 order by 1",
    )
    same(
        "select business_hour as hour, sum(net_amount) as paid from gold.gold_retail_hourly_demand "
        "group by 1 order by 1",
        "select cast(hour(transaction_timestamp) as integer) as hour, sum(paid) as paid from sold "
        "group by 1 order by 1",
    )
    same(
        "select category, sum(units) as units from gold.gold_retail_product_mix group by 1 order by 1",
        "select product_category as category, sum(cast(quantity as decimal(18, 3))) as units "
        "from sold join products using (product_id) group by 1 order by 1",
    )
    same("select count(*) as n from silver.silver_retail_events", "select count(*) as n from coupon_redemptions")
    compare_features(lake, days, raw)


def compare_features(lake: Lake, days: Sequence[dict[str, Any]], raw: duckdb.DuckDBPyConnection) -> None:
    """Features of each store as known at some days, beside sums over the raw lines of the days before."""
    stores = sorted({row["store_id"] for row in days})
    first = min(row["day"] for row in days)
    as_of = [first + timedelta(days=9 * i % 25) for i, _ in enumerate(stores)]
    asked = [{"tenant_id": "completejourney", "store_id": name} for name in stores]
    found = get_features(lake, "retail_store", asked, as_of, features=["net_7d", "transactions_7d"]).rows.to_pylist()
    assert [row["as_of"] for row in found] == as_of
    for row in found:
        if row["feature_date"] == row["as_of"]:
            assert (row["net_7d"], row["transactions_7d"]) == week_before(raw, row["store_id"], row["as_of"])
    assert sum(row["feature_date"] is not None for row in found) >= len(found) // 3


def week_before(raw: duckdb.DuckDBPyConnection, store: str, day: date) -> tuple[Any, ...]:
    sql = (
        "select coalesce(sum(paid), 0), count(distinct (day, basket_id)) from sold "
        "where store_id = ? and day < ?::date and day >= ?::date - 7"
    )
    return raw.execute(sql, [store, day, day]).fetchall()[0]
