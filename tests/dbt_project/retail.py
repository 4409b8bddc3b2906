"""What the tests of the store retail models share: records as stores send them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from lakehouse_assets.domains import contracts_of
from tests.dbt_project import building

MODELS = tuple(c.table for c in contracts_of("retail") if c.layer in ("silver", "gold", "platinum"))
FEATURES = tuple(c.table for c in contracts_of("retail") if c.layer == "platinum")
UP_TO_FEATURES = (
    *(m for m in MODELS if m.startswith("silver_") and m != "silver_retail_rejected"),
    "gold_retail_daily_store_sales", *FEATURES,
)  # fmt: skip


class Sent(building.Sent):
    """A record of one of the six tables."""

    PREFIX = "retail_"
    TENANT = "stores"
    TIMES: ClassVar = {
        "pos_transactions": ("business_date", "sold_at"), "events": ("event_date", "event_time"),
        "documents": ("document_date", "issued_at"), "locations": ("change_date", "changed_at"),
        "stores": ("change_date", "changed_at"), "products": ("change_date", "changed_at"),
    }  # fmt: skip


def place(code: str, at: datetime, region: str = "NCR") -> Sent:
    names = {"barangay": f"barangay {code}", "city": "Manila", "province": "Metro Manila", "region": region}
    return Sent("locations", f"{code}/{at}", at, {"barangay_code": code, **names})


def store(name: str, at: datetime, code: str | None = None, *, kind: str = "SARI_SARI") -> Sent:
    return Sent("stores", f"{name}/{at}", at, {"store_id": name, "store_type": kind, "barangay_code": code})


def product(name: str, at: datetime, brand: str | None = "Alon", *, category: str = "Snacks") -> Sent:
    return Sent("products", f"{name}/{at}", at, {"product_id": name, "brand": brand, "category": category})


def sale(
    receipt: str, line: int, at: datetime, shop: str, sold: str, *, asked: str | None = None, units: int = 1,
    price: float = 10, customer: str | None = None,
) -> Sent:  # fmt: skip
    value = Decimal(str(price)) * units
    values = {
        "store_id": shop, "transaction_id": receipt, "line_id": str(line), "business_hour": at.hour,
        "product_id": sold, "requested_product_id": asked, "quantity": Decimal(units), "gross_amount": value,
        "discount_amount": Decimal(0), "net_amount": value, "payment_method": "CASH", "customer_id": customer,
    }  # fmt: skip
    # Receipts are numbered anew every day, so a line is known by its day, too.
    return Sent("pos_transactions", f"{shop}/{at.date()}/{receipt}/{line}", at, values)


def event(name: str, at: datetime, shop: str | None, kind: str = "VISITORS", amount: int = 1) -> Sent:
    values = {
        "event_id": name, "event_hour": at.hour, "device_kind": "SENSOR", "event_type": kind, "store_id": shop,
        "amount": Decimal(amount),
    }  # fmt: skip
    return Sent("events", f"{at.date()}/{name}", at, values)


def document(name: str, at: datetime, shop: str, amount: float) -> Sent:
    values = {
        "document_id": name, "document_type": "DELIVERY_RECEIPT", "store_id": shop,
        "total_amount": Decimal(str(amount)),
    }  # fmt: skip
    return Sent("documents", f"{at.date()}/{name}", at, values)
