"""Contracts of the e-commerce gold tables: sales by day, customers as a whole, products, the way to a purchase."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import DOMAIN, MoneyTotal, QuantityTotal
from lakehouse_assets.lakehouse.contract import DAILY, Contract, TableModel, Timestamp, column, month, rule

RFM_SEGMENTS = ("CHAMPION", "LOYAL", "NEW", "PROMISING", "AT_RISK", "LOST")


class GoldDailySales(TableModel):
    """What online shops sold on each day, cancelled orders left out, by where it was sold and what it was.

    Customer and product are described as they were when the order was placed. Returns count on the day of the order.
    """

    order_date: pl.Date = column("Day on which the orders were placed, in the project's zone.")
    tenant_id: pl.String = column("Tenant (shop or company) that sold.")
    channel: pl.String = column("Channel of the orders.", nullable=True)
    category: pl.String = column("Category of the products.", nullable=True)
    country: pl.String = column("Country of the customers; empty for guests.", nullable=True)
    region: pl.String = column("Region or state of the customers; empty for guests.", nullable=True)
    segment: pl.String = column("Kind of the customers; empty for guests.", nullable=True)
    currency: pl.String = column("Currency of the amounts, as an ISO 4217 code.", nullable=True)
    order_count: pl.Int64 = column("Number of different orders with any of these lines.", ge=1)
    line_count: pl.Int64 = column("Number of lines.", ge=1)
    units: QuantityTotal = column("Units ordered, before returns.", gt=0)
    gross_amount: MoneyTotal = column("Value of the lines before discounts.", ge=0)
    discount_amount: MoneyTotal = column("Discounts on the lines.", ge=0)
    net_amount: MoneyTotal = column("Value of the lines less discounts, before refunds.")
    freight_amount: MoneyTotal = column("Freight charged.", ge=0)
    returned_units: QuantityTotal = column("Units that came back.", ge=0)
    refund_amount: MoneyTotal = column("Money given back for them.", ge=0)
    cost_amount: MoneyTotal = column("What the units kept cost the shop, as far as known.", nullable=True)
    margin_amount: MoneyTotal = column(
        "Net value less refunds and cost, of the lines whose cost is known.", nullable=True
    )
    costed_amount: MoneyTotal = column("Net value less refunds of the lines whose cost is known.", nullable=True)


class GoldCustomer360(TableModel):
    """Everything known of each customer at the tenant's last known day: purchases, visits, worth, risk.

    Accounts of one person count as one customer; cancelled orders count only as such.
    """

    tenant_id: pl.String = column("Tenant (shop or company) of the customer.")
    person_id: pl.String = column("The customer: a person, or the account where the shop knows no person.")
    customer_id: pl.String = column("Account of the customer that changed last.")
    account_count: pl.Int32 = column("Number of accounts of the customer.", ge=1)
    segment: pl.String = column("Kind of customer, as now known.", nullable=True)
    loyalty_tier: pl.String = column("Tier of the loyalty programme, as now known.", nullable=True)
    country: pl.String = column("Country of the customer, as now known.", nullable=True)
    region: pl.String = column("Region or state of the customer, as now known.", nullable=True)
    city: pl.String = column("City of the customer, as now known.", nullable=True)
    marketing_consent: pl.Boolean = column("Whether the customer may be written to.", nullable=True)
    as_of_date: pl.Date = column("Last day on which the tenant has an order or a session: what 'now' means here.")
    first_known_date: pl.Date = column("Day on which the first of the accounts was first known.")
    first_order_at: Timestamp = column("When the customer first ordered, in UTC.", nullable=True)
    first_order_date: pl.Date = column("Day of first_order_at.", nullable=True)
    last_order_at: Timestamp = column("When the customer last ordered, in UTC.", nullable=True)
    order_count: pl.Int64 = column("Orders placed and not cancelled.", ge=0)
    cancelled_order_count: pl.Int64 = column("Orders cancelled.", ge=0)
    units: QuantityTotal = column("Units ordered, before returns.", ge=0)
    refund_amount: MoneyTotal = column("Money given back for returns.", ge=0)
    lifetime_value: MoneyTotal = column("Value of the orders less discounts and refunds, without freight.")
    average_order_value: pl.Float64 = column("Lifetime value per order; empty without orders.", nullable=True)
    currency: pl.String = column("Currency of the amounts; empty without orders or with several.", nullable=True)
    recency_days: pl.Int32 = column("Days from the last order to as_of_date.", nullable=True, ge=0)
    recency_score: pl.Int32 = column(
        "1 to 5: fifth of the tenant's buyers by last order, 5 the most recent; equal days score alike.",
        nullable=True, ge=1, le=5,
    )  # fmt: skip
    frequency_score: pl.Int32 = column(
        "1 to 5: fifth of the tenant's buyers by number of orders, 5 the most; equal numbers score alike.",
        nullable=True, ge=1, le=5,
    )  # fmt: skip
    monetary_score: pl.Int32 = column(
        "1 to 5: fifth of the tenant's buyers by lifetime value, 5 the most; equal values score alike.",
        nullable=True, ge=1, le=5,
    )  # fmt: skip
    rfm_segment: pl.String = column(
        "What the scores say, the first that fits: CHAMPION (all at least 4), LOYAL (recency at least 3 and two "
        "orders or more), NEW (recency at least 4, one order), PROMISING (recency 3, one order), AT_RISK "
        "(recency at most 2, monetary at least 3), LOST (the others); empty without orders.",
        nullable=True, isin=RFM_SEGMENTS,
    )  # fmt: skip
    preferred_category: pl.String = column(
        "Category on which the customer spent most; of equal ones the first by name.", nullable=True
    )
    session_count: pl.Int64 = column("Sessions in which the customer was signed in.", ge=0)
    product_views: pl.Int64 = column("Products viewed in them.", ge=0)
    last_session_at: Timestamp = column("When the last of them began, in UTC.", nullable=True)
    churn_after_days: pl.Int32 = column(
        "Days without an order after which the customer counts as lost: 120, but with three orders or more three "
        "times the mean gap between orders, at least 30 and at most 120.",
        nullable=True, ge=30,
    )  # fmt: skip
    is_churned: pl.Boolean = column(
        "Whether recency_days exceeds churn_after_days; empty without orders.", nullable=True
    )


class GoldProductPerformance(TableModel):
    """What became of each product on each day: viewed, put into the cart, bought, returned, earned.

    Views and carts count on the day of the action, purchases and their returns on the day of the order; cancelled
    orders are left out.
    """

    metric_date: pl.Date = column("Day of the actions and orders, in the project's zone.")
    tenant_id: pl.String = column("Tenant (shop or company) that sells the product.")
    product_id: pl.String = column("Identifier of the product, unique within its tenant.")
    product_name: pl.String = column("Name of the product at the end of the day.", nullable=True)
    category: pl.String = column("Category of the product at the end of the day.", nullable=True)
    brand: pl.String = column("Brand of the product at the end of the day.", nullable=True)
    view_count: pl.Int64 = column("Times the product was viewed.", ge=0)
    cart_count: pl.Int64 = column("Times it was put into a cart.", ge=0)
    order_count: pl.Int64 = column("Orders with the product.", ge=0)
    units: QuantityTotal = column("Units ordered, before returns.", ge=0)
    net_amount: MoneyTotal = column("Value of the lines less discounts, before refunds.")
    returned_units: QuantityTotal = column("Units that came back.", ge=0)
    refund_amount: MoneyTotal = column("Money given back for them.", ge=0)
    cost_amount: MoneyTotal = column("What the units kept cost the shop, as far as known.", nullable=True)
    margin_amount: MoneyTotal = column(
        "Net value less refunds and cost, of the lines whose cost is known.", nullable=True
    )


class GoldConversionFunnel(TableModel):
    """How far sessions came on each day: product seen, cart filled, checkout begun, purchase made.

    A session counts for a step if it took that step or a later one, so no step has more sessions than the one before.
    """

    session_date: pl.Date = column("Day on which the sessions began, in the project's zone.")
    tenant_id: pl.String = column("Tenant (shop or company) that was visited.")
    device: pl.String = column("Kind of device of the sessions.", nullable=True)
    traffic_source: pl.String = column("How the visitors came.", nullable=True)
    is_signed_in: pl.Boolean = column("Whether a customer was signed in during the sessions.")
    session_count: pl.Int64 = column("Number of sessions.", ge=1)
    bounce_count: pl.Int64 = column("Sessions with one action only.", ge=0)
    viewed_count: pl.Int64 = column("Sessions that came to see a product, or further.", ge=0)
    carted_count: pl.Int64 = column("Sessions that put something into the cart, or came further.", ge=0)
    checkout_count: pl.Int64 = column("Sessions that began checkout, or came further.", ge=0)
    purchased_count: pl.Int64 = column("Sessions with a purchase.", ge=0)
    event_count: pl.Int64 = column("Actions in the sessions.", ge=1)
    duration_seconds: pl.Float64 = column("Seconds from first to last action, summed over the sessions.", ge=0)


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=GoldDailySales,
        table="gold_daily_sales",
        layer="gold",
        domain=DOMAIN,
        key=("order_date", "tenant_id", "channel", "category", "country", "region", "segment", "currency"),
        grain="One row per day, tenant, channel, category, country, region, segment and currency with any sale.",
        partitions=(month("order_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "net_is_gross_less_discount",
                "net_amount = gross_amount - discount_amount",
                description="Net is gross less discount, to the last digit.",
            ),
            rule(
                "margin_is_value_less_cost",
                "margin_amount = costed_amount - cost_amount",
                description="Margin is the value of the lines with a cost less that cost, to the last digit.",
            ),
            rule(
                "returned_within_ordered",
                "returned_units <= units",
                description="No more comes back than was ordered.",
            ),
        ),
    ),
    Contract(
        model=GoldCustomer360,
        table="gold_customer_360",
        layer="gold",
        domain=DOMAIN,
        key=("tenant_id", "person_id"),
        grain="One row per customer.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "buyers_have_scores",
                "(order_count > 0) = (recency_score is not null)"
                " and (order_count > 0) = (frequency_score is not null)"
                " and (order_count > 0) = (monetary_score is not null)"
                " and (order_count > 0) = (rfm_segment is not null)"
                " and (order_count > 0) = (is_churned is not null)",
                description="Scores, segment and churn are known exactly for those who bought.",
            ),
            rule(
                "churn_follows_its_rule",
                "is_churned = (recency_days > churn_after_days)",
                description="A customer is churned exactly when the last order lies too far back.",
            ),
            rule(
                "first_order_not_after_last",
                "first_order_at <= last_order_at",
                description="The first order is not later than the last.",
            ),
        ),
    ),
    Contract(
        model=GoldProductPerformance,
        table="gold_product_performance",
        layer="gold",
        domain=DOMAIN,
        key=("metric_date", "tenant_id", "product_id"),
        grain="One row per day, tenant and product with any action or order.",
        partitions=(month("metric_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "returned_within_ordered",
                "returned_units <= units",
                description="No more comes back than was ordered.",
            ),
        ),
    ),
    Contract(
        model=GoldConversionFunnel,
        table="gold_conversion_funnel",
        layer="gold",
        domain=DOMAIN,
        key=("session_date", "tenant_id", "device", "traffic_source", "is_signed_in"),
        grain="One row per day, tenant, device, traffic source and whether someone was signed in.",
        partitions=(month("session_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "funnel_narrows",
                "purchased_count <= checkout_count and checkout_count <= carted_count"
                " and carted_count <= viewed_count and viewed_count <= session_count",
                description="No step has more sessions than the step before.",
            ),
            rule(
                "bounces_within_sessions",
                "bounce_count <= session_count",
                description="Bounces are sessions.",
            ),
        ),
    ),
)
