"""The e-commerce sample through the real command, against figures worked out from its raw files in plain Python."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from semantic.layer import SemanticLayer
from tests.e2e.asking import assert_every_metric_answers
from tests.e2e.conftest import Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
Record = dict[str, Any]
CUSTOMER = ("person_id", "segment", "loyalty_tier", "country", "region", "city", "marketing_consent")


@dataclass(frozen=True)
class Raw:
    """The files of the sample, read without any of the product's code."""

    folder: Path

    def _records(self, source: str) -> Iterator[Record]:
        """Every record that can be read at all, in the order in which it arrived."""
        for path in sorted((self.folder / source).iterdir()):
            with gzip.open(path, "rt", newline="") as lines:
                yield from (_csv(lines) if ".csv" in path.name else _json(lines))

    def latest(self, source: str, key: tuple[str, ...], times: tuple[str, ...], numbers: tuple[str, ...] = ()) -> list:
        """Sound records, the one that counts of each key: changed last, and of those the last to arrive."""
        found: dict[tuple[str, ...], Record] = {}
        for record in self._records(source):
            if not record["tenant_id"] or not all(record[k] for k in key):
                continue
            try:
                typed = {t: _utc(record[t]) for t in times if record[t]}
                typed |= {n: Decimal(record[n]) for n in numbers}
            except (ValueError, InvalidOperation):
                continue
            this = {**record, **typed}
            name = (record["tenant_id"], *(str(this[k]) for k in key))
            earlier = found.get(name)
            if earlier is None or "updated_at" not in this or this["updated_at"] >= earlier["updated_at"]:
                found[name] = this
        return list(found.values())

    @cached_property
    def customers(self) -> list[Record]:
        return self.latest("ecommerce_customers", ("customer_id", "changed_at"), ("changed_at",))

    @cached_property
    def products(self) -> set[tuple[str, str]]:
        sound = self.latest("ecommerce_products", ("product_id", "changed_at"), ("changed_at",), ("list_price",))
        return {(p["tenant_id"], p["product_id"]) for p in sound}

    @cached_property
    def all_orders(self) -> dict[tuple[str, str], Record]:
        sound = self.latest("ecommerce_orders", ("order_id",), ("ordered_at", "updated_at"))
        return {(o["tenant_id"], o["order_id"]): o for o in sound}

    @cached_property
    def orders(self) -> dict[tuple[str, str], Record]:
        """Orders of guests and of known customers."""
        known = {(c["tenant_id"], c["customer_id"]) for c in self.customers}
        return {
            key: o
            for key, o in self.all_orders.items()
            if o["customer_id"] is None or (o["tenant_id"], o["customer_id"]) in known
        }

    @cached_property
    def all_items(self) -> list[Record]:
        numbers = ("quantity", "unit_price", "discount_amount", "refund_amount", "returned_quantity")
        return self.latest("ecommerce_order_items", ("order_id", "line_id"), ("ordered_at", "updated_at"), numbers)

    @cached_property
    def items(self) -> list[Record]:
        """Lines of known orders and products."""
        return [
            i
            for i in self.all_items
            if (i["tenant_id"], i["order_id"]) in self.orders and (i["tenant_id"], i["product_id"]) in self.products
        ]

    @cached_property
    def sold(self) -> list[Record]:
        """Those of them that were not cancelled."""
        return [i for i in self.items if self.orders[i["tenant_id"], i["order_id"]]["status"] != "CANCELLED"]

    @cached_property
    def clicks(self) -> list[Record]:
        return self.latest("ecommerce_clickstream", ("event_id",), ("event_time",))


