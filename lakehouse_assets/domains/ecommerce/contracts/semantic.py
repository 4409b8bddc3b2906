"""Contracts of the e-commerce semantic tables: the saved queries, stored."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import DOMAIN, MoneyTotal, QuantityTotal
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, column


class MvEcommerceMonthly(TableModel):
    """Online sales of each month and currency, over all tenants."""

    metric_month: pl.Date = column("First day of the month of the orders.")
    currency: pl.String = column("Currency of the amounts, as an ISO 4217 code.", nullable=True)
    ecommerce_net_sales: MoneyTotal = column("Value of the lines less discounts and refunds.")
    ecommerce_gross_sales: MoneyTotal = column("Value of the lines before discounts and refunds.")
    ecommerce_discounts: MoneyTotal = column("Discounts on the lines.")
    ecommerce_refunds: MoneyTotal = column("Money given back for returns.")
    ecommerce_margin: MoneyTotal = column("Net sales less cost, of the lines whose cost is known.", nullable=True)
    ecommerce_units: QuantityTotal = column("Units ordered, before returns.")


class MvEcommerceProducts(TableModel):
    """Views, carts, purchases, returns and margin of each product, over all time and all days."""

    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    ecommerce_product_views: pl.Int64 = column("Times the product was viewed.", ge=0)
    ecommerce_product_carts: pl.Int64 = column("Times it was put into a cart.", ge=0)
    ecommerce_product_orders: pl.Int64 = column("Orders with the product.", ge=0)
    ecommerce_product_units: QuantityTotal = column("Units ordered, before returns.")
    ecommerce_product_sales: MoneyTotal = column("Value of the lines less discounts and refunds.")
    ecommerce_product_margin: MoneyTotal = column(
        "Net sales less cost, of the lines whose cost is known.", nullable=True
    )
    ecommerce_product_return_rate: pl.Float64 = column("Share of the units that came back, 0 to 1.", nullable=True)


class MvEcommerceFunnel(TableModel):
    """How far sessions came, by device and traffic source, over all time and all tenants."""

    device: pl.String = column("Kind of device of the sessions.", nullable=True)
    traffic_source: pl.String = column("How the visitors came.", nullable=True)
    ecommerce_sessions: pl.Int64 = column("Number of sessions.", ge=0)
    ecommerce_viewed_sessions: pl.Int64 = column("Sessions that came to see a product, or further.", ge=0)
    ecommerce_carted_sessions: pl.Int64 = column("Sessions that put something into the cart, or came further.", ge=0)
    ecommerce_checkout_sessions: pl.Int64 = column("Sessions that began checkout, or came further.", ge=0)
    ecommerce_purchased_sessions: pl.Int64 = column("Sessions with a purchase.", ge=0)
    ecommerce_conversion_rate: pl.Float64 = column("Share of the sessions with a purchase, 0 to 1.", nullable=True)


class MvEcommerceSegments(TableModel):
    """Customers of each RFM segment, with what they are worth and how many were lost."""

    tenant_id: pl.String = column("Tenant (shop or company) of the customers.")
    rfm_segment: pl.String = column("RFM segment; empty for customers who never ordered.", nullable=True)
    ecommerce_customers: pl.Int64 = column("Number of customers.", ge=0)
    ecommerce_lifetime_value: MoneyTotal = column("Value of their orders less discounts and refunds.")
    ecommerce_avg_lifetime_value: pl.Float64 = column("Lifetime value per customer who bought.", nullable=True)
    ecommerce_churn_rate: pl.Float64 = column("Share of the buyers who are lost, 0 to 1.", nullable=True, ge=0, le=1)


def _saved(model: type[TableModel], table: str, key: tuple[str, ...], grain: str) -> Contract:
    return Contract(
        model=model,
        table=table,
        layer="semantic",
        domain=DOMAIN,
        key=key,
        grain=grain,
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    )


CONTRACTS: tuple[Contract, ...] = (
    _saved(MvEcommerceMonthly, "mv_ecommerce_monthly", ("metric_month", "currency"), "One row per month and currency."),
    _saved(
        MvEcommerceProducts, "mv_ecommerce_products", ("tenant_id", "product_id"), "One row per tenant and product."
    ),
    _saved(
        MvEcommerceFunnel, "mv_ecommerce_funnel", ("device", "traffic_source"), "One row per device and traffic source."
    ),
    _saved(
        MvEcommerceSegments, "mv_ecommerce_segments", ("tenant_id", "rfm_segment"), "One row per tenant and segment."
    ),
)
