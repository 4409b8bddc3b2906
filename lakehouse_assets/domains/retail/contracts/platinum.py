"""Contracts of the store retail feature tables: what a model may know of a store or product on a day.

A row holds at the beginning of its feature_date: it is made from the business days before it and from no other, at most
28 of them, by the day an event happened: one that arrives late changes the rows of the days after it. Which snapshot
was read tells what had arrived. Who answers for the features and how long they may be used is in features.yml.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.retail import OWNER
from lakehouse_assets.domains.retail.contracts.common import DOMAIN, MoneyTotal, QuantityTotal
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, column, month, rule


class PlatinumRetailStoreFeatures(TableModel):
    """Features of every store at the beginning of a day, made from the 28 business days before it."""

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (shop or company) that runs the store.")
    store_id: pl.String = column("Store.")
    net_1d: MoneyTotal = column("Sales of the day before.", ge=0)
    net_7d: MoneyTotal = column("Sales of the 7 days before.", ge=0)
    net_28d: MoneyTotal = column("Sales of the 28 days before.", ge=0)
    transactions_7d: pl.Int64 = column("Receipts of the 7 days before.", ge=0)
    transactions_28d: pl.Int64 = column("Receipts of the 28 days before.", ge=0)
    units_28d: QuantityTotal = column("Units sold on the 28 days before.", ge=0)
    selling_days_28d: pl.Int64 = column("Days with a sale among the 28 before.", ge=0, le=28)
    days_since_sale: pl.Int32 = column(
        "Days since the last day with a sale, 1 for the day before; empty after 28.", nullable=True, ge=1, le=28
    )
    average_basket_28d: pl.Float64 = column("Sales per receipt of the 28 days before.", nullable=True, ge=0)
    trend_7d: pl.Float64 = column(
        "Sales of the 7 days before, over a quarter of those of the 28 before: above 1 they grow.", nullable=True, ge=0
    )
    visitors_7d: QuantityTotal = column("People counted at the door on the 7 days before.", ge=0)
    conversion_7d: pl.Float64 = column("Receipts per person counted on the 7 days before.", nullable=True, ge=0)
    out_of_stock_28d: pl.Int64 = column("Reports of products out of stock on the 28 days before.", ge=0)
    substituted_share_28d: pl.Float64 = column(
        "Share of the lines of the 28 days before on which another product was sold than asked for, 0 to 1.",
        nullable=True, ge=0, le=1,
    )  # fmt: skip
    day_of_week: pl.Int32 = column("Day of the week of feature_date, 1 (Monday) to 7 (Sunday).", ge=1, le=7)


class PlatinumRetailProductFeatures(TableModel):
    """Features of every product at the beginning of a day, made from the 28 business days before it."""

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Product.")
    units_7d: QuantityTotal = column("Units sold on the 7 days before.", ge=0)
    units_28d: QuantityTotal = column("Units sold on the 28 days before.", ge=0)
    net_28d: MoneyTotal = column("Sales of the product on the 28 days before.", ge=0)
    average_price_28d: pl.Float64 = column("Price paid per unit on the 28 days before.", nullable=True, ge=0)
    discount_share_28d: pl.Float64 = column(
        "Discounts as a share of the value on the 28 days before, 0 to 1.", nullable=True, ge=0, le=1
    )
    selling_days_28d: pl.Int64 = column("Days on which it sold among the 28 before.", ge=0, le=28)
    days_since_sale: pl.Int32 = column(
        "Days since it last sold, 1 for the day before; empty after 28.", nullable=True, ge=1, le=28
    )
    refused_28d: pl.Int64 = column("Lines of the 28 days before on which it was asked for and another sold.", ge=0)
    day_of_week: pl.Int32 = column("Day of the week of feature_date, 1 (Monday) to 7 (Sunday).", ge=1, le=7)


def _contract(model: type[TableModel], table: str, entity: str, rule_sql: str, rule_says: str) -> Contract:
    return Contract(
        model=model,
        table=table,
        layer="platinum",
        domain=DOMAIN,
        key=("feature_date", "tenant_id", f"{entity}_id"),
        grain=f"One row per day and {entity} with anything to tell of the 28 days before.",
        partitions=(month("feature_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(rule("shorter_window_within_longer", rule_sql, description=rule_says),),
    )


CONTRACTS: tuple[Contract, ...] = (
    _contract(
        PlatinumRetailStoreFeatures,
        "platinum_retail_store_features",
        "store",
        "net_1d <= net_7d and net_7d <= net_28d and transactions_7d <= transactions_28d",
        "The sum of fewer days is not more than that of more.",
    ),
    _contract(
        PlatinumRetailProductFeatures,
        "platinum_retail_product_features",
        "product",
        "units_7d <= units_28d",
        "The sum of fewer days is not more than that of more.",
    ),
)
