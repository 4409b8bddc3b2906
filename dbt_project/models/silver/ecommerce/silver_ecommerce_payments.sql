-- One row per payment or refund of a known order, on the days on which an order touched by the run was
-- placed.
-- It reads {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_order_days") }}
with

valid as (
    select *
    from {{ remembered("ecommerce_payment_records") }} as payments
    where reason is null
)

select
    order_date,
    paid_at,
    tenant_id,
    order_id,
    payment_id,
    kind,
    method,
    installments,
    amount,
    case when kind = 'REFUND' then -amount else amount end as signed_amount,
    channel,
    currency,
    record_key,
    load_id,
    loaded_at
from valid
{{ ecommerce_kept_orders(ecommerce_touched_order_days()) }}
