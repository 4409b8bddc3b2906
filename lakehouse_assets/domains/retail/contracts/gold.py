"""Contracts of the store retail gold tables: what people ask about."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.retail import OWNER
from lakehouse_assets.domains.retail.contracts.common import BASKET_SIZES, DOMAIN, MoneyTotal, QuantityTotal
from lakehouse_assets.lakehouse.contract import DAILY, Contract, Rule, TableModel, Timestamp, column, month, rule


class GoldRetailDailyStoreSales(TableModel):
    """What each store sold on each day, how many people came, what was missing, and what was delivered."""

    business_date: pl.Date = column("Business day of the store.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    province: pl.String = column("Province of the store.", nullable=True)
    city: pl.String = column("City or municipality of the store.", nullable=True)
    barangay: pl.String = column("Barangay of the store.", nullable=True)
    transaction_count: pl.Int64 = column("Receipts.", ge=0)
    line_count: pl.Int64 = column("Lines of the receipts.", ge=0)
    units: QuantityTotal = column("Units sold.", ge=0)
    gross_amount: MoneyTotal = column("Value of the lines before discounts.", ge=0)
    discount_amount: MoneyTotal = column("Discounts.", ge=0)
    net_amount: MoneyTotal = column("What customers paid.", ge=0)
    substituted_count: pl.Int64 = column("Lines on which another product was sold than the one asked for.", ge=0)
    visitor_count: QuantityTotal = column("People counted at the door; nothing where there is no sensor.", ge=0)
    out_of_stock_count: pl.Int64 = column("Reports that a product is out of stock.", ge=0)
    delivered_amount: MoneyTotal = column("Value of the goods delivered, by their delivery receipts.", ge=0)


class GoldRetailBaskets(TableModel):
    """What was bought together: a receipt with its size and value."""

    business_date: pl.Date = column("Business day of the store.")
    business_hour: pl.Int32 = column("Hour of the receipt in the store's own time, 0 to 23.", ge=0, le=23)
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
    customer_id: pl.String = column("Customer or household, where the store knows it.", nullable=True)
    payment_method: pl.String = column("Means of payment.", nullable=True)
    line_count: pl.Int64 = column("Lines of the receipt.", ge=1)
    product_count: pl.Int64 = column("Different products.", ge=1)
    category_count: pl.Int64 = column("Different categories, where known.", ge=0)
    units: QuantityTotal = column("Units bought.", gt=0)
    net_amount: MoneyTotal = column("What the customer paid.", ge=0)
    basket_size: pl.String = column(
        "SINGLE (one product), SMALL (two or three) or LARGE (four or more).", isin=BASKET_SIZES
    )
    has_substitution: pl.Boolean = column("Whether something else was sold than asked for.")


class GoldRetailProductMix(TableModel):
    """What each store's sales of a month consist of: every product with its share and its rank in the category."""

    month_date: pl.Date = column("First day of the month of the sales.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store that sold.")
    product_id: pl.String = column("Product that was sold.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    brand: pl.String = column("Brand of the product.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    city: pl.String = column("City or municipality of the store.", nullable=True)
    transaction_count: pl.Int64 = column("Receipts with the product.", ge=1)
    units: QuantityTotal = column("Units sold.", gt=0)
    net_amount: MoneyTotal = column("What customers paid for them.", ge=0)
    store_share: pl.Float64 = column(
        "Share of the store's sales of the month, 0 to 1; empty where it sold for nothing.", nullable=True, ge=0, le=1
    )
    category_rank: pl.Int64 = column(
        "Rank by sales among the store's products of the category; equal ones alike.", ge=1
    )


class GoldRetailBrandSubstitution(TableModel):
    """Which brand customers asked for and which they were sold, on each day."""

    business_date: pl.Date = column("Business day of the stores.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    region: pl.String = column("Region of the stores.", nullable=True)
    category: pl.String = column("Category of the products sold.", nullable=True)
    requested_brand: pl.String = column("Brand of the products asked for.", nullable=True)
    sold_brand: pl.String = column("Brand of the products sold.", nullable=True)
    line_count: pl.Int64 = column("Lines of receipts.", ge=1)
    substituted_count: pl.Int64 = column("Lines on which another product was sold than asked for.", ge=0)
    switched_count: pl.Int64 = column("Lines on which another brand was sold than asked for.", ge=0)
    units: QuantityTotal = column("Units sold.", gt=0)
    net_amount: MoneyTotal = column("What customers paid for them.", ge=0)
    switched_amount: MoneyTotal = column("What they paid on the lines of another brand than asked for.", ge=0)


class GoldRetailHourlyDemand(TableModel):
    """Demand of each store by day and hour of its own time."""

    business_date: pl.Date = column("Business day of the store.")
    business_hour: pl.Int32 = column("Hour of the day in the store's own time, 0 to 23.", ge=0, le=23)
    day_of_week: pl.Int32 = column("Day of the week, 1 (Monday) to 7 (Sunday).", ge=1, le=7)
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    store_id: pl.String = column("Store.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    city: pl.String = column("City or municipality of the store.", nullable=True)
    transaction_count: pl.Int64 = column("Receipts.", ge=0)
    units: QuantityTotal = column("Units sold.", ge=0)
    net_amount: MoneyTotal = column("What customers paid.", ge=0)
    visitor_count: QuantityTotal = column("People counted at the door.", ge=0)


def _contract(
    model: type[TableModel], table: str, key: tuple[str, ...], grain: str, rules: tuple[Rule, ...] = ()
) -> Contract:
    return Contract(
        model=model,
        table=table,
        layer="gold",
        domain=DOMAIN,
        key=key,
        grain=grain,
        partitions=(month(key[0]),),
        owner=OWNER,
        freshness=DAILY,
        rules=rules,
    )


CONTRACTS: tuple[Contract, ...] = (
    _contract(
        GoldRetailDailyStoreSales,
        "gold_retail_daily_store_sales",
        ("business_date", "tenant_id", "store_id"),
        "One row per day and store with any sale, event or delivery.",
        rules=(
            rule(
                "substituted_within_lines",
                "substituted_count <= line_count",
                description="Substituted lines are lines.",
            ),
            rule(
                "receipts_have_lines",
                "transaction_count <= line_count",
                description="Every receipt has a line.",
            ),
        ),
    ),
    _contract(
        GoldRetailBaskets,
        "gold_retail_baskets",
        ("business_date", "tenant_id", "store_id", "transaction_id"),
        "One row per receipt.",
        rules=(
            rule(
                "products_within_lines",
                "product_count <= line_count and category_count <= product_count",
                description="A receipt has no more products than lines, and no more categories than products.",
            ),
        ),
    ),
    _contract(
        GoldRetailProductMix,
        "gold_retail_product_mix",
        ("month_date", "tenant_id", "store_id", "product_id"),
        "One row per month, store and product sold.",
    ),
    _contract(
        GoldRetailBrandSubstitution,
        "gold_retail_brand_substitution",
        ("business_date", "tenant_id", "region", "category", "requested_brand", "sold_brand"),
        "One row per day, tenant, region, category, brand asked for and brand sold.",
        rules=(
            rule(
                "switched_within_substituted",
                "switched_count <= substituted_count and substituted_count <= line_count",
                description="Every switched line is a substituted one, and every substituted one a line.",
            ),
        ),
    ),
    _contract(
        GoldRetailHourlyDemand,
        "gold_retail_hourly_demand",
        ("business_date", "business_hour", "tenant_id", "store_id"),
        "One row per day, hour and store with any sale or visitor.",
    ),
)
