"""Contracts of the e-commerce bronze tables: every record as it was received, with its full history."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import (
    DOMAIN,
    EVENT_TYPES,
    ORDER_STATUSES,
    PAYMENT_KINDS,
    Money,
    Quantity,
)
from lakehouse_assets.lakehouse.contract import DAILY, Contract, Rule, TableModel, Timestamp, column, day, rule

RECEIVED_KEY = ("record_key", "load_id", "source_row")


class EcommerceOrders(TableModel):
    """Every state in which an order was reported: what was received, never changed."""

    order_date: pl.Date = column("Day on which the order was placed, in the project's zone.")
    ordered_at: Timestamp = column("When the order was placed, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Identifier of the order, unique within its tenant.")
    customer_id: pl.String = column("Account that ordered; empty for a guest.", nullable=True)
    visitor_id: pl.String = column("Browser or app the order came from, as in the clickstream.", nullable=True)
    status: pl.String = column("Where the order stands: PLACED, PAID, SHIPPED, DELIVERED or CANCELLED.",
                               isin=ORDER_STATUSES)  # fmt: skip
    updated_at: Timestamp = column("When the source last changed the order, in UTC: the latest state counts.")
    channel: pl.String = column("Channel of the order, such as WEB or APP.", nullable=True)
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    approved_at: Timestamp = column("When the payment was approved, in UTC.", nullable=True)
    shipped_at: Timestamp = column("When the order was handed to the carrier, in UTC.", nullable=True)
    delivered_at: Timestamp = column("When the customer received the order, in UTC.", nullable=True)
    estimated_delivery_date: pl.Date = column("Day by which delivery was promised.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for all states of one order.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class EcommerceOrderItems(TableModel):
    """Every state in which a line of an order was reported, its returns included: what was received, never changed."""

    line_date: pl.Date = column("Day of line_at.")
    line_at: Timestamp = column(
        "Time under which the source keeps the line, in UTC: that of the order or, where the line does not say it, "
        "of the shipping deadline."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Order the line belongs to.")
    line_id: pl.String = column("Identifier of the line within its order.")
    product_id: pl.String = column("Product that was ordered.")
    seller_id: pl.String = column("Seller of the product, where the shop is a marketplace.", nullable=True)
    quantity: Quantity = column("Units ordered.", gt=0)
    unit_price: Money = column("Price of one unit before discounts, in the currency of the order.", ge=0)
    discount_amount: Money = column("Discount on the line, in the currency of the order.", ge=0)
    freight_amount: Money = column("Freight charged for the line, in the currency of the order.", ge=0)
    returned_quantity: Quantity = column("Units of the line that came back.", ge=0)
    refund_amount: Money = column("Money given back for them, in the currency of the order.", ge=0)
    returned_at: Timestamp = column("When they came back, in UTC.", nullable=True)
    updated_at: Timestamp = column("When the source last changed the line, in UTC: the latest state counts.")
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for all states of one line.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class EcommercePayments(TableModel):
    """Every payment and refund as it was reported: what was received, never changed."""

    payment_date: pl.Date = column("Day of paid_at.")
    paid_at: Timestamp = column(
        "When the money moved, in UTC; a source that does not say it gives the first moment of its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Order that was paid.")
    payment_id: pl.String = column("Identifier of the payment within its order.")
    kind: pl.String = column("Which way the money went: PAYMENT or REFUND.", isin=PAYMENT_KINDS)
    method: pl.String = column("Means of payment, such as CREDIT_CARD.")
    installments: pl.Int32 = column("Number of installments agreed.", nullable=True, ge=0)
    amount: Money = column("Money that moved, in the currency of the order; never negative.", ge=0)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one payment.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class EcommerceCustomers(TableModel):
    """Every change of a customer account, the whole account each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column(
        "When the account became as described, in UTC; a source that does not say it gives a moment before its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) the account is with.")
    customer_id: pl.String = column("Identifier of the account, unique within its tenant.")
    person_id: pl.String = column("Person the account belongs to, where the shop knows it.", nullable=True)
    segment: pl.String = column("Kind of customer, such as CONSUMER or BUSINESS.", nullable=True)
    loyalty_tier: pl.String = column("Tier of the loyalty programme, such as GOLD.", nullable=True)
    country: pl.String = column("Country of the customer.", nullable=True)
    region: pl.String = column("Region or state of the customer.", nullable=True)
    city: pl.String = column("City of the customer.", nullable=True)
    marketing_consent: pl.Boolean = column("Whether the customer may be written to.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class EcommerceProducts(TableModel):
    """Every change of a product of the catalogue, the whole product each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column(
        "When the product became as described, in UTC; a source that does not say it gives a moment before its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    list_price: Money = column("Price of one unit in the catalogue.", nullable=True, ge=0)
    unit_cost: Money = column("What one unit costs the shop.", nullable=True, ge=0)
    is_active: pl.Boolean = column("Whether the product can be ordered.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class EcommerceClickstream(TableModel):
    """Every action of a visitor as it was reported: what was received, never changed."""

    event_date: pl.Date = column("Day of event_time.")
    event_time: Timestamp = column("When the visitor acted, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that was visited.")
    event_id: pl.String = column("Identifier of the action, unique within its tenant.")
    visitor_id: pl.String = column("Browser or app that acted.")
    customer_id: pl.String = column("Account that was signed in, if any.", nullable=True)
    event_type: pl.String = column("What the visitor did, such as VIEW_PRODUCT or ADD_TO_CART.", isin=EVENT_TYPES)
    product_id: pl.String = column("Product the action is about, if any.", nullable=True)
    order_id: pl.String = column("Order that a purchase made.", nullable=True)
    device: pl.String = column("Kind of device, such as MOBILE.", nullable=True)
    traffic_source: pl.String = column("How the visitor came, such as SEARCH or EMAIL.", nullable=True)
    page: pl.String = column("Path of the page.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one action.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


def _dated(date_column: str, time_column: str) -> tuple[Rule, ...]:
    """Rules of a table whose rows have a time and are kept by its day."""
    return (
        rule(
            f"{date_column}_is_day_of_{time_column}",
            f"{date_column} = business_day({time_column})",
            description=f"{date_column} is the day of {time_column}, in the project's zone.",
        ),
        rule(
            f"{time_column}_not_in_future",
            f"{time_column} <= loaded_at + interval '1' day",
            description=f"{time_column} lies before the load (a day is allowed for clocks).",
        ),
    )


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=EcommerceOrders,
        table="ecommerce_orders",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per order, state of it and load that brought it.",
        partitions=(day("order_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            *_dated("order_date", "ordered_at"),
            rule(
                "updated_not_before_ordered",
                "updated_at >= ordered_at",
                description="An order is not changed before it is placed.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=EcommerceOrderItems,
        table="ecommerce_order_items",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per order line, state of it and load that brought it.",
        partitions=(day("line_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            # A shipping deadline may lie ahead, so line_at is not held to the time of the load.
            _dated("line_date", "line_at")[0],
            rule(
                "returned_within_ordered",
                "returned_quantity <= quantity",
                description="No more comes back than was ordered.",
            ),
            rule(
                "discount_within_value",
                "discount_amount <= quantity * unit_price",
                description="A discount is at most the value of the line.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=EcommercePayments,
        table="ecommerce_payments",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per payment and load that brought it.",
        partitions=(day("payment_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=_dated("payment_date", "paid_at"),
    ),
    Contract(
        model=EcommerceCustomers,
        table="ecommerce_customers",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per change of an account and load that brought it.",
        partitions=(day("change_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=_dated("change_date", "changed_at"),
    ),
    Contract(
        model=EcommerceProducts,
        table="ecommerce_products",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per change of a product and load that brought it.",
        partitions=(day("change_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            *_dated("change_date", "changed_at"),
            rule(
                "cost_below_price",
                "unit_cost <= list_price",
                description="A product is listed at what it costs, or above.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=EcommerceClickstream,
        table="ecommerce_clickstream",
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain="One row per action and load that brought it.",
        partitions=(day("event_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            *_dated("event_date", "event_time"),
            rule(
                "purchase_names_its_order",
                "event_type <> 'PURCHASE' or order_id is not null",
                description="A purchase names the order it made.",
                severity="warning",
            ),
        ),
    ),
)
