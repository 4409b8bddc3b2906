"""Seeded sample of sari-sari stores: what tills, door sensors, apps and suppliers of small stores would send.

Only the making of files belongs here, with ``world.py`` for what is true in that world. How files are read is said
by ``sources.yml``, what a valid row is by ``contracts``; neither is imported, so that the sample can disagree with
them where it is meant to.

The shape of the data: paydays and weekends are busy, mornings belong to coffee and evenings to drinks and snacks, a
few brands are asked for most, one line in fifteen is another product than the one asked for, wallets overtake the
list of debts. Some stores are reported only after they have sold, some products never.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from lakehouse_assets.domains import sampling
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
from lakehouse_assets.domains.retail import world
from lakehouse_assets.domains.retail.world import World
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

SIZE = 8_000
"""Receipts in the usual sample."""
FIRST_DAY = date(2026, 4, 1)
TENANTS = ("ph.suki", "ph.tindahan")

_POS_HEADER = (
    "tenant_id,store_id,transaction_id,line_id,sold_at,product_id,requested_product_id,quantity,unit_price,"
    "discount_amount,payment_method,customer_id"
)
_PRODUCT_HEADER = "tenant_id,product_id,changed_at,product_name,category,brand,package_size,list_price"


def write_sample(
    folder: Path,
    *,
    size: int = SIZE,
    seed: int = 2026,
    first_day: date = FIRST_DAY,
    last_day: date = sampling.LAST_DAY,
    tenants: tuple[str, ...] = TENANTS,
    files: int | None = None,
    compression: Compression = "gzip",
    defects: Defects = Defects(),  # noqa: B008 - frozen
) -> SampleSummary:
    """Write ``<folder>/<source>/<source>_0001…`` for each of the six sources; return what they hold.

    ``size`` is the number of receipts made between ``first_day`` and ``last_day`` (in the stores' own time,
    inclusive); about two lines and half an event come with each. Duplicates and broken lines come on top. The same
    arguments give the same bytes. Memory is bounded by one window of time, whatever ``size`` is.
    """
    spans = sampling.windows(first_day, last_day, size * 3, files)
    made = World(seed, size, first_day, last_day, len(tenants), spans)
    feeds = [
        Feed("retail_locations", "ndjson", made.location_records, _location_line, "entry"),
        Feed("retail_stores", "ndjson", made.store_records, _store_line, "store"),
        Feed("retail_products", "csv", made.product_records, _product_line, "product", _PRODUCT_HEADER),
        Feed("retail_pos", "csv", made.line_records, _pos_line, "receipt", _POS_HEADER),
        Feed("retail_events", "ndjson", made.event_records, _event_line, "event"),
        Feed("retail_documents", "ndjson", made.document_records, _document_line, "document"),
    ]
    return write_feeds(feeds, made, folder, Context(first_day, tenants), compression, defects)


def _time(context: Context, seconds: str = "seconds") -> pl.Expr:
    return context.moment(seconds).dt.strftime("%Y-%m-%dT%H:%M:%S+08:00")


def _id(prefix: str, column: str, width: int) -> pl.Expr:
    return pl.when(pl.col(column) >= 0).then(pl.format(prefix + "{}", sampling.digits(pl.col(column), width)))


def _store_id() -> pl.Expr:
    return _id("S", "store", 5)


def _product_id(column: str = "product") -> pl.Expr:
    return _id("RP", column, 6)


def _location_line(context: Context, kinds: Fields) -> pl.Expr:
    columns = list(zip(*world.PLACES, strict=True))
    code, barangay, city, province, region = (sampling.label("place", names) for names in columns)
    fields = {
        "tenant_id": context.tenant,
        "barangay_code": pl.when(pl.col("entry") < BEYOND).then(code).otherwise(_id("PH-", "entry", 12)),
        "changed_at": _time(context),
        # A correction is a name put right.
        "barangay": pl.when(corrected()).then(pl.format("Barangay {}", barangay)).otherwise(barangay),
        "city": city,
        "province": province,
        "region": region,
    }
    return json_line(fields, kinds, "barangay_code", "changed_at")


def _store_line(context: Context, kinds: Fields) -> pl.Expr:
    kind = sampling.label("type", world.STORE_TYPES)
    fields = {
        "tenant_id": context.tenant,
        "store_id": _store_id(),
        "changed_at": _time(context),
        "store_name": pl.format("Tindahan {}", pl.col("store") % BEYOND + 1),
        # A correction is a kind of store put right.
        "store_type": pl.when(corrected()).then(pl.lit("MINIMART")).otherwise(kind),
        "barangay_code": sampling.label("place", [code for code, *_ in world.PLACES]),
        "opened_date": context.day("opened"),
    }
    return json_line(fields, kinds, "store_id", "changed_at")


def _product_line(context: Context, kinds: Fields) -> pl.Expr:
    name = sampling.label("name", world.NAMES)
    brand = sampling.label("brand", world.BRANDS)
    size = name.str.extract(r"(\d+ m?[lg])$")
    edition = pl.col("product") % BEYOND // (len(world.NAMES) * len(world.BRANDS))
    fields = {
        "tenant_id": context.tenant,
        "product_id": _product_id(),
        "changed_at": _time(context),
        "product_name": pl.when(edition == 0)
        .then(pl.format("{} {}", brand, name))
        .otherwise(pl.format("{} {} no. {}", brand, name, edition + 1)),
        "category": sampling.label("category", list(world.CATEGORIES)),
        "brand": brand,
        # A correction is a size put right.
        "package_size": pl.when(corrected()).then(pl.lit("60 g")).otherwise(size),
        "list_price": money("price"),
    }
    return csv_line(fields, kinds, "product_id", "changed_at", "list_price")


def _pos_line(context: Context, kinds: Fields) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "store_id": _store_id(),
        "transaction_id": _id("R", "receipt", 10),
        "line_id": pl.col("line").cast(pl.String),
        "sold_at": _time(context),
        "product_id": _product_id(),
        "requested_product_id": _product_id("asked"),
        "quantity": pl.col("quantity").cast(pl.String),
        "unit_price": money("price"),
        "discount_amount": money("discount"),
        # A correction is a means of payment put right.
        "payment_method": pl.when(corrected())
        .then(pl.lit("LISTA"))
        .otherwise(sampling.label("payment", world.PAYMENTS)),
        "customer_id": _id("SC", "customer", 8),
    }
    return csv_line(fields, kinds, "transaction_id", "sold_at", "quantity")


def _event_line(context: Context, kinds: Fields) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "event_id": _id("RE", "event", 12),
        "event_time": _time(context),
        "device_kind": sampling.label("device", world.DEVICE_KINDS),
        "event_type": sampling.label("type", world.EVENT_TYPES),
        "store_id": _store_id(),
        "product_id": _product_id(),
        "customer_id": _id("SC", "customer", 8),
        # A correction is a number put right.
        "amount": pl.when(corrected()).then(pl.col("amount") + 1).otherwise(pl.col("amount")),
    }
    return json_line(fields, kinds, "event_id", "event_time")


def _document_line(context: Context, kinds: Fields) -> pl.Expr:
    kind = sampling.label("type", world.DOCUMENT_TYPES)
    supplier = sampling.label("supplier", world.SUPPLIERS)
    content = pl.format("{} of {} for store {}: {} PHP in all", kind, supplier, pl.col("store") + 1, money("amount"))
    fields = {
        "tenant_id": context.tenant,
        "document_id": _id("D", "document", 10),
        "issued_at": _time(context),
        "document_type": kind,
        "store_id": _store_id(),
        # A correction is a supplier put right.
        "supplier": pl.when(corrected()).then(pl.lit("Visayas Wholesale")).otherwise(supplier),
        "total_amount": money("amount"),
        "content": content,
    }
    return json_line(fields, kinds, "document_id", "issued_at")
