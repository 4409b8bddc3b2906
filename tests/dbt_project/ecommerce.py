"""What the tests of the e-commerce models share: records as shops send them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from tests.dbt_project import building

DIMENSIONS = ("silver_ecommerce_customers", "silver_ecommerce_products")
ORDERS = (
    *DIMENSIONS, "silver_ecommerce_quarantine", "silver_ecommerce_orders", "silver_ecommerce_order_items",
    "silver_ecommerce_payments",
)  # fmt: skip
VISITS = ("silver_ecommerce_events", "silver_ecommerce_sessions")
GOLD = ("gold_daily_sales", "gold_customer_360", "gold_product_performance", "gold_conversion_funnel")
MODELS = (*ORDERS, *VISITS, *GOLD)


class Sent(building.Sent):
    """A record of one of the six tables."""

    PREFIX = "ecommerce_"
    TENANT = "shop"
    TIMES: ClassVar = {
        "orders": ("order_date", "ordered_at"), "order_items": ("line_date", "line_at"),
        "payments": ("payment_date", "paid_at"), "customers": ("change_date", "changed_at"),
        "products": ("change_date", "changed_at"), "clickstream": ("event_date", "event_time"),
    }  # fmt: skip


def customer(account: str, at: datetime, city: str = "Pune", *, region: str = "MH", person: str | None = None) -> Sent:
    values = {"customer_id": account, "person_id": person, "region": region, "city": city, "segment": "CONSUMER"}
    return Sent("customers", f"{account}/{at}", at, values)


def product(name: str, at: datetime, price: float = 10, *, cost: float | None = 6, category: str = "Books") -> Sent:
    values = {"product_id": name, "category": category, "list_price": _money(price), "unit_cost": _money(cost)}
    return Sent("products", f"{name}/{at}", at, values)


def order(
    number: str, at: datetime, account: str | None = None, *, status: str = "PAID", updated: datetime | None = None
) -> Sent:
    values = {
        "order_id": number, "customer_id": account, "visitor_id": None, "status": status, "updated_at": updated or at,
        "channel": "WEB", "currency": "INR",
    }  # fmt: skip
    return Sent("orders", number, at, values)


def item(
    number: str, line: int, at: datetime, name: str, *, units: int = 1, price: float = 10, returned: int = 0
) -> Sent:
    values = {
        "order_id": number, "line_id": str(line), "product_id": name, "quantity": Decimal(units),
        "unit_price": _money(price), "discount_amount": _money(0), "freight_amount": _money(0),
        "returned_quantity": Decimal(returned), "refund_amount": _money(returned * price), "updated_at": at,
    }  # fmt: skip
    return Sent("order_items", f"{number}/{line}", at, values)


def payment(number: str, at: datetime, amount: float, *, part: str = "1", kind: str = "PAYMENT") -> Sent:
    values = {"order_id": number, "payment_id": part, "kind": kind, "method": "UPI", "amount": _money(amount)}
    return Sent("payments", f"{number}/{part}", at, values)


def click(
    event: str, at: datetime, visitor: str, kind: str = "PAGE_VIEW", *, name: str | None = None,
    account: str | None = None,
) -> Sent:  # fmt: skip
    values = {
        "event_id": event, "visitor_id": visitor, "customer_id": account, "event_type": kind, "product_id": name,
        "device": "MOBILE", "traffic_source": "SEARCH",
    }  # fmt: skip
    return Sent("clickstream", event, at, values)


def _money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
