"""Contract of what a model may know of a customer on a day.

A row holds at the beginning of its feature_date and is made from days before it. What is changed later is left out: an
order counts whether or not it was cancelled since, and returns do not count, because a row of a past day would know
what came after it.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import DOMAIN
from lakehouse_assets.lakehouse.contract import WEEKLY, Contract, TableModel, column


class PlatinumEcommerceCustomerFeatures(TableModel):
    """Features of every customer who ordered in the 120 days before a Monday, or before the newest day."""

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (shop or company) of the customer.")
    customer_id: pl.String = column("Account of the customer.")
    orders_before: pl.Int64 = column("Orders so far, cancelled since or not.", ge=1)
    orders_28d: pl.Int64 = column("Orders of the 28 days before.", ge=0)
    orders_90d: pl.Int64 = column("Orders of the 90 days before.", ge=0)
    spent_28d: pl.Float64 = column("Value of the orders of the 28 days before, less discounts.")
    spent_90d: pl.Float64 = column("Value of the orders of the 90 days before, less discounts.")
    days_since_order: pl.Int32 = column("Days since the last order, 1 for the day before.", ge=1, le=120)
    days_since_first_order: pl.Int32 = column("Days since the first order.", ge=1)
    mean_gap_days: pl.Float64 = column("Mean days between orders; empty with one.", nullable=True, ge=0)
    sessions_28d: pl.Int64 = column("Sessions of the 28 days before in which the customer was signed in.", ge=0)
    views_28d: pl.Int64 = column("Products viewed in them.", ge=0)
    carts_28d: pl.Int64 = column("Products put into the cart in them.", ge=0)
    days_since_session: pl.Int32 = column(
        "Days since the last session; empty without one in the 28 days before.", nullable=True, ge=1, le=28
    )


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=PlatinumEcommerceCustomerFeatures,
        table="platinum_ecommerce_customer_features",
        layer="platinum",
        domain=DOMAIN,
        key=("feature_date", "tenant_id", "customer_id"),
        grain="One row per customer and Monday, and for the newest day.",
        owner=OWNER,
        freshness=WEEKLY,
        made_by="python",
    ),
)
