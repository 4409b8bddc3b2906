-- One row per record held back, in the months of bronze that hold anything of an order touched by the run.
-- It reads {{ ecommerce_orders_read() }}.
{{ config(replaces="touched", touched="ecommerce_touched_record_days") }}
{%- set months = months_of_days(ecommerce_touched_record_days()) %}
with

held_back as (
    select
        order_date as record_date,
        tenant_id,
        'ORDER' as entity,
        order_id,
        order_id as record_id,
        'CUSTOMER_UNKNOWN' as reason,
        customer_id as missing_id,
        cast(null as decimal(38, 4)) as amount,
        record_key,
        load_id,
        loaded_at
    from {{ remembered("ecommerce_order_records") }} as orders
    where not is_valid
    union all
    select
        line_date as record_date,
        tenant_id,
        'ORDER_ITEM' as entity,
        order_id,
        line_id as record_id,
        reason,
        case when reason = 'PRODUCT_UNKNOWN' then product_id else order_id end as missing_id,
        {{ money_product("quantity", "unit_price") }} - discount_amount as amount,
        record_key,
        load_id,
        loaded_at
    from {{ remembered("ecommerce_item_records") }} as items
    where reason is not null
    union all
    select
        payment_date as record_date,
        tenant_id,
        'PAYMENT' as entity,
        order_id,
        payment_id as record_id,
        reason,
        order_id as missing_id,
        amount,
        record_key,
        load_id,
        loaded_at
    from {{ remembered("ecommerce_payment_records") }} as payments
    where reason is not null
)

select
    record_date,
    tenant_id,
    entity,
    order_id,
    record_id,
    reason,
    missing_id,
    amount,
    record_key,
    load_id,
    loaded_at
from held_back
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("ecommerce_touched_orders") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.order_id = touched.order_id
where touched.order_id is null and {{ in_months("kept.record_date", months) }}
{%- endif %}