def _json(lines: Any) -> Iterator[Record]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _csv(lines: Any) -> Iterator[Record]:
    rows = csv.reader(lines)
    header = next(rows)
    yield from (dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def raw(sample: Sample) -> Raw:
    return Raw(sample.home / "sample" / "ecommerce")


@pytest.fixture(scope="module")
def query(sample: Sample) -> Callable[[str], list[Record]]:
    return sample.rows


def net(item: Record) -> Decimal:
    return item["quantity"] * item["unit_price"] - item["discount_amount"]


def test_histories_have_a_version_for_each_change_of_something(raw: Raw, query: Callable) -> None:
    versions = 0
    by_account: dict[tuple[str, str], dict[datetime, tuple[Any, ...]]] = {}
    for c in raw.customers:
        by_account.setdefault((c["tenant_id"], c["customer_id"]), {})[c["changed_at"]] = tuple(c[k] for k in CUSTOMER)
    for states in by_account.values():
        steps = [state for _, state in sorted(states.items())]
        versions += 1 + sum(a != b for a, b in itertools.pairwise(steps))
    (found,) = query(
        "select count(*) as n, count(distinct (tenant_id, customer_id)) as accounts, "
        "count(*) filter (is_current) as now from silver.silver_ecommerce_customers"
    )
    assert found == {"n": versions, "accounts": len(by_account), "now": len(by_account)}


def test_what_is_sold_is_what_the_files_say(raw: Raw, query: Callable) -> None:
    (orders,) = query("select count(*) as n from silver.silver_ecommerce_orders")
    assert orders["n"] == len(raw.orders) > 900
    (found,) = query(
        "select sum(line_count) as lines, sum(units) as units, sum(net_amount) as net, sum(refund_amount) as refunds "
        "from gold.gold_daily_sales"
    )
    assert found == {
        "lines": len(raw.sold),
        "units": sum(i["quantity"] for i in raw.sold),
        "net": sum(map(net, raw.sold)),
        "refunds": sum(i["refund_amount"] for i in raw.sold),
    }


def test_sales_of_a_month_are_the_same_in_the_semantic_table(raw: Raw, query: Callable) -> None:
    months: Counter[str] = Counter()
    for i in raw.sold:
        months[f"{raw.orders[i['tenant_id'], i['order_id']]['ordered_at']:%Y-%m-01}"] += net(i) - i["refund_amount"]
    found = query("select metric_month, ecommerce_net_sales as net from semantic.mv_ecommerce_monthly")
    assert {str(r["metric_month"]): r["net"] for r in found} == months


def test_orphans_are_held_back_and_nothing_is_lost(raw: Raw, query: Callable) -> None:
    found = {r["entity"]: r["n"] for r in query(
        "select entity, count(*) as n from silver.silver_ecommerce_quarantine group by 1"
    )}  # fmt: skip
    assert found.get("ORDER", 0) == len(raw.all_orders) - len(raw.orders)
    assert found["ORDER_ITEM"] == len(raw.all_items) - len(raw.items) > 0


def test_sessions_and_what_they_led_to(raw: Raw, query: Callable) -> None:
    last: dict[tuple[str, str], datetime] = {}
    count, kinds = 0, Counter(c["event_type"] for c in raw.clicks)
    for c in sorted(raw.clicks, key=lambda c: c["event_time"]):
        visitor = (c["tenant_id"], c["visitor_id"])
        count += visitor not in last or c["event_time"] - last[visitor] > timedelta(minutes=30)
        last[visitor] = c["event_time"]
    (found,) = query("select sum(session_count) as n, sum(event_count) as events from gold.gold_conversion_funnel")
    assert found == {"n": count, "events": len(raw.clicks)}
    (seen,) = query("select sum(view_count) as views, sum(cart_count) as carts from gold.gold_product_performance")
    assert seen == {"views": kinds["VIEW_PRODUCT"], "carts": kinds["ADD_TO_CART"]}


def test_customers_are_worth_what_they_bought(raw: Raw, query: Callable) -> None:
    newest: dict[tuple[str, str], Record] = {}
    for c in sorted(raw.customers, key=lambda c: c["changed_at"]):
        newest[c["tenant_id"], c["customer_id"]] = c
    worth = Decimal(0)
    for i in raw.sold:
        if raw.orders[i["tenant_id"], i["order_id"]]["customer_id"]:
            worth += net(i) - i["refund_amount"]
    (found,) = query(
        "select count(*) as n, sum(lifetime_value) as worth, count(*) filter (is_churned) as lost, "
        "count(distinct rfm_segment) as segments from gold.gold_customer_360"
    )
    assert found["n"] == len({(c["tenant_id"], c["person_id"]) for c in newest.values()})
    assert found["worth"] == worth
    assert found["lost"] > 0 and found["segments"] >= 5


def test_every_metric_can_be_asked_by_month_and_tenant(sample: Sample, query: Callable) -> None:
    lake = sample.lake
    assert_every_metric_answers(lake, "ecommerce", "month", more_rows_than=3)
    with lake.session() as session:
        (visits,) = SemanticLayer(lake.settings).query(session, ["ecommerce_visit_to_order_rate"]).rows.to_pylist()
    # An order within seven days of a visit, per visit, by a join of the two tables.
    (by_hand,) = query(
        """select count(*) filter (exists (
             select 1 from silver.silver_ecommerce_orders o where o.tenant_id = s.tenant_id
             and o.visitor_id = s.visitor_id and o.order_date between s.session_date and s.session_date + 7
           )) / count(*) as most from silver.silver_ecommerce_sessions s"""
    )
    assert 0 < visits["ecommerce_visit_to_order_rate"] <= by_hand["most"] < 1
