-- Of every month the run touched, lines not cancelled and daily sales hold the same lines, units and money.
-- Which months these are is found from {{ ecommerce_orders_read() }}.
with

silver_days as (
    select
        order_date,
        tenant_id,
        count(*) as line_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount,
        sum(refund_amount) as refund_amount
    from {{ ref("silver_ecommerce_order_items") }}
    where not is_cancelled and {{ in_touched_months("order_date", ecommerce_touched_order_days()) }}
    group by order_date, tenant_id
),

gold_days as (
    select
        order_date,
        tenant_id,
        sum(line_count) as line_count,
        sum(units) as units,
        sum(net_amount) as net_amount,
        sum(refund_amount) as refund_amount
    from {{ staged(ref("gold_daily_sales")) }}
    group by order_date, tenant_id
)

select *
from silver_days
full outer join gold_days using (order_date, tenant_id)
where
    silver_days.line_count is distinct from gold_days.line_count
    or silver_days.units is distinct from gold_days.units
    or silver_days.net_amount is distinct from gold_days.net_amount
    or silver_days.refund_amount is distinct from gold_days.refund_amount
