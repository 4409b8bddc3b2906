-- Orders of which no line is known, in what the run made, though some line of them may be held back.
{{ config(severity="warn") }}
select
    orders.tenant_id,
    orders.order_id
from {{ staged(ref("silver_ecommerce_orders")) }} as orders
left join {{ staged(ref("silver_ecommerce_order_items")) }} as items
    on orders.tenant_id = items.tenant_id and orders.order_id = items.order_id
where items.order_id is null
