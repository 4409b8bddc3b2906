"""Olist by YAML alone: its files, through silver and gold, reconcile with the raw files to the row and the cent."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.ingest import load
from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import build
from tests.dbt_project.ecommerce import MODELS
from tests.public_data import DATA, rows_to_try

FILES = {
    "olist_orders": "olist_orders_dataset.csv",
    "olist_order_items": "olist_order_items_dataset.csv",
    "olist_payments": "olist_order_payments_dataset.csv",
    "olist_products": "olist_products_dataset.csv",
    "olist_customers": "olist_customers_dataset.csv",
}
LOOK_ALIKE = {
    "olist_orders": """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,\
order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
o1,c1,delivered,2017-07-09 21:57:05,2017-07-09 22:10:13,2017-07-11 14:58:04,2017-07-26 10:57:55,2017-08-01 00:00:00
o2,c2,canceled,2017-12-31 22:30:00,,,,2018-01-20 00:00:00
o3,c3,unavailable,2018-02-01 10:00:00,2018-02-01 10:09:00,,,2018-02-20 00:00:00
o4,c4,shipped,2018-03-01 10:00:00,2018-03-01 10:09:00,2018-03-02 10:09:00,,2018-03-20 00:00:00
""",
    "olist_order_items": """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
o1,1,p1,s1,2017-07-13 22:10:13,99.9,27.65
o1,2,p1,s1,2017-07-13 22:10:13,99.9,0
o2,1,p2,s2,2018-01-05 22:30:00,10.05,3.1
o3,1,p2,s2,2018-02-05 10:00:00,20.01,5
o4,1,p2,s1,2018-03-05 10:00:00,0.85,8.2
""",
    "olist_payments": """order_id,payment_sequential,payment_type,payment_installments,payment_value
o1,1,credit_card,2,200.45
o1,2,voucher,1,27
o2,1,boleto,1,13.15
o3,1,not_defined,0,0
o4,1,debit_card,1,9.05
""",
    "olist_products": """product_id,product_category_name,product_name_lenght,product_description_lenght,\
product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm
p1,bebes,49,728,4,7150,50,19,45
p2,,,,,1800,40,10,30
""",
    "olist_customers": """customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
c1,one,35182,timoteo,MG
c2,one,35182,timoteo,MG
c3,two,20231,rio de janeiro,RJ
c4,three,20231,rio de janeiro,RJ
""",
}  # fmt: skip


@pytest.fixture(params=rows_to_try("olist"))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Path]:
    if request.param == "real":
        return {source: DATA / "olist" / name for source, name in FILES.items()}
    found = {source: tmp_path / f"{source}.csv" for source in FILES}
    for source, path in found.items():
        path.write_text(LOOK_ALIKE[source])
    return found


def raw(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.timeout(600)
def test_olist(lake: Lake, rows: Callable[..., list[dict[str, Any]]], files: dict[str, Path]) -> None:
    records = {source: raw(path) for source, path in files.items()}
    for source, path in files.items():
        (result,) = load(lake, [path], source)
        assert (result.rows_quarantined, result.rows_loaded) == (0, len(records[source])), source
    build(lake, MODELS)
    orders, items = records["olist_orders"], records["olist_order_items"]

    states = Counter(o["order_status"] for o in orders)
    lost = {o["order_id"] for o in orders if o["order_status"] in ("canceled", "unavailable")}
    found = rows("select status, is_cancelled, count(*) as n from silver.silver_ecommerce_orders group by 1, 2")
    by_status = {r["status"]: r["n"] for r in found}
    assert sum(by_status.values()) == len(orders)
    assert by_status["DELIVERED"] == states["delivered"]
    assert by_status["CANCELLED"] == len(lost) == sum(r["n"] for r in found if r["is_cancelled"])
    assert rows("select count(*) as n from silver.silver_ecommerce_quarantine") == [{"n": 0}]

    (kept,) = rows(
        "select count(*) as n, sum(net_amount) as value, sum(freight_amount) as freight "
        "from silver.silver_ecommerce_order_items"
    )
    assert (kept["n"], kept["value"], kept["freight"]) == (
        len(items),
        cents(items, "price"),
        cents(items, "freight_value"),
    )
    (paid,) = rows("select count(*) as n, sum(signed_amount) as paid from silver.silver_ecommerce_payments")
    payments = records["olist_payments"]
    assert (paid["n"], paid["paid"]) == (len(payments), cents(payments, "payment_value"))

    sold = [i for i in items if i["order_id"] not in lost]
    (daily,) = rows("select sum(net_amount) as value, sum(line_count) as lines from gold.gold_daily_sales")
    assert (daily["value"], daily["lines"]) == (cents(sold, "price"), len(sold))
    (products,) = rows(
        "select sum(net_amount) as value, count(distinct product_id) as n from gold.gold_product_performance"
    )
    assert (products["value"], products["n"]) == (cents(sold, "price"), len({i["product_id"] for i in sold}))

    person = {c["customer_id"]: c["customer_unique_id"] for c in records["olist_customers"]}
    bought = Counter(person[o["customer_id"]] for o in orders if o["order_id"] not in lost)
    customers = rows(
        "select count(*) as n, sum(order_count) as orders, sum(lifetime_value) as value, "
        "count(*) filter (order_count > 1) as again from gold.gold_customer_360"
    )
    assert customers == [
        {
            "n": len(set(person.values())),
            "orders": sum(bought.values()),
            "value": cents(sold, "price"),
            "again": sum(n > 1 for n in bought.values()),
        }
    ]


def cents(records: list[dict[str, str]], field: str) -> Decimal:
    return sum((Decimal(r[field]) for r in records), Decimal(0))
