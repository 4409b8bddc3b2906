"""Contracts of the store retail semantic tables: the saved queries, stored."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.retail import OWNER
from lakehouse_assets.domains.retail.contracts.common import DOMAIN, MoneyTotal, QuantityTotal
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, column


class MvRetailMonthly(TableModel):
    """Store sales of each month and region, over all tenants."""

    metric_month: pl.Date = column("First day of the month of the sales.")
    region: pl.String = column("Region of the stores.", nullable=True)
    retail_net_sales: MoneyTotal = column("What customers paid.")
    retail_gross_sales: MoneyTotal = column("Value of what was sold, before discounts.")
    retail_discounts: MoneyTotal = column("Discounts.")
    retail_units: QuantityTotal = column("Units sold.")
    retail_receipts: pl.Int64 = column("Receipts.", ge=0)
    retail_customers: pl.Int64 = column("Different known customers.", ge=0)


class MvRetailStores(TableModel):
    """Sales, visitors and missing products of each store, over all days."""

    tenant_id: pl.String = column("Tenant (shop or company) that runs the store.")
    store_id: pl.String = column("Store.")
    retail_daily_sales: MoneyTotal = column("What customers paid.")
    retail_visitors: QuantityTotal = column("People counted at the door.")
    retail_visitor_conversion: pl.Float64 = column("Receipts per person counted.", nullable=True)
    retail_out_of_stock: pl.Int64 = column("Reports of products out of stock.", ge=0)
    retail_deliveries: MoneyTotal = column("Value of the goods delivered.")


class MvRetailHours(TableModel):
    """Receipts and sales by hour of the day and day of the week, over all stores and days."""

    business_hour: pl.Int32 = column("Hour of the day in the store's own time, 0 to 23.", ge=0, le=23)
    day_of_week: pl.Int32 = column("Day of the week, 1 (Monday) to 7 (Sunday).", ge=1, le=7)
    retail_hourly_receipts: pl.Int64 = column("Receipts.", ge=0)
    retail_hourly_sales: MoneyTotal = column("What customers paid.")


class MvRetailBrandSwitches(TableModel):
    """How often another brand was sold than the one asked for, by category and brand, over all time and all tenants."""

    category: pl.String = column("Category of the products sold.", nullable=True)
    requested_brand: pl.String = column("Brand the customers asked for.", nullable=True)
    retail_brand_requests: pl.Int64 = column("Lines whose brand asked for is known.", ge=0)
    retail_brand_switches: pl.Int64 = column("Lines of another brand than asked for.", ge=0)
    retail_switched_sales: MoneyTotal = column("What customers paid for another brand.")
    retail_brand_switch_rate: pl.Float64 = column("Share of the lines of another brand, 0 to 1.", nullable=True)


def _saved(model: type[TableModel], table: str, key: tuple[str, ...], grain: str) -> Contract:
    return Contract(
        model=model, table=table, layer="semantic", domain=DOMAIN, key=key, grain=grain, owner=OWNER, freshness=DAILY
    )


CONTRACTS: tuple[Contract, ...] = (
    _saved(MvRetailMonthly, "mv_retail_monthly", ("metric_month", "region"), "One row per month and region."),
    _saved(MvRetailStores, "mv_retail_stores", ("tenant_id", "store_id"), "One row per store."),
    _saved(MvRetailHours, "mv_retail_hours", ("business_hour", "day_of_week"), "One row per hour and day of the week."),
    _saved(
        MvRetailBrandSwitches,
        "mv_retail_brand_switches",
        ("category", "requested_brand"),
        "One row per category and brand asked for.",
    ),
)
