"""Contracts of the store retail bronze tables: every record as it was received, with its full history."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.retail import OWNER
from lakehouse_assets.domains.retail.contracts.common import (
    DEVICE_KINDS,
    DOCUMENT_TYPES,
    DOMAIN,
    Money,
    Quantity,
    business_day,
    not_in_future,
)
from lakehouse_assets.lakehouse.contract import DAILY, Contract, Rule, TableModel, Timestamp, column, day, rule

RECEIVED_KEY = ("record_key", "load_id", "source_row")


class RetailLocations(TableModel):
    """Every change of a barangay in the list of places, the whole entry each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column(
        "When it became as described, in UTC; a source that does not say it gives a moment before its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that keeps the list.")
    barangay_code: pl.String = column("Code of the barangay, such as PH-137404001.")
    barangay: pl.String = column("Name of the barangay, the smallest unit of administration.")
    city: pl.String = column("City or municipality the barangay belongs to.")
    province: pl.String = column("Province the city belongs to.")
    region: pl.String = column("Region the province belongs to.")
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class RetailStores(TableModel):
    """Every change of a store, the whole store each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column(
        "When it became as described, in UTC; a source that does not say it gives a moment before its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that runs the store.")
    store_id: pl.String = column("Identifier of the store, unique within its tenant.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store, such as SARI_SARI or MINIMART.", nullable=True)
    barangay_code: pl.String = column("Code of the barangay the store stands in.", nullable=True)
    opened_date: pl.Date = column("Day on which the store opened.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class RetailProducts(TableModel):
    """Every change of a product, the whole product each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column(
        "When it became as described, in UTC; a source that does not say it gives a moment before its data."
    )
    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    package_size: pl.String = column("Content of one package, such as 50 g.", nullable=True)
    list_price: Money = column("Price of one unit in the list.", nullable=True, ge=0)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class RetailPosTransactions(TableModel):
    """Every line of every receipt as the tills reported it: what was received, never changed."""

    business_date: pl.Date = column("Day of the sale in the store's own time, as the till wrote it.")
    business_hour: pl.Int32 = column("Hour of the sale in the store's own time, 0 to 23.", ge=0, le=23)
    sold_at: Timestamp = column("When the receipt was made, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store that sold.")
    transaction_id: pl.String = column("Number of the receipt, unique within its store and business day.")
    line_id: pl.String = column("Identifier of the line within its receipt.")
    product_id: pl.String = column("Product that was sold.")
    requested_product_id: pl.String = column(
        "Product the customer asked for first; empty where it was the one sold.", nullable=True
    )
    quantity: Quantity = column("Units sold; nothing or less for what only corrects a receipt.")
    gross_amount: Money = column("Value of the line before discounts.", ge=0)
    discount_amount: Money = column("Discounts on the line.", ge=0)
    net_amount: Money = column("What the customer paid for the line.")
    payment_method: pl.String = column("Means of payment, such as CASH or LISTA (on credit).", nullable=True)
    customer_id: pl.String = column("Customer or household, where the store knows it.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one line.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class RetailEvents(TableModel):
    """Every event of a mobile app or a sensor in a store as it was reported: what was received, never changed."""

    event_date: pl.Date = column("Day of the event in the store's own time.")
    event_hour: pl.Int32 = column("Hour of the event in the store's own time, 0 to 23.", ge=0, le=23)
    event_time: Timestamp = column("When it happened, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) the event belongs to.")
    event_id: pl.String = column("Identifier of the event, unique within its tenant and day.")
    device_kind: pl.String = column("What reported it: MOBILE (an app) or SENSOR.", isin=DEVICE_KINDS)
    event_type: pl.String = column(
        "What happened: VISITORS (people counted at the door), OUT_OF_STOCK, SHELF_SCAN, APP_ORDER, COUPON_REDEEMED …"
    )
    store_id: pl.String = column("Store it happened in, if in one.", nullable=True)
    product_id: pl.String = column("Product it is about, if any.", nullable=True)
    customer_id: pl.String = column("Customer or household, where known.", nullable=True)
    amount: Quantity = column("How much or how many the event counts; 1 where it only happened.", ge=0)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one event.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class RetailDocuments(TableModel):
    """Every document of a store, as text, as it was reported: what was received, never changed."""

    document_date: pl.Date = column("Day of the document in the store's own time.")
    issued_at: Timestamp = column("When it was issued, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that filed the document.")
    document_id: pl.String = column("Identifier of the document, unique within its tenant and day.")
    document_type: pl.String = column(
        "What it is: DELIVERY_RECEIPT, SUPPLIER_INVOICE or STOCK_COUNT.", isin=DOCUMENT_TYPES
    )
    store_id: pl.String = column("Store it belongs to.")
    supplier: pl.String = column("Who delivered or billed, if anyone.", nullable=True)
    total_amount: Money = column("Sum the document states.", nullable=True, ge=0)
    content: pl.String = column("Text of the document.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one document.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


def _contract(model: type[TableModel], table: str, thing: str, kept_by: str, rules: tuple[Rule, ...]) -> Contract:
    return Contract(
        model=model,
        table=table,
        layer="bronze",
        domain=DOMAIN,
        key=RECEIVED_KEY,
        grain=f"One row per {thing} and load that brought it.",
        partitions=(day(kept_by),),
        owner=OWNER,
        freshness=DAILY,
        rules=rules,
    )


_CHANGE_RULES = (
    rule(
        "change_date_is_day_of_changed_at",
        "change_date = business_day(changed_at)",
        description="change_date is the day of changed_at, in the project's zone.",
    ),
    not_in_future("changed_at"),
)

CONTRACTS: tuple[Contract, ...] = (
    _contract(RetailLocations, "retail_locations", "change of a barangay", "change_date", _CHANGE_RULES),
    _contract(RetailStores, "retail_stores", "change of a store", "change_date", _CHANGE_RULES),
    _contract(RetailProducts, "retail_products", "change of a product", "change_date", _CHANGE_RULES),
    _contract(
        RetailPosTransactions,
        "retail_pos_transactions",
        "line of a receipt",
        "business_date",
        (
            business_day("business_date", "sold_at"),
            not_in_future("sold_at"),
            rule(
                "net_is_gross_less_discount",
                "abs(net_amount - (gross_amount - discount_amount)) <= 0.01",
                description="What was paid is the value less discounts, to the cent.",
                severity="warning",
            ),
        ),
    ),
    _contract(
        RetailEvents,
        "retail_events",
        "event",
        "event_date",
        (business_day("event_date", "event_time"), not_in_future("event_time")),
    ),
    _contract(
        RetailDocuments,
        "retail_documents",
        "document",
        "document_date",
        (business_day("document_date", "issued_at"), not_in_future("issued_at")),
    ),
)
