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

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.ecommerce import world
from lakehouse_assets.domains.ecommerce.world import CHANNELS, DEVICES, EVENT_TYPES, METHODS, TRAFFIC, World
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

SIZE = 6_000
"""Orders in the usual sample."""
FIRST_DAY = date(2026, 1, 1)

_BROKEN_JSON = ("malformed_json", "bad_date", "missing_tenant", "missing_key")
_BROKEN_CSV = ("ragged_row", "bad_date", "bad_number", "missing_tenant", "missing_key")
_OFFSET = timedelta(hours=5, minutes=30)
_CSV_HEADERS = {
    "ecommerce_order_items": (
        "tenant_id,order_id,line_id,ordered_at,product_id,quantity,unit_price,discount_amount,freight_amount,"
        "returned_quantity,refund_amount,returned_at,updated_at"
    ),
    "ecommerce_payments": "tenant_id,order_id,payment_id,paid_at,kind,method,installments,amount",
    "ecommerce_products": "tenant_id,product_id,changed_at,product_name,category,brand,list_price,unit_cost,is_active",
}


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
        _Feed("ecommerce_customers", "ndjson", _BROKEN_JSON, made.customer_records, _customer_line, "customer"),
        _Feed("ecommerce_products", "csv", _BROKEN_CSV, made.product_records, _product_line, "product"),
        _Feed("ecommerce_orders", "ndjson", _BROKEN_JSON, made.order_records, _order_line, "order_no"),
        _Feed("ecommerce_order_items", "csv", _BROKEN_CSV, made.item_records, _item_line, "order_no"),
        _Feed("ecommerce_payments", "csv", _BROKEN_CSV, made.payment_records, _payment_line, "order_no"),
        _Feed("ecommerce_clickstream", "ndjson", _BROKEN_JSON, made.click_records, _click_line, "event_no"),
    ]
    writers = [
        feed.written(number, made, folder, _Context(first_day, tenants), compression, defects)
        for number, feed in enumerate(feeds)
    ]
    # All sources advance together, so that what is true of a window is worked out once.
    summaries: list[SampleSummary] = []
    for _ in spans:
        summaries = [next(writer) for writer in writers]
    return sampling.together(summaries)


@dataclass(frozen=True)
class _Context:
    """What every line needs to know."""

    first_day: date
    tenants: tuple[str, ...]

    def time(self, seconds: str) -> pl.Expr:
        """Seconds since the first day as local text; the last tenant's systems write UTC."""
        at = pl.lit(self.first_day).cast(pl.Datetime("ms")) + pl.duration(seconds=pl.col(seconds))
        pattern = "%Y-%m-%dT%H:%M:%S"
        local = pl.format("{}+05:30", (at + _OFFSET).dt.strftime(pattern))
        utc = pl.format("{}Z", at.dt.strftime(pattern))
        last = pl.col("tenant") == len(self.tenants) - 1
        return pl.when(pl.col(seconds) >= 0).then(pl.when(last).then(utc).otherwise(local))

    def day(self, seconds: str) -> pl.Expr:
        """The day of so many seconds since the first day, as text."""
        at = pl.lit(self.first_day).cast(pl.Datetime("ms")) + pl.duration(seconds=pl.col(seconds))
        return at.dt.strftime("%Y-%m-%d")

    @property
    def tenant(self) -> pl.Expr:
        """The name of the tenant."""
        return sampling.label("tenant", self.tenants)


