-- One row per order of a guest or a known customer, on the days on which an order touched by the run was
-- placed.
-- It reads {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_order_days") }}
with

valid as (
    select *
    from {{ remembered("ecommerce_order_records") }} as orders
    where is_valid
)

select
    order_date,
    ordered_at,
    tenant_id,
    order_id,
    customer_id,
    customer_version_no,
    country,
    region,
    segment,
    visitor_id,
    status,
    status = 'CANCELLED' as is_cancelled,
    channel,
    currency,
    approved_at,
    shipped_at,
    delivered_at,
    estimated_delivery_date,
    {{ hours_of(millis_between("ordered_at", "delivered_at")) }} as delivery_hours,
    {{ business_day("delivered_at") }} > estimated_delivery_date as is_late,
    updated_at,
    record_key,
    load_id,
    source,
    loaded_at
from valid
{{ ecommerce_kept_orders(ecommerce_touched_order_days()) }}
