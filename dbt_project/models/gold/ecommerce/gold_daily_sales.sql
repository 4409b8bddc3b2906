-- One row per day, tenant, channel, category, country, region, segment and currency with any sale, for the
-- whole months in which an order touched by the run was placed.
-- Which months these are is found from {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_order_days") }}
with

items as (
    select
        *,
        case when cost_amount is not null then net_amount - refund_amount end as costed_amount
    from {{ ref("silver_ecommerce_order_items") }}
    where not is_cancelled and {{ in_touched_months("order_date", ecommerce_touched_order_days()) }}
)

select
    order_date,
    tenant_id,
    channel,
    category,
    country,
    region,
    segment,
    currency,
    count(distinct order_id) as order_count,
    count(*) as line_count,
    sum(quantity) as units,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(net_amount) as net_amount,
    sum(freight_amount) as freight_amount,
    sum(returned_quantity) as returned_units,
    sum(refund_amount) as refund_amount,
    sum(cost_amount) as cost_amount,
    sum(costed_amount) - sum(cost_amount) as margin_amount,
    sum(costed_amount) as costed_amount
from items
group by order_date, tenant_id, channel, category, country, region, segment, currency
