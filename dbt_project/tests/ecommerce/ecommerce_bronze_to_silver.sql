-- Of every order the run touched, each line of bronze is in silver or held back, and none in both.
-- It reads {{ ecommerce_orders_read() }} after {{ ref("silver_ecommerce_orders") }}.
with

received as (
    select distinct
        items.tenant_id,
        items.order_id,
        items.line_id
    from {{ ecommerce_received("ecommerce_order_items", "line_date", "ecommerce_item_days") }} as items
),

accounted as (
    select
        tenant_id,
        order_id,
        line_id,
        count(*) as places
    from (
        select
            tenant_id,
            order_id,
            line_id
        from {{ ref("silver_ecommerce_order_items") }}
        union all
        select
            tenant_id,
            order_id,
            record_id as line_id
        from {{ ref("silver_ecommerce_quarantine") }}
        where entity = 'ORDER_ITEM'
    ) as kept
    group by tenant_id, order_id, line_id
)

select
    received.*,
    accounted.places
from received
left join accounted
    on
        received.tenant_id = accounted.tenant_id
        and received.order_id = accounted.order_id
        and received.line_id = accounted.line_id
where accounted.places is distinct from 1
