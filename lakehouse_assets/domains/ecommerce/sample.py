"""Seeded sample of online shops: what the systems of a few shops would send about their customers and sales.

Only the making of files belongs here, with ``world.py`` for what is true in that world. How files are read is said
by ``sources.yml``, what a valid row is by ``contracts``; neither is imported, so that the sample can disagree with
them where it is meant to.

The shape of the data: evenings, weekends and the festive season are busy, the app overtakes the website, a few
products and customers make most of the turnover, clothing comes back most, one visit in seven ends in a purchase.
An order is reported when placed and again in its last state, a line again when something of it comes back, accounts
and products whenever they change. Some orders, accounts and products are never reported at all.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.ecommerce import world
from lakehouse_assets.domains.ecommerce.world import CHANNELS, DEVICES, EVENT_TYPES, METHODS, TRAFFIC, World
from lakehouse_assets.domains.feeds import (
    BEYOND,
    Context,
    Feed,
    Fields,
    corrected,
    csv_line,
    json_line,
    money,
    write_feeds,
)
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

SIZE = 6_000
"""Orders in the usual sample."""
FIRST_DAY = date(2026, 1, 1)

_OFFSET = timedelta(hours=5, minutes=30)
_ITEM_HEADER = (
    "tenant_id,order_id,line_id,ordered_at,product_id,quantity,unit_price,discount_amount,freight_amount,"
    "returned_quantity,refund_amount,returned_at,updated_at"
)
_PAYMENT_HEADER = "tenant_id,order_id,payment_id,paid_at,kind,method,installments,amount"
_PRODUCT_HEADER = "tenant_id,product_id,changed_at,product_name,category,brand,list_price,unit_cost,is_active"


def write_sample(
    folder: Path,
    *,
    size: int = SIZE,
    seed: int = 2026,
    first_day: date = FIRST_DAY,
    last_day: date = sampling.LAST_DAY,
    tenants: tuple[str, ...] = sampling.TENANTS,
    files: int | None = None,
    compression: Compression = "gzip",
    defects: Defects = Defects(),  # noqa: B008 - frozen
) -> SampleSummary:
    """Write ``<folder>/<source>/<source>_0001…`` for each of the six sources; return what they hold.

    ``size`` is the number of orders placed between ``first_day`` and ``last_day`` (UTC, inclusive); about twelve
    actions of visitors, two lines and a payment come with each. Duplicates and broken lines come on top. The same
    arguments give the same bytes. Memory is bounded by one window of time, whatever ``size`` is.
    """
    spans = sampling.windows(first_day, last_day, size * 12, files)
    made = World(seed, size, first_day, last_day, len(tenants), spans)
    feeds = [
        Feed("ecommerce_customers", "ndjson", made.customer_records, _customer_line, "customer"),
        Feed("ecommerce_products", "csv", made.product_records, _product_line, "product", _PRODUCT_HEADER),
        Feed("ecommerce_orders", "ndjson", made.order_records, _order_line, "order_no"),
        Feed("ecommerce_order_items", "csv", made.item_records, _item_line, "order_no", _ITEM_HEADER),
        Feed("ecommerce_payments", "csv", made.payment_records, _payment_line, "order_no", _PAYMENT_HEADER),
        Feed("ecommerce_clickstream", "ndjson", made.click_records, _click_line, "event_no"),
    ]
    return write_feeds(feeds, made, folder, Context(first_day, tenants), compression, defects)


def _time(context: Context, seconds: str) -> pl.Expr:
    """Seconds since the first day as local text; the last tenant's systems write UTC."""
    at = context.moment(seconds)
    pattern = "%Y-%m-%dT%H:%M:%S"
    local = pl.format("{}+05:30", (at + _OFFSET).dt.strftime(pattern))
    utc = pl.format("{}Z", at.dt.strftime(pattern))
    last = pl.col("tenant") == len(context.tenants) - 1
    return pl.when(pl.col(seconds) >= 0).then(pl.when(last).then(utc).otherwise(local))


def _order_id() -> pl.Expr:
    return pl.format("EC-{}", sampling.digits(pl.col("order_no"), 9))


def _customer_id(column: str = "customer") -> pl.Expr:
    return pl.when(pl.col(column) >= 0).then(pl.format("C{}", sampling.digits(pl.col(column), 8)))


def _product_id() -> pl.Expr:
    return pl.when(pl.col("product") >= 0).then(pl.format("EP{}", sampling.digits(pl.col("product"), 6)))


def _visitor_id() -> pl.Expr:
    return pl.when(pl.col("visitor") >= 0).then(pl.format("V{}", sampling.digits(pl.col("visitor"), 10)))


