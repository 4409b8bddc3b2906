-- One row per day, tenant and product with any action or order, for the whole months in which the run touched
-- one.
-- Which months these are is found from {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_performance_days") }}
{%- set days = ecommerce_touched_performance_days() %}
with

actions as (
    select
        event_date as metric_date,
        tenant_id,
        product_id,
        count(case when event_type = 'VIEW_PRODUCT' then 1 end) as view_count,
        count(case when event_type = 'ADD_TO_CART' then 1 end) as cart_count
    from {{ ref("silver_ecommerce_events") }}
    where
        product_id is not null
        and event_type in ('VIEW_PRODUCT', 'ADD_TO_CART')
        and {{ in_touched_months("event_date", days) }}
    group by event_date, tenant_id, product_id
),

sales as (
    select
        order_date as metric_date,
        tenant_id,
        product_id,
        count(distinct order_id) as order_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount,
        sum(returned_quantity) as returned_units,
        sum(refund_amount) as refund_amount,
        sum(cost_amount) as cost_amount,
        sum(net_amount - refund_amount - cost_amount) as margin_amount
    from {{ ref("silver_ecommerce_order_items") }}
    where not is_cancelled and {{ in_touched_months("order_date", days) }}
    group by order_date, tenant_id, product_id
),

together as (
    select
        coalesce(actions.metric_date, sales.metric_date) as metric_date,
        coalesce(actions.tenant_id, sales.tenant_id) as tenant_id,
        coalesce(actions.product_id, sales.product_id) as product_id,
        coalesce(actions.view_count, 0) as view_count,
        coalesce(actions.cart_count, 0) as cart_count,
        coalesce(sales.order_count, 0) as order_count,
        coalesce(sales.units, 0) as units,
        coalesce(sales.net_amount, 0) as net_amount,
        coalesce(sales.returned_units, 0) as returned_units,
        coalesce(sales.refund_amount, 0) as refund_amount,
        sales.cost_amount,
        sales.margin_amount
    from actions
    full outer join sales
        on
            actions.metric_date = sales.metric_date
            and actions.tenant_id = sales.tenant_id
            and actions.product_id = sales.product_id
),

timed as (
    select
        *,
        {{ end_of_day("metric_date") }} as day_end
    from together
)

select
    timed.metric_date,
    timed.tenant_id,
    timed.product_id,
    products.product_name,
    products.category,
    products.brand,
    timed.view_count,
    timed.cart_count,
    timed.order_count,
    timed.units,
    timed.net_amount,
    timed.returned_units,
    timed.refund_amount,
    timed.cost_amount,
    timed.margin_amount
from timed
left join {{ ref("silver_ecommerce_products") }} as products
    on
        timed.tenant_id = products.tenant_id
        and timed.product_id = products.product_id
        and {{ scd2_held_at("products", "timed.day_end") }}
