-- One row per line of a known order and product, on the days on which an order touched by the run was placed.
-- It reads {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_order_days") }}
with

valid as (
    select
        *,
        {{ money_product("quantity", "unit_price") }} as gross_amount
    from {{ remembered("ecommerce_item_records") }} as items
    where reason is null
)

select
    order_date,
    tenant_id,
    order_id,
    line_id,
    product_id,
    product_version_no,
    product_name,
    category,
    seller_id,
    customer_id,
    country,
    region,
    segment,
    channel,
    currency,
    is_cancelled,
    quantity,
    unit_price,
    gross_amount,
    discount_amount,
    gross_amount - discount_amount as net_amount,
    freight_amount,
    returned_quantity,
    refund_amount,
    returned_at,
    {{ money_product("quantity - returned_quantity", "unit_cost") }} as cost_amount,
    record_key,
    load_id,
    loaded_at
from valid
{{ ecommerce_kept_orders(ecommerce_touched_order_days()) }}
