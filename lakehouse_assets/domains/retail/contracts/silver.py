"""Contracts of the store retail silver tables: places, stores and products as now known, and what is valid, once."""

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
)
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, Timestamp, column, day, month, rule

REASONS = ("NO_QUANTITY", "PAID_TOO_MUCH", "STORE_UNKNOWN", "PRODUCT_UNKNOWN")


class SilverRetailLocations(TableModel):
    """Every barangay as now known, with the city, province and region above it."""

    tenant_id: pl.String = column("Tenant (shop or company) that keeps the list.")
    barangay_code: pl.String = column("Code of the barangay, unique within its tenant.")
    barangay: pl.String = column("Name of the barangay.")
    city: pl.String = column("City or municipality the barangay belongs to.")
    province: pl.String = column("Province the city belongs to.")
    region: pl.String = column("Region the province belongs to.")
    changed_at: Timestamp = column("When the entry became so, in UTC.")


class SilverRetailStores(TableModel):
    """Every store as now known, with the place it stands in."""

    tenant_id: pl.String = column("Tenant (shop or company) that runs the store.")
    store_id: pl.String = column("Identifier of the store, unique within its tenant.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store, such as SARI_SARI or MINIMART.", nullable=True)
    opened_date: pl.Date = column("Day on which the store opened.", nullable=True)
    barangay_code: pl.String = column("Code of the barangay the store stands in.", nullable=True)
    barangay: pl.String = column("Name of that barangay; empty where the list does not have it.", nullable=True)
    city: pl.String = column("City or municipality of the store.", nullable=True)
    province: pl.String = column("Province of the store.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    changed_at: Timestamp = column("When the store became so, in UTC.")


class SilverRetailProducts(TableModel):
    """Every product as now known."""

    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    package_size: pl.String = column("Content of one package, such as 50 g.", nullable=True)
    list_price: Money = column("Price of one unit in the list.", nullable=True, ge=0)
    changed_at: Timestamp = column("When the product became so, in UTC.")


class SilverRetailSales(TableModel):
    """Valid lines of receipts, each once, with store and product as now known."""

    business_date: pl.Date = column("Day of the sale in the store's own time.")
    business_hour: pl.Int32 = column("Hour of the sale in the store's own time, 0 to 23.", ge=0, le=23)
    sold_at: Timestamp = column("When the receipt was made, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store that sold.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    province: pl.String = column("Province of the store.", nullable=True)
    city: pl.String = column("City or municipality of the store.", nullable=True)
    barangay: pl.String = column("Barangay of the store.", nullable=True)
    transaction_id: pl.String = column("Number of the receipt, unique within its store and business day.")
    line_id: pl.String = column("Identifier of the line within its receipt.")
    product_id: pl.String = column("Product that was sold.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    requested_product_id: pl.String = column("Product the customer asked for first: the one sold, if no other.")
    requested_brand: pl.String = column("Brand of that product; empty where it is unknown.", nullable=True)
    is_substituted: pl.Boolean = column("Whether another product was sold than the one asked for.")
    is_brand_switch: pl.Boolean = column("Whether the product sold is of another known brand than the one asked for.")
    quantity: Quantity = column("Units sold.", gt=0)
    gross_amount: Money = column("Value of the line before discounts.", ge=0)
    discount_amount: Money = column("Discounts on the line.", ge=0)
    net_amount: Money = column("What the customer paid for the line.", ge=0)
    payment_method: pl.String = column("Means of payment, such as CASH or LISTA (on credit).", nullable=True)
    customer_id: pl.String = column("Customer or household, where the store knows it.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the line.")
    load_id: pl.String = column("Load that brought in the copy kept here.")
    loaded_at: Timestamp = column("When that copy was loaded, in UTC.")


class SilverRetailRejected(TableModel):
    """Lines of receipts that break a business rule; those of unknown stores and products go once these are known."""

    business_date: pl.Date = column("Day of the sale in the store's own time.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store that sold.")
    transaction_id: pl.String = column("Number of the receipt.")
    line_id: pl.String = column("Identifier of the line within its receipt.")
    product_id: pl.String = column("Product that was sold.")
    reason: pl.String = column(
        "The first rule that is broken: NO_QUANTITY (nothing was sold), PAID_TOO_MUCH (more than the value), "
        "STORE_UNKNOWN, PRODUCT_UNKNOWN.",
        isin=REASONS,
    )
    net_amount: Money = column("What the customer paid for the line.")
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the line in bronze.")
    load_id: pl.String = column("Load that brought it in.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


class SilverRetailEvents(TableModel):
    """Events of mobile apps and sensors, each once."""

    event_date: pl.Date = column("Day of the event in the store's own time.")
    event_hour: pl.Int32 = column("Hour of the event in the store's own time, 0 to 23.", ge=0, le=23)
    event_time: Timestamp = column("When it happened, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) the event belongs to.")
    event_id: pl.String = column("Identifier of the event, unique within its tenant and day.")
    device_kind: pl.String = column("What reported it: MOBILE (an app) or SENSOR.", isin=DEVICE_KINDS)
    event_type: pl.String = column("What happened, such as VISITORS or OUT_OF_STOCK.")
    store_id: pl.String = column("Store it happened in, if in one.", nullable=True)
    product_id: pl.String = column("Product it is about, if any.", nullable=True)
    customer_id: pl.String = column("Customer or household, where known.", nullable=True)
    amount: Quantity = column("How much or how many the event counts.", ge=0)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the event.")
    load_id: pl.String = column("Load that brought in the copy kept here.")
    loaded_at: Timestamp = column("When that copy was loaded, in UTC.")


class SilverRetailDocuments(TableModel):
    """Documents of stores, each once."""

    document_date: pl.Date = column("Day of the document in the store's own time.")
    issued_at: Timestamp = column("When it was issued, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that filed the document.")
    document_id: pl.String = column("Identifier of the document, unique within its tenant and day.")
    document_type: pl.String = column("What it is, such as DELIVERY_RECEIPT.", isin=DOCUMENT_TYPES)
    store_id: pl.String = column("Store it belongs to.")
    supplier: pl.String = column("Who delivered or billed, if anyone.", nullable=True)
    total_amount: Money = column("Sum the document states.", nullable=True, ge=0)
    content: pl.String = column("Text of the document.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the document.")
    load_id: pl.String = column("Load that brought in the copy kept here.")
    loaded_at: Timestamp = column("When that copy was loaded, in UTC.")


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=SilverRetailLocations,
        table="silver_retail_locations",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "barangay_code"),
        grain="One row per barangay.",
        owner=OWNER,
        freshness=DAILY,
    ),
    Contract(
        model=SilverRetailStores,
        table="silver_retail_stores",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "store_id"),
        grain="One row per store.",
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "place_is_known",
                "barangay_code is null or barangay is not null",
                description="The barangay of a store is in the list of places.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=SilverRetailProducts,
        table="silver_retail_products",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "product_id"),
        grain="One row per product.",
        owner=OWNER,
        freshness=DAILY,
    ),
    Contract(
        model=SilverRetailSales,
        table="silver_retail_sales",
        layer="silver",
        domain=DOMAIN,
        key=("business_date", "tenant_id", "store_id", "transaction_id", "line_id"),
        grain="One row per line of a receipt.",
        partitions=(day("business_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            business_day("business_date", "sold_at"),
            rule(
                "paid_within_value",
                "net_amount <= gross_amount + 0.01",
                description="Nobody pays more than the value of the line.",
            ),
            rule(
                "switch_is_substitution",
                "is_substituted or not is_brand_switch",
                description="A brand is switched only where another product was sold.",
            ),
        ),
    ),
    Contract(
        model=SilverRetailRejected,
        table="silver_retail_rejected",
        layer="silver",
        domain=DOMAIN,
        key=("record_key",),
        grain="One row per line of a receipt that breaks a rule.",
        partitions=(month("business_date"),),
        owner=OWNER,
        freshness=DAILY,
    ),
    Contract(
        model=SilverRetailEvents,
        table="silver_retail_events",
        layer="silver",
        domain=DOMAIN,
        key=("event_date", "tenant_id", "event_id"),
        grain="One row per event.",
        partitions=(day("event_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(business_day("event_date", "event_time"),),
    ),
    Contract(
        model=SilverRetailDocuments,
        table="silver_retail_documents",
        layer="silver",
        domain=DOMAIN,
        key=("document_date", "tenant_id", "document_id"),
        grain="One row per document.",
        partitions=(month("document_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(business_day("document_date", "issued_at"),),
    ),
)
