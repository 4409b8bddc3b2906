"""Contracts of the sales tables in every layer: columns, keys, partitions, rules and freshness.

What a table is, and nothing about how it is made: that is in the dbt models and in sources.yml.
"""

from __future__ import annotations

from typing import Annotated

import polars as pl

from lakehouse_assets.domains.sales import OWNER
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, Timestamp, column, day, month, rule

DOMAIN = "sales"

Quantity = Annotated[pl.Decimal, 18, 3]
Money = Annotated[pl.Decimal, 18, 4]
QuantityTotal = Annotated[pl.Decimal, 38, 3]
MoneyTotal = Annotated[pl.Decimal, 38, 4]
"""Sums, as wide as engines are exact: no number of the largest amounts is too much for them."""


LINE_RULES = (
    rule(
        "sale_date_is_day_of_sale_time",
        "sale_date = business_day(sale_time)",
        description="The day of a sale is the day of its time, in the project's zone.",
    ),
    rule(
        "sale_not_in_future",
        "sale_time <= loaded_at + interval '1' day",
        description="A sale happened before it was loaded (a day is allowed for clocks).",
    ),
    rule(
        "amount_is_quantity_times_price",
        "abs(amount - quantity * unit_price) <= 0.01",
        description="The amount of a line is its quantity times its unit price, to the cent.",
        severity="warning",
    ),
    rule(
        "return_has_no_positive_amount",
        "quantity >= 0 or amount <= 0",
        description="A returned line gives money back.",
        severity="warning",
    ),
)


class SampleSales(TableModel):
    """Every line of every order as it arrived, corrected or not: what was received, never changed."""

    sale_date: pl.Date = column("Day of the sale, in the project's zone.")
    sale_time: Timestamp = column("When the line was sold or returned, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Identifier of the order, unique within its tenant.")
    line_id: pl.String = column("Identifier of the line within its order.")
    product_id: pl.String = column("Identifier of the product.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    customer_id: pl.String = column("Identifier of the customer; empty for anonymous sales.", nullable=True)
    country: pl.String = column("Country of the customer.", nullable=True)
    region: pl.String = column("Region or state of the customer.", nullable=True)
    city: pl.String = column("City of the customer.", nullable=True)
    channel: pl.String = column("Channel of the sale, such as WEB or STORE.", nullable=True)
    quantity: Quantity = column("Units sold; negative for a return.")
    unit_price: Money = column("Price of one unit, in the currency of the line.")
    amount: Money = column("Value of the line, in its currency; negative for a return.")
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    is_deleted: pl.Boolean = column(
        "Whether the line was deleted where it came from, if that tells of deletes.", nullable=True
    )
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one line.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class SilverSales(TableModel):
    """Order lines, each once, in its latest version, with returns marked."""

    sale_date: pl.Date = column("Day of the sale, in the project's zone.")
    sale_time: Timestamp = column("When the line was sold or returned, in UTC.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    order_id: pl.String = column("Identifier of the order, unique within its tenant.")
    line_id: pl.String = column("Identifier of the line within its order.")
    product_id: pl.String = column("Identifier of the product.")
    product_name: pl.String = column("Name of the product.", nullable=True)
    category: pl.String = column("Category of the product.", nullable=True)
    customer_id: pl.String = column("Identifier of the customer; empty for anonymous sales.", nullable=True)
    country: pl.String = column("Country of the customer.", nullable=True)
    region: pl.String = column("Region or state of the customer.", nullable=True)
    city: pl.String = column("City of the customer.", nullable=True)
    channel: pl.String = column("Channel of the sale, such as WEB or STORE.", nullable=True)
    quantity: Quantity = column("Units sold; negative for a return.")
    unit_price: Money = column("Price of one unit, in the currency of the line.")
    amount: Money = column("Value of the line, in its currency; negative for a return.")
    currency: pl.String = column("Currency as an ISO 4217 code.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the line.")
    load_id: pl.String = column("Load that brought in the version of the line kept here.")
    source: pl.String = column("Name of the source definition that version was read with.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")
    is_return: pl.Boolean = column("Whether the line is a return: its quantity is negative.")


class GoldSalesMonthly(TableModel):
    """Sales and returns of each month by place, category, channel and currency."""

    month_date: pl.Date = column("First day of the month of the sales.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    country: pl.String = column("Country of the customers.", nullable=True)
    region: pl.String = column("Region or state of the customers.", nullable=True)
    city: pl.String = column("City of the customers.", nullable=True)
    category: pl.String = column("Category of the products.", nullable=True)
    channel: pl.String = column("Channel of the sales.", nullable=True)
    currency: pl.String = column("Currency of the amounts, as an ISO 4217 code.", nullable=True)
    order_count: pl.Int64 = column("Number of different orders with any of these lines.", ge=1)
    line_count: pl.Int64 = column("Number of lines, sold and returned.", ge=1)
    units: QuantityTotal = column("Units sold less units returned.")
    gross_amount: MoneyTotal = column("Value of the lines sold, before returns.")
    return_amount: MoneyTotal = column("Value of the lines returned, as a positive amount.")
    net_amount: MoneyTotal = column("Value of the lines sold less the lines returned.")
    customer_count: pl.Int64 = column("Number of different known customers.", ge=0)


class MvSalesGeo(TableModel):
    """Sales of each place and currency, over all time and all tenants."""

    country: pl.String = column("Country of the customers.", nullable=True)
    region: pl.String = column("Region or state of the customers.", nullable=True)
    city: pl.String = column("City of the customers.", nullable=True)
    currency: pl.String = column("Currency of the amounts, as an ISO 4217 code.", nullable=True)
    sales_net_amount: MoneyTotal = column("Value of the lines sold less the lines returned.")
    sales_gross_amount: MoneyTotal = column("Value of the lines sold, before returns.")
    sales_return_amount: MoneyTotal = column("Value of the lines returned, as a positive amount.")
    sales_orders: pl.Int64 = column("Number of different orders.", ge=0)
    sales_lines: pl.Int64 = column("Number of lines, sold and returned.", ge=0)
    sales_units: QuantityTotal = column("Units sold less units returned.")
    sales_customers: pl.Int64 = column("Number of different known customers.", ge=0)


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=SampleSales,
        table="sample_sales",
        layer="bronze",
        domain=DOMAIN,
        key=("record_key", "load_id", "source_row"),
        grain="One row per order line and load that brought it.",
        partitions=(day("sale_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=LINE_RULES,
    ),
    Contract(
        model=SilverSales,
        table="silver_sales",
        layer="silver",
        domain=DOMAIN,
        key=("record_key",),
        grain="One row per order line.",
        partitions=(day("sale_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=LINE_RULES,
    ),
    Contract(
        model=GoldSalesMonthly,
        table="gold_sales_monthly",
        layer="gold",
        domain=DOMAIN,
        key=("month_date", "tenant_id", "country", "region", "city", "category", "channel", "currency"),
        grain="One row per month, tenant, country, region, city, category, channel and currency.",
        partitions=(month("month_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "net_is_gross_less_returns",
                "net_amount = gross_amount - return_amount",
                description="Net is gross less returns, to the last digit.",
            ),
        ),
    ),
    Contract(
        model=MvSalesGeo,
        table="mv_sales_geo",
        layer="semantic",
        domain=DOMAIN,
        key=("country", "region", "city", "currency"),
        grain="One row per country, region, city and currency.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
)