def _customer_line(context: Context, kinds: Fields) -> pl.Expr:
    places = [list(column) for column in zip(*world.PLACES, strict=True)]
    # A correction is an address put right.
    place = pl.when(corrected()).then((pl.col("place") + 1) % len(world.PLACES)).otherwise(pl.col("place"))
    fields = {
        "tenant_id": context.tenant,
        "customer_id": _customer_id(),
        "changed_at": _time(context, "seconds"),
        "person_id": pl.format("P{}", sampling.digits(pl.col("person"), 8)),
        "segment": sampling.label("segment", world.SEGMENTS),
        "loyalty_tier": sampling.label("tier", world.TIERS),
        "country": place.replace_strict(range(len(places[0])), places[0], return_dtype=pl.String),
        "region": place.replace_strict(range(len(places[1])), places[1], return_dtype=pl.String),
        "city": place.replace_strict(range(len(places[2])), places[2], return_dtype=pl.String),
        "marketing_consent": pl.col("consent"),
    }
    return json_line(fields, kinds, "customer_id", "changed_at")


def _product_line(context: Context, kinds: Fields) -> pl.Expr:
    names, categories, brands = world.catalogue_names()
    fields = {
        "tenant_id": context.tenant,
        "product_id": _product_id(),
        "changed_at": _time(context, "seconds"),
        "product_name": pl.format("{} {}", sampling.label("name", names), pl.col("product") % BEYOND + 1),
        "category": sampling.label("category", categories),
        # A correction is a brand put right.
        "brand": pl.when(corrected()).then(pl.lit("Own brand")).otherwise(sampling.label("brand", brands)),
        "list_price": money("price"),
        "unit_cost": money("cost"),
        "is_active": pl.when(pl.col("active")).then(pl.lit("true")).otherwise(pl.lit("false")),
    }
    return csv_line(fields, kinds, "product_id", "changed_at", "list_price")


def _order_line(context: Context, kinds: Fields) -> pl.Expr:
    # A correction is a channel put right.
    channel = pl.when(corrected()).then(pl.lit("PHONE")).otherwise(sampling.label("channel", CHANNELS))
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "ordered_at": _time(context, "ordered"),
        "updated_at": _time(context, "seconds"),
        "customer_id": _customer_id(),
        "visitor_id": _visitor_id(),
        "status": sampling.label("status", world.STATUSES),
        "channel": channel,
        "currency": pl.lit("INR"),
        "approved_at": _time(context, "approved"),
        "shipped_at": _time(context, "shipped"),
        "delivered_at": _time(context, "delivered"),
        "estimated_delivery_date": context.day("promised"),
    }
    return json_line(fields, kinds, "order_id", "ordered_at")


def _item_line(context: Context, kinds: Fields) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "line_id": pl.col("line_no").cast(pl.String),
        "ordered_at": _time(context, "ordered"),
        "product_id": _product_id(),
        "quantity": pl.col("quantity").cast(pl.String),
        "unit_price": money("price"),
        "discount_amount": money("discount"),
        # A correction is a freight put right.
        "freight_amount": pl.when(corrected()).then(pl.lit("19.50")).otherwise(money("freight")),
        "returned_quantity": pl.col("returned").cast(pl.String),
        "refund_amount": money("refund"),
        "returned_at": pl.when(pl.col("returned") > 0).then(_time(context, "seconds")),
        "updated_at": _time(context, "seconds"),
    }
    return csv_line(fields, kinds, "order_id", "ordered_at", "quantity")


def _payment_line(context: Context, kinds: Fields) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "payment_id": pl.format("{}{}", pl.when(pl.col("refund")).then(pl.lit("R")).otherwise(pl.lit("")), "part"),
        "paid_at": _time(context, "seconds"),
        "kind": pl.when(pl.col("refund")).then(pl.lit("REFUND")).otherwise(pl.lit("PAYMENT")),
        # A correction is a method put right.
        "method": pl.when(corrected()).then(pl.lit("BANK_TRANSFER")).otherwise(sampling.label("method", METHODS)),
        "installments": pl.col("installments").cast(pl.String),
        "amount": money("amount"),
    }
    return csv_line(fields, kinds, "order_id", "paid_at", "amount")


def _click_line(context: Context, kinds: Fields) -> pl.Expr:
    kind = sampling.label("event_type", EVENT_TYPES)
    page = pl.when(pl.col("product") >= 0).then(pl.format("/p/{}", "product")).otherwise(pl.format("/{}", kind))
    fields = {
        "tenant_id": context.tenant,
        "event_id": pl.format("EV{}", sampling.digits(pl.col("event_no"), 12)),
        "event_time": _time(context, "seconds"),
        "visitor_id": _visitor_id(),
        "customer_id": _customer_id(),
        "event_type": kind,
        "product_id": _product_id(),
        "order_id": pl.when(pl.col("order_no") >= 0).then(_order_id()),
        "device": sampling.label("device", DEVICES),
        # A correction is a traffic source put right.
        "traffic_source": pl.when(corrected()).then(pl.lit("DIRECT")).otherwise(sampling.label("traffic", TRAFFIC)),
        "page": page.str.to_lowercase(),
    }
    return json_line(fields, kinds, "event_id", "event_time")
