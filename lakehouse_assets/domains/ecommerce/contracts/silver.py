"""Contracts of the e-commerce silver tables: each thing once, valid, with its history, and what was held back."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import (
    DOMAIN,
    EVENT_TYPES,
    ORDER_STATUSES,
    PAYMENT_KINDS,
    Money,
    MoneyTotal,
    Quantity,
)
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, Timestamp, column, day, month, rule

ENTITIES = ("ORDER", "ORDER_ITEM", "PAYMENT")
REASONS = ("CUSTOMER_UNKNOWN", "ORDER_UNKNOWN", "ORDER_HELD_BACK", "PRODUCT_UNKNOWN")


class SilverEcommerceCustomers(TableModel):
    """The history of every customer account: what was true from when to when."""

    tenant_id: pl.String = column("Tenant (shop or company) the account is with.")
    customer_id: pl.String = column("Identifier of the account, unique within its tenant.")
    version_no: pl.Int32 = column("Number of the version within the account, from 1.", ge=1)
    valid_from: Timestamp = column("When the account became so, in UTC; the first version also holds before.")
    valid_to: Timestamp = column("When it became otherwise, in UTC; empty while it holds.", nullable=True)
    is_current: pl.Boolean = column("Whether the version holds now.")
    valid_from_date: pl.Date = column("Day of valid_from.")
    person_id: pl.String = column("Person the account belongs to; the account itself where the shop knows none.")
    segment: pl.String = column("Kind of customer, such as CONSUMER or BUSINESS.", nullable=True)
    loyalty_tier: pl.String = column("Tier of the loyalty programme, such as GOLD.", nullable=True)
    country: pl.String = column("Country of the customer.", nullable=True)
    region: pl.String = column("Region or state of the customer.", nullable=True)
    city: pl.String = column("City of the customer.", nullable=True)
    marketing_consent: pl.Boolean = column("Whether the customer may be written to.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the change.")
    load_id: pl.String = column("Load that brought in the change.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


class SilverEcommerceProducts(TableModel):
    """The history of every product: what was true from when to when."""

    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    version_no: pl.Int32 = column("Number of the version within the product, from 1.", ge=1)
    valid_from: Timestamp = column("When the product became so, in UTC; the first version also holds before.")
    valid_to: Timestamp = column("When it became otherwise, in UTC; empty while it holds.", nullable=True)
    is_current: pl.Boolean = column("Whether the version holds now.")
    valid_from_date: pl.Date = column("Day of valid_from.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    list_price: Money = column("Price of one unit in the catalogue.", nullable=True)
    unit_cost: Money = column("What one unit costs the shop.", nullable=True)
    is_active: pl.Boolean = column("Whether the product can be ordered.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the change.")
    load_id: pl.String = column("Load that brought in the change.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


class SilverEcommerceQuarantine(TableModel):
    """Orders, lines and payments held back because what they belong to is not known; they go once it arrives."""

    record_date: pl.Date = column("Day under which the record is kept in bronze.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    entity: pl.String = column("What the record is: ORDER, ORDER_ITEM or PAYMENT.", isin=ENTITIES)
    order_id: pl.String = column("Order the record is, or belongs to.")
    record_id: pl.String = column("Identifier of the record: of the order, or of the line or payment within it.")
    reason: pl.String = column(
        "Why it is held back: its customer, order or product is unknown, or its order is itself held back.",
        isin=REASONS,
    )
    missing_id: pl.String = column("Identifier of what it waits for.")
    amount: MoneyTotal = column(
        "Money held back: value of the line less discount, or amount of the payment.", nullable=True
    )
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the record in bronze.")
    load_id: pl.String = column("Load that brought it in.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


class SilverEcommerceOrders(TableModel):
    """Orders, each once, in their latest state, of guests and of known customers."""

    order_date: pl.Date = column("Day on which the order was placed, in the project's zone.")
    ordered_at: Timestamp = column("When the order was placed, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Identifier of the order, unique within its tenant.")
    customer_id: pl.String = column("Account that ordered; empty for a guest.", nullable=True)
    customer_version_no: pl.Int32 = column(
        "Version of the account when the order was placed; empty for a guest.", nullable=True
    )
    country: pl.String = column("Country of the customer when the order was placed.", nullable=True)
    region: pl.String = column("Region or state of the customer when the order was placed.", nullable=True)
    segment: pl.String = column("Kind of customer when the order was placed.", nullable=True)
    visitor_id: pl.String = column("Browser or app the order came from, as in the clickstream.", nullable=True)
    status: pl.String = column("Where the order stands.", isin=ORDER_STATUSES)
    is_cancelled: pl.Boolean = column("Whether the order was cancelled.")
    channel: pl.String = column("Channel of the order, such as WEB or APP.", nullable=True)
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    approved_at: Timestamp = column("When the payment was approved, in UTC.", nullable=True)
    shipped_at: Timestamp = column("When the order was handed to the carrier, in UTC.", nullable=True)
    delivered_at: Timestamp = column("When the customer received the order, in UTC.", nullable=True)
    estimated_delivery_date: pl.Date = column("Day by which delivery was promised.", nullable=True)
    delivery_hours: pl.Float64 = column("Hours from order to delivery; empty until delivered.", nullable=True)
    is_late: pl.Boolean = column(
        "Whether it was delivered after the promised day; empty until delivered or without a promise.", nullable=True
    )
    updated_at: Timestamp = column("When the source last changed the order, in UTC.")
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the order.")
    load_id: pl.String = column("Load that brought in the state kept here.")
    source: pl.String = column("Name of the source definition that state was read with.")
    loaded_at: Timestamp = column("When that state was loaded, in UTC.")


class SilverEcommerceOrderItems(TableModel):
    """Lines of known orders and products in their latest state, with customer and product as they then were."""

    order_date: pl.Date = column("Day on which the order was placed, in the project's zone.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Order the line belongs to.")
    line_id: pl.String = column("Identifier of the line within its order.")
    product_id: pl.String = column("Product that was ordered.")
    product_version_no: pl.Int32 = column("Version of the product when the order was placed.", ge=1)
    product_name: pl.String = column("Name of the product when the order was placed.", nullable=True)
    category: pl.String = column("Category of the product when the order was placed.", nullable=True)
    seller_id: pl.String = column("Seller of the product, where the shop is a marketplace.", nullable=True)
    customer_id: pl.String = column("Account that ordered; empty for a guest.", nullable=True)
    country: pl.String = column("Country of the customer when the order was placed.", nullable=True)
    region: pl.String = column("Region or state of the customer when the order was placed.", nullable=True)
    segment: pl.String = column("Kind of customer when the order was placed.", nullable=True)
    channel: pl.String = column("Channel of the order, such as WEB or APP.", nullable=True)
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    is_cancelled: pl.Boolean = column("Whether the order was cancelled.")
    quantity: Quantity = column("Units ordered.", gt=0)
    unit_price: Money = column("Price of one unit before discounts, in the currency of the order.", ge=0)
    gross_amount: MoneyTotal = column("Units times price, before discount, in the currency of the order.", ge=0)
    discount_amount: Money = column("Discount on the line, in the currency of the order.", ge=0)
    net_amount: MoneyTotal = column("Value of the line less discount, before refunds, in the currency of the order.")
    freight_amount: Money = column("Freight charged for the line, in the currency of the order.", ge=0)
    returned_quantity: Quantity = column("Units of the line that came back.", ge=0)
    refund_amount: Money = column("Money given back for them, in the currency of the order.", ge=0)
    returned_at: Timestamp = column("When they came back, in UTC.", nullable=True)
    cost_amount: MoneyTotal = column(
        "What the units kept by the customer cost the shop when ordered; empty where the cost is unknown.",
        nullable=True,
    )
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the line.")
    load_id: pl.String = column("Load that brought in the state kept here.")
    loaded_at: Timestamp = column("When that state was loaded, in UTC.")


class SilverEcommercePayments(TableModel):
    """Payments and refunds of known orders, each once, in its latest version."""

    order_date: pl.Date = column("Day on which the order was placed, in the project's zone.")
    paid_at: Timestamp = column(
        "When the money moved, in UTC; a source that does not say it gives the first moment of its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Order that was paid.")
    payment_id: pl.String = column("Identifier of the payment within its order.")
    kind: pl.String = column("Which way the money went.", isin=PAYMENT_KINDS)
    method: pl.String = column("Means of payment, such as CREDIT_CARD.")
    installments: pl.Int32 = column("Number of installments agreed.", nullable=True)
    amount: Money = column("Money that moved, in the currency of the order; never negative.", ge=0)
    signed_amount: Money = column("Money that moved, in the currency of the order; negative for a refund.")
    channel: pl.String = column("Channel of the order, such as WEB or APP.", nullable=True)
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the payment.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class SilverEcommerceEvents(TableModel):
    """Actions of visitors, each once, in its latest version, with the session it belongs to.

    A session ends when its visitor does nothing for 30 minutes; it may run past midnight.
    """

    event_date: pl.Date = column("Day of event_time.")
    event_time: Timestamp = column("When the visitor acted, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that was visited.")
    event_id: pl.String = column("Identifier of the action, unique within its tenant.")
    visitor_id: pl.String = column("Browser or app that acted.")
    customer_id: pl.String = column("Account that was signed in, if any.", nullable=True)
    event_type: pl.String = column("What the visitor did.", isin=EVENT_TYPES)
    product_id: pl.String = column("Product the action is about, if any.", nullable=True)
    order_id: pl.String = column("Order that a purchase made.", nullable=True)
    device: pl.String = column("Kind of device, such as MOBILE.", nullable=True)
    traffic_source: pl.String = column("How the visitor came, such as SEARCH or EMAIL.", nullable=True)
    page: pl.String = column("Path of the page.", nullable=True)
    session_id: pl.String = column("Identifier of the session: the record key of its first action.")
    session_started_at: Timestamp = column("When the first action of the session happened, in UTC.")
    session_ended_at: Timestamp = column("When the last action of the session happened, in UTC.")
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the action.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class SilverEcommerceSessions(TableModel):
    """Sessions of visitors: actions of one visitor no more than 30 minutes apart, also across midnight."""

    session_date: pl.Date = column("Day on which the session began, in the project's zone.")
    started_at: Timestamp = column("When its first action happened, in UTC.")
    ended_at: Timestamp = column("When its last action happened, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that was visited.")
    session_id: pl.String = column("Identifier of the session: the record key of its first action.")
    visitor_id: pl.String = column("Browser or app that acted.")
    customer_id: pl.String = column("Account that was last signed in during the session, if any.", nullable=True)
    device: pl.String = column("Kind of device of the first action that says it.", nullable=True)
    traffic_source: pl.String = column("How the visitor came, by the first action that says it.", nullable=True)
    duration_seconds: pl.Float64 = column("Seconds from the first action to the last.", ge=0)
    event_count: pl.Int64 = column("Number of actions.", ge=1)
    product_views: pl.Int64 = column("Number of products viewed, each view counted.", ge=0)
    cart_adds: pl.Int64 = column("Number of times something was put into the cart.", ge=0)
    checkouts: pl.Int64 = column("Number of times checkout was begun.", ge=0)
    purchases: pl.Int64 = column("Number of purchases.", ge=0)
    is_bounce: pl.Boolean = column("Whether the session has one action only.")


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=SilverEcommerceCustomers,
        table="silver_ecommerce_customers",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "customer_id", "version_no"),
        grain="One row per account and version.",
        partitions=(month("valid_from_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule("valid_for_some_time", "valid_to > valid_from", description="A version ends after it begins."),
            rule(
                "current_is_without_end",
                "is_current = (valid_to is null)",
                description="The current version is the one without an end.",
            ),
        ),
    ),
    Contract(
        model=SilverEcommerceProducts,
        table="silver_ecommerce_products",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "product_id", "version_no"),
        grain="One row per product and version.",
        partitions=(month("valid_from_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule("valid_for_some_time", "valid_to > valid_from", description="A version ends after it begins."),
            rule(
                "current_is_without_end",
                "is_current = (valid_to is null)",
                description="The current version is the one without an end.",
            ),
        ),
    ),
    Contract(
        model=SilverEcommerceQuarantine,
        table="silver_ecommerce_quarantine",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "entity", "order_id", "record_id"),
        grain="One row per record held back.",
        partitions=(month("record_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
    Contract(
        model=SilverEcommerceOrders,
        table="silver_ecommerce_orders",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "order_id"),
        grain="One row per order.",
        partitions=(day("order_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "order_date_is_day_of_ordered_at",
                "order_date = business_day(ordered_at)",
                description="The day of an order is the day of its time, in the project's zone.",
            ),
            rule(
                "version_goes_with_customer",
                "(customer_id is null) = (customer_version_no is null)",
                description="The version of the customer is known exactly when there is a customer.",
            ),
            rule(
                "delivered_not_before_ordered",
                "delivered_at >= ordered_at",
                description="An order is not delivered before it is placed.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=SilverEcommerceOrderItems,
        table="silver_ecommerce_order_items",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "order_id", "line_id"),
        grain="One row per order line.",
        partitions=(day("order_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "net_is_gross_less_discount",
                "net_amount = gross_amount - discount_amount",
                description="Net is gross less discount, to the last digit.",
            ),
            rule(
                "refund_within_value",
                "refund_amount <= net_amount + freight_amount",
                description="No more is given back than was charged.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=SilverEcommercePayments,
        table="silver_ecommerce_payments",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "order_id", "payment_id"),
        grain="One row per payment or refund.",
        partitions=(day("order_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "sign_goes_with_kind",
                "signed_amount = case when kind = 'REFUND' then -amount else amount end",
                description="Refunds, and only refunds, are negative.",
            ),
        ),
    ),
    Contract(
        model=SilverEcommerceEvents,
        table="silver_ecommerce_events",
        layer="silver",
        domain=DOMAIN,
        key=("record_key",),
        grain="One row per action.",
        partitions=(day("event_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "event_date_is_day_of_event_time",
                "event_date = business_day(event_time)",
                description="The day of an action is the day of its time, in the project's zone.",
            ),
            rule(
                "event_within_session",
                "event_time between session_started_at and session_ended_at",
                description="An action lies between the first and the last of its session.",
            ),
        ),
    ),
    Contract(
        model=SilverEcommerceSessions,
        table="silver_ecommerce_sessions",
        layer="silver",
        domain=DOMAIN,
        key=("session_id",),
        grain="One row per session.",
        partitions=(day("session_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "session_date_is_day_of_start",
                "session_date = business_day(started_at)",
                description="The day of a session is the day on which it begins, in the project's zone.",
            ),
            rule(
                "actions_within_session",
                "product_views + cart_adds + checkouts + purchases <= event_count",
                description="Every action is counted as one kind at most.",
            ),
        ),
    ),
)