@dataclass(frozen=True)
class _Feed:
    """The files of one source.

    ``records`` gives the rows that begin in a window, ``line`` their text; ``number`` is the column that spoiled
    rows get a number of their own in.
    """

    source: str
    form: str
    broken_kinds: tuple[str, ...]
    records: Callable[[int], pl.DataFrame]
    line: Callable[[_Context, dict[str, pl.Expr]], pl.Expr]
    number: str

    def written(
        self, salt: int, made: World, folder: Path, context: _Context, compression: Compression, defects: Defects
    ) -> Iterator[SampleSummary]:
        """Write one file after another; give what was written so far after each."""
        rng = np.random.default_rng([made.seed, salt])
        flow = sampling.Flow(made.first_day, made.spans, defects, len(self.broken_kinds), rng)
        tally = sampling.Tally(self.broken_kinds)
        paths: list[Path] = []
        begun = (self.records(window) for window in range(len(made.spans)))
        for rows in flow.arriving(begun, self._renumbered):
            path = folder / self.source / f"{self.source}_{len(paths) + 1:04d}.{self.form}"
            path = path.with_name(path.name + sampling.SUFFIX[compression])
            kinds = {name: pl.col("kind") == sampling.FIRST_BROKEN_KIND + i for i, name in enumerate(self.broken_kinds)}
            text = rows.select(line=self.line(context, kinds)).to_series()
            sampling.write_lines(path, text, compression, header=_CSV_HEADERS.get(self.source))
            tally.add(rows)
            paths.append(path)
            yield tally.summary({self.source: tuple(paths)})

    def _renumbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with numbers that no sound row has: beyond all of them, told apart by time and place."""
        beyond = world.BEYOND + pl.col(self.number) * 100 + pl.int_range(pl.len()) % 100
        return rows.with_columns(beyond.cast(rows.schema[self.number]).alias(self.number))


def _corrected() -> pl.Expr:
    return pl.col("kind") == sampling.CORRECTED_COPY


def _json(fields: dict[str, pl.Expr], kinds: dict[str, pl.Expr], key: str, time: str) -> pl.Expr:
    """A JSON object, spoiled where its kind says so."""
    spoiled = {
        **fields,
        time: pl.when(kinds["bad_date"]).then(pl.lit("2025-13-41T25:61:00Z")).otherwise(fields[time]),
        "tenant_id": pl.when(~kinds["missing_tenant"]).then(fields["tenant_id"]),
        key: pl.when(~kinds["missing_key"]).then(fields[key]),
    }
    record = pl.struct(**spoiled).struct.json_encode()
    return pl.when(kinds["malformed_json"]).then(record.str.slice(0, 60)).otherwise(record)


def _csv(fields: dict[str, pl.Expr], kinds: dict[str, pl.Expr], key: str, time: str, number: str) -> pl.Expr:
    """A CSV line, spoiled where its kind says so."""
    spoiled = {
        **fields,
        time: pl.when(kinds["bad_date"]).then(pl.lit("31/02/2026 99:00")).otherwise(fields[time]),
        number: pl.when(kinds["bad_number"]).then(pl.lit("a few")).otherwise(fields[number]),
        "tenant_id": pl.when(~kinds["missing_tenant"]).then(fields["tenant_id"]),
        key: pl.when(~kinds["missing_key"]).then(fields[key]),
    }
    line = pl.concat_str([expr.fill_null("") for expr in spoiled.values()], separator=",")
    return pl.when(kinds["ragged_row"]).then(pl.format("{},surplus,fields", line)).otherwise(line)


def _money(cents: str) -> pl.Expr:
    return pl.format("{}.{}", pl.col(cents) // 100, sampling.digits(pl.col(cents) % 100, 2))


def _order_id() -> pl.Expr:
    return pl.format("EC-{}", sampling.digits(pl.col("order_no"), 9))


def _customer_id(column: str = "customer") -> pl.Expr:
    return pl.when(pl.col(column) >= 0).then(pl.format("C{}", sampling.digits(pl.col(column), 8)))


def _product_id() -> pl.Expr:
    return pl.when(pl.col("product") >= 0).then(pl.format("EP{}", sampling.digits(pl.col("product"), 6)))


def _visitor_id() -> pl.Expr:
    return pl.when(pl.col("visitor") >= 0).then(pl.format("V{}", sampling.digits(pl.col("visitor"), 10)))


def _customer_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    places = [list(column) for column in zip(*world.PLACES, strict=True)]
    # A correction is an address put right.
    place = pl.when(_corrected()).then((pl.col("place") + 1) % len(world.PLACES)).otherwise(pl.col("place"))
    fields = {
        "tenant_id": context.tenant,
        "customer_id": _customer_id(),
        "changed_at": context.time("seconds"),
        "person_id": pl.format("P{}", sampling.digits(pl.col("person"), 8)),
        "segment": sampling.label("segment", world.SEGMENTS),
        "loyalty_tier": sampling.label("tier", world.TIERS),
        "country": place.replace_strict(range(len(places[0])), places[0], return_dtype=pl.String),
        "region": place.replace_strict(range(len(places[1])), places[1], return_dtype=pl.String),
        "city": place.replace_strict(range(len(places[2])), places[2], return_dtype=pl.String),
        "marketing_consent": pl.col("consent"),
    }
    return _json(fields, kinds, "customer_id", "changed_at")


def _product_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    names, categories, brands = world.catalogue_names()
    fields = {
        "tenant_id": context.tenant,
        "product_id": _product_id(),
        "changed_at": context.time("seconds"),
        "product_name": pl.format("{} {}", sampling.label("name", names), pl.col("product") % world.BEYOND + 1),
        "category": sampling.label("category", categories),
        # A correction is a brand put right.
        "brand": pl.when(_corrected()).then(pl.lit("Own brand")).otherwise(sampling.label("brand", brands)),
        "list_price": _money("price"),
        "unit_cost": _money("cost"),
        "is_active": pl.when(pl.col("active")).then(pl.lit("true")).otherwise(pl.lit("false")),
    }
    return _csv(fields, kinds, "product_id", "changed_at", "list_price")


def _order_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    # A correction is a channel put right.
    channel = pl.when(_corrected()).then(pl.lit("PHONE")).otherwise(sampling.label("channel", CHANNELS))
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "ordered_at": context.time("ordered"),
        "updated_at": context.time("seconds"),
        "customer_id": _customer_id(),
        "visitor_id": _visitor_id(),
        "status": sampling.label("status", world.STATUSES),
        "channel": channel,
        "currency": pl.lit("INR"),
        "approved_at": context.time("approved"),
        "shipped_at": context.time("shipped"),
        "delivered_at": context.time("delivered"),
        "estimated_delivery_date": context.day("promised"),
    }
    return _json(fields, kinds, "order_id", "ordered_at")


def _item_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "line_id": pl.col("line_no").cast(pl.String),
        "ordered_at": context.time("ordered"),
        "product_id": _product_id(),
        "quantity": pl.col("quantity").cast(pl.String),
        "unit_price": _money("price"),
        "discount_amount": _money("discount"),
        # A correction is a freight put right.
        "freight_amount": pl.when(_corrected()).then(pl.lit("19.50")).otherwise(_money("freight")),
        "returned_quantity": pl.col("returned").cast(pl.String),
        "refund_amount": _money("refund"),
        "returned_at": pl.when(pl.col("returned") > 0).then(context.time("seconds")),
        "updated_at": context.time("seconds"),
    }
    return _csv(fields, kinds, "order_id", "ordered_at", "quantity")


def _payment_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "order_id": _order_id(),
        "payment_id": pl.format("{}{}", pl.when(pl.col("refund")).then(pl.lit("R")).otherwise(pl.lit("")), "part"),
        "paid_at": context.time("seconds"),
        "kind": pl.when(pl.col("refund")).then(pl.lit("REFUND")).otherwise(pl.lit("PAYMENT")),
        # A correction is a method put right.
        "method": pl.when(_corrected()).then(pl.lit("BANK_TRANSFER")).otherwise(sampling.label("method", METHODS)),
        "installments": pl.col("installments").cast(pl.String),
        "amount": _money("amount"),
    }
    return _csv(fields, kinds, "order_id", "paid_at", "amount")


def _click_line(context: _Context, kinds: dict[str, pl.Expr]) -> pl.Expr:
    kind = sampling.label("event_type", EVENT_TYPES)
    page = pl.when(pl.col("product") >= 0).then(pl.format("/p/{}", "product")).otherwise(pl.format("/{}", kind))
    fields = {
        "tenant_id": context.tenant,
        "event_id": pl.format("EV{}", sampling.digits(pl.col("event_no"), 12)),
        "event_time": context.time("seconds"),
        "visitor_id": _visitor_id(),
        "customer_id": _customer_id(),
        "event_type": kind,
        "product_id": _product_id(),
        "order_id": pl.when(pl.col("order_no") >= 0).then(_order_id()),
        "device": sampling.label("device", DEVICES),
        # A correction is a traffic source put right.
        "traffic_source": pl.when(_corrected()).then(pl.lit("DIRECT")).otherwise(sampling.label("traffic", TRAFFIC)),
        "page": page.str.to_lowercase(),
    }
    return _json(fields, kinds, "event_id", "event_time")
