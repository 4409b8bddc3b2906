"""Tables of e-commerce that Python makes: features of customers.

Belongs here: their functions. Does not belong here: their contracts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.domains.ecommerce.contracts.platinum import CONTRACTS
from lakehouse_assets.domains.feature_days import BY_NIGHT, feature_days
from lakehouse_assets.lakehouse.python_table import Inputs, python_table

if TYPE_CHECKING:
    import pyarrow as pa

ORDERS = "silver.silver_ecommerce_orders"
LINES = "silver.silver_ecommerce_order_items"
SESSIONS = "silver.silver_ecommerce_sessions"


@python_table(CONTRACTS[0], reads=(ORDERS, LINES, SESSIONS), cron=BY_NIGHT, on_demand=True)
def customer_features(inputs: Inputs) -> pa.Table:
    """What was known of each customer on each of those days."""
    session_end = inputs.local.business_day("s.ended_at")
    days = feature_days(inputs, ORDERS, "order_date", most=730)
    return inputs.session.query(
        f"""
with days as (select feature_date from {days} as days (feature_date, begins_at)),
worth as (
    select tenant_id, order_id, cast(sum(net_amount) as double) as net from {LINES} group by tenant_id, order_id
),
bought as (
    select
        days.feature_date, o.tenant_id, o.customer_id,
        count(*) as orders_before,
        count(case when o.order_date >= days.feature_date - interval '28' day then 1 end) as orders_28d,
        count(case when o.order_date >= days.feature_date - interval '90' day then 1 end) as orders_90d,
        coalesce(sum(case when o.order_date >= days.feature_date - interval '28' day then worth.net end), 0)
            as spent_28d,
        coalesce(sum(case when o.order_date >= days.feature_date - interval '90' day then worth.net end), 0)
            as spent_90d,
        date_diff('day', max(o.order_date), days.feature_date) as days_since_order,
        date_diff('day', min(o.order_date), days.feature_date) as days_since_first_order,
        case when count(*) > 1
            then cast(date_diff('day', min(o.order_date), max(o.order_date)) as double) / (count(*) - 1) end
            as mean_gap_days
    from days
    inner join {ORDERS} as o on o.order_date < days.feature_date
    left join worth on worth.tenant_id = o.tenant_id and worth.order_id = o.order_id
    where o.customer_id is not null
    group by days.feature_date, o.tenant_id, o.customer_id
    having max(o.order_date) >= days.feature_date - interval '120' day
),
visited as (
    select
        days.feature_date, s.tenant_id, s.customer_id,
        count(*) as sessions_28d, sum(s.product_views) as views_28d, sum(s.cart_adds) as carts_28d,
        date_diff('day', max({session_end}), days.feature_date) as days_since_session
    from days
    inner join {SESSIONS} as s
        on {session_end} < days.feature_date
        and {session_end} >= days.feature_date - interval '28' day
    where s.customer_id is not null
    group by days.feature_date, s.tenant_id, s.customer_id
)
select
    b.feature_date, b.tenant_id, b.customer_id, b.orders_before, b.orders_28d, b.orders_90d, b.spent_28d, b.spent_90d,
    cast(b.days_since_order as integer) as days_since_order,
    cast(b.days_since_first_order as integer) as days_since_first_order, b.mean_gap_days,
    coalesce(v.sessions_28d, 0) as sessions_28d, cast(coalesce(v.views_28d, 0) as bigint) as views_28d,
    cast(coalesce(v.carts_28d, 0) as bigint) as carts_28d, cast(v.days_since_session as integer) as days_since_session
from bought as b
left join visited as v
    on v.feature_date = b.feature_date and v.tenant_id = b.tenant_id and v.customer_id = b.customer_id
"""
    )
